//! The simulated WeChat as a process of its own.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::process::Process;
use super::scratch::Scratch;
use super::{Result, place};
use crate::simulator::client::Control;

const PATIENCE: Duration = Duration::from_secs(10);

/// A running simulator.
#[derive(Debug)]
pub struct SimulatorProcess {
    // Before the folder that it writes into: fields are dropped in this order.
    process: Process,
    control: Control,
    _scratch: Scratch,
}

impl SimulatorProcess {
    /// Starts one on any free port.
    pub async fn start() -> Result<Self> {
        Self::start_on(0).await
    }

    /// Starts one on that port of the loopback interface.
    pub async fn start_on(port: u16) -> Result<Self> {
        let scratch = Scratch::new("simulator")?;
        let mut command = Command::new(place::own_binary("wxedge-simulator")?);
        command.arg(format!("--listen=127.0.0.1:{port}"));
        let mut process = Process::spawn("the simulator", &mut command, scratch.path("simulator.log"))?;
        let log = process.log_path().to_owned();
        let look = async || listening(&std::fs::read_to_string(&log).ok()?);
        let address = process.wait_for("address", PATIENCE, look).await?;
        Ok(Self { process, control: Control::new(address), _scratch: scratch })
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.control.address())
    }

    /// What steers it.
    pub fn control(&self) -> Control {
        self.control
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

fn listening(log: &str) -> Option<SocketAddr> {
    let event: Value = serde_json::from_str(log.lines().next()?).ok()?;
    event["address"].as_str()?.parse().ok()
}
