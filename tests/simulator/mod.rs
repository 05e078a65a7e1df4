//! A WeChat that runs on your desk.
//!
//! It listens on a loopback port, answers WeChat's own endpoints by WeChat's own rules (tokens that replace each other,
//! error codes, quotas, allow-lists) and breaks on demand. Everything is steered and watched over HTTP under `/_sim/`;
//! [`client::Control`] wraps that for scenarios in another process.
//!
//! [`wechat`] is the state machine: pure, the time is passed in. [`endpoints`] holds one file per endpoint; to add one,
//! write the file and name it in [`endpoints::ENDPOINTS`]. [`push`] is WeChat as the one that calls. The rest is plumbing.

mod answer;
mod body;
pub mod call;
pub mod client;
pub mod clock;
mod control;
pub mod counters;
pub mod endpoints;
pub mod faults;
pub mod log;
pub mod push;
pub mod report;
pub mod server;
mod state;
pub mod wechat;

pub use client::Control;
pub use server::Server;
