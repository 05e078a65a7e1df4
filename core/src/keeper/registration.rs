//! An app that was registered at runtime, and what a registration may say.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::error::Reject;
use crate::host::Time;
use crate::secret::Secret;

/// An app that was registered. Unknown fields of a newer version are not kept: who registers anew sends what it wants kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Its account.
    pub account: AccountId,
    /// The token that its callbacks are signed with.
    #[serde(default)]
    pub token: Option<Secret>,
    /// The AES key of its callbacks.
    #[serde(default)]
    pub aes: Option<Secret>,
    /// Its merchant.
    #[serde(default)]
    pub mch_id: Option<String>,
    /// The merchant's key.
    #[serde(default)]
    pub mch_key: Option<Secret>,
    /// The address that orders name.
    #[serde(default)]
    pub server_ip: Option<String>,
    /// What it may be used for: paths below `/app/{app}`, in whole segments. Empty: everything.
    #[serde(default)]
    pub call: Vec<String>,
    /// When it ends.
    #[serde(default)]
    pub expires: Option<Time>,
}

/// What a registration says: only the fields that were given change anything, and one that was given empty is forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // as in `Registration`
pub struct Given {
    pub account: AccountId,
    #[serde(default)]
    pub token: Option<Secret>,
    #[serde(default)]
    pub aes: Option<Secret>,
    #[serde(default)]
    pub mch_id: Option<String>,
    #[serde(default)]
    pub mch_key: Option<Secret>,
    #[serde(default)]
    pub server_ip: Option<String>,
    #[serde(default)]
    pub call: Option<Vec<String>>,
    /// When it ends; `Some(None)` never.
    #[serde(default, with = "twice", skip_serializing_if = "Option::is_none")]
    pub expires: Option<Option<Time>>,
}

/// JSON has one `null`; what is absent is something else.
mod twice {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::host::Time;

    #[allow(clippy::option_option, clippy::ref_option)] // serde's signature
    pub(super) fn serialize<S: Serializer>(it: &Option<Option<Time>>, to: S) -> Result<S::Ok, S::Error> {
        it.flatten().serialize(to)
    }

    #[allow(clippy::option_option)] // as above
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<Time>>, D::Error> {
        Option::deserialize(from).map(Some)
    }
}

impl Registration {
    /// Whether it may be used for `what`, a path below `/app/{app}`.
    #[must_use]
    pub fn allows(&self, what: &str) -> bool {
        let covers = |call: &String| what.strip_prefix(&**call).is_some_and(|it| it.is_empty() || it.starts_with('/'));
        self.call.is_empty() || self.call.iter().any(covers)
    }

    /// Whether it may become what is `given`: the same name cannot become another account's.
    ///
    /// # Errors
    /// [`Reject::Conflict`].
    pub fn check(&self, given: &Given) -> Result<(), Reject> {
        let same = self.account.appid() == given.account.appid() && self.account.family == given.account.family;
        let why = || "this key is another account's: take another one, or delete it first".into();
        if same { Ok(()) } else { Err(Reject::Conflict { why: why() }) }
    }

    /// The one there `was`, changed.
    pub(super) fn changed(was: Option<Self>, given: &Given) -> Result<Self, Reject> {
        if let Some(it) = &was {
            it.check(given)?;
        }
        let secret =
            |new: &Option<Secret>, old: Option<Secret>| new.clone().or(old).filter(|it| !it.expose().is_empty());
        let text = |new: &Option<String>, old: Option<String>| new.clone().or(old).filter(|it| !it.is_empty());
        let was = was.unwrap_or_else(|| Self::of(given.account.clone()));
        Ok(Self {
            account: given.account.clone(),
            token: secret(&given.token, was.token),
            aes: secret(&given.aes, was.aes),
            mch_id: text(&given.mch_id, was.mch_id),
            mch_key: secret(&given.mch_key, was.mch_key),
            server_ip: text(&given.server_ip, was.server_ip),
            call: given.call.clone().unwrap_or(was.call),
            expires: given.expires.unwrap_or(was.expires),
        })
    }

    /// One of which nothing is known but its account.
    #[must_use]
    pub const fn of(account: AccountId) -> Self {
        Self {
            account,
            token: None,
            aes: None,
            mch_id: None,
            mch_key: None,
            server_ip: None,
            call: Vec::new(),
            expires: None,
        }
    }
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
