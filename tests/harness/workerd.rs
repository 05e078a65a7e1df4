//! A real workerd with the Worker in it, its Durable Objects on local disk.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::process::Process;
use super::scratch::Scratch;
use super::{Failure, Result, place};

/// workerd compiles the module before it listens; on a busy machine that takes its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to run the Worker.
#[derive(Debug, Clone, Default)]
pub struct WorkerdSettings {
    /// The folder with `index.js` and `index_bg.wasm`; `None` is the one that is built.
    pub worker: Option<PathBuf>,
    /// Text bindings: the configuration and the secrets.
    pub bindings: BTreeMap<String, String>,
    /// Where the KV namespace `KV` is; `None` for none.
    pub kv: Option<SocketAddr>,
    /// Names of hosts that lead to these addresses.
    pub names: BTreeMap<String, IpAddr>,
    /// Where the Durable Objects stay when it ends; `None` is a folder that goes with it.
    pub state: Option<PathBuf>,
    /// The Worker for comparison, in JavaScript; empty: one that answers `static` to everything.
    pub comparison: String,
    /// 0 is any free one.
    pub port: u16,
    /// Whether the Worker may reach what is not on a private network.
    pub public: bool,
}

/// A running workerd.
#[derive(Debug)]
pub struct Workerd {
    // Before the folders that it writes into: fields are dropped in this order.
    process: Process,
    settings: WorkerdSettings,
    address: SocketAddr,
    comparison: SocketAddr,
    runs: u32,
    scratch: Scratch,
    state: Scratch,
}

impl Workerd {
    /// Starts it and waits until it listens.
    pub async fn start(settings: WorkerdSettings) -> Result<Self> {
        let scratch = Scratch::new("workerd")?;
        let state = match &settings.state {
            Some(folder) => Scratch::lasting(folder.clone())?,
            None => Scratch::new("workerd-state")?,
        };
        let mut process = spawn(&settings, (&scratch, &state), (settings.port, 0), 0)?;
        let (address, comparison) = listening(&mut process).await?;
        Ok(Self { process, settings, address, comparison, runs: 1, scratch, state })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the Worker listens that the gateway is measured against.
    pub fn comparison(&self) -> SocketAddr {
        self.comparison
    }

    /// What the next start will follow.
    pub fn settings(&mut self) -> &mut WorkerdSettings {
        &mut self.settings
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// All that it has logged since it was last started.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Empties the Durable Objects of a workerd that was killed.
    pub fn forget(&mut self) -> Result<()> {
        let folder = self.state.path("");
        fs::remove_dir_all(&folder)
            .and_then(|()| fs::create_dir_all(&folder))
            .map_err(Failure::of(format_args!("empty {}", folder.display())))
    }

    /// Ends it and starts it anew, on the same ports and the same Durable Objects.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill();
        let ports = (self.address.port(), self.comparison.port());
        self.process = spawn(&self.settings, (&self.scratch, &self.state), ports, self.runs)?;
        self.runs += 1;
        (self.address, self.comparison) = listening(&mut self.process).await?;
        Ok(())
    }
}

fn spawn(
    settings: &WorkerdSettings,
    (scratch, state): (&Scratch, &Scratch),
    ports: (u16, u16),
    run: u32,
) -> Result<Process> {
    let worker = settings.worker.clone().map_or_else(place::worker, Ok)?;
    // Copies: a build that goes on meanwhile must not change what a test runs.
    for file in ["index.js", "index_bg.wasm"] {
        scratch.copy(&worker.join(file))?;
    }
    let config = scratch.write("workerd.capnp", config(settings, &compatibility_date()?))?;
    let mut command = Command::new(place::workerd()?);
    command
        .arg("serve")
        .arg(config)
        .args(["--socket-addr", &format!("http=127.0.0.1:{}", ports.0)])
        .args(["--socket-addr", &format!("static=127.0.0.1:{}", ports.1)])
        .arg(format!("--directory-path=state={}", state.path("").display()))
        .arg("--control-fd=1");
    Process::spawn("workerd", &mut command, scratch.path(&format!("workerd-{run}.log")))
}

/// Waits for both sockets: workerd writes a line of JSON for each.
async fn listening(process: &mut Process) -> Result<(SocketAddr, SocketAddr)> {
    let log = process.log_path().to_owned();
    let look = async || {
        let text = fs::read_to_string(&log).ok()?;
        let port = |socket: &str| {
            let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let event = events.into_iter().find(|event| event["event"] == "listen" && event["socket"] == socket)?;
            let port = u16::try_from(event["port"].as_u64()?).ok()?;
            Some(SocketAddr::from(([127, 0, 0, 1], port)))
        };
        Some((port("http")?, port("static")?))
    };
    process.wait_for("socket", PATIENCE, look).await
}

/// The date that the Worker is deployed with.
fn compatibility_date() -> Result<String> {
    let text = fs::read_to_string(place::root().join("wrangler.toml")).map_err(Failure::of("read wrangler.toml"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("compatibility_date = "));
    let date = line.ok_or_else(|| Failure::new("no compatibility_date in wrangler.toml"))?;
    Ok(date.trim_matches('"').to_owned())
}

fn config(settings: &WorkerdSettings, date: &str) -> String {
    let network = if settings.public { r#"["public", "private"]"# } else { r#"["private"]"# };
    let binding = |(name, value): (&String, &String)| format!("(name = {}, text = {})", quoted(name), quoted(value));
    let mut bindings: Vec<String> = settings.bindings.iter().map(binding).collect();
    let kv = settings.kv.map_or_else(String::new, |it| {
        bindings.push(r#"(name = "KV", kvNamespace = "kv")"#.to_owned());
        format!(r#"(name = "kv", external = (address = "{it}", http = ())),"#)
    });
    let bindings = bindings.join(",\n    ");
    let comparison = if settings.comparison.is_empty() { STATIC } else { &settings.comparison };
    let comparison = quoted(comparison);
    let names = serde_json::to_string(&settings.names).unwrap_or_default();
    let (outbound, resolver) = if settings.names.is_empty() { ("internet", "") } else { ("names", NAMES) };
    let resolver = resolver.replace("{date}", date).replace("{names}", &quoted(&names));
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "static", worker = .static),
    (name = "internet", network = (allow = {network}, tlsOptions = (trustBrowserCas = true))),
    (name = "state", disk = (writable = true)),
    {kv}
    {resolver}
  ],
  sockets = [
    (name = "http", http = (), service = "main"),
    (name = "static", http = (), service = "static"),
  ],
);
const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js"), (name = "index_bg.wasm", wasm = embed "index_bg.wasm")],
  compatibilityDate = "{date}",
  globalOutbound = "{outbound}",
  bindings = [
    (name = "KEEPER", durableObjectNamespace = "Keeper"),
    {bindings}
  ],
  durableObjectNamespaces = [(className = "Keeper", uniqueKey = "keeper", enableSql = true)],
  durableObjectStorage = (localDisk = "state"),
);
const static :Workerd.Worker = (
  modules = [(name = "static.js", esModule = {comparison})],
  compatibilityDate = "{date}",
  globalOutbound = "internet",
);
"#
    )
}

const STATIC: &str = "export default { fetch() { return new Response('static') } }";

/// A service that looks up names before it lets requests out, since workerd asks the system only.
const NAMES: &str = r#"
    (name = "names", worker = (
      modules = [(name = "names.js", esModule = "export default { fetch(request, env) { const url = new URL(request.url); url.hostname = JSON.parse(env.NAMES)[url.hostname] ?? url.hostname; return fetch(new Request(url, request)) } }")],
      compatibilityDate = "{date}",
      bindings = [(name = "NAMES", text = {names})],
    )),"#;

/// A text as Cap'n Proto writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}
