//! How long it takes to verify, decrypt and translate a push of 1 KiB, as ratios to what nobody can save: SHA-1, base64 and AES
//! of the same crates over the same bytes. One line of JSON, names to numbers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::disallowed_methods)]

mod push;

use std::hint::black_box;
use std::time::Instant;

use crate::push::Push;

/// Rounds of each, in turns: what disturbs the machine disturbs all.
const ROUNDS: usize = 4_001;
const PUSHES: usize = 10;

fn main() {
    let push = Push::new();
    let [mut open, mut json, mut gateway] = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        let raw = seconds(&push, |_| push.raw());
        open.push(seconds(&push, |it| push.open(it)) / raw);
        json.push(seconds(&push, |it| push.json(it)) / raw);
        gateway.push(seconds(&push, |it| push.gateway(it)) / raw);
    }
    let [open, json, gateway] = [open, json, gateway].map(median);
    println!(r#"{{"codec_vs_raw":{json:.3},"codec_open_vs_raw":{open:.3},"codec_gateway_vs_raw":{gateway:.3}}}"#);
}

/// How long `work` takes with so many pushes, whose bodies are there, as a host has them.
fn seconds<T>(push: &Push, work: impl Fn(Vec<u8>) -> T) -> f64 {
    let bodies = vec![push.body.clone(); PUSHES];
    let begin = Instant::now();
    for body in bodies {
        black_box(work(black_box(body)));
    }
    begin.elapsed().as_secs_f64()
}

fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}
