//! The load: wrk, one thread, 32 connections kept alive.

use std::process::Command;

/// Requests per second of `GET url`, over `seconds`. Anything but 200 ends the run: a refusal is quick, and no figure.
pub(crate) fn rate(url: &str, authorization: &str, seconds: u32) -> f64 {
    let header = format!("authorization: {authorization}");
    let duration = format!("-d{seconds}s");
    let ran = Command::new("wrk").args(["-t1", "-c32", &duration, "-H", &header, url]).output();
    let ran = ran.unwrap_or_else(|why| panic!("start wrk ({why}): apt-get install wrk"));
    let report = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(!report.contains("Non-2xx"), "{url} was refused:\n{report}");
    let line = report.lines().find_map(|it| it.strip_prefix("Requests/sec:"));
    line.and_then(|it| it.trim().parse().ok()).unwrap_or_else(|| panic!("wrk said:\n{report}"))
}
