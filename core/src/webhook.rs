//! Requests of ours to back-ends, signed so that a back-end can tell them from anybody else's: Standard Webhooks 1.0, symmetric.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::Error;
use crate::host::{Method, Request, Time, World};
use crate::limits;
use crate::query::escape;
use crate::secret::hex;
use crate::target::Target;

/// What a back-end and the gateway share.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl Key {
    /// Reads `whsec_` and base64, as Standard Webhooks writes keys, or any other text, whose bytes are the key; `None` if it is
    /// shorter than 16 bytes or no base64.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).ok()?,
            None => text.into(),
        };
        (bytes.len() >= limits::API_KEY_MIN).then_some(Self(bytes))
    }

    /// The signature of `body`, sent as the message `id` at `seconds` since 1970.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: &str, body: &[u8]) -> String {
        // A key of any length will do.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
            mac.update(part);
        }
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Something told to a back-end: one message, however many attempts it takes to deliver it.
pub struct Message {
    /// The same in every attempt.
    id: String,
    /// The name of the app it is about.
    pub app: String,
    /// The id of the request that it follows from, if it does from one.
    pub request_id: Option<String>,
    /// The content type of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// What is appended to the back-end's path, and to its query.
    pub place: (String, String),
}

impl Message {
    /// A new message about `app`.
    ///
    /// # Errors
    /// [`crate::error::Unavailable::Busy`] if the host has no randomness to give.
    pub fn new<W: World>(world: &W, app: &str, body: Vec<u8>) -> Result<Self, Error> {
        let mut id = [0; 16];
        world.random(&mut id)?;
        Ok(Self::of(&id, app, body))
    }

    /// One that is known by `id`: what is sent twice is the same message.
    #[must_use]
    pub fn of(id: &[u8; 16], app: &str, body: Vec<u8>) -> Self {
        Self {
            id: format!("msg_{}", hex(id)),
            app: app.into(),
            request_id: None,
            content_type: "application/json".into(),
            body,
            place: <(String, String)>::default(),
        }
    }

    /// The request that delivers it to `target`; without a key it has no signature. An app's name that no header could hold is
    /// percent-encoded, as in a path.
    #[must_use]
    pub fn to(&self, target: &Target, now: Time) -> Request {
        let seconds = now.as_ms().checked_div(1000).unwrap_or_default().to_string();
        let signature = target.key.as_ref().map(|it| it.sign(&self.id, &seconds, &self.body));
        let mut headers = vec![
            ("content-type", self.content_type.clone()),
            ("x-wxedge-app", escape(&self.app)),
            ("webhook-id", self.id.clone()),
            ("webhook-timestamp", seconds),
        ];
        headers.extend(signature.map(|it| ("webhook-signature", it)));
        headers.extend(self.request_id.clone().map(|it| ("x-request-id", it)));
        let place = target.at(&self.place.0, &self.place.1);
        Request { method: Method::Post, target: place, headers, body: self.body.clone() }
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
