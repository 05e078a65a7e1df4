//! How often WeChat is asked when everybody comes at once.

use std::time::Duration;

use serde_json::json;
use wxedge_tests::harness::{CRM_KEY, HostKind, Start};

use crate::Figures;

/// 8 000 cold callers on Envoy, 2 000 on workerd, WeChat 300 ms away, the first 20 hang up.
pub(crate) async fn fetches() -> Figures {
    let envoy = herd(HostKind::Envoy, 8_000).await;
    let worker = herd(HostKind::Workerd, 2_000).await;
    Figures::from([("cold_herd_fetches_envoy", envoy), ("cold_herd_fetches_worker", worker)])
}

async fn herd(kind: HostKind, callers: usize) -> f64 {
    let edge = Start::on(kind).start().await;
    let slow = json!({ "endpoint": "stable_token", "fault": "delay", "ms": 300 });
    edge.simulator().fault(slow).await.unwrap_or_else(|why| panic!("slow the simulator down: {why}"));
    let request = edge.get("/app/demo/api").bearer(CRM_KEY);
    let report = edge.herd(callers, &request).hang_up(20, Duration::from_millis(50)).run().await;
    assert!(report.errors.is_empty() && report.all(200), "{report:?}");
    let state = edge.simulator().state().await.unwrap_or_else(|why| panic!("ask the simulator: {why}"));
    state.counters["stable_token"].calls as f64
}
