//! The door that WeChat knocks at: is it WeChat, is it for this account, is it now; and what does it say.
//!
//! * Official accounts and mini programs: `signature` proves the URL check and plain pushes, `msg_signature` the encrypted ones.
//!   WeCom has `msg_signature` only, and encrypts even the `echostr` of the URL check.
//! * The mode is the account's, not the request's: with a key configured nothing plain is taken, whatever the query says.
//! * The current token and key and the ones before them both work, so that they can be changed without a gap.
//!
//! Sources: the page on message push of the official accounts' and mini programs' documentation; WeCom's on callbacks.

mod query;

use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub use query::Signed;

use crate::account::Family;
use crate::host::Time;
use crate::json::Value;
use crate::limits;
use crate::secret::Secret;
use crate::wechat::envelope::{self, AesKey, Broken};
use crate::wechat::message::{self, Format, Ids, Unreadable};
use crate::wechat::{signature, xml};

/// How an account's pushes come, as it is set at WeChat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Plain, and nothing else.
    Plain,
    /// Encrypted. WeChat may send the plain text beside it ("compatible"): that is not looked at, for nothing proves it.
    Encrypted,
}

/// What an account's pushes are held against.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Its kind.
    pub family: Family,
    /// Its mode. WeCom's is always [`Mode::Encrypted`].
    pub mode: Mode,
    /// The tokens: the current one, then the one before it.
    pub tokens: Vec<Secret>,
    /// The keys: the current one, then the one before it.
    pub keys: Vec<AesKey>,
    /// Whom its envelopes are for: the AppID, or WeCom's corpid or suite id.
    pub receive_ids: Vec<String>,
    /// How far a timestamp may be from now, in seconds; 0: as far as it likes.
    pub max_age: u64,
}

/// Why a request is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A parameter is missing.
    #[error("parameter {0} is missing")]
    Missing(&'static str),
    /// None of the account's tokens signed it.
    #[error("its signature is none of this account's tokens")]
    Signature,
    /// It was signed, but not now.
    #[error("its timestamp is too far from now")]
    Expired,
    /// It is encrypted where the account's mode is plain, or plain where it is not.
    #[error("{0}")]
    Mode(&'static str),
    /// The envelope does not open.
    #[error("its envelope does not open: {0}")]
    Envelope(#[from] Broken),
    /// The body cannot be read.
    #[error("its body cannot be read: {0}")]
    Body(#[from] Unreadable),
}

impl Refusal {
    /// Whether it may be a forgery. These must look alike to the outside, whatever the log says.
    #[must_use]
    pub const fn is_forgery(&self) -> bool {
        matches!(self, Self::Signature | Self::Envelope(_))
    }
}

/// A push that was taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// What it says, in plain text.
    pub text: String,
    /// How it, and the reply, is written.
    pub format: Format,
    /// Which token signed it.
    pub token: usize,
    /// Which key opened it and for which of the receive ids it was; `None` if it was plain.
    pub sealed: Option<(usize, usize)>,
}

impl Guard {
    /// The URL check: what to answer.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check(&self, signed: &Signed<'_>, now: Time) -> Result<String, Refusal> {
        let echo = signed.echostr.as_deref().filter(|it| !it.is_empty()).ok_or(Refusal::Missing("echostr"))?;
        if self.family == Family::Wecom {
            // A `+` that somebody on the way took for a space: base64 has none.
            let echo = echo.replace(' ', "+");
            self.msg_signer(signed, &echo, now)?;
            return Ok(envelope::open(&self.keys, &self.receive_ids, &echo)?.message);
        }
        self.signer(signed, now)?;
        Ok(echo.to_owned())
    }

    /// Takes a push.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn take(&self, signed: &Signed<'_>, body: Vec<u8>, now: Time) -> Result<Taken, Refusal> {
        if body.len() > limits::BODY {
            return Err(Unreadable::TooLarge.into());
        }
        let not_text = xml::Fault { at: 0, why: "it is not UTF-8" };
        let body = String::from_utf8(body).map_err(|_| Unreadable::Xml(not_text))?;
        if self.mode == Mode::Plain && self.family != Family::Wecom {
            return self.take_plain(signed, body, now);
        }
        self.take_encrypted(signed, &body, now)
    }

    fn take_plain(&self, signed: &Signed<'_>, text: String, now: Time) -> Result<Taken, Refusal> {
        if !matches!(signed.encrypt_type.as_deref(), None | Some("" | "raw")) {
            return Err(Refusal::Mode("it is encrypted, and this account's mode is plain"));
        }
        let token = self.signer(signed, now)?;
        let format = Format::of(&text);
        Ok(Taken { text, format, token, sealed: None })
    }

    fn take_encrypted(&self, signed: &Signed<'_>, body: &str, now: Time) -> Result<Taken, Refusal> {
        let aes = signed.encrypt_type.as_deref() == Some("aes");
        if !aes && self.family != Family::Wecom {
            return Err(Refusal::Mode("it is not encrypted, and this account's mode is not plain"));
        }
        let (encrypted, format) = encrypted(body)?;
        let token = self.msg_signer(signed, &encrypted, now)?;
        let opened = envelope::open(&self.keys, &self.receive_ids, &encrypted)?;
        let sealed = Some((opened.key, opened.receive_id));
        Ok(Taken { text: opened.message, format, token, sealed })
    }

    /// The answer to WeChat: `reply` in an envelope of the kind that the push came in, with the key that opened it. Nothing to say
    /// stays plain. `random` must be fresh; `nonce` may be the push's own.
    #[must_use]
    pub fn answer(&self, push: &Taken, reply: String, now: Time, nonce: &str, random: [u8; 16]) -> String {
        let Some((key, receive_id)) = push.sealed.filter(|_| !matches!(&*reply, "" | "success")) else { return reply };
        let key = self.keys.get(key).zip(self.receive_ids.get(receive_id)).zip(self.tokens.get(push.token));
        let Some(((key, receive_id), token)) = key else { return String::from("success") };
        let encrypted = envelope::encrypt(key, random, reply.as_bytes(), receive_id);
        let timestamp = format!("{}", now.as_ms() / 1_000);
        let signature = signature::msg_signature(token, &timestamp, nonce, &encrypted);
        seal(&encrypted, &signature, &timestamp, nonce, push.format)
    }

    fn signer(&self, signed: &Signed<'_>, now: Time) -> Result<usize, Refusal> {
        let (timestamp, nonce) = signed.stamp()?;
        let given = signed.signature.as_deref().ok_or(Refusal::Missing("signature"))?;
        let token = signature::signer(&self.tokens, timestamp, nonce, given).ok_or(Refusal::Signature)?;
        self.fresh(timestamp, now).map(|()| token)
    }

    fn msg_signer(&self, signed: &Signed<'_>, encrypted: &str, now: Time) -> Result<usize, Refusal> {
        let (timestamp, nonce) = signed.stamp()?;
        let given = signed.msg_signature.as_deref().ok_or(Refusal::Missing("msg_signature"))?;
        let token = signature::msg_signer(&self.tokens, timestamp, nonce, encrypted, given);
        let token = token.ok_or(Refusal::Signature)?;
        self.fresh(timestamp, now).map(|()| token)
    }

    fn fresh(&self, timestamp: &str, now: Time) -> Result<(), Refusal> {
        signature::fresh(timestamp, now, self.max_age).then_some(()).ok_or(Refusal::Expired)
    }
}

/// The envelope of a push, and how it is written.
fn encrypted(body: &str) -> Result<(Cow<'_, str>, Format), Refusal> {
    let format = Format::of(body);
    let root = match format {
        Format::Xml => message::elements(body, Ids::Text).map_err(Unreadable::Xml)?,
        _ => message::json(body).map_err(Unreadable::Json)?,
    };
    let text = |name| root.get(name).and_then(Value::as_text);
    let found = match (text("Encrypt"), format) {
        (None, Format::Json) => text("encrypt").map(|it| (it, Format::LowerJson)),
        (it, _) => it.map(|it| (it, format)),
    };
    found.ok_or(Refusal::Mode("it holds no Encrypt, and this account's mode is not plain"))
}

/// The envelope of a reply.
#[must_use]
pub fn seal(encrypted: &str, signature: &str, timestamp: &str, nonce: &str, format: Format) -> String {
    let names = match format {
        Format::LowerJson => ["encrypt", "msgsignature", "timestamp", "nonce"],
        _ => ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"],
    };
    let values = [Value::text(encrypted), Value::text(signature), Value::Number(timestamp.into()), Value::text(nonce)];
    let fields = names.into_iter().map(Into::into).zip(values).collect();
    message::write(&Value::Object(fields), format)
}

#[cfg(test)]
mod tests;
