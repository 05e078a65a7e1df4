//! A WeChat that answers any bytes at all. What an answer is depends on the appid alone.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// How long a connection stays open after its answer, for whoever wants to read on.
const LINGER: Duration = Duration::from_millis(500);

/// What goes back, and what becomes of the connection.
#[derive(Clone)]
pub struct Raw {
    /// Written in this order, with a pause between two.
    pub pieces: Vec<Vec<u8>>,
    /// Ended by a reset instead of an end.
    pub reset: bool,
}

impl Raw {
    /// These bytes, then the end of the connection.
    pub fn new(bytes: impl AsRef<[u8]>) -> Self {
        Self { pieces: vec![bytes.as_ref().to_vec()], reset: false }
    }

    /// These bytes, a moment, then a reset.
    pub fn reset(bytes: impl AsRef<[u8]>) -> Self {
        Self { reset: true, ..Self::new(bytes) }
    }
}

/// A listening one.
pub struct RawWeChat {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl RawWeChat {
    /// Answers by appid; a connection that names none of them is closed.
    pub async fn start(answers: BTreeMap<String, Raw>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let (answers, counted) = (Arc::new(answers), Arc::clone(&calls));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&answers), Arc::clone(&counted)));
            }
        });
        Self { address, calls, task: task.abort_handle() }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Calls so far.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

impl Drop for RawWeChat {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, answers: Arc<BTreeMap<String, Raw>>, calls: Arc<AtomicUsize>) {
    let mut request = Vec::new();
    let found = loop {
        let mut some = [0; 4096];
        match stream.read(&mut some).await {
            Ok(length @ 1..) => request.extend_from_slice(&some[..length]),
            _ => return,
        }
        let text = String::from_utf8_lossy(&request);
        let whole = text.contains("\r\n\r\n");
        if let Some((_, raw)) = answers.iter().find(|it| whole && text.contains(&format!("appid={}&", it.0))) {
            break raw.clone();
        }
    };
    calls.fetch_add(1, Ordering::Relaxed);
    for piece in &found.pieces {
        if stream.write_all(piece).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(30)).await;
    }
    if found.reset {
        // Closing with unsent time left and unread bytes is a reset.
        drop(stream.set_zero_linger());
        return;
    }
    drop(stream.shutdown().await);
    let mut rest = Vec::new();
    drop(timeout(LINGER, stream.read_to_end(&mut rest)).await);
}
