//! Whether Envoy grows.

use wxedge_tests::harness::{CRM_KEY, HostKind, Start};

use crate::Figures;
use crate::load::rate;

/// How much the whole process grows over a million reads, after as many seconds of them as make it warm; bytes.
pub(crate) async fn growth() -> Figures {
    let mut edge = Start::on(HostKind::Envoy).start().await;
    let (url, key) = (format!("{}/app/demo/api", edge.url()), format!("Bearer {CRM_KEY}"));
    let pid = edge.envoy().map(|it| it.process().id()).unwrap_or_default();
    let per_second = rate(&url, &key, 10);
    let before = resident(pid);
    let mut done = 0.0;
    while done < 1_000_000.0 {
        let seconds = ((1_000_000.0 - done) / per_second).ceil().clamp(1.0, 20.0);
        done += rate(&url, &key, seconds as u32) * seconds;
    }
    Figures::from([("envoy_rss_growth_bytes", resident(pid) - before)])
}

/// The resident set of a process, in bytes.
fn resident(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let kib = line.and_then(|it| it.trim().strip_suffix(" kB")).and_then(|it| it.parse::<f64>().ok());
    kib.unwrap_or_else(|| panic!("process {pid} has no VmRSS")) * 1024.0
}
