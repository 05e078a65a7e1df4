//! What the gateway does: one file per use case.

pub mod api;
pub mod app;
pub mod body;
pub mod callback;
pub mod configured;
pub mod echo;
pub mod example;
pub mod health;
pub mod helper;
pub mod jssdk;
pub mod login;
pub mod qr;
pub mod ready;
pub mod recent;
pub mod register;
pub mod secret;
pub mod sign;
pub mod ticket;
pub mod token;
pub mod token_hub;
pub mod user;
pub mod weixin_token;
