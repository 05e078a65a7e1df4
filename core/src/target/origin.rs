//! An origin that the configuration allows.

use alloc::string::String;

use super::{Url, is_private};

/// `https://host[:port]`, or `https://*.host[:port]` for any name with one label more, or several. Scheme and port count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub(super) scheme: &'static str,
    pub(super) authority: String,
    pub(super) wild: bool,
}

impl Origin {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong, to be read after the name of the thing.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let plain = text.replacen("://*.", "://", 1);
        let url = Url::parse(&plain)?;
        if url.target != "/" || plain.ends_with(['/', '?']) {
            return Err("has a path, and an origin has none");
        }
        if is_private(&url.host) {
            return Err("is private, or all of a top-level domain: make a private one a back-end");
        }
        Ok(Self { scheme: url.scheme, authority: url.authority, wild: plain.len() < text.len() })
    }

    /// Whether `url` is at this origin.
    #[must_use]
    pub fn allows(&self, url: &Url) -> bool {
        let fits = match url.authority.strip_suffix(&self.authority) {
            Some("") => !self.wild,
            Some(labels) => self.wild && labels.ends_with('.'),
            None => false,
        };
        fits && url.scheme == self.scheme
    }
}
