//! Thousands of callers who all want the same thing at the same moment.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::http::{Answer, PATIENCE, exchange_on};

/// How many connections are opened at once: fewer than fit into a host's backlog.
const BATCH: usize = 256;
/// How long the callers who hang up are ahead of the others, so that one of them starts the work.
const HEAD_START: Duration = Duration::from_millis(5);

/// A herd that is about to run.
#[derive(Debug, Clone)]
pub struct Herd {
    to: SocketAddr,
    callers: usize,
    request: Arc<[u8]>,
    hang_ups: usize,
    hang_up_after: Duration,
    patience: Duration,
}

/// What became of the callers.
#[derive(Debug, Clone, Default)]
pub struct HerdReport {
    /// How many got which status.
    pub statuses: BTreeMap<u16, usize>,
    /// How many got which body. Many different ones are many entries: this is meant for answers that are alike.
    pub bodies: BTreeMap<String, usize>,
    /// How many got no answer, and why.
    pub errors: BTreeMap<String, usize>,
    /// How many hung up before they had one.
    pub hung_up: usize,
    /// From sending to the end of the answer: half of the callers had it by then.
    pub p50: Duration,
    /// All but one in a hundred had it by then.
    pub p99: Duration,
    /// The last one had it then.
    pub max: Duration,
}

enum End {
    Answered(Answer, Duration),
    Failed(io::Error),
    HungUp,
}

impl Herd {
    /// `callers` connections that send `request`, as bytes, once each.
    pub fn new(to: SocketAddr, callers: usize, request: Vec<u8>) -> Self {
        let request = request.into();
        Self { to, callers, request, hang_ups: 0, hang_up_after: Duration::ZERO, patience: PATIENCE }
    }

    /// The first so many hang up after a while. They are on their way a moment before the others.
    pub fn hang_up(mut self, callers: usize, after: Duration) -> Self {
        self.hang_ups = callers;
        self.hang_up_after = after;
        self
    }

    /// How long each caller waits.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Opens all connections, then lets everybody speak at once.
    pub async fn run(self) -> HerdReport {
        let herd = Arc::new(self);
        let (doors, line) = (Arc::new(Semaphore::new(BATCH)), Arc::new(Barrier::new(herd.callers)));
        let mut callers = JoinSet::new();
        for number in 0..herd.callers {
            callers.spawn(call(Arc::clone(&herd), number, Arc::clone(&doors), Arc::clone(&line)));
        }
        let mut ends = Vec::with_capacity(herd.callers);
        while let Some(end) = callers.join_next().await {
            ends.push(end.unwrap_or_else(|why| End::Failed(io::Error::other(why))));
        }
        HerdReport::of(ends)
    }
}

async fn call(herd: Arc<Herd>, number: usize, doors: Arc<Semaphore>, line: Arc<Barrier>) -> End {
    let connected = {
        let _door = doors.acquire().await;
        connect(herd.to).await
    };
    // Everybody comes to the line, connected or not: the others wait for it.
    line.wait().await;
    let mut stream = match connected {
        Ok(stream) => stream,
        Err(why) => return End::Failed(why),
    };
    if number < herd.hang_ups {
        return match stream.write_all(&herd.request).await {
            Ok(()) => {
                sleep(herd.hang_up_after).await;
                End::HungUp
            }
            Err(why) => End::Failed(why),
        };
    }
    if herd.hang_ups > 0 {
        sleep(HEAD_START).await;
    }
    let begin = Instant::now();
    match timeout(herd.patience, exchange_on(stream, &herd.request)).await {
        Ok(Ok(answer)) => End::Answered(answer, begin.elapsed()),
        Ok(Err(why)) => End::Failed(why),
        Err(_) => End::Failed(io::Error::new(ErrorKind::TimedOut, "no answer")),
    }
}

/// A connection that was refused because too many came at once is tried again: that is not what a herd measures.
async fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let mut tries = 0;
    loop {
        match TcpStream::connect(to).await {
            Err(why) if tries < 5 && why.kind() != ErrorKind::ConnectionRefused => {
                tries += 1;
                sleep(Duration::from_millis(50)).await;
            }
            done => return done,
        }
    }
}

impl HerdReport {
    fn of(ends: Vec<End>) -> Self {
        let mut report = Self::default();
        let mut times = Vec::with_capacity(ends.len());
        for end in ends {
            match end {
                End::Answered(answer, time) => {
                    *report.statuses.entry(answer.status).or_default() += 1;
                    *report.bodies.entry(answer.text()).or_default() += 1;
                    times.push(time);
                }
                End::Failed(why) => *report.errors.entry(why.to_string()).or_default() += 1,
                End::HungUp => report.hung_up += 1,
            }
        }
        times.sort_unstable();
        let rank = |hundredths: usize| {
            let index = (times.len() * hundredths).div_ceil(100).saturating_sub(1);
            times.get(index).copied().unwrap_or_default()
        };
        (report.p50, report.p99, report.max) = (rank(50), rank(99), rank(100));
        report
    }

    /// How many were answered.
    pub fn answered(&self) -> usize {
        self.statuses.values().sum()
    }

    /// Whether everybody who stayed got this status.
    pub fn all(&self, status: u16) -> bool {
        self.errors.is_empty() && self.statuses.keys().all(|known| *known == status)
    }
}
