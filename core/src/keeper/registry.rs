//! What no account's keeper can know: which apps were registered at runtime, which accounts were proved without being configured,
//! and whose a token is that a caller brings back. Durable on Cloudflare; on Envoy it ends with the process.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::error::{Error, Reject};
use crate::host::{Store, Time, World};
use crate::json;
use crate::keeper::Keeper;
use crate::keeper::table::{Digest, Table, digest};
use crate::limits;
use crate::secret::Secret;

/// Something asked of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ask {
    /// The app of this name.
    Find(String),
    /// Register an app of this name, or change it.
    Register {
        /// The name.
        app: String,
        /// What is known of it now.
        given: Given,
    },
    /// Forget the app of this name.
    Forget(String),
    /// Whether this account was proved.
    Knows {
        /// Which.
        account: AccountId,
        /// Whether only what an administrator has admitted counts.
        registered: bool,
    },
    /// That this token is the account's, until then.
    Own {
        /// The access token.
        token: Secret,
        /// Whose it is.
        account: AccountId,
        /// When it dies.
        until: Time,
    },
    /// Whose this token is.
    Owner(Secret),
}

/// What the registry answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// To [`Ask::Find`].
    App(Option<Registration>),
    /// To [`Ask::Knows`], and to [`Ask::Forget`]: whether there was one.
    Known(bool),
    /// To [`Ask::Owner`].
    Owner(Option<AccountId>),
    /// It is done.
    Done,
}

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
    fn changed(was: Option<Self>, given: &Given) -> Result<Self, Reject> {
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

/// When something ends that has no end.
const NEVER: Time = Time::from_ms(u64::MAX);

fn app_digest(name: &str) -> Digest {
    digest(&["app", name])
}

impl<W: World, S: Store> Keeper<W, S> {
    /// Answers what is asked of the registry.
    pub(super) fn registry(&self, ask: Ask) -> Result<super::Answer, Error> {
        let now = self.world.now();
        let apps = Table::new(&self.store, &limits::APPS);
        let tokens = Table::new(&self.store, &limits::TOKENS);
        let answer = match ask {
            Ask::Find(app) => {
                let found = apps.get(&app_digest(&app), now);
                Answer::App(found.and_then(|it| json::read(&it)))
            }
            Ask::Register { app, given } => {
                apps.update(&app_digest(&app), now, |was| {
                    let was = was.and_then(json::read);
                    let new = Registration::changed(was, &given)?;
                    let end = new.expires.unwrap_or(NEVER);
                    Ok(Some((json::write(&new), end)))
                })?;
                Answer::Done
            }
            Ask::Forget(app) => {
                let mut known = false;
                apps.update(&app_digest(&app), now, |was| {
                    known = was.is_some();
                    Ok(None)
                })?;
                Answer::Known(known)
            }
            Ask::Knows { account, registered } => {
                let admitted = self.admitted(&account);
                Answer::Known(admitted.is_some_and(|by_admin| by_admin || !registered))
            }
            Ask::Own { token, account, until } => {
                let account = alloc::format!("{account}");
                let digest = digest(&["token", token.expose()]);
                if tokens.get(&digest, now).is_none() {
                    tokens.put(&digest, now, account.as_bytes(), until)?;
                }
                Answer::Done
            }
            Ask::Owner(token) => {
                let owner = tokens.get(&digest(&["token", token.expose()]), now);
                Answer::Owner(owner.and_then(|it| AccountId::parse(core::str::from_utf8(&it).ok()?)))
            }
        };
        Ok(super::Answer::Registry(answer))
    }

    /// Whether the account was proved; if so, whether by an administrator's word.
    fn admitted(&self, account: &AccountId) -> Option<bool> {
        let table = Table::new(&self.store, &limits::ACCOUNTS);
        table.get(&account_digest(account), self.world.now()).map(|it| it == BY_ADMIN)
    }

    /// Remembers that this account was proved, if there is room for one more.
    pub(super) fn admit(&self, account: &AccountId, by_admin: bool) -> Result<(), Error> {
        let known = self.admitted(account).is_some_and(|it| it || !by_admin);
        if known || self.gateway.account(account).is_some() {
            return Ok(());
        }
        let table = Table::new(&self.store, &limits::ACCOUNTS);
        table.put(&account_digest(account), self.world.now(), if by_admin { BY_ADMIN } else { &[] }, NEVER)
    }
}

/// The row of an account that an administrator has admitted; that of others is empty.
const BY_ADMIN: &[u8] = b"admin";

fn account_digest(account: &AccountId) -> Digest {
    digest(&["account", account.family.as_str(), &account.id])
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
