//! A DNS server for names of a scenario's own: no scenario asks a real one.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::{Failure, Result};

/// A running server. It knows the addresses that it was given, and says of any other name that there is none.
#[derive(Debug)]
pub struct Dns {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Dns {
    /// Starts one on any free port of the loopback interface.
    pub async fn start(names: BTreeMap<String, IpAddr>) -> Result<Self> {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.map_err(Failure::of("listen for DNS"))?;
        let address = socket.local_addr().map_err(Failure::of("listen for DNS"))?;
        let task = tokio::spawn(serve(socket, names));
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: UdpSocket, names: BTreeMap<String, IpAddr>) {
    let mut query = [0; 512];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut query).await else { return };
        if let Some(answer) = answer(&query[..length], &names) {
            // Whoever asked will ask again.
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

/// RFC 1035, section 4: a header of 12 bytes, the question, and one answer that points back to the question's name.
fn answer(query: &[u8], names: &BTreeMap<String, IpAddr>) -> Option<Vec<u8>> {
    let (mut at, mut labels) = (12, Vec::new());
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes(query.get(at..at + 2)?.try_into().ok()?);
    let known = names.get(&labels.join("."));
    let data = match known {
        Some(IpAddr::V4(it)) if kind == 1 => it.octets().to_vec(),
        Some(IpAddr::V6(it)) if kind == 28 => it.octets().to_vec(),
        _ => Vec::new(),
    };
    let mut answer = query.get(..2)?.to_vec();
    // A response; no such name if nothing is known of it.
    answer.extend([0x81, if known.is_some() { 0x80 } else { 0x83 }]);
    answer.extend([0, 1, 0, u8::from(!data.is_empty()), 0, 0, 0, 0]);
    answer.extend(query.get(12..at + 4)?);
    if !data.is_empty() {
        answer.extend([0xc0, 12]);
        answer.extend(kind.to_be_bytes());
        // Class IN, a minute to live.
        answer.extend([0, 1, 0, 0, 0, 60, 0]);
        answer.push(u8::try_from(data.len()).ok()?);
        answer.extend(data);
    }
    Some(answer)
}
