//! What WeChat says: pure and synchronous, no I/O.

pub mod errcode;
pub mod remedy;
pub mod ticket;
pub mod token;
