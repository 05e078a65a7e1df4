//! The core's `World` and `Host` over Envoy.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType};
use wxedge::error::{Error, Unavailable};
use wxedge::event::Event;
use wxedge::host::{Certificate, Host, Peer, Request, Response, Time, TooLarge, Unreachable, Upstream, World};
use wxedge::keeper::{Answer, Ask, Place};
use wxedge::target::EGRESS;

use crate::edge::{Edge, now};
use crate::stream::Stream;

/// The largest answer of an upstream that is taken, in bytes.
const ANSWER: usize = 4 * 1024 * 1024;

/// The world of one root context, as one request sees it, or as the root's own tasks do.
#[derive(Clone)]
pub(crate) struct Envoy {
    pub(crate) edge: Rc<Edge>,
    /// `None` for the root's own tasks.
    pub(crate) stream: Option<Rc<Stream>>,
}

impl World for Envoy {
    fn now(&self) -> Time {
        now()
    }

    fn random(&self, out: &mut [u8]) -> Result<(), Error> {
        let busy = |_| Unavailable::Busy { what: "no randomness".into() }.into();
        getrandom::fill(out).map_err(busy)
    }

    fn fetch(
        &self,
        to: &Upstream,
        request: Request,
        timeout: Duration,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        Call { edge: self.edge.clone(), state: State::New(to.clone(), request, timeout) }
    }

    fn sleep(&self, until: Time) -> impl Future<Output = ()> + 'static {
        let edge = self.edge.clone();
        poll_fn(move |_| {
            if until <= now() {
                return Poll::Ready(());
            }
            edge.exec.alarm(until);
            Poll::Pending
        })
    }

    fn later(&self, task: impl Future<Output = ()> + 'static) {
        let id = self.edge.exec.spawn(task);
        self.edge.exec.mark(id);
    }

    fn note(&self, event: Event<'_>) {
        self.edge.note(&event);
    }
}

impl Host for Envoy {
    const COPIES: bool = false;

    async fn ask(&self, place: &Place, ask: Ask) -> Result<Answer, Error> {
        self.edge.keeper().answer(place, ask).await
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, TooLarge> {
        let Some(stream) = &self.stream else { return Ok(Vec::new()) };
        poll_fn(|_| stream.poll_body(limit, self.edge.exec.current())).await
    }

    fn peer(&self) -> Peer {
        self.of_stream(Stream::peer).unwrap_or_default()
    }

    fn certificate(&self) -> Option<Certificate> {
        self.of_stream(Stream::certificate)?
    }
}

impl Envoy {
    /// What is read of the stream, whichever context is active.
    fn of_stream<T>(&self, read: impl Fn(&Stream) -> T) -> Option<T> {
        let stream = self.stream.as_ref()?;
        let _ = hostcalls::set_effective_context(stream.id);
        let it = read(stream);
        if self.edge.in_root.get() {
            // A call that is started next must belong to the root.
            let _ = hostcalls::set_effective_context(self.edge.root);
        }
        Some(it)
    }
}

/// A host of the egress clusters that Envoy does not know yet is looked up at the first call, but a call with a body is refused
/// meanwhile. So it is tried again after this time, as long as the call may take.
const LOOK_UP: Duration = Duration::from_millis(50);

/// A call, which Envoy answers in any case: with a reply, a 503, a 504 or nothing at all.
struct Call {
    edge: Rc<Edge>,
    state: State,
}

enum State {
    /// With the time that is left for it.
    New(Upstream, Request, Duration),
    Sent(u32),
    Over,
}

impl Future for Call {
    type Output = Result<Response, Unreachable>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { edge, state } = &mut *self;
        let token = match state {
            State::Over => return Poll::Pending,
            State::Sent(token) => *token,
            State::New(..) if !edge.in_root.get() => {
                edge.exec.mark(edge.exec.current());
                return Poll::Pending;
            }
            State::New(to, request, left) => match dispatch(to, request, *left) {
                Some(token) => {
                    edge.exec.called(token);
                    token
                }
                None if to.cluster.starts_with(EGRESS) && *left > LOOK_UP => {
                    *left = left.saturating_sub(LOOK_UP);
                    edge.exec.alarm(now().plus(LOOK_UP));
                    return Poll::Pending;
                }
                None => {
                    *state = State::Over;
                    return Poll::Ready(Err(Unreachable::Refused));
                }
            },
        };
        self.state = State::Sent(token);
        let Some(reply) = self.edge.exec.take_reply(token) else { return Poll::Pending };
        self.state = State::Over;
        Poll::Ready(reply)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let State::Sent(token) = self.state {
            self.edge.exec.forget(token);
        }
    }
}

fn dispatch(to: &Upstream, request: &Request, timeout: Duration) -> Option<u32> {
    let path = format!("{}{}", to.base, request.target);
    let pseudo =
        [(":method", request.method.as_str()), (":scheme", to.scheme), (":authority", &to.authority), (":path", &path)];
    let headers = request.headers.iter().map(|(name, value)| (*name, &**value));
    let headers = pseudo.into_iter().chain(headers).collect();
    let body = (!request.body.is_empty()).then_some(&*request.body);
    // Zero would be for ever.
    let timeout = timeout.max(Duration::from_millis(1));
    hostcalls::dispatch_http_call(&to.cluster, headers, body, Vec::new(), timeout).ok()
}

/// The reply that is in Envoy's buffers during this callback. Without headers it is a reset, and its status must not be read.
pub(crate) fn reply(headers: usize, body: usize) -> Result<Response, Unreachable> {
    if headers == 0 || body > ANSWER {
        return Err(Unreachable::Broken);
    }
    let mut response = Response::default();
    for (name, value) in hostcalls::get_map_bytes(MapType::HttpCallResponseHeaders).unwrap_or_default() {
        let value = String::from_utf8_lossy(&value).into_owned();
        if name == ":status" {
            // No number is no status, and believed by nobody.
            response.status = value.parse().unwrap_or_default();
        } else {
            response.headers.push((name.into(), value));
        }
    }
    if let Some(why) = unmet(&response) {
        return Err(why);
    }
    let buffer = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, body);
    response.body = buffer.ok().flatten().unwrap_or_default();
    Ok(response)
}

/// The header in which Envoy's router notes how long an upstream took. Without it nobody answered but Envoy itself.
const SERVICE_TIME: &str = "x-envoy-upstream-service-time";

/// Why no upstream answered, if the answer is Envoy's own: its text is for operators, and a back-end may well say the same.
fn unmet(response: &Response) -> Option<Unreachable> {
    if response.status < 500 || response.headers.iter().any(|it| it.0 == SERVICE_TIME) {
        return None;
    }
    Some(if response.status == 504 { Unreachable::Timeout } else { Unreachable::Broken })
}
