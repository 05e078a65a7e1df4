//! One request: its head goes to the core, its body waits until the core asks, the verdict is carried out.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Poll;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, BufferType, MapType};
use wxedge::host::{Certificate, Head, Headers, Method, Peer, Response, TooLarge, Upstream, Verdict};
use wxedge::{handle, limits, request_id};

use crate::{edge::Edge, exec::Id, host::Envoy};

/// The header by which the route of a forwarded request finds its cluster. Envoy's configuration removes it before the upstream.
const CLUSTER: &str = "x-wxedge-cluster";

/// What the callbacks of a stream and its task share.
#[derive(Default)]
pub(crate) struct Stream {
    pub(crate) id: u32,
    body: RefCell<Body>,
    /// The task that waits for the body, and how much of it it takes.
    reader: Cell<Option<Id>>,
    limit: Cell<usize>,
    /// Whether Envoy has let go of the stream. Its context may still answer for the rest of that turn.
    gone: Cell<bool>,
    verdict: RefCell<Option<Verdict>>,
    /// Whether a callback of this stream is running: then the verdict is carried out at its end.
    active: Cell<bool>,
    /// Whether the request is on its way to an upstream.
    passed: Cell<bool>,
}

/// What has come of the body.
#[derive(Default)]
struct Body {
    bytes: Vec<u8>,
    /// There is no more.
    ended: bool,
    /// It is larger than the limit, or its client has gone.
    lost: bool,
}

impl Stream {
    pub(crate) fn new(id: u32) -> Self {
        Self { id, limit: Cell::new(limits::BODY), ..Self::default() }
    }

    pub(crate) fn poll_body(&self, limit: usize, reader: Id) -> Poll<Result<Vec<u8>, TooLarge>> {
        let mut body = self.body.borrow_mut();
        if body.lost || body.bytes.len() > limit {
            return Poll::Ready(Err(TooLarge));
        }
        if body.ended {
            return Poll::Ready(Ok(std::mem::take(&mut body.bytes)));
        }
        self.reader.set(Some(reader));
        self.limit.set(limit);
        Poll::Pending
    }

    /// The address that Envoy believes the client has, after its own X-Forwarded-For rules.
    pub(crate) fn peer(&self) -> Peer {
        Peer::at(&property(["source", "address"]))
    }

    /// The certificate that the client has shown, if any. Envoy tells that there is one, not whether the listener has verified it.
    pub(crate) fn certificate(&self) -> Option<Certificate> {
        let of = |name| property(["connection", name]);
        (of("mtls") == "\u{1}").then(|| Certificate {
            uri: of("uri_san_peer_certificate"),
            dns: of("dns_san_peer_certificate"),
            subject: of("subject_peer_certificate"),
        })
    }

    /// Carries the verdict out in a turn of the root context, which has made this stream the active one.
    pub(crate) fn perform_late(&self) {
        if !self.gone.get() && self.perform() == Some(Action::Continue) {
            let _ = hostcalls::resume_http_request();
        }
    }

    /// Carries the verdict out, if there is one; says what the callback shall return.
    fn perform(&self) -> Option<Action> {
        match self.verdict.take()? {
            Verdict::Reply(response) => {
                send(&response);
                Some(Action::Pause)
            }
            Verdict::Forward { to, request } => {
                self.passed.set(true);
                pass(&to, &request);
                Some(Action::Continue)
            }
        }
    }
}

/// The SDK's context of a stream.
pub(crate) struct Request {
    pub(crate) edge: Rc<Edge>,
    pub(crate) stream: Rc<Stream>,
}

impl Request {
    /// Polls a task in this stream's own callback, and carries its verdict out if that is all it took.
    fn poll(&self, task: Id) -> Action {
        self.stream.active.set(true);
        self.edge.exec.poll(task);
        self.stream.active.set(false);
        self.edge.rest();
        // Paused in every state but a passed one: to continue would release the request to the route's upstream.
        self.stream.perform().unwrap_or(Action::Pause)
    }

    /// Lets the flow go on if it waits for the body and that has `settled`.
    fn read_on(&self, settled: bool) -> Action {
        let reader = settled.then(|| self.stream.reader.take()).flatten();
        reader.map_or(Action::Pause, |it| self.poll(it))
    }

    fn start(&self, head: Head) -> Id {
        let (edge, stream) = (self.edge.clone(), self.stream.clone());
        let host = Envoy { edge: edge.clone(), stream: Some(stream.clone()) };
        self.edge.exec.spawn(async move {
            let verdict = handle(edge.gateway.clone(), host, head).await;
            stream.verdict.replace(Some(verdict));
            if !stream.active.get() && !stream.gone.get() {
                edge.answers.borrow_mut().push_back(stream);
            }
        })
    }
}

impl Context for Request {}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _: usize, end: bool) -> Action {
        self.stream.body.borrow_mut().ended = end;
        let head = head();
        #[cfg(feature = "faults")]
        if let Some(verdict) = crate::faults::verdict(&self.edge, &head) {
            self.stream.verdict.replace(Some(verdict));
            return self.stream.perform().unwrap_or(Action::Pause);
        }
        if self.edge.exec.len() >= limits::TASKS {
            let world = Envoy { edge: self.edge.clone(), stream: None };
            send(&wxedge::error::busy(&request_id(&world, &head)));
            return Action::Pause;
        }
        let task = self.start(head);
        self.poll(task)
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        if self.stream.passed.get() {
            return Action::Continue;
        }
        let mut body = self.stream.body.borrow_mut();
        body.ended = end;
        body.lost = size > self.stream.limit.get();
        // What came before is still buffered: `size` is all of it.
        let have = body.bytes.len();
        if !body.lost {
            let more = hostcalls::get_buffer(BufferType::HttpRequestBody, have, size.saturating_sub(have));
            body.bytes.extend(more.ok().flatten().unwrap_or_default());
        }
        let settled = body.ended || body.lost;
        drop(body);
        self.read_on(settled)
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        if self.stream.passed.get() {
            return Action::Continue;
        }
        self.stream.body.borrow_mut().ended = true;
        self.read_on(true)
    }
}

impl Drop for Request {
    /// The stream is gone. A flow that waits for its body would wait for ever.
    fn drop(&mut self) {
        self.stream.gone.set(true);
        self.stream.body.replace(Body { lost: true, ..Body::default() });
        if let Some(reader) = self.stream.reader.take() {
            self.edge.exec.mark(reader);
            self.edge.rest();
        }
    }
}

/// A property of the active stream; empty if it has none.
fn property(path: [&str; 2]) -> String {
    let value = hostcalls::get_property(path.into()).ok().flatten();
    String::from_utf8_lossy(&value.unwrap_or_default()).into_owned()
}

/// The head of the active stream's request. One host call brings all of it; a call per header would cost more.
fn head() -> Head {
    let pairs = hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default();
    let block = Block(pairs);
    let text = |name| String::from_utf8_lossy(&block.value(name).unwrap_or_default()).into_owned();
    Head {
        method: Method::parse(&text(":method")),
        target: text(":path"),
        host: text(":authority"),
        headers: Rc::new(block),
    }
}

struct Block(Vec<(String, Vec<u8>)>);

impl Headers for Block {
    fn value(&self, name: &str) -> Option<Vec<u8>> {
        let values: Vec<&[u8]> = self.0.iter().filter(|it| it.0 == name).map(|it| &*it.1).collect();
        (!values.is_empty()).then(|| values.join(&b", "[..]))
    }
}

fn send(response: &Response) {
    let headers = response.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    let body = (!response.body.is_empty()).then_some(&*response.body);
    // Envoy closes the connection on a status that is none.
    let status = response.status.clamp(200, 599).into();
    let _ = hostcalls::send_http_response(status, headers, body);
}

/// Turns the request to `to`: Envoy looks the route up again once its headers have changed.
fn pass(to: &Upstream, request: &Head) {
    let path = format!("{}{}", to.base, request.target);
    let changes = [(":path", &path), (":authority", &to.authority), (CLUSTER, &to.cluster)];
    for (name, value) in changes {
        let _ = hostcalls::set_map_value(MapType::HttpRequestHeaders, name, Some(value));
    }
}
