//! What the gateway does: one file per use case.

pub mod health;
pub mod token;
