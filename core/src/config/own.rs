//! What is the gateway's own: its address and its keys.

use alloc::format;
use alloc::string::String;

use super::{ConfigError, Rotated};
use crate::keyring::Keyring;
use crate::limits;
use crate::secret::Secret;
use crate::target::Url;

/// `http[s]://host[:port]`, as it stands before a path.
pub(super) fn url(text: &str) -> Result<String, ConfigError> {
    let wrong = |why| ConfigError::new("public_url", why);
    let url = Url::parse(text).map_err(wrong)?;
    if url.target != "/" {
        return Err(wrong("has a path, and an origin has none: write https://wx.example.com"));
    }
    Ok(format!("{}://{}", url.scheme, url.authority))
}

/// The keys, the current one first.
pub(super) fn keys(raw: Option<Rotated>) -> Result<Keyring, ConfigError> {
    let all = raw.map(Rotated::all).unwrap_or_default();
    if all.iter().any(|it| it.len() < limits::API_KEY_MIN) || all.len() > ROTATED {
        let why = "is shorter than 16 bytes, or there are more than 4: make one with `openssl rand -base64 32`";
        return Err(ConfigError::new("gateway_key", why));
    }
    Ok(Keyring::new(all.into_iter().map(Secret::new).collect()))
}

/// How many are verified with.
const ROTATED: usize = 4;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn the_address_is_an_origin() {
        assert_eq!(url("https://wx.example.com/").as_deref(), Ok("https://wx.example.com"));
        assert_eq!(url("http://127.0.0.1:8080").as_deref(), Ok("http://127.0.0.1:8080"));
        for wrong in ["wx.example.com", "https://wx.example.com/wx", "https://wx.example.com/?a", "ftp://a.b", ""] {
            assert_eq!(url(wrong).unwrap_err().path, "public_url", "{wrong}");
        }
    }

    #[test]
    fn a_key_can_be_changed_but_not_be_short() {
        assert!(keys(None).is_ok() && keys(Some(Rotated::One("k".repeat(16)))).is_ok());
        for wrong in [Rotated::One("k".repeat(15)), Rotated::Many(Vec::from(["", "", "", "", ""].map(String::from)))] {
            let error = keys(Some(wrong)).unwrap_err();
            assert!(error.path == "gateway_key" && !error.why.contains("kkk"));
        }
    }
}
