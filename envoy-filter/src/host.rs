//! The core's `World` and `Host` over Envoy.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use proxy_wasm::{
    hostcalls,
    types::{BufferType, MapType},
};
use wxedge::{
    account::AccountId,
    error::{Error, Unavailable},
    event::Event,
    host::{Host, Peer, Request, Response, Time, TooLarge, Unreachable, Upstream, World},
    keeper::{Answer, Ask, Keeper},
};

use crate::{
    edge::{Edge, now},
    store::SharedData,
    stream::Stream,
};

/// The largest answer of an upstream that is taken, in bytes.
const ANSWER: usize = 4 * 1024 * 1024;

/// The world of one root context.
#[derive(Clone)]
pub(crate) struct Envoy(pub(crate) Rc<Edge>);

impl World for Envoy {
    fn now(&self) -> Time {
        now()
    }

    fn random(&self, out: &mut [u8]) -> Result<(), Error> {
        let busy = |_| {
            Unavailable::Busy {
                what: "no randomness".into(),
            }
            .into()
        };
        getrandom::fill(out).map_err(busy)
    }

    fn fetch(
        &self,
        to: &Upstream,
        request: Request,
        timeout: Duration,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        Call {
            edge: self.0.clone(),
            state: State::New(to.clone(), request, timeout),
        }
    }

    fn sleep(&self, until: Time) -> impl Future<Output = ()> + 'static {
        let edge = self.0.clone();
        poll_fn(move |_| {
            if until <= now() {
                return Poll::Ready(());
            }
            edge.exec.alarm(until);
            Poll::Pending
        })
    }

    fn later(&self, task: impl Future<Output = ()> + 'static) {
        let id = self.0.exec.spawn(task);
        self.0.exec.mark(id);
    }

    fn note(&self, event: Event<'_>) {
        self.0.note(&event);
    }
}

/// The world as one request sees it.
#[derive(Clone)]
pub(crate) struct EnvoyHost {
    pub(crate) envoy: Envoy,
    pub(crate) stream: Rc<Stream>,
}

impl World for EnvoyHost {
    fn now(&self) -> Time {
        now()
    }

    fn random(&self, out: &mut [u8]) -> Result<(), Error> {
        self.envoy.random(out)
    }

    fn fetch(
        &self,
        to: &Upstream,
        request: Request,
        timeout: Duration,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        self.envoy.fetch(to, request, timeout)
    }

    fn sleep(&self, until: Time) -> impl Future<Output = ()> + 'static {
        self.envoy.sleep(until)
    }

    fn later(&self, task: impl Future<Output = ()> + 'static) {
        self.envoy.later(task);
    }

    fn note(&self, event: Event<'_>) {
        self.envoy.note(event);
    }
}

impl Host for EnvoyHost {
    async fn ask(&self, account: &AccountId, ask: Ask) -> Result<Answer, Error> {
        let edge = &self.envoy.0;
        let store = SharedData(edge.clone());
        Keeper::new(edge.gateway.clone(), self.envoy.clone(), store)
            .answer(account, ask)
            .await
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, TooLarge> {
        poll_fn(|_| self.stream.poll_body(limit, self.envoy.0.exec.current())).await
    }

    fn peer(&self) -> Peer {
        self.stream.peer()
    }
}

/// A call, which Envoy answers in any case: with a reply, a 503, a 504 or nothing at all.
struct Call {
    edge: Rc<Edge>,
    state: State,
}

enum State {
    New(Upstream, Request, Duration),
    Sent(u32),
    Over,
}

impl Future for Call {
    type Output = Result<Response, Unreachable>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let token = match &self.state {
            State::Over => return Poll::Pending,
            State::Sent(token) => *token,
            State::New(..) if !self.edge.in_root() => {
                self.edge.exec.mark(self.edge.exec.current());
                return Poll::Pending;
            }
            State::New(to, request, timeout) => match dispatch(to, request, *timeout) {
                Some(token) => {
                    self.edge.exec.called(token);
                    token
                }
                None => {
                    self.state = State::Over;
                    return Poll::Ready(Err(Unreachable::Refused));
                }
            },
        };
        self.state = State::Sent(token);
        let Some(reply) = self.edge.exec.take_reply(token) else {
            return Poll::Pending;
        };
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
    let pseudo = [
        (":method", request.method.as_str()),
        (":scheme", to.scheme),
        (":authority", &to.authority),
        (":path", &path),
    ];
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (*name, &**value));
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
    let pairs = hostcalls::get_map_bytes(MapType::HttpCallResponseHeaders);
    let pairs = pairs.map_err(|_| Unreachable::Broken)?;
    let mut response = Response::default();
    for (name, value) in pairs {
        let Ok(value) = String::from_utf8(value) else {
            continue;
        };
        if name == ":status" {
            response.status = value.parse().map_err(|_| Unreachable::Broken)?;
            continue;
        }
        response.headers.push((name.into(), value));
    }
    let buffer = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, body);
    response.body = buffer.ok().flatten().unwrap_or_default();
    Ok(response)
}
