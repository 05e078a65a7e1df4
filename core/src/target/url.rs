//! URLs, read so strictly that no other program reads them differently: that difference is how guards are passed.

use alloc::format;
use alloc::string::String;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::host::Upstream;

/// An absolute URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The host in lower case: a name, an IPv4 address in four decimal numbers, or an IPv6 address in brackets.
    pub host: String,
    /// The host, and the port if it is not the scheme's own.
    pub authority: String,
    /// Path and query; at least `/`.
    pub target: String,
}

impl Url {
    /// Reads `http[s]://host[:port][/path][?query]`: no user, no fragment, no character that should be escaped, nothing but ASCII
    /// in the host.
    ///
    /// # Errors
    /// What is wrong, to be read after the name of the thing: "is not an http or https URL".
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or(NO_URL)?;
        let scheme = ["https", "http"].into_iter().find(|it| it.eq_ignore_ascii_case(scheme)).ok_or(NO_URL)?;
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("names a user");
        }
        let end = if authority.starts_with('[') { authority.find(']').map(|it| it.saturating_add(1)) } else { None };
        let (name, port) = authority.split_at(end.or_else(|| authority.find(':')).unwrap_or(authority.len()));
        if name.is_empty() {
            return Err("names no host");
        }
        let host = host(name)?;
        let authority = match port_of(port)? {
            Some(port) if port != if scheme == "https" { 443 } else { 80 } => format!("{host}:{port}"),
            _ => host.clone(),
        };
        if !target.bytes().all(|it| it.is_ascii_graphic() && !b"#\\\"<>".contains(&it)) {
            return Err("has a fragment, or characters that must be escaped");
        }
        let root = if target.starts_with('/') { "" } else { "/" };
        Ok(Self { scheme, host, authority, target: format!("{root}{target}") })
    }

    /// The same; a text without a scheme is one for `http`.
    pub(super) fn guess(text: &str) -> Result<Self, &'static str> {
        let scheme = |it: &str| it.bytes().all(|it| it.is_ascii_alphanumeric() || b"+-.".contains(&it));
        if text.split_once("://").is_some_and(|it| scheme(it.0)) {
            return Self::parse(text);
        }
        Self::parse(&format!("http://{text}"))
    }

    /// Where that is, and what is asked for there.
    pub(crate) fn upstream(self, cluster: String) -> (Upstream, String) {
        let Self { scheme, authority, target, .. } = self;
        (Upstream { cluster, scheme, authority, base: String::new() }, target)
    }
}

const NO_URL: &str = "is not an http or https URL: write https://host[:port]";

fn host(text: &str) -> Result<String, &'static str> {
    let fine = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
    let bracketed = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    if bracketed.is_some_and(|it| it.parse::<Ipv6Addr>().is_ok()) {
        return Ok(text.to_ascii_lowercase());
    }
    if !text.bytes().all(fine) {
        return Err("has a host with characters that no host has");
    }
    let label = |it: &str| (1..=63).contains(&it.len()) && !it.starts_with('-') && !it.ends_with('-');
    // A last label that begins with a digit makes it a number: 127.1, 0x7f.0.0.1 and 2130706433 are 127.0.0.1 to many programs,
    // and 010.0.0.1 is 8.0.0.1 to some.
    let last = text.rsplit('.').next().unwrap_or_default();
    let number = last.starts_with(|it: char| it.is_ascii_digit());
    if text.len() > 253 || !text.split('.').all(label) || (number && text.parse::<Ipv4Addr>().is_err()) {
        return Err("has a host that different programs read differently");
    }
    Ok(text.to_ascii_lowercase())
}

/// The port in `:8080`; `None` in an empty text.
fn port_of(text: &str) -> Result<Option<u16>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    // `parse` would take a sign.
    let digits = text.strip_prefix(':').filter(|it| it.starts_with(|it: char| matches!(it, '1'..='9')));
    let port = digits.and_then(|it| it.parse().ok());
    port.map(Some).ok_or("has a port that is none: from 1 to 65535")
}
