//! A session of WebDriver, the W3C's protocol for steering browsers: ChromeDriver starts a Chromium for it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::Process;
use super::scratch::Scratch;
use super::{Failure, Request, Result};

/// How long ChromeDriver may take before it listens.
const PATIENCE: Duration = Duration::from_secs(30);
/// Starting Chromium takes its time on a busy machine; any other command gives up earlier by itself.
const COMMAND_PATIENCE: Duration = Duration::from_secs(90);
/// How long it may take to end.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// Loopback only and no housekeeping, whatever the machine is: tests run as root and in containers with a small /dev/shm.
const CHROMIUM: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-breakpad",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-proxy-server",
    // It ends with who holds the other end, so that a driver that is killed leaves nothing behind. And no port is open.
    "--remote-debugging-pipe",
];

/// A running browser. Dropped, it ends.
#[derive(Debug)]
pub struct Session {
    // Before the folder that it writes into: fields are dropped in this order.
    _process: Process,
    driver: SocketAddr,
    path: String,
    _scratch: Scratch,
}

impl Session {
    /// Starts a browser: `options` and `preferences` are ChromeDriver's own, `names` say where hosts are. Any other name or address
    /// is this machine.
    pub async fn start(options: Value, names: &[(&str, SocketAddr)]) -> Result<Self> {
        let scratch = Scratch::new("browser")?;
        let mut command = Command::new("chromedriver");
        command.arg("--port=0");
        let log = scratch.path("chromedriver.log");
        let spawned = Process::spawn("ChromeDriver (run `make browser` if it is missing)", &mut command, log);
        let mut process = spawned?;
        let log = process.log_path().to_owned();
        let look = async || listening(&std::fs::read_to_string(&log).ok()?);
        let driver = process.wait_for("port", PATIENCE, look).await?;

        let mut arguments = CHROMIUM.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", scratch.path("profile").display()));
        let names = names.iter().map(|(name, address)| format!("MAP {name} {address}, "));
        arguments.push(format!("--host-resolver-rules={}MAP * 127.0.0.1", names.collect::<String>()));
        let mut options = options;
        options["args"] = json!(arguments);
        let logs = json!({ "browser": "ALL", "performance": "ALL" });
        let wanted = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": logs });
        let mut session = Self { _process: process, driver, path: "/session".to_owned(), _scratch: scratch };
        let made = session.post("", json!({ "capabilities": { "alwaysMatch": wanted } })).await?;
        let id =
            made["sessionId"].as_str().ok_or_else(|| Failure::new(format!("ChromeDriver made no session: {made}")))?;
        session.path = format!("/session/{id}");
        Ok(session)
    }

    /// What the browser says.
    pub async fn get(&self, command: &str) -> Result<Value> {
        self.ask("GET", command, None).await
    }

    /// What the browser does.
    pub async fn post(&self, command: &str, body: Value) -> Result<Value> {
        self.ask("POST", command, Some(body)).await
    }

    async fn ask(&self, method: &str, command: &str, body: Option<Value>) -> Result<Value> {
        let request = Request::new(self.driver, method, format!("{}{command}", self.path)).patience(COMMAND_PATIENCE);
        let request = if let Some(body) = &body { request.json(body) } else { request };
        let answer = request.send().await.map_err(Failure::of(format_args!("{method} {command}")))?;
        let mut said: Value = serde_json::from_slice(&answer.body).map_err(Failure::of("ChromeDriver's answer"))?;
        let value = said["value"].take();
        if answer.status == 200 {
            return Ok(value);
        }
        Err(Failure::new(format!("{method} {command}: {}: {}", value["error"], value["message"])))
    }
}

impl Drop for Session {
    /// Lets Chromium end by itself: killed with its driver, it would still write into the folder that goes.
    fn drop(&mut self) {
        let end = || {
            let mut driver = TcpStream::connect(self.driver)?;
            driver.set_read_timeout(Some(END_PATIENCE))?;
            let head = format!("DELETE {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.path, self.driver);
            driver.write_all(head.as_bytes())?;
            // It answers when Chromium has ended, and keeps the connection.
            driver.read(&mut [0; 64])
        };
        // It is killed if it does not.
        let _: io::Result<usize> = end();
    }
}

fn listening(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once("started successfully on port ")?;
    let port = rest.split('.').next()?.parse().ok()?;
    Some(SocketAddr::from(([127, 0, 0, 1], port)))
}
