//! What a scenario may decide before its host starts, with defaults that suit most.

use std::collections::BTreeMap;
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;

use serde_json::{Value, json};

use super::dns::Dns;
use super::edge::{Edge, Host};
use super::edge_yaml::EdgeYaml;
use super::envoy::{Edit, Envoy, EnvoySettings};
use super::kv::Kv;
use super::simulator::SimulatorProcess;
use super::workerd::{Workerd, WorkerdSettings};
use super::{Failure, Result, Servers, place};

/// The appid of the app `demo`.
pub const DEMO_APPID: &str = "wx1234567890abcdef";
/// The secret of the app `demo`, as the simulator and `${DEMO_SECRET}` know it.
pub const DEMO_SECRET: &str = "demo-secret-of-the-simulator";
/// The API key of the caller `crm`.
pub const CRM_KEY: &str = "crm-key-0123456789abcdef";

/// One of the hosts that run the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// Envoy, with the filter.
    Envoy,
    /// workerd, with the Worker.
    Workerd,
}

/// What an entry of `wechat.api` leads to. `wechat.qyapi` leads where the first one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeChat {
    /// The simulator of this scenario.
    Simulator,
    /// A port where nobody listens.
    Closed,
    /// A base URL.
    At(String),
}

/// A host that is about to start.
#[derive(Clone)]
pub struct Start {
    kind: HostKind,
    config: Value,
    text: Option<String>,
    env: BTreeMap<String, String>,
    wechat: Vec<WeChat>,
    threads: u32,
    lds: bool,
    faults: bool,
    derived: bool,
    kv: bool,
    browsable: bool,
    names: BTreeMap<String, IpAddr>,
    comparison: String,
    edits: Vec<Edit>,
}

impl Start {
    /// One app `demo`, one caller `crm` that may have its token, WeChat is the simulator.
    pub fn on(kind: HostKind) -> Self {
        let secrets = [("DEMO_SECRET", DEMO_SECRET), ("CRM_KEY", CRM_KEY)];
        Self {
            kind,
            config: default_config(),
            text: None,
            env: secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            wechat: vec![WeChat::Simulator],
            threads: 2,
            lds: false,
            faults: false,
            derived: false,
            kv: true,
            browsable: false,
            names: BTreeMap::new(),
            comparison: String::new(),
            edits: Vec::new(),
        }
    }

    /// The host that it will be.
    pub fn kind(&self) -> HostKind {
        self.kind
    }

    /// Changes the gateway's configuration. `wechat` is set by [`Start::wechat`].
    pub fn config(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.config);
        self
    }

    /// The gateway's configuration as a text, which need not even be JSON. The simulator's accounts are those of the default one.
    pub fn config_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Leaves the Worker without a configuration: it has its environment, in which `WECHAT_API_ROOT` is the first entry of WeChat.
    pub fn from_environment(mut self) -> Self {
        self.derived = true;
        self
    }

    /// Sets a secret that the configuration names as `${name}`.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Forgets a secret.
    pub fn without_env(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    /// What the entries of `wechat.api` lead to.
    pub fn wechat(mut self, entries: impl Into<Vec<WeChat>>) -> Self {
        self.wechat = entries.into();
        self
    }

    /// Envoy's worker threads (2 by default). workerd has one.
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = threads;
        self
    }

    /// Lets Envoy's listener be replaced while it runs.
    pub fn lds(mut self) -> Self {
        self.lds = true;
        self
    }

    /// Takes the filter that can be broken on purpose.
    pub fn faults(mut self) -> Self {
        self.faults = true;
        self
    }

    /// Leaves the Worker without its KV namespace.
    pub fn without_kv(mut self) -> Self {
        self.kv = false;
        self
    }

    /// What the Worker does that workerd has for comparison, in JavaScript.
    pub fn comparison(mut self, script: impl Into<String>) -> Self {
        self.comparison = script.into();
        self
    }

    /// Sends browsers to the simulator's pages where they would be sent to WeChat's.
    pub fn browsable(mut self) -> Self {
        self.browsable = true;
        self
    }

    /// The name `name` leads to `address`, as a DNS server might say. Envoy's address filter stays as it is.
    pub fn name(mut self, name: &str, address: impl Into<IpAddr>) -> Self {
        self.names.insert(name.to_owned(), address.into());
        self
    }

    /// The name `name` leads to this machine, which the gateway takes for a public one.
    pub fn public_name(self, name: &str) -> Self {
        self.name(name, [127, 0, 0, 1]).envoy_yaml(EdgeYaml::egress_to_loopback)
    }

    /// A change to envoy.yaml beyond those above.
    pub fn envoy_yaml(mut self, edit: impl Fn(&mut EdgeYaml) -> Result<()> + Send + Sync + 'static) -> Self {
        self.edits.push(Arc::new(edit));
        self
    }

    /// Starts the simulator and the host.
    pub async fn start(self) -> Edge {
        self.try_start().await.unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same, for who wants to look at the failure.
    pub async fn try_start(mut self) -> Result<Edge> {
        let simulator = SimulatorProcess::start().await?;
        if self.browsable {
            let url = simulator.url();
            self.config["wechat"]["jweixin"] = json!(format!("{url}/open/js/jweixin-1.6.0.js"));
            self.config["wechat"]["open"] = json!(url);
        }
        for account in self.accounts() {
            simulator.control().account(account).await.map_err(Failure::of("make an account in the simulator"))?;
        }
        let urls = self.wechat.iter().map(|entry| url(entry, &simulator)).collect::<Result<Vec<_>>>()?;
        let kv = if self.kv && self.kind == HostKind::Workerd { Some(Kv::start().await?) } else { None };
        let dns = if self.names.is_empty() { None } else { Some(Dns::start(self.names.clone()).await?) };
        let host = match self.kind {
            HostKind::Envoy => Host::Envoy(Envoy::start(self.envoy(urls, dns.as_ref())?).await?),
            HostKind::Workerd => Host::Workerd(Workerd::start(self.workerd(urls, kv.as_ref())).await?),
        };
        Ok(Edge::new(host, simulator, kv, dns))
    }

    fn envoy(mut self, urls: Vec<String>, dns: Option<&Dns>) -> Result<EnvoySettings> {
        // Clusters lead to the entries, so the configuration may name WeChat itself.
        let names = (1..=urls.len()).map(|n| if n == 1 { String::new() } else { n.to_string() });
        let names = names.map(|n| format!("https://api{n}.weixin.qq.com")).collect::<Vec<_>>();
        self.config["wechat"]["api"] = json!(names);
        let qyapi = urls.first().cloned().unwrap_or_default();
        let filter = if self.faults { place::filter_with_faults()? } else { place::filter()? };
        Ok(EnvoySettings {
            filter: Some(filter),
            config: self.text.unwrap_or_else(|| self.config.to_string()),
            env: self.env,
            servers: Some(Servers { wechat: urls, qyapi }),
            dns: dns.map(Dns::address),
            threads: self.threads,
            lds: self.lds,
            ports: (0, 0),
            edits: self.edits,
        })
    }

    fn workerd(mut self, urls: Vec<String>, kv: Option<&Kv>) -> WorkerdSettings {
        (self.config["wechat"]["api"], self.config["wechat"]["qyapi"]) = (json!(urls), json!(urls.first()));
        let mut bindings = self.env;
        if self.derived {
            bindings.insert("WECHAT_API_ROOT".to_owned(), urls.first().cloned().unwrap_or_default());
        } else {
            bindings.insert("WXEDGE_CONFIG".to_owned(), self.text.unwrap_or_else(|| self.config.to_string()));
        }
        let (kv, names, comparison) = (kv.map(Kv::address), self.names, self.comparison);
        WorkerdSettings { bindings, kv, names, comparison, ..WorkerdSettings::default() }
    }

    /// The accounts that the simulator must know for this configuration.
    fn accounts(&self) -> Vec<Value> {
        let apps = self.config["apps"].as_object().into_iter().flatten();
        apps.filter_map(|(_, app)| {
            let secret = app["secret"].as_str()?;
            let name = secret.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            let secret = name.map_or(Some(secret), |name| self.env.get(name).map(String::as_str))?;
            // A mini program is an official account to the simulator.
            let kind = if app["kind"] == "wecom" { "wecom" } else { "official" };
            let id = app["appid"].as_str().or_else(|| app["corpid"].as_str())?;
            Some(json!({ "appid": id, "secret": secret, "kind": kind }))
        })
        .collect()
    }
}

/// What [`Start`] begins with.
pub fn default_config() -> Value {
    json!({
        "apps": {
            "demo": { "kind": "official", "appid": DEMO_APPID, "secret": "${DEMO_SECRET}", "token_api": "stable" }
        },
        "callers": [{ "name": "crm", "key": "${CRM_KEY}", "apps": ["demo"], "may": ["token", "rotate"] }],
        "wechat": { "api": ["https://api.weixin.qq.com"] }
    })
}

fn url(entry: &WeChat, simulator: &SimulatorProcess) -> Result<String> {
    match entry {
        WeChat::Simulator => Ok(simulator.url()),
        WeChat::At(url) => Ok(url.clone()),
        WeChat::Closed => {
            // The kernel does not hand out a port again soon after it was freed.
            let socket = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
            Ok(format!("http://{}", socket.map_err(Failure::of("find a closed port"))?))
        }
    }
}
