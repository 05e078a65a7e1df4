//! What no account's keeper can know: which apps were registered at runtime, which accounts were proved without being configured,
//! and whose a token is that a caller brings back. Durable on Cloudflare; on Envoy it ends with the process.

use alloc::format;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::error::{Error, Unavailable};
use crate::host::{Store, Time, World};
use crate::json;
use crate::keeper::Keeper;
use crate::keeper::registration::{Given, Registration};
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
    /// To [`Ask::Knows`].
    Known(bool),
    /// To [`Ask::Forget`]: the account of the app that there was, and whether no other app has it now.
    Forgotten(Option<(AccountId, bool)>),
    /// To [`Ask::Owner`].
    Owner(Option<AccountId>),
    /// It is done.
    Done,
}

/// When something ends that has no end.
const NEVER: Time = Time::from_ms(u64::MAX);

impl<W: World, S: Store> Keeper<W, S> {
    /// Answers what is asked of the registry.
    pub(super) fn registry(&self, ask: Ask) -> Result<Answer, Error> {
        let now = self.world.now();
        match ask {
            Ask::Find(app) => self.find(&app).map(Answer::App),
            Ask::Register { app, given } => self.register(&app, &given).map(|()| Answer::Done),
            Ask::Forget(app) => self.forget(&app).map(Answer::Forgotten),
            Ask::Knows { account, registered } => {
                let admitted = self.admitted(&account);
                Ok(Answer::Known(admitted.is_some_and(|by_admin| by_admin || !registered)))
            }
            Ask::Own { token, account, until } => {
                self.tokens().put(&token_digest(&token), now, format!("{account}").as_bytes(), until)?;
                Ok(Answer::Done)
            }
            Ask::Owner(token) => {
                let owner = self.tokens().get(&token_digest(&token), now);
                Ok(Answer::Owner(owner.and_then(|it| AccountId::parse(core::str::from_utf8(&it).ok()?))))
            }
        }
    }

    fn find(&self, app: &str) -> Result<Option<Registration>, Error> {
        self.apps().get(&app_digest(app), self.world.now()).map(|it| registration(&it)).transpose()
    }

    fn register(&self, app: &str, given: &Given) -> Result<(), Error> {
        let now = self.world.now();
        let mut end = NEVER;
        self.apps().update(&app_digest(app), now, |was| {
            let new = Registration::changed(was.map(|it| registration(it.0)).transpose()?, given)?;
            end = new.expires.unwrap_or(NEVER);
            Ok(Some((json::write(&new), end)))
        })?;
        self.admit(&given.account, true, end)
    }

    /// Forgets the app. Its account is not admitted any more if no other app has it.
    fn forget(&self, app: &str) -> Result<Option<(AccountId, bool)>, Error> {
        let now = self.world.now();
        let mut there = None;
        self.apps().update(&app_digest(app), now, |was| {
            there = was.map(|it| registration(it.0)).transpose()?;
            Ok(None)
        })?;
        let Some(account) = there.map(|it| it.account) else { return Ok(None) };
        let has = |row: &[u8]| registration(row).is_ok_and(|it| it.account == account);
        let last = !self.apps().any(now, has);
        if last {
            self.accounts().update(&account_digest(&account), now, |_| Ok(None))?;
        }
        Ok(Some((account, last)))
    }

    /// Whether the account was proved; if so, whether by an administrator's word.
    pub(super) fn admitted(&self, account: &AccountId) -> Option<bool> {
        self.accounts().get(&account_digest(account), self.world.now()).map(|it| it == BY_ADMIN)
    }

    /// Remembers until `end` that this account was proved, if there is room for one more.
    pub(super) fn admit(&self, account: &AccountId, by_admin: bool, end: Time) -> Result<(), Error> {
        if self.gateway.account(account).is_some() {
            return Ok(());
        }
        self.accounts().update(&account_digest(account), self.world.now(), |was| {
            let ours = was.filter(|it| it.0 == BY_ADMIN);
            Ok(Some(match ours {
                // The administrator's word is neither taken back by a stranger nor prolonged.
                Some((mark, until)) => (mark.to_vec(), if by_admin { until.max(end) } else { until }),
                None => (if by_admin { BY_ADMIN.to_vec() } else { alloc::vec::Vec::new() }, end),
            }))
        })
    }

    fn apps(&self) -> Table<'_, S> {
        Table::new(&self.store, &limits::APPS)
    }

    fn accounts(&self) -> Table<'_, S> {
        Table::new(&self.store, &limits::ACCOUNTS)
    }

    fn tokens(&self) -> Table<'_, S> {
        Table::new(&self.store, &limits::TOKENS)
    }
}

/// One that a newer version wrote and this one cannot read is not taken for none: another app would be put in its place.
fn registration(row: &[u8]) -> Result<Registration, Error> {
    json::read(row).ok_or_else(|| Unavailable::Superseded.into())
}

/// The row of an account that an administrator has admitted; that of others is empty.
const BY_ADMIN: &[u8] = b"admin";

fn app_digest(name: &str) -> Digest {
    digest(&["app", name])
}

fn account_digest(account: &AccountId) -> Digest {
    digest(&["account", account.family.as_str(), &account.id])
}

fn token_digest(token: &Secret) -> Digest {
    digest(&["token", token.expose()])
}
