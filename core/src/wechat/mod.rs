//! What WeChat says: pure and synchronous, no I/O.

pub mod answer;
pub mod callback;
pub mod envelope;
pub mod errcode;
pub mod jssdk;
pub mod message;
pub mod oauth;
pub mod remedy;
pub mod reply;
pub mod signature;
pub mod ticket;
pub mod token;
pub mod wxa;
pub mod xml;
