//! JSON Web Tokens: as callers make them, and as nobody should.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

/// A token that is about to be signed. Nothing in it is checked.
#[derive(Debug, Clone)]
pub struct Jwt {
    header: Value,
    claims: Value,
}

impl Jwt {
    /// A good one for the caller whose key is called `kid`.
    pub fn new(kid: &str) -> Self {
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": kid });
        Self { header, claims: json!({ "aud": "wxedge" }) }
    }

    /// Sets a field of the header; `null` takes it out.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.header, name, value.into());
        self
    }

    /// Sets a claim; `null` takes it out.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    /// The token, signed with HMAC as its header says: SHA-512 for HS512, not at all for `none`, SHA-256 for all else.
    pub fn sign(&self, key: &str) -> String {
        let text = format!("{}.{}", part(self.header.to_string()), part(self.claims.to_string()));
        let mac = match self.header["alg"].as_str() {
            Some("none") => Vec::new(),
            Some("HS512") => sign::<Hmac<Sha512>>(key, &text),
            _ => sign::<Hmac<Sha256>>(key, &text),
        };
        format!("{text}.{}", part(mac))
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    object[name] = value;
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|_, it| !it.is_null());
    }
}

fn part(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sign<M: Mac + KeyInit>(key: &str, text: &str) -> Vec<u8> {
    let mac = M::new_from_slice(key.as_bytes()).map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec());
    mac.unwrap_or_default()
}
