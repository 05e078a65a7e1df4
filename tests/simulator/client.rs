//! A small client of the control API, for scenarios in any process.
//!
//! One connection per request and plain HTTP/1.1: it shares no code with what it tests.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::log::LoggedRequest;
use super::report::{JsCode, Report};
use super::wechat::Which;

/// The simulator answers control requests at once; this is only against a dead one.
const PATIENCE: Duration = Duration::from_secs(20);

/// Steers a simulator over its control API.
#[derive(Debug, Clone, Copy)]
pub struct Control {
    address: SocketAddr,
}

impl Control {
    /// The control of the simulator that listens there.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Where the simulator listens.
    pub fn address(self) -> SocketAddr {
        self.address
    }

    /// Counters, accounts, clock.
    pub async fn state(self) -> io::Result<Report> {
        self.ask("GET", "state", None).await
    }

    /// The last 1000 requests, oldest first.
    pub async fn requests(self) -> io::Result<Vec<LoggedRequest>> {
        #[derive(Deserialize)]
        struct Requests {
            requests: Vec<LoggedRequest>,
        }
        self.ask("GET", "requests", None).await.map(|answer: Requests| answer.requests)
    }

    /// Sets the counters to zero and empties the request log; accounts, faults and the clock stay.
    pub async fn reset(self) -> io::Result<()> {
        self.order("POST", "reset", None).await
    }

    /// Creates an account or changes the settings that are named. With `"kind": "wecom"` the account is one secret of a
    /// corp, called `corpid:secret` in the state.
    pub async fn account(self, settings: Value) -> io::Result<()> {
        self.order("POST", "accounts", Some(settings)).await
    }

    /// Kills current tokens, which are refused with 40001 from now on, or tickets; the next fetch gives others. For WeCom
    /// a corpid means all secrets of the corp, `corpid:secret` one.
    pub async fn invalidate(self, appid: &str, which: Which) -> io::Result<()> {
        self.order("POST", "invalidate", Some(json!({ "appid": appid, "which": which }))).await
    }

    /// Kills current tokens, but a fetch that answers the same one again goes on with the dead one; force ends that.
    pub async fn invalidate_sticky(self, appid: &str, which: Which) -> io::Result<()> {
        self.order("POST", "invalidate", Some(json!({ "appid": appid, "which": which, "sticky": true }))).await
    }

    /// Creates a user or changes the fields that are named, and gives that user the phone: its browser logs in as that one
    /// from now on.
    pub async fn user(self, fields: Value) -> io::Result<()> {
        self.order("POST", "users", Some(fields)).await
    }

    /// What `wx.login()` gives to that mini program: a code for who has the phone, or with `openid` for that user.
    pub async fn js_code(self, order: Value) -> io::Result<JsCode> {
        self.ask("POST", "js_codes", Some(order)).await
    }

    /// Lets simulated time pass.
    pub async fn advance(self, by: Duration) -> io::Result<()> {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.order("POST", "clock", Some(json!({ "advance_ms": ms }))).await
    }

    /// Adds a fault, such as `{"endpoint": "token", "fault": "cut", "times": 1}`.
    pub async fn fault(self, fault: Value) -> io::Result<()> {
        self.order("POST", "faults", Some(fault)).await
    }

    /// Back to a WeChat that works.
    pub async fn clear_faults(self) -> io::Result<()> {
        self.order("DELETE", "faults", None).await
    }

    async fn order(self, method: &str, name: &str, body: Option<Value>) -> io::Result<()> {
        self.ask(method, name, body).await.map(|_: Value| ())
    }

    async fn ask<T: DeserializeOwned>(self, method: &str, name: &str, body: Option<Value>) -> io::Result<T> {
        let body = body.map_or_else(String::new, |value| value.to_string());
        let request = format!(
            "{method} /_sim/{name} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let answer = timeout(PATIENCE, exchange(self.address, request.as_bytes())).await??;
        let (status, body) = split(&answer).ok_or_else(|| io::Error::other("the answer is not HTTP"))?;
        if status != 200 {
            return Err(io::Error::other(format!("/_sim/{name}: {status} {}", String::from_utf8_lossy(body).trim())));
        }
        serde_json::from_slice(body).map_err(io::Error::other)
    }
}

async fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Status and body of an answer that ends with its connection. The simulator never chunks control answers.
fn split(answer: &[u8]) -> Option<(u16, &[u8])> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = answer.split_at(end);
    let status = std::str::from_utf8(head).ok()?.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.get(4..)?))
}
