//! `wxedge-run`: the simulator, Envoy and workerd on this machine, until Ctrl-C. `make run` starts it.

mod page;
mod settings;

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use wxedge_tests::harness::{
    Envoy, EnvoySettings, Failure, Kv, Process, Request, Result, SimulatorProcess, Workerd, WorkerdSettings, root,
};

use settings::Settings;

/// How often the processes are looked at.
const GLANCE: Duration = Duration::from_millis(200);

/// What runs. Dropping it ends each process by its id.
struct Running {
    // Absent when the configuration is one's own: then WeChat is the real one.
    simulator: Option<SimulatorProcess>,
    envoy: Envoy,
    workerd: Workerd,
    _kv: Kv,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => {
            println!("\nstopped");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("\n{why}\n\nall stopped");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let settings = Settings::from_environment()?;
    let mut stop = Stop::new()?;
    let mut running = tokio::select! {
        biased;
        () = stop.asked() => return Ok(()),
        started = start(&settings) => started?,
    };
    print!("{}", page::text(&settings, &running));
    tokio::select! {
        biased;
        () = stop.asked() => Ok(()),
        failure = running.watch() => Err(failure),
    }
}

async fn start(settings: &Settings) -> Result<Running> {
    let (mut config, mut workers) = (settings.config.clone(), settings.config.clone());
    let mut simulator = None;
    if settings.simulated {
        let started = SimulatorProcess::start_on(settings.simulator_port).await?;
        for account in settings.accounts() {
            let made = started.control().account(account).await;
            made.map_err(Failure::of("make the account in the simulator"))?;
        }
        config = settings.at(&started.url(), settings.envoy_port);
        workers = settings.at(&started.url(), settings.workerd_port);
        simulator = Some(started);
    }
    let envoy = Envoy::start(EnvoySettings {
        config: config.text().to_owned(),
        env: config.variables().clone(),
        ports: (settings.envoy_port, settings.admin_port),
        ..EnvoySettings::default()
    });
    let envoy = envoy.await?;
    let mut bindings = workers.variables().clone();
    bindings.insert("WXEDGE_CONFIG".to_owned(), workers.text().to_owned());
    let kv = Kv::start().await?;
    let workerd = Workerd::start(WorkerdSettings {
        bindings,
        kv: Some(kv.address()),
        state: Some(state(settings)?),
        port: settings.workerd_port,
        public: !settings.simulated,
        ..WorkerdSettings::default()
    });
    let running = Running { simulator, envoy, workerd: workerd.await?, _kv: kv };
    running.check_health().await?;
    Ok(running)
}

/// Where the Durable Objects stay. A new simulator knows no token of an earlier one, so those are forgotten with it.
fn state(settings: &Settings) -> Result<PathBuf> {
    if !settings.simulated {
        return Ok(root().join(".state/own"));
    }
    let folder = root().join(".state/simulated");
    match fs::remove_dir_all(&folder) {
        Err(why) if why.kind() != ErrorKind::NotFound => {
            Err(Failure::of(format_args!("empty {}", folder.display()))(why))
        }
        _ => Ok(folder),
    }
}

impl Running {
    /// Both hosts must answer before anything is said to run.
    async fn check_health(&self) -> Result<()> {
        let hosts = [("Envoy", self.envoy.address()), ("workerd", self.workerd.address())];
        for (name, address) in hosts {
            let answer = Request::new(address, "GET", "/healthz").send().await;
            let answer = answer.map_err(Failure::of(format_args!("{name} does not answer /healthz")))?;
            if answer.status != 200 {
                let text = answer.text();
                return Err(Failure::new(format!("{name} answers /healthz with {}: {text}", answer.status)));
            }
        }
        Ok(())
    }

    /// Returns when one of the processes has ended, with what it said last.
    async fn watch(&mut self) -> Failure {
        loop {
            let simulator = self.simulator.as_mut().map(SimulatorProcess::process);
            let hosts = [self.envoy.process(), self.workerd.process()];
            let ended = simulator.into_iter().chain(hosts).find_map(|process| Process::check(process).err());
            if let Some(failure) = ended {
                return failure;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
}

/// The two ways in which one is asked to stop.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn new() -> Result<Self> {
        let catch = |kind| signal(kind).map_err(Failure::of("catch signals"));
        Ok(Self { interrupt: catch(SignalKind::interrupt())?, terminate: catch(SignalKind::terminate())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
