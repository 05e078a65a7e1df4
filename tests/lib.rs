//! What the scenarios stand on: a WeChat that runs on this machine, and a harness that starts the real hosts.

pub mod harness;
pub mod simulator;
