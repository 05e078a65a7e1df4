//! A running host of either kind together with its simulator: what a scenario talks to.

use std::net::SocketAddr;

use serde_json::Value;

use super::Result;
use super::dns::Dns;
use super::edge_yaml::STATIC_PATH;
use super::envoy::Envoy;
use super::herd::Herd;
use super::http::{Answer, PATIENCE, exchange};
use super::kv::Kv;
use super::request::Request;
use super::simulator::SimulatorProcess;
use super::start::HostKind;
use super::workerd::Workerd;
use crate::simulator::client::Control;

/// A running host.
pub enum Host {
    /// Envoy, with the filter.
    Envoy(Envoy),
    /// workerd, with the Worker.
    Workerd(Workerd),
}

/// A running host and its simulator. Both end with it.
pub struct Edge {
    host: Host,
    simulator: SimulatorProcess,
    kv: Option<Kv>,
    _dns: Option<Dns>,
}

impl Edge {
    pub(super) fn new(host: Host, simulator: SimulatorProcess, kv: Option<Kv>, dns: Option<Dns>) -> Self {
        Self { host, simulator, kv, _dns: dns }
    }

    /// Which host it is.
    pub fn kind(&self) -> HostKind {
        match self.host {
            Host::Envoy(_) => HostKind::Envoy,
            Host::Workerd(_) => HostKind::Workerd,
        }
    }

    /// Envoy, if it is one.
    pub fn envoy(&mut self) -> Option<&mut Envoy> {
        match &mut self.host {
            Host::Envoy(envoy) => Some(envoy),
            Host::Workerd(_) => None,
        }
    }

    /// workerd, if it is one.
    pub fn workerd(&mut self) -> Option<&mut Workerd> {
        match &mut self.host {
            Host::Envoy(_) => None,
            Host::Workerd(workerd) => Some(workerd),
        }
    }

    /// Workers KV, if it is a workerd that has one.
    pub fn kv(&self) -> Option<&Kv> {
        self.kv.as_ref()
    }

    /// What steers the simulator and reads its counters.
    pub fn simulator(&self) -> Control {
        self.simulator.control()
    }

    /// Where the host listens.
    pub fn address(&self) -> SocketAddr {
        match &self.host {
            Host::Envoy(envoy) => envoy.address(),
            Host::Workerd(workerd) => workerd.address(),
        }
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// A request of any method.
    pub fn request(&self, method: &str, path: impl AsRef<[u8]>) -> Request {
        Request::new(self.address(), method, path)
    }

    /// A GET request.
    pub fn get(&self, path: impl AsRef<[u8]>) -> Request {
        self.request("GET", path)
    }

    /// A POST request with an empty body.
    pub fn post(&self, path: impl AsRef<[u8]>) -> Request {
        self.request("POST", path)
    }

    /// A POST request with a JSON body.
    pub fn post_json(&self, path: impl AsRef<[u8]>, body: &Value) -> Request {
        self.post(path).json(body)
    }

    /// Sends bytes as they are and reads one answer.
    pub async fn raw(&self, request: &[u8]) -> std::io::Result<Answer> {
        exchange(self.address(), request, PATIENCE).await
    }

    /// A herd of callers that all send this request.
    pub fn herd(&self, callers: usize, request: &Request) -> Herd {
        Herd::new(self.address(), callers, request.bytes("keep-alive"))
    }

    /// The same herd on an answer for which this host has nothing to do.
    pub fn static_herd(&self, callers: usize) -> Herd {
        let (to, path) = self.still();
        Herd::new(to, callers, Request::new(to, "GET", path).bytes("keep-alive"))
    }

    /// The URL of that answer.
    pub fn static_url(&self) -> String {
        let (to, path) = self.still();
        format!("http://{to}{path}")
    }

    fn still(&self) -> (SocketAddr, &'static str) {
        match &self.host {
            Host::Envoy(envoy) => (envoy.address(), STATIC_PATH),
            Host::Workerd(workerd) => (workerd.comparison(), "/"),
        }
    }

    /// All that the host has logged.
    pub fn log(&self) -> String {
        match &self.host {
            Host::Envoy(envoy) => envoy.log(),
            Host::Workerd(workerd) => workerd.log(),
        }
    }

    /// Ends the host as a crash would.
    pub fn kill(&mut self) {
        match &mut self.host {
            Host::Envoy(envoy) => envoy.kill(),
            Host::Workerd(workerd) => workerd.kill(),
        }
    }

    /// Ends the host and starts it anew: on the same ports, and on workerd with the same Durable Objects.
    pub async fn try_restart(&mut self) -> Result<()> {
        match &mut self.host {
            Host::Envoy(envoy) => envoy.restart().await,
            Host::Workerd(workerd) => workerd.restart().await,
        }
    }

    /// The same; a host that does not come back fails the scenario.
    pub async fn restart(&mut self) {
        self.try_restart().await.unwrap_or_else(|why| panic!("{why}"));
    }
}
