//! A real Envoy with the filter in it, started from the committed envoy.yaml.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::edge_yaml::EdgeYaml;
use super::http::{Answer, exchange};
use super::process::Process;
use super::scratch::Scratch;
use super::{Config, Failure, Result, Servers, place};

/// Envoy compiles the module before it listens; on a busy machine that takes its time.
const PATIENCE: Duration = Duration::from_secs(30);
const LISTENER: &str = "listener.json";

/// A change to envoy.yaml.
pub type Edit = Arc<dyn Fn(&mut EdgeYaml) -> Result<()> + Send + Sync>;

/// What differs from the committed envoy.yaml.
#[derive(Clone)]
pub struct EnvoySettings {
    /// The module; `None` is the one that is shipped.
    pub filter: Option<PathBuf>,
    /// The gateway's configuration.
    pub config: String,
    /// Variables of Envoy's environment, all of them readable by the filter.
    pub env: BTreeMap<String, String>,
    /// Where the clusters lead instead of where the configuration says; `None` for there.
    pub servers: Option<Servers>,
    /// The DNS server of the clusters for URLs; `None` is the system's.
    pub dns: Option<SocketAddr>,
    /// Worker threads.
    pub threads: u32,
    /// Whether the listener can be replaced while Envoy runs.
    pub lds: bool,
    /// Listener and admin port; 0 is any free one.
    pub ports: (u16, u16),
    /// Last changes of one's own.
    pub edits: Vec<Edit>,
}

impl Default for EnvoySettings {
    fn default() -> Self {
        Self {
            filter: None,
            config: String::new(),
            env: BTreeMap::new(),
            servers: None,
            dns: None,
            threads: 2,
            lds: false,
            ports: (0, 0),
            edits: Vec::new(),
        }
    }
}

/// What Envoy made of a new listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// It runs; the old one drains.
    Accepted,
    /// The old one goes on.
    Rejected,
}

/// A running Envoy.
pub struct Envoy {
    // Before the folder that it writes into: fields are dropped in this order.
    process: Process,
    settings: EnvoySettings,
    address: SocketAddr,
    admin: SocketAddr,
    listener: Value,
    scratch: Scratch,
}

impl Envoy {
    /// Starts it and waits until it listens.
    pub async fn start(settings: EnvoySettings) -> Result<Self> {
        let scratch = Scratch::new("envoy")?;
        let (yaml, listener) = render(&settings, &scratch)?;
        let mut process = spawn(&settings, &scratch, &yaml)?;
        let (address, admin) = listening(&mut process, &scratch).await?;
        Ok(Self { process, settings, address, admin, listener, scratch })
    }

    /// Starts it from a file of one's own, with these variables in its environment.
    pub async fn start_from(file: &Path, env: BTreeMap<String, String>) -> Result<Self> {
        let scratch = Scratch::new("envoy")?;
        let settings = EnvoySettings { env, ..EnvoySettings::default() };
        let mut process = spawn(&settings, &scratch, file)?;
        let (address, admin) = listening(&mut process, &scratch).await?;
        Ok(Self { process, settings, address, admin, listener: Value::Null, scratch })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its admin interface listens.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends it and starts it anew, on the same ports. What it held in memory is gone.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill();
        self.settings.ports = (self.address.port(), self.admin.port());
        let (yaml, listener) = render(&self.settings, &self.scratch)?;
        self.process = spawn(&self.settings, &self.scratch, &yaml)?;
        self.listener = listener;
        (self.address, self.admin) = listening(&mut self.process, &self.scratch).await?;
        Ok(())
    }

    /// All counters and gauges.
    pub async fn stats(&self) -> Result<BTreeMap<String, u64>> {
        let text = ask(self.admin, "/stats").await?.text();
        let pair = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Ok(text.lines().filter_map(pair).collect())
    }

    /// One counter or gauge; one that was never touched is 0.
    pub async fn stat(&self, name: &str) -> Result<u64> {
        Ok(self.stats().await?.get(name).copied().unwrap_or_default())
    }

    /// Replaces the listener (needs `lds`) and waits for Envoy's verdict.
    pub async fn update_listener(&mut self, change: impl FnOnce(&mut Value) -> Result<()>) -> Result<Update> {
        if !self.settings.lds {
            return Err(Failure::new("this Envoy has a static listener: start it with lds"));
        }
        let verdicts = async |admin| -> Result<(u64, u64)> {
            let mut counts = (0, 0);
            for line in ask(admin, "/stats?filter=listener_manager.lds.update_").await?.text().lines() {
                match line.split_once(": ") {
                    Some((name, value)) if name.ends_with("success") => counts.0 = value.parse().unwrap_or_default(),
                    Some((name, value)) if name.ends_with("rejected") => counts.1 = value.parse().unwrap_or_default(),
                    _ => {}
                }
            }
            Ok(counts)
        };
        let before = verdicts(self.admin).await?;
        let mut listener = self.listener.clone();
        change(&mut listener)?;
        self.scratch.write(LISTENER, resources(&listener))?;
        let admin = self.admin;
        let look = async || verdicts(admin).await.ok().filter(|now| *now != before);
        let after = self.process.wait_for("verdict on the new listener", PATIENCE, look).await?;
        if after.0 == before.0 {
            return Ok(Update::Rejected);
        }
        self.listener = listener;
        listening(&mut self.process, &self.scratch).await?;
        Ok(Update::Accepted)
    }
}

/// Writes what Envoy reads. The result is the file and the listener in it.
fn render(settings: &EnvoySettings, scratch: &Scratch) -> Result<(PathBuf, Value)> {
    let mut yaml = EdgeYaml::read()?;
    let filter = settings.filter.clone().map_or_else(place::filter, Ok)?;
    yaml.ports(settings.ports.0, settings.ports.1)?;
    yaml.filter(&filter)?;
    let config = Config::given(&settings.config, settings.env.clone());
    let servers = settings.servers.clone().map_or_else(|| config.servers(), Ok)?;
    yaml.follow(&config, &servers)?;
    if let Some(server) = settings.dns {
        yaml.dns(server)?;
    }
    yaml.static_answer()?;
    settings.edits.iter().try_for_each(|edit| edit(&mut yaml))?;
    let mut listener = yaml.at("/static_resources/listeners/0")?.clone();
    if settings.lds {
        let file = scratch.path(LISTENER);
        listener = yaml.listener_from(&file)?;
        scratch.write(LISTENER, resources(&listener))?;
    }
    Ok((scratch.write("envoy.json", yaml.text())?, listener))
}

/// The file that Envoy watches.
fn resources(listener: &Value) -> String {
    let mut listener = listener.clone();
    listener["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
    json!({ "resources": [listener] }).to_string()
}

fn spawn(settings: &EnvoySettings, scratch: &Scratch, yaml: &Path) -> Result<Process> {
    let admin = scratch.path("admin");
    drop(fs::remove_file(&admin));
    let mut command = Command::new(place::envoy()?);
    command
        .arg("--config-path")
        .arg(yaml)
        // Several run at once: none may look for a parent to take over from.
        .arg("--disable-hot-restart")
        .args(["--concurrency", &settings.threads.to_string()])
        .args(["--log-level", "info"])
        .arg("--admin-address-path")
        .arg(admin)
        .envs(&settings.env)
        .current_dir(place::root());
    Process::spawn("Envoy", &mut command, scratch.path("envoy.log"))
}

/// Waits until the listener takes connections. The result is its address and that of admin.
async fn listening(process: &mut Process, scratch: &Scratch) -> Result<(SocketAddr, SocketAddr)> {
    let look = async || {
        let admin: SocketAddr = fs::read_to_string(scratch.path("admin")).ok()?.trim().parse().ok()?;
        let ready = ask(admin, "/ready").await.ok()?;
        let warming = ask(admin, "/stats?filter=listener_manager.total_listeners_warming").await.ok()?.text();
        if ready.status != 200 || !warming.trim().ends_with(": 0") {
            return None;
        }
        let listeners = ask(admin, "/listeners?format=json").await.ok()?.json();
        let at = &listeners["listener_statuses"][0]["local_address"]["socket_address"];
        let port = u16::try_from(at["port_value"].as_u64()?).ok()?;
        Some((SocketAddr::new(at["address"].as_str()?.parse().ok()?, port), admin))
    };
    process.wait_for("listener", PATIENCE, look).await
}

async fn ask(admin: SocketAddr, path: &str) -> Result<Answer> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\n\r\n");
    let answer = exchange(admin, request.as_bytes(), PATIENCE).await;
    answer.map_err(Failure::of(format_args!("ask Envoy's admin for {path}")))
}
