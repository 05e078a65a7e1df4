//! Where a request may be sent on somebody's word: a text becomes an upstream, or is refused.
//!
//! A caller never chooses where a secret goes. What it may name is a configured back-end, by its name, or a URL whose origin the
//! operator has allowed (`calls`). Back-ends may be private; what a URL names may not, in whatever notation, even if `calls` has it.
//!
//! This judges what is written. What a name *leads to* is judged where it is looked up: by the address filter of Envoy's egress
//! clusters. A Worker cannot look up names; there the lists are all there is. A redirect is followed by neither host.

mod breaker;
mod origin;
mod page;
mod private;
mod url;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

pub use breaker::{Breaker, Breakers};
pub use origin::Origin;
pub use page::{PageHost, place};
pub use private::is_private;
pub use url::Url;

use crate::error::Reject;
use crate::host::Upstream;
use crate::limits;
use crate::webhook::Key;

/// What the names of Envoy's clusters begin with, to which URLs go that are no back-end's; the scheme follows.
pub const EGRESS: &str = "wxedge_egress_";

/// A place to send requests to.
#[derive(Debug)]
pub struct Target {
    /// Where it is.
    pub to: Upstream,
    /// The path, and perhaps a query, that is asked for there.
    pub path: String,
    /// What requests to it are signed with; a URL that is no back-end's has no key.
    pub key: Option<Key>,
    /// How long one answer may take.
    pub timeout: Duration,
    /// Whether nobody can listen on the way, as far as the configuration tells: https, a private host, or a cluster of the operator's own.
    pub confidential: bool,
    /// Whether it is down.
    pub breaker: Rc<Breaker>,
}

impl Target {
    /// What is asked for there, with `path` appended to its own and `query` to its own query.
    #[must_use]
    pub fn at(&self, path: &str, query: &str) -> String {
        let (own, own_query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        // `/` and `/msg` is `/msg`, as in go-wx-gateway's `http://host` and `/msg`.
        let own = if path.is_empty() { own } else { own.trim_end_matches('/') };
        let and = if own_query.is_empty() || query.is_empty() { "" } else { "&" };
        let mark = if own_query.is_empty() && query.is_empty() { "" } else { "?" };
        format!("{own}{path}{mark}{own_query}{and}{query}")
    }
}

/// What a `call` means.
#[derive(Clone, Debug)]
pub enum Call {
    /// A request to a back-end.
    To(Rc<Target>),
    /// The gateway's own echo, without a request.
    Echo,
}

/// The path that means [`Call::Echo`]. No other path of the gateway's own is open to everybody.
const ECHO: &str = "/echo";

/// All that may be named.
#[derive(Debug, Default)]
pub struct Targets {
    /// Back-ends by name.
    pub(crate) backends: Vec<(String, Rc<Target>)>,
    /// Origins that may be named besides.
    pub(crate) calls: Vec<Origin>,
    /// Of URLs.
    breakers: Breakers,
}

impl Targets {
    /// What `text` means: a back-end's name, or a URL that is allowed; without a scheme it is `http`.
    ///
    /// # Errors
    /// [`Reject::Target`] for anything else.
    pub fn find(&self, text: &str) -> Result<Rc<Target>, Reject> {
        self.look(text).map_err(|why| Reject::Target { why: why.to_owned() })
    }

    /// The same, or `/echo`.
    ///
    /// # Errors
    /// The bare reason.
    pub fn call(&self, text: &str) -> Result<Call, &'static str> {
        match text {
            ECHO => Ok(Call::Echo),
            _ if text.starts_with('/') => {
                Err("is a path of the gateway's own that no message may go to: only /echo is")
            }
            _ => self.look(text).map(Call::To),
        }
    }

    /// The same, with the bare reason.
    pub(crate) fn look(&self, text: &str) -> Result<Rc<Target>, &'static str> {
        if let Some((_, backend)) = self.backends.iter().find(|it| it.0 == text) {
            return Ok(backend.clone());
        }
        if is_name(text) {
            return Err("names no back-end");
        }
        let url = Url::guess(text)?;
        if is_private(&url.host) {
            return Err("is on a private network, where only a configured back-end may be");
        }
        if !self.calls.iter().any(|it| it.allows(&url)) {
            return Err("is neither a back-end nor at an origin that calls allows");
        }
        let confidential = url.scheme == "https";
        let breaker = self.breakers.of(&[url.scheme, "://", &url.authority].concat());
        let cluster = [EGRESS, url.scheme].concat();
        let (to, path) = url.upstream(cluster);
        Ok(Rc::new(Target { to, path, key: None, timeout: limits::BACKEND, confidential, breaker }))
    }
}

/// Whether `text` can be a back-end's name: nothing that could be read as a URL, and fit for the name of a cluster.
pub(crate) fn is_name(text: &str) -> bool {
    let fine = |it: u8| it.is_ascii_alphanumeric() || b"-_".contains(&it);
    (1..=64).contains(&text.len()) && text.bytes().all(fine)
}

#[cfg(test)]
mod hosts;
#[cfg(test)]
mod tests;
