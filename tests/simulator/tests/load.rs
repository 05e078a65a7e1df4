//! Many connections at once.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::http::{TOKEN, get, open, simulator};

/// Both ends live in this process, and each needs a descriptor.
const HERD: u64 = 400;

#[tokio::test]
async fn a_herd_is_held_all_at_once() {
    let (server, control) = simulator().await;
    control.fault(json!({ "endpoint": "token", "fault": "delay", "ms": 1500 })).await.unwrap();
    let mut herd = JoinSet::new();
    for _ in 0..HERD {
        let mut stream = open(&server, "GET", TOKEN, "").await;
        herd.spawn(async move {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.map(|_| answer.contains("access_token"))
        });
    }
    while let Some(done) = herd.join_next().await {
        assert!(done.unwrap().unwrap());
    }
    let state = control.state().await.unwrap();
    let counter = &state.counters["token"];
    assert_eq!((counter.calls, counter.issued, counter.in_flight), (HERD, HERD, 0));
    assert_eq!(counter.max_in_flight, HERD);
    assert!(state.connections.max_open >= HERD);
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let (server, control) = simulator().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    for _ in 0..3 {
        let request = format!("GET {TOKEN} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"}") {
            assert!(stream.read_buf(&mut seen).await.unwrap() > 0);
        }
    }
    let state = control.state().await.unwrap();
    assert_eq!(state.counters["token"].calls, 3);
    assert_eq!(state.connections.aborted, 0);
}

#[tokio::test]
async fn a_simulator_that_is_dropped_closes_its_connections() {
    let (server, _) = simulator().await;
    get(&server, TOKEN).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    let address = server.address();
    drop(server);
    assert!(matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).await.is_err());
}
