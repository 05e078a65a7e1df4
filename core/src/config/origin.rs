//! The URL of a server that the configuration names.

use alloc::{borrow::ToOwned, format};

use super::ConfigError;
use crate::host::Upstream;

/// `http[s]://host[:port][/base]`: no user, no query, no fragment.
pub(super) fn upstream(url: &str, cluster: &str, path: &str) -> Result<Upstream, ConfigError> {
    let wrong = |why: &str| ConfigError::new(path, &format!("{why}: write https://host[:port][/path]"));
    let (scheme, rest) = if let Some(rest) = url.strip_prefix("https://") {
        ("https", rest)
    } else if let Some(rest) = url.strip_prefix("http://") {
        ("http", rest)
    } else {
        return Err(wrong("is not an http or https URL"));
    };
    let (authority, base) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    if authority.is_empty() || authority.starts_with(':') {
        return Err(wrong("names no host"));
    }
    let fine = |it: u8| it.is_ascii_alphanumeric() || b".-_:[]".contains(&it);
    if !authority.bytes().all(fine) {
        return Err(wrong("has a host with characters that no host has"));
    }
    let plain = |it: u8| it.is_ascii_graphic() && !b"?#\\\"<>".contains(&it);
    if !base.bytes().all(plain) {
        return Err(wrong("has a query, a fragment or characters that must be escaped"));
    }
    Ok(Upstream {
        cluster: cluster.to_owned(),
        scheme,
        authority: authority.to_owned(),
        base: base.trim_end_matches('/').to_owned(),
    })
}
