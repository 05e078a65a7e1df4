//! The URL of a server that the configuration names.

use alloc::borrow::ToOwned;

use super::ConfigError;
use crate::{host::Upstream, target::Url};

/// `http[s]://host[:port][/base]`: no user, no query, no fragment.
pub(super) fn upstream(text: &str, cluster: &str, path: &str) -> Result<Upstream, ConfigError> {
    let url = url(text).map_err(|why| ConfigError::new(path, why))?;
    let (mut to, base) = url.upstream(cluster.to_owned());
    base.trim_end_matches('/').clone_into(&mut to.base);
    Ok(to)
}

/// The same, taken apart.
pub(super) fn url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text)?;
    if url.target.contains('?') { Err("has a query, and must have none") } else { Ok(url) }
}
