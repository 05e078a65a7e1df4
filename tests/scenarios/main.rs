//! What the gateway promises, shown on the real hosts. One file per theme; what must run alone is in `herds.rs`.

mod addresses;
mod artefacts;
mod bad_config;
mod faults;
mod forward;
mod hostile_answers;
mod hostile_requests;
mod jwt;
mod like_wechat;
mod patience;
mod rates;
mod raw_wechat;
mod records;
mod replica;
mod restart;
mod rotation;
mod routes;
mod schema;
mod support;
mod tickets;
mod token_hub;
mod trap;
mod updates;
mod wall;
mod wecom;
mod weixin_token;
