//! Workers KV as workerd expects it: an HTTP service. It keeps its values in memory, takes no more than the real one does,
//! and breaks on demand.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::listen::listen;
use super::{Failure, Result};

/// What the real one demands, in seconds.
const LEAST_CACHE_TTL: u64 = 30;
const LEAST_EXPIRATION_TTL: u64 = 60;
/// More than one write of a name in this time is refused with 429.
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

/// A running KV. Dropped, it closes all its connections.
#[derive(Debug)]
pub struct Kv {
    address: SocketAddr,
    shared: Shared,
    task: JoinHandle<()>,
}

/// How it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KvFault {
    /// Answers with this status: 404 is a miss.
    Status(u16),
    /// Answers after this time.
    Slow(Duration),
}

/// What has been asked of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KvCounts {
    /// Reads.
    pub reads: u64,
    /// Reads that were answered with a value.
    pub hits: u64,
    /// Writes.
    pub writes: u64,
    /// Writes that were taken.
    pub stored: u64,
    /// Whatever else: the gateway never deletes and never lists.
    pub others: u64,
}

type Shared = Arc<Mutex<State>>;

#[derive(Debug, Default)]
struct State {
    /// The last versions of each value, oldest first.
    values: BTreeMap<String, Vec<Version>>,
    counts: KvCounts,
    /// The query of the last read and of the last write.
    queries: (String, String),
    lag: Duration,
    reads: Option<KvFault>,
    writes: Option<KvFault>,
}

#[derive(Debug, Clone)]
struct Version {
    value: Bytes,
    written: Instant,
    seen: Instant,
    ends: Instant,
}

impl Kv {
    /// Starts one on any free port of the loopback interface.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Failure::of("listen for KV"))?;
        let address = listener.local_addr().map_err(Failure::of("listen for KV"))?;
        let shared = Shared::default();
        let task = {
            let shared = Arc::clone(&shared);
            tokio::spawn(listen(listener, move |stream| serve(stream, Arc::clone(&shared))))
        };
        Ok(Self { address, shared, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has been asked of it.
    pub fn counts(&self) -> KvCounts {
        lock(&self.shared).counts
    }

    /// The options of the last read and of the last write, as workerd put them into its queries.
    pub fn queries(&self) -> (String, String) {
        lock(&self.shared).queries.clone()
    }

    /// The names that have a value.
    pub fn names(&self) -> Vec<String> {
        lock(&self.shared).values.keys().cloned().collect()
    }

    /// The newest value of `name`, whether it is seen yet or not.
    pub fn value(&self, name: &str) -> Option<Vec<u8>> {
        Some(lock(&self.shared).values.get(name)?.last()?.value.to_vec())
    }

    /// Puts a value there behind the gateway's back.
    pub fn set(&self, name: &str, value: impl Into<Vec<u8>>) {
        lock(&self.shared).put(name, Bytes::from(value.into()), Duration::from_secs(3600));
    }

    /// Writes from now on are seen after this time; until then reads get the value before, or a miss.
    pub fn lag(&self, lag: Duration) {
        lock(&self.shared).lag = lag;
    }

    /// Breaks reads, or mends them.
    pub fn break_reads(&self, fault: Option<KvFault>) {
        lock(&self.shared).reads = fault;
    }

    /// Breaks writes, or mends them.
    pub fn break_writes(&self, fault: Option<KvFault>) {
        lock(&self.shared).writes = fault;
    }
}

impl Drop for Kv {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(stream: TcpStream, shared: Shared) {
    let service = service_fn(|request| answer(Arc::clone(&shared), request));
    // An error is a workerd that was killed.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(shared: Shared, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|it| it.to_bytes()).unwrap_or_default();
    let fault = lock(&shared).count(&head.method);
    if let Some(KvFault::Slow(time)) = fault {
        sleep(time).await;
    }
    let (status, value) = match fault {
        Some(KvFault::Status(status)) => (status, Bytes::new()),
        _ => lock(&shared).decide(&head.method, &head.uri, body),
    };
    let mut response = Response::new(Full::new(value));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    Ok(response)
}

impl State {
    fn count(&mut self, method: &Method) -> Option<KvFault> {
        let (counter, fault) = match *method {
            Method::GET => (&mut self.counts.reads, self.reads),
            Method::PUT => (&mut self.counts.writes, self.writes),
            _ => (&mut self.counts.others, None),
        };
        *counter += 1;
        fault
    }

    fn decide(&mut self, method: &Method, uri: &hyper::Uri, body: Bytes) -> (u16, Bytes) {
        let name = decoded(uri.path().trim_start_matches('/'));
        let query = uri.query().unwrap_or_default();
        match *method {
            Method::GET => query.clone_into(&mut self.queries.0),
            _ => query.clone_into(&mut self.queries.1),
        }
        let query = form_urlencoded::parse(query.as_bytes());
        let query: BTreeMap<_, _> = query.into_owned().collect();
        let number = |key: &str| query.get(key).map(|it| it.parse::<u64>().unwrap_or_default());
        match *method {
            Method::GET if number("cache_ttl").is_some_and(|it| it < LEAST_CACHE_TTL) => refuse(400),
            Method::GET => match self.get(&name) {
                Some(value) => {
                    self.counts.hits += 1;
                    (200, value)
                }
                None => refuse(404),
            },
            Method::PUT => match number("expiration_ttl") {
                Some(ttl) if ttl < LEAST_EXPIRATION_TTL => refuse(400),
                _ if self.wrote_lately(&name) => refuse(429),
                ttl => {
                    self.put(&name, body, Duration::from_secs(ttl.unwrap_or(u64::from(u32::MAX))));
                    self.counts.stored += 1;
                    refuse(200)
                }
            },
            _ => refuse(405),
        }
    }

    fn get(&self, name: &str) -> Option<Bytes> {
        let now = Instant::now();
        let seen = self.values.get(name)?.iter().rev().find(|it| it.seen <= now)?;
        (now < seen.ends).then(|| seen.value.clone())
    }

    fn wrote_lately(&self, name: &str) -> bool {
        let last = self.values.get(name).and_then(|it| it.last());
        last.is_some_and(|it| it.written.elapsed() < BETWEEN_WRITES)
    }

    fn put(&mut self, name: &str, value: Bytes, ttl: Duration) {
        let now = Instant::now();
        let version = Version { value, written: now, seen: now + self.lag, ends: now + ttl };
        self.values.entry(name.to_owned()).or_default().push(version);
    }
}

fn refuse(status: u16) -> (u16, Bytes) {
    (status, Bytes::new())
}

/// A name as it stands in a path, where a blank is never a plus.
fn decoded(path: &str) -> String {
    let path = path.replace('+', "%2B");
    form_urlencoded::parse(path.as_bytes()).next().map(|it| it.0.into_owned()).unwrap_or_default()
}
