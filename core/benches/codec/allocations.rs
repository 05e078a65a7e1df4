//! How often a push of 1 KiB makes the allocator work, from the body to the form that back-ends get. One line of JSON.
//!
//! By itself: an allocator that counts costs time.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

mod push;

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::push::Push;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let push = Push::new();
    assert_eq!(count(&push, |_| push.raw()), 1, "the decoding alone");
    let json = count(&push, |it| push.json(it));
    let gateway = count(&push, |it| push.gateway(it));
    println!(r#"{{"codec_allocations":{json},"codec_gateway_allocations":{gateway}}}"#);
}

/// Allocations, and changes of their sizes.
fn count<T>(push: &Push, work: impl Fn(Vec<u8>) -> T) -> usize {
    let body = push.body.clone();
    let region = Region::new(ALLOCATOR);
    let _done = work(body);
    let change = region.change();
    change.allocations + change.reallocations
}
