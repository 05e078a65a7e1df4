//! JSON Web Tokens (RFC 7519) that callers sign with a shared key: HS256 and nothing else.
//!
//! `kid` names the key: from the header, or else from the payload, where token-hub's own sample has it. It is read before the signature
//! is checked, so it is a mere selector among the configured keys.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};
use sha2::Sha256;

use crate::host::Time;
use crate::json;
use crate::limits;
use crate::secret::Secret;

/// Who a token may be for. The second is token-hub's.
const AUDIENCES: [&str; 2] = ["wxedge", "wechat-token-hub"];

#[derive(serde::Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood: none is.
    crit: Option<IgnoredAny>,
}

#[derive(serde::Deserialize)]
struct Claims {
    kid: Option<String>,
    #[serde(default)]
    aud: Audience,
    exp: Option<f64>,
    nbf: Option<f64>,
    app: Option<String>,
}

/// A token that was taken apart. Nothing in it is believed before [`Token::check`].
pub struct Token<'a> {
    /// Which key it says it was signed with.
    pub kid: String,
    claims: Claims,
    signed: &'a str,
    mac: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes `text` apart; `None` for anything that is not a token of this kind.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > limits::JWT {
            return None;
        }
        let (signed, mac) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = part(header)?;
        if header.alg != "HS256" || header.crit.is_some() {
            return None;
        }
        let claims: Claims = part(claims)?;
        let kid = header.kid.or_else(|| claims.kid.clone())?;
        Some(Self { kid, claims, signed, mac: URL_SAFE_NO_PAD.decode(mac).ok()? })
    }

    /// Whether it was signed with `key`, is for us, and is valid `now`.
    #[must_use]
    pub fn check(&self, key: &Secret, now: Time) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()) else { return false };
        mac.update(self.signed.as_bytes());
        let signed = mac.verify_slice(&self.mac).is_ok();
        #[allow(clippy::cast_precision_loss)] // seconds since 1970 are exact in an f64
        let now = now.as_ms() as f64 / 1000.0;
        let begun = self.claims.nbf.is_none_or(|it| it <= now);
        let over = self.claims.exp.is_some_and(|it| it <= now);
        signed && self.is_for_us() && begun && !over
    }

    /// The app it names, if it does.
    #[must_use]
    pub fn app(&self) -> Option<&str> {
        self.claims.app.as_deref()
    }

    fn is_for_us(&self) -> bool {
        self.claims.aud.0.iter().any(|it| AUDIENCES.contains(&&**it))
    }
}

/// One text or several.
#[derive(Default)]
struct Audience(Vec<String>);

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Self::default())
    }
}

impl<'de> Visitor<'de> for Audience {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one text or several")
    }

    fn visit_str<E>(mut self, it: &str) -> Result<Self, E> {
        self.0.push(it.into());
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut all: A) -> Result<Self, A::Error> {
        while let Some(it) = all.next_element()? {
            self.0.push(it);
        }
        Ok(self)
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    json::read(&URL_SAFE_NO_PAD.decode(text).ok()?)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// Made by another program: header `{"alg":"HS256","typ":"JWT","kid":"k1"}`, claims `{"aud":"wechat-token-hub"}`, key `s3cret`.
    const SAMPLE: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJhdWQiOiJ3ZWNoYXQtdG9rZW4taHViIn0.\
        vT4WFXA9zpTNGZ72HurcX-jU2AXVLRyBpsJoKOcyomY";

    fn signed(header: &str, claims: &str) -> String {
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(b"s3cret").unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// At second 1 000.
    fn passes(token: &str) -> bool {
        let key = Secret::new("s3cret".into());
        Token::parse(token).is_some_and(|it| it.kid == "k1" && it.check(&key, Time::from_ms(1_000_000)))
    }

    const HS256: &str = r#"{"alg":"HS256","kid":"k1"}"#;

    #[test]
    fn a_token_of_another_program_passes() {
        assert!(passes(SAMPLE));
        assert!(!Token::parse(SAMPLE).unwrap().check(&Secret::new("s3creT".into()), Time::from_ms(0)));
    }

    #[test]
    fn what_is_signed_for_us_and_valid_passes() {
        for claims in [
            r#"{"aud":"wxedge"}"#,
            r#"{"aud":["other","wxedge"],"exp":1000.5,"nbf":1000}"#,
            r#"{"aud":"wxedge","iat":5000,"sub":7}"#,
        ] {
            assert!(passes(&signed(HS256, claims)), "{claims}");
        }
        assert!(passes(&signed(r#"{"alg":"HS256"}"#, r#"{"aud":"wxedge","kid":"k1"}"#)));
        assert_eq!(Token::parse(&signed(HS256, r#"{"app":"shop"}"#)).unwrap().app(), Some("shop"));
    }

    #[test]
    fn everything_else_does_not() {
        for (header, claims) in [
            (r#"{"alg":"none","kid":"k1"}"#, r#"{"aud":"wxedge"}"#),
            (r#"{"alg":"hs256","kid":"k1"}"#, r#"{"aud":"wxedge"}"#),
            (r#"{"alg":"HS512","kid":"k1"}"#, r#"{"aud":"wxedge"}"#),
            (r#"{"alg":"RS256","kid":"k1"}"#, r#"{"aud":"wxedge"}"#),
            (r#"{"kid":"k1"}"#, r#"{"aud":"wxedge"}"#),
            (r#"{"alg":"HS256","kid":"k1","crit":["b64"]}"#, r#"{"aud":"wxedge"}"#),
            (r#"{"alg":"HS256","kid":["k1"]}"#, r#"{"aud":"wxedge"}"#),
            (r#"{"alg":"HS256"}"#, r#"{"aud":"wxedge"}"#),
            (HS256, "{}"),
            (HS256, r#"{"aud":""}"#),
            (HS256, r#"{"aud":"wxedge2"}"#),
            (HS256, r#"{"aud":[]}"#),
            (HS256, r#"{"aud":{"wxedge":1}}"#),
            (HS256, r#"{"aud":"wxedge","exp":1000}"#),
            (HS256, r#"{"aud":"wxedge","exp":"2000"}"#),
            (HS256, r#"{"aud":"wxedge","exp":-1}"#),
            (HS256, r#"{"aud":"wxedge","nbf":1001}"#),
            (HS256, r#"["aud"]"#),
        ] {
            assert!(!passes(&signed(header, claims)), "{header} {claims}");
        }
    }

    #[test]
    fn a_changed_token_does_not_pass() {
        let good = signed(HS256, r#"{"aud":"wxedge"}"#);
        assert!(passes(&good));
        for at in 0..good.len() {
            let mut changed = good.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(!passes(&String::from_utf8(changed).unwrap()), "at {at}");
        }
        for text in [
            "",
            ".",
            "..",
            "a.b.c",
            &good[..good.len() - 1],
            &format!("{good}="),
            &format!("{good}.x"),
            &format!(".{good}"),
        ] {
            assert!(!passes(text), "{text}");
        }
        let (signed, _) = good.rsplit_once('.').unwrap();
        assert!(!passes(&format!("{signed}.")));
        assert!(!passes(&good.repeat(200)));
    }
}
