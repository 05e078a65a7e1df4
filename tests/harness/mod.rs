//! Starts the real hosts: Envoy with the filter, workerd with the Worker, and the simulator that both call.
//!
//! A scenario is a function that gets an [`Edge`]; [`on_every_host!`](crate::on_every_host) makes a test of it for each
//! host. What a scenario wants otherwise it says on [`Start`]. Every test has processes of its own, on ports that the
//! kernel picks, so tests run side by side. The committed envoy.yaml is what runs, but for ports, addresses and secrets.

mod backend;
mod config;
mod dns;
mod edge;
mod edge_yaml;
mod envoy;
mod failure;
mod herd;
mod http;
mod jwt;
mod kv;
mod listen;
mod phone;
mod place;
mod process;
mod push;
mod request;
mod scenario;
mod scratch;
mod simulator;
mod spoken;
mod start;
mod tls;
mod webdriver;
mod workerd;

pub use backend::{Backend, Manners, Received};
pub use config::{Config, Servers};
pub use dns::Dns;
pub use edge::{Edge, Host};
pub use edge_yaml::{EdgeYaml, http as http_part, plugin as plugin_part};
pub use envoy::{Envoy, EnvoySettings, Update};
pub use failure::{Failure, Result};
pub use herd::{Herd, HerdReport};
pub use http::{Answer, PATIENCE};
pub use jwt::Jwt;
pub use kv::{Kv, KvCounts, KvFault};
pub use phone::Phone;
pub use place::{envoy as envoy_binary, needed, own_binary, root};
pub use process::Process;
pub use push::Delivery;
pub use request::Request;
pub use scenario::{FromStart, block_on, play};
pub use scratch::Scratch;
pub use simulator::SimulatorProcess;
pub use spoken::{Spoken, says};
pub use start::{CRM_KEY, DEMO_APPID, DEMO_SECRET, HostKind, Start, WeChat, default_config};
pub use tls::{Authority, Certificate};
pub use workerd::{Workerd, WorkerdSettings};
