//! The load: wrk, one thread, 32 connections kept alive.

use std::path::Path;
use std::process::Command;

use wxedge_tests::harness::root;

/// Requests per second of `GET url`, over `seconds`. Anything but 200 ends the run: a refusal is quick, and no figure.
pub(crate) fn rate(url: &str, authorization: &str, seconds: u32) -> f64 {
    let header = format!("authorization: {authorization}");
    let report = run(&["-H", &header, url], seconds);
    assert!(!report.contains("Non-2xx"), "{url} was refused:\n{report}");
    per_second(&report)
}

/// Posts per second of what stands in `file` (see `posts.lua`) to `url`, over `seconds`; `None` if that was not enough.
pub(crate) fn posts(url: &str, file: &Path, seconds: u32) -> Option<f64> {
    let script = root().join("tests/bench/posts.lua");
    let (script, file) = (script.to_string_lossy(), file.to_string_lossy());
    let report = run(&["-s", &script, url, "--", &file], seconds);
    (!report.contains("Non-2xx")).then(|| per_second(&report))
}

fn run(args: &[&str], seconds: u32) -> String {
    let ran = Command::new("wrk").args(["-t1", "-c32", &format!("-d{seconds}s")]).args(args).output();
    let ran = ran.unwrap_or_else(|why| panic!("start wrk ({why}): apt-get install wrk"));
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

fn per_second(report: &str) -> f64 {
    let line = report.lines().find_map(|it| it.strip_prefix("Requests/sec:"));
    line.and_then(|it| it.trim().parse().ok()).unwrap_or_else(|| panic!("wrk said:\n{report}"))
}
