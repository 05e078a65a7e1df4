//! One HTTP request, on a connection of its own.

use std::net::{Ipv4Addr, SocketAddr};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Where a push goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The gateway.
    pub address: SocketAddr,
    /// The `Host` header.
    pub host: String,
    /// The path, with a query if there is one.
    pub path: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Target {
    /// Reads a URL of this machine. The error is half a sentence.
    pub fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|why| format!("it is no URL: {why}"))?;
        let host = match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(it)) => it.to_string(),
            _ => return Err("it does not begin with http://".to_owned()),
        };
        let port = uri.port_u16().unwrap_or(80);
        let address = match uri.host().unwrap_or_default() {
            "localhost" => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            it => it.trim_matches(['[', ']']).parse().ok().map(|it| SocketAddr::new(it, port)),
        };
        let address = address.filter(|it| it.ip().is_loopback()).ok_or("only a loopback address will do")?;
        let path = uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
        Ok(Self { address, host, path })
    }

    /// Sends a request. The error is half a sentence.
    pub async fn send(&self, method: &str, target: &str, content_type: &str, body: &str) -> Result<Response, String> {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header("user-agent", "Mozilla/4.0")
            .header("accept", "*/*")
            .header("host", &self.host)
            .header("connection", "close");
        let request = if method == "POST" { request.header("content-type", content_type) } else { request };
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes())));
        let request = request.map_err(|why| format!("it cannot be sent: {why}"))?;
        let stream = TcpStream::connect(self.address).await.map_err(|why| format!("no connection: {why}"))?;
        // It only costs time if this fails.
        let _ = stream.set_nodelay(true);
        let broken = |why| format!("the connection ended: {why}");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let exchange = async {
            let (head, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
            let body = body.collect().await.map_err(broken)?.to_bytes().to_vec();
            drop(sender);
            let text = |it: &hyper::header::HeaderValue| String::from_utf8_lossy(it.as_bytes()).into_owned();
            let headers = head.headers.iter().map(|(name, it)| (name.as_str().to_owned(), text(it))).collect();
            Ok(Response { status: head.status.as_u16(), headers, body })
        };
        // What breaks the connection breaks the exchange as well.
        tokio::join!(exchange, connection).0
    }
}

impl Response {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    /// The body; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_pushed_to() {
        let target = Target::parse("http://127.0.0.1:8080/app/demo/msg?call=a").unwrap();
        assert_eq!((target.host.as_str(), target.path.as_str()), ("127.0.0.1:8080", "/app/demo/msg?call=a"));
        assert_eq!(Target::parse("http://[::1]:80").unwrap().address.to_string(), "[::1]:80");
        assert_eq!(Target::parse("http://localhost/").unwrap().address.to_string(), "127.0.0.1:80");
        for url in ["", "/x", "https://127.0.0.1/", "http://10.0.0.1/", "http://example.com/", "http://0.0.0.0/"] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }
}
