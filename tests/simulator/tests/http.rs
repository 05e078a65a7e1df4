//! A simulator to test and a client that sees every byte.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wxedge_tests::simulator::{Control, Server};

pub const TOKEN: &str = "/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s1";
pub const STABLE: &str = "/cgi-bin/stable_token";

/// A simulator with the account wx1.
pub async fn simulator() -> (Server, Control) {
    let server = Server::start(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let control = server.control();
    control.account(json!({ "appid": "wx1", "secret": "s1" })).await.unwrap();
    (server, control)
}

/// What came back until the connection ended.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// 0 if WeChat did not refuse.
    #[track_caller]
    pub fn errcode(&self) -> i64 {
        self.json().get("errcode").map_or(0, |code| code.as_i64().unwrap())
    }

    #[track_caller]
    pub fn token(&self) -> String {
        self.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// The header of that name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    #[track_caller]
    pub fn content_length(&self) -> usize {
        let line = self.head.lines().find_map(|line| line.strip_prefix("content-length: "));
        line.unwrap().parse().unwrap()
    }
}

/// Sends a request and reads to the end of the connection.
pub async fn send(to: &Server, method: &str, target: &str, body: &str) -> Option<Answer> {
    let mut stream = open(to, method, target, body).await;
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await.unwrap();
    parse(&String::from_utf8(bytes).unwrap())
}

/// Sends a request and leaves the reading to the test.
pub async fn open(to: &Server, method: &str, target: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to.address()).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: api.weixin.qq.com\r\nx-trace: 7\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

pub async fn get(to: &Server, target: &str) -> Answer {
    send(to, "GET", target, "").await.unwrap()
}

pub async fn post(to: &Server, target: &str, body: Value) -> Answer {
    send(to, "POST", target, &body.to_string()).await.unwrap()
}

/// The stable token, by force if wanted.
pub async fn stable(to: &Server, force: bool) -> Answer {
    let body = json!({ "grant_type": "client_credential", "appid": "wx1", "secret": "s1", "force_refresh": force });
    post(to, STABLE, body).await
}

/// A value as `encodeURIComponent` writes it.
pub fn component(value: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(one).collect()
}

/// The code that using the token is answered with.
pub async fn used(to: &Server, token: &str) -> i64 {
    let target = format!("/cgi-bin/user/info?access_token={token}&openid=o1");
    get(to, &target).await.errcode()
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
