//! The gateway's own keys: what it has signed, it knows again, on whichever node and after whichever restart.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use crate::json;
use crate::secret::Secret;

/// Keys of which the first signs and all verify, so that they can be changed without a gap. `Debug` redacts them.
#[derive(Clone, Default)]
pub struct Keyring(Vec<Secret>);

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Keyring {
    /// Of these keys, the current one first.
    #[must_use]
    pub const fn new(keys: Vec<Secret>) -> Self {
        Self(keys)
    }

    /// The mark of `text` for `purpose`, 32 bytes in base64url; `None` without a key. What was signed for one purpose is worth
    /// nothing for another.
    #[must_use]
    pub fn sign(&self, purpose: &str, text: &str) -> Option<String> {
        Some(URL_SAFE_NO_PAD.encode(mac(self.0.first()?, purpose, text)?.finalize().into_bytes()))
    }

    /// Whether `mark` is that of `text` for `purpose`, by any of the keys.
    #[must_use]
    pub fn verifies(&self, purpose: &str, text: &str, mark: &str) -> bool {
        let Ok(mark) = URL_SAFE_NO_PAD.decode(mark) else { return false };
        self.0.iter().any(|key| mac(key, purpose, text).is_some_and(|it| it.verify_slice(&mark).is_ok()))
    }

    /// The first ten characters of that mark, 60 bits: for links that shall be short, where guessing means asking us.
    #[must_use]
    pub fn brief(&self, purpose: &str, text: &str) -> Option<String> {
        let mut mark = self.sign(purpose, text)?;
        mark.truncate(BRIEF);
        Some(mark)
    }

    /// Whether `mark` is the brief one of `text` for `purpose`, by any of the keys.
    #[must_use]
    pub fn verifies_brief(&self, purpose: &str, text: &str, mark: &str) -> bool {
        let of = |key: &Secret| Self::new(Vec::from([key.clone()])).brief(purpose, text);
        self.0.iter().filter_map(of).any(|it| Secret::new(it).matches(mark))
    }

    /// `value`, to be carried by strangers: whoever brings it back has not changed it. It is not hidden.
    #[must_use]
    pub fn seal<T: Serialize>(&self, purpose: &str, value: &T) -> Option<String> {
        let text = URL_SAFE_NO_PAD.encode(json::write(value));
        let mark = self.sign(purpose, &text)?;
        Some([&*text, ".", &mark].concat())
    }

    /// What was sealed so.
    #[must_use]
    pub fn open<T: DeserializeOwned>(&self, purpose: &str, sealed: &str) -> Option<T> {
        let (text, mark) = sealed.split_once('.')?;
        if !self.verifies(purpose, text, mark) {
            return None;
        }
        json::read(&URL_SAFE_NO_PAD.decode(text).ok()?)
    }
}

/// The length of a brief mark.
const BRIEF: usize = 10;

fn mac(key: &Secret, purpose: &str, text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).ok()?;
    for part in [purpose, "\n", text] {
        mac.update(part.as_bytes());
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    fn ring(keys: &[&str]) -> Keyring {
        Keyring::new(keys.iter().map(|it| Secret::new((*it).to_string())).collect())
    }

    #[test]
    fn what_was_sealed_opens_with_the_current_key_and_the_one_before_it() {
        let sealed = ring(&["old"]).seal("a", &("shop", 7)).unwrap();
        assert_eq!(ring(&["new", "old"]).open::<(String, u8)>("a", &sealed), Some(("shop".into(), 7)));
        assert_eq!(ring(&["new"]).open::<(String, u8)>("a", &sealed), None);
        assert_eq!(ring(&[]).seal("a", &1), None);
        assert_eq!(ring(&[]).open::<(String, u8)>("a", &sealed), None);
    }

    #[test]
    fn what_was_changed_or_is_for_another_purpose_does_not_open() {
        let ring = ring(&["key"]);
        let sealed = ring.seal("a", &"shop").unwrap();
        assert_eq!(ring.open::<String>("b", &sealed), None);
        let (text, mark) = sealed.split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD.encode("\"shoq\"");
        let tricks = [
            format!("{other}.{mark}"),
            format!("{text}."),
            text.to_string(),
            format!("{sealed}="),
            format!("{sealed}.{mark}"),
            sealed.replacen('.', "..", 1),
            String::new(),
        ];
        for trick in tricks {
            assert_eq!(ring.open::<String>("a", &trick), None, "{trick}");
        }
    }

    #[test]
    fn a_brief_mark_is_known_by_all_keys_and_no_other_is() {
        let mark = ring(&["old"]).brief("a", "shop").unwrap();
        assert_eq!(mark.len(), 10);
        assert!(ring(&["new", "old"]).verifies_brief("a", "shop", &mark));
        for (keys, purpose, text, mark) in [
            (&["new"][..], "a", "shop", &*mark),
            (&["old"], "b", "shop", &mark),
            (&["old"], "a", "shoq", &mark),
            (&["old"], "a", "shop", &mark[..9]),
            (&["old"], "a", "shop", ""),
            (&[], "a", "shop", &mark),
        ] {
            assert!(!ring(keys).verifies_brief(purpose, text, mark), "{keys:?} {purpose} {text} {mark}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", ring(&["hush"])), "***");
    }
}
