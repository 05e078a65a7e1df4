//! The port: HTTP/1.1 on a loopback address, one task per connection.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use super::answer::answer;
use super::client::Control;
use super::state::Shared;
use super::wechat::AccountChange;

/// A herd of several thousand connects at once; the kernel caps this at its own limit.
const BACKLOG: u32 = 16_384;

/// How long to wait when the process has no descriptor left for another connection.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(20);

/// A running simulator. Dropped, it stops listening and closes all its connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Shared,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts on a loopback address; port 0 takes any free one.
    pub fn start(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            // It hands out tokens to anybody who asks and takes orders from anybody: never on a network.
            let text = format!("{address} is not a loopback address");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let shared = Shared::new();
        let task = tokio::spawn(listen(listener, shared.clone()));
        Ok(Self { address, shared, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Creates or changes an account. The error is a sentence that begins with the field.
    pub fn account(&self, change: AccountChange) -> Result<(), String> {
        self.shared.lock().wechat.put_account(change)
    }

    /// A client of the control API.
    pub fn control(&self) -> Control {
        Control::new(self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, shared: Shared) {
    // Owned here, so that all connections end with the listener.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => drop(connections.spawn(serve(stream, peer, shared.clone()))),
                Err(_) => sleep(OUT_OF_DESCRIPTORS).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, shared: Shared) {
    // Without this, drops of a slow body wait for each other's acknowledgement. It only costs time if it fails.
    let _ = stream.set_nodelay(true);
    let _open = Open::new(shared.clone());
    let service = service_fn(|request| answer(shared.clone(), peer.ip(), request));
    // An error is a caller that hung up or a fault at work: both are counted where they happen.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Counts an open connection, however it ends.
struct Open(Shared);

impl Open {
    fn new(shared: Shared) -> Self {
        shared.lock().counters.open();
        Self(shared)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().counters.close();
    }
}
