//! Flows on a simulated world: one file per thing that can go wrong, each run with many seeds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::string_slice)]

#[path = "../world/mod.rs"]
mod world;

mod clock;
mod conflict;
mod crash;
mod deadline;
mod down;
mod foreign;
mod herd;
mod hooks;
mod login;
mod proactive;
mod proof;
mod pushes;
mod pushes_once;
mod pushes_sealed;
mod ready;
mod record;
mod replica;
mod rotate;
mod script;
mod secret;
