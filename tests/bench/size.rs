//! How large the artefacts are.

use std::io::Write;
use std::process::{Command, Stdio};

use wxedge_tests::harness::root;

use crate::Figures;

/// The filter as it is loaded, the Worker as it is uploaded (compressed).
pub(crate) fn sizes() -> Figures {
    let filter = read("target/envoy/wxedge_envoy.wasm").len();
    let worker = ["worker/build/index.js", "worker/build/index_bg.wasm"].map(|it| gzip(&read(it)));
    Figures::from([("envoy_wasm_bytes", filter as f64), ("worker_gzip_bytes", worker.iter().sum::<usize>() as f64)])
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(root().join(path)).unwrap_or_else(|why| panic!("read {path} ({why}): make build"))
}

fn gzip(bytes: &[u8]) -> usize {
    let gzip = Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut gzip = gzip.unwrap_or_else(|why| panic!("start gzip: {why}"));
    let mut input = gzip.stdin.take().unwrap_or_else(|| panic!("gzip has no standard input"));
    std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(bytes));
        gzip.wait_with_output().unwrap_or_else(|why| panic!("run gzip: {why}")).stdout.len()
    })
}
