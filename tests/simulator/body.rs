//! A response body that may dribble, or stop half way.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::state::Flight;

/// Drops of a slow body.
const DROPS: usize = 16;

/// Half a body must be on the wire before the connection is closed, else the peer sees nothing at all.
const BEFORE_CUT: Duration = Duration::from_millis(20);

/// The connection is to be closed without (the rest of) an answer.
#[derive(Debug)]
pub struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut on demand")
    }
}

impl std::error::Error for Cut {}

/// The body of every answer.
#[derive(Debug)]
pub struct ReplyBody {
    pieces: VecDeque<Bytes>,
    /// Bytes that the head promises and that are still to come.
    promised: u64,
    gap: Duration,
    pause: Option<Pin<Box<Sleep>>>,
    cut: bool,
    flight: Option<Flight>,
}

impl ReplyBody {
    /// All at once.
    pub fn whole(body: Bytes, flight: Option<Flight>) -> Self {
        Self::new(body.len(), VecDeque::from([body]), Duration::ZERO, flight)
    }

    /// In drops, over so long a time.
    pub fn slow(body: Bytes, over: Duration, flight: Flight) -> Self {
        let drop_len = body.len().div_ceil(DROPS).max(1);
        let pieces: VecDeque<_> = body.chunks(drop_len).map(Bytes::copy_from_slice).collect();
        let gaps = u32::try_from(pieces.len().saturating_sub(1).max(1)).unwrap_or(u32::MAX);
        Self::new(body.len(), pieces, over / gaps, Some(flight))
    }

    /// The first half, then the end of the connection.
    pub fn half(body: &Bytes, flight: Flight) -> Self {
        let pieces = VecDeque::from([body.slice(..body.len() / 2)]);
        Self { cut: true, ..Self::new(body.len(), pieces, BEFORE_CUT, Some(flight)) }
    }

    fn new(len: usize, mut pieces: VecDeque<Bytes>, gap: Duration, flight: Option<Flight>) -> Self {
        pieces.retain(|piece| !piece.is_empty());
        let mut body = Self { pieces, promised: len as u64, gap, pause: None, cut: false, flight };
        if len == 0 {
            body.handed_over();
        }
        body
    }

    fn handed_over(&mut self) {
        if let Some(flight) = self.flight.take() {
            flight.answered();
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(pause) = self.pause.as_mut() {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        if let Some(piece) = self.pieces.pop_front() {
            self.promised = self.promised.saturating_sub(piece.len() as u64);
            if self.is_end_stream() {
                self.handed_over();
            } else {
                self.pause = Some(Box::pin(sleep(self.gap)));
            }
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if !self.cut {
            return Poll::Ready(None);
        }
        if let Some(flight) = self.flight.take() {
            flight.cut();
        }
        Poll::Ready(Some(Err(Cut)))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && !self.cut
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
