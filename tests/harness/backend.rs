//! A back-end: it notes what it is sent, and answers as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sha2::Sha256;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::listen::listen;
use super::spoken::{Spoken, SpokenBody, says};
use super::{Failure, Result};

/// A running back-end. Dropped, it closes all its connections.
#[derive(Debug)]
pub struct Backend {
    address: SocketAddr,
    shared: Shared,
    task: JoinHandle<()>,
}

/// What it does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manners {
    /// Answers with this status and no body.
    Says(u16),
    /// The same, after this time.
    Late(Duration, u16),
    /// Answers with a body: what [`says`] makes.
    Answers(Spoken),
    /// Answers 307 with this Location.
    Redirects(String),
    /// Resets the connection.
    Resets,
    /// Never answers.
    Hangs,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// When it had come to its end.
    pub at: Instant,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

type Shared = Arc<Mutex<State>>;

#[derive(Debug)]
struct State {
    received: Vec<Received>,
    next: VecDeque<Manners>,
    paths: BTreeMap<String, Manners>,
    manners: Manners,
}

impl Backend {
    /// Starts one on any free port of the loopback interface. It says 200 to everything.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Failure::of("listen for a back-end"))?;
        let address = listener.local_addr().map_err(Failure::of("listen for a back-end"))?;
        let state =
            State { received: Vec::new(), next: VecDeque::new(), paths: BTreeMap::new(), manners: Manners::Says(200) };
        let shared = Arc::new(Mutex::new(state));
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

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All that it was sent so far, oldest first.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared).received.clone()
    }

    /// What it does from now on.
    pub fn always(&self, manners: impl Into<Manners>) {
        lock(&self.shared).manners = manners.into();
    }

    /// What it does with requests for that path, whatever their query is, before anything else that it was told.
    pub fn at(&self, path: &str, manners: impl Into<Manners>) {
        lock(&self.shared).paths.insert(path.to_owned(), manners.into());
    }

    /// What it does with the next requests, before it does what it always does.
    pub fn next(&self, manners: impl IntoIterator<Item = impl Into<Manners>>) {
        lock(&self.shared).next.extend(manners.into_iter().map(Into::into));
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Received {
    /// The header of that name (in lower case); one that is there twice fails the scenario.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(have, _)| have == name).map(|(_, value)| value.as_str());
        let first = all.next();
        assert_eq!(all.next(), None, "{name} is there twice");
        first
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why} in {:?}", self.body))
    }

    /// Whether it is signed with the bytes of `key`, as Standard Webhooks says. This shares nothing with what it tests but the
    /// hash: it is what a back-end does.
    pub fn is_signed_with(&self, key: &[u8]) -> bool {
        let (Some(id), Some(time)) = (self.header("webhook-id"), self.header("webhook-timestamp")) else {
            return false;
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
        mac.update(format!("{id}.{time}.").as_bytes());
        mac.update(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.header("webhook-signature").is_some_and(|it| it.split(' ').any(|one| one == expected))
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(stream: TcpStream, shared: Shared) {
    if lock(&shared).coming() == Manners::Resets {
        // Then the end of the connection is a reset. It only ends more gently if this fails.
        let _ = stream.set_zero_linger();
    }
    let service = service_fn(|request| answer(Arc::clone(&shared), request));
    // One request each: whoever reuses a connection would not see how the next one begins. An error is a reset of ours.
    let _ = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(shared: Shared, request: Request<Incoming>) -> io::Result<Response<SpokenBody>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|it| it.to_bytes().to_vec()).unwrap_or_default();
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let received = Received {
        at: Instant::now(),
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers.iter().map(header).collect(),
        body,
    };
    let manners = {
        let mut state = lock(&shared);
        let manners = state.take(head.uri.path());
        state.received.push(received);
        manners
    };
    let spoken = match manners {
        Manners::Says(status) => says("").status(status),
        Manners::Late(time, status) => says("").status(status).after(time),
        Manners::Answers(spoken) => spoken,
        Manners::Redirects(to) => says("").status(307).header("location", &to),
        Manners::Resets => return Err(io::ErrorKind::ConnectionReset.into()),
        Manners::Hangs => match std::future::pending::<Infallible>().await {},
    };
    spoken.respond().await
}

impl State {
    fn coming(&self) -> Manners {
        self.next.front().unwrap_or(&self.manners).clone()
    }

    fn take(&mut self, path: &str) -> Manners {
        if let Some(known) = self.paths.get(path) {
            return known.clone();
        }
        let manners = self.coming();
        self.next.pop_front();
        manners
    }
}
