//! `wxedge-bench [NAME]`: what the gateway costs, each figure a ratio within one run. `make bench` starts it.
//!
//! Absolute rates tell more of the machine than of the program, so every rate is divided by that of the same host doing nothing, with
//! the same load generator, in turns. The figures go to `target/bench/summary.json`, flat names to numbers.

mod callback;
mod codec;
mod herd;
mod load;
mod memory;
mod ratio;
mod size;

use std::collections::BTreeMap;
use std::process::ExitCode;

use wxedge_tests::harness::{block_on, root};

/// What was measured, by name.
type Figures = BTreeMap<&'static str, f64>;

/// A benchmark: the names of its figures, and how to get them.
type Bench = (&'static [&'static str], fn() -> Figures);

const ALL: [Bench; 10] = [
    (codec::TIMES, codec::times),
    (codec::ALLOCATIONS, codec::allocations),
    (&["envoy_token_read_vs_direct_response", "envoy_token_read_vs_direct_response_jwt"], || block_on(ratio::envoy())),
    (&["envoy_callback_vs_proxy"], || block_on(callback::envoy())),
    (&["worker_callback_vs_forward_js"], || block_on(callback::worker())),
    (&["envoy_bystander_vs_plain"], || block_on(ratio::bystander())),
    (&["worker_token_read_vs_static_js"], || block_on(ratio::worker())),
    (&["envoy_wasm_bytes", "worker_gzip_bytes"], size::sizes),
    (&["envoy_rss_growth_bytes"], || block_on(memory::growth())),
    (&["cold_herd_fetches_envoy", "cold_herd_fetches_worker"], || block_on(herd::fetches())),
];

fn main() -> ExitCode {
    let only = std::env::args().nth(1).filter(|it| !it.is_empty());
    let wanted = |names: &[&str]| only.as_ref().is_none_or(|only| names.contains(&only.as_str()));
    if !ALL.iter().any(|(names, _)| wanted(names)) {
        let names: Vec<&str> = ALL.iter().flat_map(|it| it.0).copied().collect();
        eprintln!("there is no such benchmark; there are: {}", names.join(", "));
        return ExitCode::FAILURE;
    }
    let mut figures = Figures::new();
    for (names, measure) in ALL.iter().filter(|(names, _)| wanted(names)) {
        eprintln!("measuring {} ..", names.join(", "));
        figures.extend(measure());
    }
    for (name, figure) in &figures {
        println!("{name:44} {figure:>12.3}");
    }
    match write(&figures) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("write target/bench/summary.json: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Figures of other benchmarks stay in the file.
fn write(figures: &Figures) -> std::io::Result<()> {
    let folder = root().join("target/bench");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("summary.json");
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let mut all: BTreeMap<String, f64> = serde_json::from_str(&known).unwrap_or_default();
    all.extend(figures.iter().map(|(name, figure)| ((*name).to_owned(), *figure)));
    std::fs::write(path, serde_json::to_string_pretty(&all)? + "\n")
}
