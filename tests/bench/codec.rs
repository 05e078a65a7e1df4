//! What it costs to read a push, without any host.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use wxedge_tests::harness::root;

use crate::Figures;

pub(crate) const TIMES: &[&str] = &["codec_vs_raw", "codec_open_vs_raw", "codec_gateway_vs_raw"];
pub(crate) const ALLOCATIONS: &[&str] = &["codec_allocations", "codec_gateway_allocations"];

/// How long it takes to verify, decrypt and translate 1 KiB, as ratios to SHA-1, base64 and AES alone.
pub(crate) fn times() -> Figures {
    figures("codec", TIMES)
}

/// How often memory is allocated for that.
pub(crate) fn allocations() -> Figures {
    figures("codec-allocations", ALLOCATIONS)
}

/// What a benchmark of the core prints. Cargo builds those with the release profile; this program is built for debugging, and so
/// would be all that it measures in itself.
fn figures(bench: &str, names: &'static [&'static str]) -> Figures {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root()).args(["bench", "--quiet", "--package", "wxedge", "--bench", bench]);
    let ran = cargo.stderr(Stdio::inherit()).output().unwrap_or_else(|why| panic!("start cargo: {why}"));
    let printed: BTreeMap<String, f64> = serde_json::from_slice(&ran.stdout)
        .unwrap_or_else(|why| panic!("{bench} printed {:?}: {why}", String::from_utf8_lossy(&ran.stdout)));
    names.iter().map(|it| (*it, printed[*it])).collect()
}
