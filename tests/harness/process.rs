//! A child process that writes into a log file and ends with its owner.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

use super::{Failure, Result};

/// How often something that cannot be waited for is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// A running child. Dropping it kills it, by its own id.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; both of its outputs are appended to `log`.
    pub fn spawn(name: &'static str, command: &mut Command, log: PathBuf) -> Result<Self> {
        let open = || -> std::io::Result<(File, File)> {
            let file = OpenOptions::new().create(true).append(true).open(&log)?;
            Ok((file.try_clone()?, file))
        };
        let (out, err) = open().map_err(Failure::of(format_args!("open {}", log.display())))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(Failure::of(format_args!("start {name}")))?;
        Ok(Self { name, child, log })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it writes.
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// All that it has written so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// An error that says how it ended and what it said last, if it has ended.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Failure::new(format!("{} ended ({status}):\n{}", self.name, self.last_words()))),
            Err(why) => Err(Failure::new(format!("{}: {why}", self.name))),
        }
    }

    /// Looks until there is something to see, the process ends, or `patience` is over.
    pub async fn wait_for<T>(
        &mut self,
        what: &str,
        patience: Duration,
        mut look: impl AsyncFnMut() -> Option<T>,
    ) -> Result<T> {
        let end = Instant::now() + patience;
        loop {
            if let Some(seen) = look().await {
                return Ok(seen);
            }
            self.check()?;
            if Instant::now() > end {
                let words = self.last_words();
                return Err(Failure::new(format!("{}: no {what} within {patience:?}:\n{words}", self.name)));
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Kills it as `kill -9` does, and waits until it is gone. Killing it twice is no error.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.len().saturating_sub(15);
        lines[last..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("{} wrote last:\n{}\n", self.name, self.last_words());
        }
    }
}
