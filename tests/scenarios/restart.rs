//! What a host remembers when it dies, and what renews itself while nobody asks.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

/// Waits until WeChat has given out so many tokens.
async fn issued(edge: &Edge, tokens: u64, patience: Duration) {
    let simulator = edge.simulator();
    until("WeChat was asked again", patience, async || {
        let counters = simulator.state().await.unwrap().counters;
        counters["stable_token"].issued + counters["token"].issued >= tokens
    })
    .await;
}

#[test]
fn a_killed_workerd_has_the_same_token_and_asks_wechat_nothing() {
    block_on(async {
        let mut edge = classic(Start::on(HostKind::Workerd)).start().await;
        let before = read(&edge).await;
        for _ in 0..2 {
            edge.kill();
            edge.restart().await;
            assert_eq!(read(&edge).await, before);
        }
        assert_eq!(fetches(&edge).await, 1);
    });
}

#[test]
fn a_workerd_killed_during_a_refresh_finishes_it_after_the_lease() {
    block_on(async {
        let mut edge = classic(Start::on(HostKind::Workerd)).start().await;
        edge.simulator().fault(json!({ "endpoint": "token", "fault": "hang", "times": 1 })).await.unwrap();
        let request = edge.get("/app/demo/api").bearer(CRM_KEY);
        request.clone().hang_up_after(Duration::from_millis(300)).await.unwrap();
        assert_eq!(fetches(&edge).await, 1);
        edge.kill();
        edge.restart().await;
        let begin = Instant::now();
        token(&request.await);
        assert!(begin.elapsed() < Duration::from_secs(7), "{:?}", begin.elapsed());
        assert_eq!(fetches(&edge).await, 2);
    });
}

#[test]
fn an_envoy_that_starts_anew_gives_the_same_stable_token() {
    block_on(async {
        let mut edge = Start::on(HostKind::Envoy).start().await;
        let before = read(&edge).await;
        edge.kill();
        edge.restart().await;
        assert_eq!(read(&edge).await, before);
        let counter = edge.simulator().state().await.unwrap().counters["stable_token"].clone();
        assert_eq!((counter.calls, counter.issued), (2, 1));
    });
}

#[test]
fn the_alarm_of_a_killed_workerd_still_renews_a_token_that_nobody_reads() {
    block_on(async {
        let mut edge = Start::on(HostKind::Workerd).start().await;
        short_lived(&edge, 8).await;
        let first = read(&edge).await;
        edge.kill();
        edge.restart().await;
        // Not a single request: from three quarters of its life on the token is renewed by itself.
        issued(&edge, 2, Duration::from_secs(9)).await;
        sleep(Duration::from_millis(300)).await;
        let calls = fetches(&edge).await;
        assert_ne!(read(&edge).await, first);
        assert_eq!((calls, fetches(&edge).await), (2, 2));
    });
}

on_every_host! {
    async fn a_token_that_nobody_reads_is_renewed_before_its_end(edge: Edge) {
        short_lived(&edge, 8).await;
        let begin = Instant::now();
        let first = read(&edge).await;
        sleep(Duration::from_millis(5_000)).await;
        let calls = fetches(&edge).await;
        // From three quarters of its life on it may be renewed: a machine that sleeps too long says nothing.
        assert!(calls == 1 || begin.elapsed() > Duration::from_secs(6), "{calls} calls: too early");
        issued(&edge, 2, Duration::from_secs(8).saturating_sub(begin.elapsed())).await;
        // And once more, still without a reader.
        issued(&edge, 3, Duration::from_secs(8)).await;
        let calls = fetches(&edge).await;
        assert_ne!(read(&edge).await, first);
        assert_eq!((calls, fetches(&edge).await), (3, 3));
    }

    async fn an_account_that_nobody_ever_asked_for_is_left_alone(edge: Edge) {
        assert_eq!(edge.get("/healthz").await.status, 200);
        sleep(Duration::from_millis(1_500)).await;
        assert_eq!(fetches(&edge).await, 0);
    }
}
