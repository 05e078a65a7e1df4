//! One HTTP/1.1 request and its answer, byte for byte: a client library would refuse to send what a gateway must survive.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take before the harness gives up: longer than any deadline of the gateway or its hosts.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, values as they came, in their order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body, without its chunks.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of that name; bytes that are no UTF-8 are replaced.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// The body as text; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|why| panic!("{why} in the answer {} {:?}", self.status, self.text()))
    }
}

/// Connects, sends `request` as it is, reads one answer.
pub async fn exchange(to: SocketAddr, request: &[u8], patience: Duration) -> io::Result<Answer> {
    timeout(patience, async { exchange_on(TcpStream::connect(to).await?, request).await })
        .await
        .unwrap_or_else(|_| Err(io::Error::new(ErrorKind::TimedOut, format!("no answer within {patience:?}"))))
}

/// The same on a connection that is open already.
pub async fn exchange_on(mut stream: TcpStream, request: &[u8]) -> io::Result<Answer> {
    stream.set_nodelay(true)?;
    let bodiless = request.starts_with(b"HEAD ");
    let (from, mut to) = stream.split();
    let mut from = BufReader::new(from);
    // A host may answer (413, 431) and stop reading before all is sent: the answer counts, not the broken pipe.
    let sending = async { drop(to.write_all(request).await) };
    let (answer, ()) = tokio::join!(read_answer(&mut from, bodiless), sending);
    answer
}

/// The answer that `bytes` are.
pub async fn parse(mut bytes: &[u8]) -> io::Result<Answer> {
    read_answer(&mut bytes, false).await
}

async fn read_answer(from: &mut (impl AsyncBufRead + Unpin), bodiless: bool) -> io::Result<Answer> {
    loop {
        let (status, headers) = read_head(from).await?;
        if status == 100 {
            continue;
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        if !bodiless && status != 204 && status != 304 {
            read_body(from, &mut answer).await?;
        }
        return Ok(answer);
    }
}

async fn read_head(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<(u16, Vec<(String, Vec<u8>)>)> {
    let first = read_line(from).await?;
    let status = String::from_utf8_lossy(&first)
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5)?.parse().ok())
        .ok_or_else(|| bad(format!("no status line: {:?}", String::from_utf8_lossy(&first))))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(from).await?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        let colon = line.iter().position(|byte| *byte == b':').ok_or_else(|| bad("a header without a colon"))?;
        let (name, value) = line.split_at(colon);
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        headers.push((name, value.get(1..).unwrap_or_default().trim_ascii().to_vec()));
    }
}

async fn read_body(from: &mut (impl AsyncBufRead + Unpin), answer: &mut Answer) -> io::Result<()> {
    if answer.header("transfer-encoding").is_some_and(|how| how.eq_ignore_ascii_case("chunked")) {
        return read_chunks(from, &mut answer.body).await;
    }
    let Some(length) = answer.header("content-length") else {
        from.read_to_end(&mut answer.body).await?;
        return Ok(());
    };
    answer.body.resize(length.parse().map_err(|_| bad("content-length is no number"))?, 0);
    from.read_exact(&mut answer.body).await?;
    Ok(())
}

async fn read_chunks(from: &mut (impl AsyncBufRead + Unpin), body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let line = read_line(from).await?;
        let digits = String::from_utf8_lossy(&line);
        let digits = digits.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(digits, 16).map_err(|_| bad(format!("a chunk of size {digits:?}")))?;
        if size == 0 {
            while !read_line(from).await?.is_empty() {}
            return Ok(());
        }
        if (&mut *from).take(size).read_to_end(body).await? as u64 != size {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        read_line(from).await?;
    }
}

/// A line without its end; an end of the stream within it is an error.
async fn read_line(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line).await?;
    if line.pop() != Some(b'\n') {
        return Err(io::Error::new(
            ErrorKind::UnexpectedEof,
            "the connection was closed before the answer was complete",
        ));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

fn bad(why: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why.into())
}
