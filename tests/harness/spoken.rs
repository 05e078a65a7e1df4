//! What a back-end says: a body, and how it comes.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::time::sleep;

use super::backend::Manners;

/// An answer that is still to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    after: Duration,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    stalls: bool,
}

/// Says this with 200, at once.
pub fn says(body: impl AsRef<[u8]>) -> Spoken {
    Spoken { after: Duration::ZERO, status: 200, headers: vec![], body: body.as_ref().to_vec(), stalls: false }
}

impl Spoken {
    /// After this time.
    pub fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }

    /// With this status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// And falls silent after half of the body.
    pub fn stalls(mut self) -> Self {
        self.stalls = true;
        self
    }

    pub(super) async fn respond(self) -> io::Result<Response<SpokenBody>> {
        sleep(self.after).await;
        let length = if self.stalls { self.body.len() / 2 } else { self.body.len() };
        let piece = Bytes::copy_from_slice(&self.body[..length]);
        let body = SpokenBody { piece: Some(piece), promised: self.body.len() as u64, stalls: self.stalls };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).map_err(io::Error::other)?;
        for (name, value) in self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
            response.headers_mut().append(name, HeaderValue::from_str(&value).map_err(io::Error::other)?);
        }
        Ok(response)
    }
}

impl From<Spoken> for Manners {
    fn from(spoken: Spoken) -> Self {
        Self::Answers(spoken)
    }
}

/// A body of one piece, after which nothing may come.
#[derive(Debug)]
pub struct SpokenBody {
    piece: Option<Bytes>,
    promised: u64,
    stalls: bool,
}

impl Body for SpokenBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.piece.take() {
            Some(it) => Poll::Ready(Some(Ok(Frame::data(it)))),
            // Nobody will wake it.
            None if self.stalls => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
