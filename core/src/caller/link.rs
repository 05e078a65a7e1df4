//! Links that a caller signs, so that whoever has one may do one thing until it ends: show a QR code in a page, for instance.
//!
//! `/path?query&wx_by=CALLER&wx_exp=SECONDS&wx_sig=MARK`. The mark is an HMAC-SHA256 in base64url over path and query exactly as they
//! stand before `&wx_sig=`. Its key is the SHA-256 of the caller's API key, which is what the gateway keeps of that, so a caller
//! signs by itself; for one without an API key only the gateway can, with a key of its own.
//!
//! A link stands for its caller: it is worth what that may do when it is followed, and no longer than that is there.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Caller, Permission};
use crate::config::Gateway;
use crate::error::Reject;
use crate::host::Time;
use crate::limits;
use crate::query::{escape, has, unescape};

/// What the gateway signs with for a caller without an API key.
const PURPOSE: &str = "link ";

/// Whether a link is being followed.
#[must_use]
pub fn is_link(query: &str) -> bool {
    has(query, "wx_sig")
}

/// `target`, path and query, signed by `caller` for `span`; `None` if it has no API key and the gateway no key.
#[must_use]
pub fn sign(gateway: &Gateway, caller: &Caller, target: &str, now: Time, span: Duration) -> Option<String> {
    let until = now.plus(span).as_ms().checked_div(1000).unwrap_or_default();
    let joint = if target.contains('?') { '&' } else { '?' };
    let text = format!("{target}{joint}wx_by={}&wx_exp={until}", escape(&caller.name));
    let mark = match &caller.key {
        Some(key) => URL_SAFE_NO_PAD.encode(mac(key, &text)?.finalize().into_bytes()),
        None => gateway.keys.sign(&purpose(caller), &text)?,
    };
    Some(format!("{text}&wx_sig={mark}"))
}

/// The caller that has signed `target`. It has the permission to, and the link has not ended.
///
/// # Errors
/// [`Reject::Link`]: that it has ended is told only of one that is real.
pub fn signer<'a>(gateway: &'a Gateway, target: &str, now: Time) -> Result<&'a Caller, Reject> {
    let (caller, until) = verified(gateway, target).ok_or_else(|| refuse(FORGED))?;
    let left = now.until(Time::from_ms(until.saturating_mul(1000)));
    if left.is_zero() {
        return Err(refuse("has ended: ask for a new one"));
    }
    if left > limits::LINK {
        return Err(refuse("ends more than 30 days from now"));
    }
    Ok(caller)
}

const FORGED: &str = "is not signed by a caller that may, or is not what was signed";

fn refuse(why: &str) -> Reject {
    Reject::Link { why: why.into() }
}

/// Who signed it, and when it ends, in seconds since 1970.
fn verified<'a>(gateway: &'a Gateway, target: &str) -> Option<(&'a Caller, u64)> {
    let (text, mark) = target.split_once("&wx_sig=")?;
    let (before, end) = text.rsplit_once("&wx_exp=")?;
    let (before, name) =
        before.rsplit_once(['?', '&']).and_then(|(it, name)| Some((it, name.strip_prefix("wx_by=")?)))?;
    // Whatever else is called so would be somebody's guess at a way around this.
    let query = before.split_once('?').map_or("", |it| it.1);
    if query.split('&').any(is_ours) {
        return None;
    }
    let until = end.parse().ok().filter(|_| end.bytes().all(|it| it.is_ascii_digit()))?;
    let name = String::from_utf8(unescape(name)).ok()?;
    let caller = gateway.callers.iter().find(|it| it.name == name && it.may.contains(&Permission::Link))?;
    let good = match &caller.key {
        Some(key) => mac(key, text)?.verify_slice(&URL_SAFE_NO_PAD.decode(mark).ok()?).is_ok(),
        None => gateway.keys.verifies(&purpose(caller), text, mark),
    };
    good.then_some((caller, until))
}

/// Whether `pair`, a part of a query, is called as the parts of a signature are.
#[must_use]
pub fn is_ours(pair: &str) -> bool {
    unescape(pair).to_ascii_lowercase().starts_with(b"wx_")
}

fn purpose(caller: &Caller) -> String {
    [PURPOSE, &caller.name].concat()
}

fn mac(key: &[u8; 32], text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
