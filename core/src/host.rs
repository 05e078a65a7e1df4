//! What the gateway asks of the world around it, and what it says back.
//!
//! Two hosts implement these traits, an Envoy worker thread and a Cloudflare Worker, and a third world in the tests.
//! Both hosts are single-threaded: nothing here is `Send`, on purpose.
//!
//! *Flows await only the futures of these traits*, alone or joined by helpers that poll all their children again.
//! The executor of the Envoy host has no real waker, so a channel or a `FuturesUnordered` would sleep for ever.

use alloc::{borrow::Cow, rc::Rc, string::String, vec::Vec};
use core::{fmt, future::Future, time::Duration};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::event::Event;
use crate::keeper::{Answer, Ask, Place};

/// An instant: milliseconds since the Unix epoch, as the host's clock tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(u64);

impl Time {
    /// The instant `ms` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// This instant, `span` later; the end of time at the most.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// How long it is from here until `later`; zero if that has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.saturating_sub(self.0))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Clock, randomness, network, background work. A cheap handle: clone it into a task.
pub trait World: Clone + 'static {
    /// The host's wall clock. It may jump, backwards too.
    fn now(&self) -> Time;

    /// Fills `out` with random bytes fit for keys.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the host has no randomness to give.
    fn random(&self, out: &mut [u8]) -> Result<(), Error>;

    /// Sends `request` to `to` and collects the whole answer within `timeout`.
    ///
    /// A host may report a refused connection as an ordinary 503 with a text body: never trust an answer's shape.
    fn fetch(
        &self,
        to: &Upstream,
        request: Request,
        timeout: Duration,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static;

    /// Ends at `until`, never before it.
    fn sleep(&self, until: Time) -> impl Future<Output = ()> + 'static;

    /// Runs `task` to its end, whatever becomes of the request that started it. At most once: a process that dies takes it along.
    fn later(&self, task: impl Future<Output = ()> + 'static);

    /// Metrics and log.
    fn note(&self, event: Event<'_>);
}

/// A world that also knows where the keepers live, and one request's body and peer.
#[allow(async_fn_in_trait)] // single-threaded hosts: no Send, on purpose
pub trait Host: World {
    /// Whether copies of what the keeper said are kept here, and a replica is looked into. Not where its own cells are at hand:
    /// then the code for that is left out as well.
    const COPIES: bool = true;

    /// Asks the keeper of `place`.
    ///
    /// # Errors
    /// Whatever the keeper says; [`Error::Unavailable`] if it cannot be reached.
    async fn ask(&self, place: &Place, ask: Ask) -> Result<Answer, Error>;

    /// What the replica near this host holds under `name`, within [`crate::limits::REPLICA`]; `None` for nothing, and where there
    /// is no replica.
    ///
    /// # Errors
    /// [`Unreachable`]; the caller asks the keeper instead.
    async fn replica(&self, _name: &str) -> Result<Option<Vec<u8>>, Unreachable> {
        Ok(None)
    }

    /// The request's whole body. A flow that never asks for it streams it.
    ///
    /// # Errors
    /// [`TooLarge`] once more than `limit` bytes have come.
    async fn body(&self, limit: usize) -> Result<Vec<u8>, TooLarge>;

    /// Who is at the other end of the connection. Lazily: on Envoy it costs a host call.
    fn peer(&self) -> Peer;

    /// The certificate that the client has shown on this connection; `None` where a host sees no connection. It is worth what the
    /// host's listener has verified of it. Lazily, as above.
    fn certificate(&self) -> Option<Certificate> {
        None
    }
}

/// Cells with compare-and-swap that can be watched: Envoy shared data, Durable Object SQL, a `RefCell` in tests.
#[allow(async_fn_in_trait)] // as above
pub trait Store: Clone + 'static {
    /// The value of a cell and its version. A cell nobody wrote is empty.
    fn load(&self, key: &Key) -> (Vec<u8>, Version);

    /// Writes `value` if the cell still has the version `seen`; says whether it did.
    fn swap(&self, key: &Key, seen: Version, value: &[u8]) -> bool;

    /// Ends when the cell's version is no longer `seen`, at `until`, or spuriously.
    async fn changed(&self, key: &Key, seen: Version, until: Time);
}

/// The name of a cell. How many there may be is bounded by the configuration and by [`crate::limits`], never by a caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Rc<str>);

impl Key {
    /// A cell called `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The version of a cell; only equality means anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version(pub u64);

/// Why a fetch brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// The time was over first.
    Timeout,
    /// No connection, a reset, a truncated or oversized answer.
    Broken,
    /// The host knows no such upstream, or will not start another call now.
    Refused,
}

impl Unreachable {
    /// The reason in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "no answer in time",
            Self::Broken => "no connection, or it broke",
            Self::Refused => "the host knows no such upstream, or is busy",
        }
    }
}

/// The body is larger than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// The other end of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The address without its port, as the host reports it; empty if it does not.
    pub address: String,
}

impl Peer {
    /// The peer at `socket`, an `address:port` with an IPv6 address in brackets.
    #[must_use]
    pub fn at(socket: &str) -> Self {
        let address = socket.rsplit_once(':').map_or(socket, |it| it.0);
        Self { address: address.trim_matches(['[', ']']).into() }
    }
}

/// A client's certificate: of each sort the first name in it; empty if it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// A URI of its subject alternative names.
    pub uri: String,
    /// A DNS name of them.
    pub dns: String,
    /// Its subject (RFC 2253).
    pub subject: String,
}

/// A server that the gateway calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Envoy's cluster.
    pub cluster: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Host, and port if it is not the scheme's own.
    pub authority: String,
    /// Put before every path; empty, or `/` and no `/` at its end.
    pub base: String,
}

/// The methods that mean something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // RFC 9110, section 9
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Options,
    /// Any other one; no route takes it.
    Other,
}

impl Method {
    /// The method called `name`; methods are case-sensitive (RFC 9110, section 9.1).
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            "OPTIONS" => Self::Options,
            _ => Self::Other,
        }
    }

    /// The method's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get | Self::Other => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

/// The headers of a request, read when asked for: on one host a block, on the other one call per header.
pub trait Headers {
    /// The value of the header `name` (lower case). Several of that name are joined by `, `.
    fn value(&self, name: &str) -> Option<Vec<u8>>;
}

/// No headers.
impl Headers for () {
    fn value(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

/// A request without its body.
#[derive(Clone)]
pub struct Head {
    /// The method.
    pub method: Method,
    /// Path and query as they came, percent-encoded.
    pub target: String,
    /// `:authority` or `Host`. Client-controlled: nothing is derived from it unless it is configured.
    pub host: String,
    /// The other headers.
    pub headers: Rc<dyn Headers>,
}

impl Head {
    /// The head of a request for the absolute `url`.
    #[must_use]
    pub fn for_url(method: Method, url: &str, headers: Rc<dyn Headers>) -> Self {
        let (_, rest) = url.split_once("://").unwrap_or(("", url));
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let target = target.split_once('#').map_or(target, |it| it.0);
        Self { method, target: target.into(), host: host.into(), headers }
    }

    /// The header `name` (lower case), if it is there and UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        String::from_utf8(self.headers.value(name)?).ok()
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&*self.target, |it| it.0)
    }

    /// The query, without the question mark.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |it| it.1)
    }
}

impl fmt::Debug for Head {
    /// Leaves out query and headers: credentials travel there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.path())
    }
}

/// A request of ours to an upstream.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Headers; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

/// An answer: an upstream's to us, or ours to a client.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers; names in lower case.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer with a JSON body that no cache may keep.
    #[must_use]
    pub fn json(status: u16, body: Vec<u8>) -> Self {
        let headers = [("content-type", "application/json"), ("cache-control", "no-store")];
        Self { status, headers: headers.map(|(name, value)| (Cow::Borrowed(name), value.into())).into(), body }
    }

    /// An answer with a text body that no cache may keep.
    #[must_use]
    pub fn text(status: u16, body: &str) -> Self {
        let headers = [
            ("content-type", "text/plain; charset=utf-8"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ];
        let headers = headers.map(|(name, value)| (Cow::Borrowed(name), value.into())).into();
        Self { status, headers, body: body.into() }
    }

    /// Adds a header. Control characters are dropped from the value: a host writes it as it is.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        let clean = value.chars().filter(|it| !it.is_control()).collect();
        self.headers.push((Cow::Borrowed(name), clean));
        self
    }
}

impl fmt::Debug for Response {
    /// Leaves out headers and body: credentials travel there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Verdict {
    /// This is the answer.
    Reply(Response),
    /// The host passes the request on, body and all, and the answer back.
    Forward {
        /// Where to.
        to: Upstream,
        /// The request as the upstream shall see it.
        request: Head,
    },
}
