//! What the query of a callback says.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;

use super::Refusal;
use crate::error::Reject;
use crate::query::unescape;

/// The parameters of a callback, percent-decoded once. A `+` stays what it is: it belongs to base64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // WeChat's own names
pub struct Signed<'a> {
    pub signature: Option<Cow<'a, str>>,
    pub msg_signature: Option<Cow<'a, str>>,
    pub timestamp: Option<Cow<'a, str>>,
    pub nonce: Option<Cow<'a, str>>,
    pub echostr: Option<Cow<'a, str>>,
    pub encrypt_type: Option<Cow<'a, str>>,
    pub openid: Option<Cow<'a, str>>,
}

impl<'a> Signed<'a> {
    /// Reads a query. Other parameters are not looked at.
    ///
    /// # Errors
    /// [`Reject::Repeated`] if one of these is there twice, [`Reject::Invalid`] if one is not UTF-8.
    pub fn read(query: &'a str) -> Result<Self, Reject> {
        let mut all = Self::default();
        let plain = !query.contains('%');
        let decoded = |text: &'a str| {
            if plain { Some(Cow::Borrowed(text)) } else { String::from_utf8(unescape(text)).ok().map(Cow::Owned) }
        };
        for (name, value) in query.split('&').map(|it| it.split_once('=').unwrap_or((it, ""))) {
            // A name that is no text is none of these.
            let name = decoded(name).unwrap_or_default();
            let place = match &*name {
                "signature" => &mut all.signature,
                "msg_signature" => &mut all.msg_signature,
                "timestamp" => &mut all.timestamp,
                "nonce" => &mut all.nonce,
                "echostr" => &mut all.echostr,
                "encrypt_type" => &mut all.encrypt_type,
                "openid" => &mut all.openid,
                _ => continue,
            };
            if place.is_some() {
                return Err(Reject::Repeated { name: name.into_owned() });
            }
            let Some(value) = decoded(value) else {
                return Err(Reject::Invalid { name: name.into_owned(), why: "is not UTF-8".to_owned() });
            };
            *place = Some(value);
        }
        Ok(all)
    }

    /// Timestamp and nonce, which every signature covers.
    pub(super) fn stamp(&self) -> Result<(&str, &str), Refusal> {
        let there = |it: &'_ str| !it.is_empty();
        let timestamp = self.timestamp.as_deref().filter(|it| there(it)).ok_or(Refusal::Missing("timestamp"))?;
        let nonce = self.nonce.as_deref().filter(|it| there(it)).ok_or(Refusal::Missing("nonce"))?;
        Ok((timestamp, nonce))
    }
}
