//! What WeChat says: pure and synchronous, no I/O.

pub mod envelope;
pub mod errcode;
pub mod jssdk;
pub mod remedy;
pub mod signature;
pub mod ticket;
pub mod token;
