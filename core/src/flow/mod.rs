//! What the gateway does: one file per use case.

pub mod health;
pub mod ticket;
pub mod token;
pub mod token_hub;
pub mod weixin_token;
