//! A text that must not be read by accident.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// An AppSecret, a key, a token. `Debug` redacts it and there is no `Display`; serde writes it out, for the keeper's own records.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself. The place that calls this is responsible for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `other` is the same text, in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, other: &str) -> bool {
        digest(self.0.as_bytes()).ct_eq(&digest(other.as_bytes())).into()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// SHA-256.
#[must_use]
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// `bytes` in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |it: u8| if it < 10 { b'0' | it } else { b'W'.wrapping_add(it) };
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(2));
    bytes.iter().for_each(|it| out.extend([digit(it >> 4), digit(it & 15)]));
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Secret::new("hush".into())), "***");
    }

    #[test]
    fn only_the_same_text_matches() {
        let secret = Secret::new("hush".into());
        assert!(secret.matches("hush"));
        assert!(!secret.matches("hus"));
        assert!(!secret.matches("hush "));
        assert!(!secret.matches(""));
    }

    #[test]
    fn hex_is_lower_case_and_keeps_zeros() {
        assert_eq!(hex(&[0, 0x0f, 0xab]), "000fab");
    }
}
