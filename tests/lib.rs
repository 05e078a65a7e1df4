//! What the scenarios stand on: a WeChat that runs on this machine, and a harness that starts the real hosts. And the known
//! answers, which need neither.

pub mod harness;
pub mod known_answers;
pub mod simulator;
