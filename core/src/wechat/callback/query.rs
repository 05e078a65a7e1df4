//! What the query of a callback says.

use alloc::borrow::ToOwned;
use alloc::string::String;

use super::Refusal;
use crate::error::Reject;
use crate::query::unescape;

/// The parameters of a callback, percent-decoded once. A `+` stays what it is: it belongs to base64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // WeChat's own names
pub struct Signed {
    pub signature: Option<String>,
    pub msg_signature: Option<String>,
    pub timestamp: Option<String>,
    pub nonce: Option<String>,
    pub echostr: Option<String>,
    pub encrypt_type: Option<String>,
    pub openid: Option<String>,
}

impl Signed {
    /// Reads a query. Other parameters are not looked at.
    ///
    /// # Errors
    /// [`Reject::Repeated`] if one of these is there twice, [`Reject::Invalid`] if one is not UTF-8.
    pub fn read(query: &str) -> Result<Self, Reject> {
        let mut all = Self::default();
        for (name, value) in query.split('&').map(|it| it.split_once('=').unwrap_or((it, ""))) {
            let name = unescape(name);
            let (name, place) = match &*name {
                b"signature" => ("signature", &mut all.signature),
                b"msg_signature" => ("msg_signature", &mut all.msg_signature),
                b"timestamp" => ("timestamp", &mut all.timestamp),
                b"nonce" => ("nonce", &mut all.nonce),
                b"echostr" => ("echostr", &mut all.echostr),
                b"encrypt_type" => ("encrypt_type", &mut all.encrypt_type),
                b"openid" => ("openid", &mut all.openid),
                _ => continue,
            };
            let name = name.to_owned();
            if place.is_some() {
                return Err(Reject::Repeated { name });
            }
            let text = String::from_utf8(unescape(value));
            *place = Some(text.map_err(|_| Reject::Invalid { name, why: "is not UTF-8".to_owned() })?);
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
