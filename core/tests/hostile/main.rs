//! What strangers may send where WeChat is expected, by the hundred thousand: the same inputs on every machine, every time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod answers;
mod callbacks;
mod long;
mod mutate;
mod pushes;
