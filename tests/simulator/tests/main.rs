//! The simulator over a socket: every endpoint, every fault, the control API.

mod binary;
mod calls;
mod control;
mod endpoints;
mod faults;
mod http;
mod jssdk;
mod load;
mod login;
mod mini_login;
mod push;
mod push_binary;
mod tickets;
mod visitors;
mod wecom;
