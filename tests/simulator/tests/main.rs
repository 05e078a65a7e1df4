//! The simulator over a socket: every endpoint, every fault, the control API.

mod binary;
mod control;
mod endpoints;
mod faults;
mod http;
mod load;
mod push;
mod push_binary;
mod tickets;
mod wecom;
