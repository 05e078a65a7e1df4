//! A request to the edge, built up in one line of a scenario.

use std::future::{Future, IntoFuture};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::http::{Answer, PATIENCE, exchange};

/// A request that is sent when it is awaited. Nothing in it is checked: any byte goes out as it is.
#[derive(Debug, Clone)]
pub struct Request {
    to: SocketAddr,
    method: String,
    path: Vec<u8>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
    patience: Duration,
}

impl Request {
    /// A request without headers or a body.
    pub fn new(to: SocketAddr, method: &str, path: impl AsRef<[u8]>) -> Self {
        Self {
            to,
            method: method.to_owned(),
            path: path.as_ref().to_vec(),
            headers: Vec::new(),
            body: Vec::new(),
            patience: PATIENCE,
        }
    }

    /// Adds a header. `host`, `connection` and `content-length` are there already unless they are added here.
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    /// Adds an API key.
    pub fn bearer(self, key: &str) -> Self {
        self.header("authorization", format!("Bearer {key}"))
    }

    /// Sets the body.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Sets the body and says that it is JSON.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// How long to wait for the answer.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends it. The error is what the connection met with.
    pub async fn send(self) -> io::Result<Answer> {
        exchange(self.to, &self.bytes("close"), self.patience).await
    }

    /// Sends it and closes the connection after a while, whether there is an answer or not.
    pub async fn hang_up_after(self, while_: Duration) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.to).await?;
        stream.write_all(&self.bytes("close")).await?;
        tokio::time::sleep(while_).await;
        Ok(())
    }

    /// What goes over the wire.
    pub fn bytes(&self, connection: &str) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(self.method.as_bytes());
        out.push(b' ');
        out.extend_from_slice(&self.path);
        out.extend_from_slice(b" HTTP/1.1\r\n");
        let mut defaults = vec![("host", self.to.to_string()), ("connection", connection.to_owned())];
        if !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") {
            defaults.push(("content-length", self.body.len().to_string()));
        }
        defaults.retain(|(name, _)| !self.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes())));
        let defaults = defaults.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let own = self.headers.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        for (name, value) in defaults.chain(own) {
            out.extend_from_slice(name);
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
        out
    }
}

impl IntoFuture for Request {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    /// Sends it; no answer at all fails the scenario.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let what = format!("{} {}", self.method, String::from_utf8_lossy(&self.path));
            self.send().await.unwrap_or_else(|why| panic!("{what}: {why}"))
        })
    }
}
