//! A login's code is exchanged once: browsers ask twice, and WeChat takes a code only once.
//!
//! It is the keeper that asks, since it has the AppSecret in force, and since all who bring the same code come to it. What WeChat
//! said is remembered for a minute, for the login that has brought the code: whoever has seen a code cannot log in with it.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::account::{AccountId, Family, Kind};
use crate::error::{Error, Reject, Unavailable};
use crate::host::{Store, World};
use crate::json::{self, Value, exact};
use crate::keeper::table::{Claim, Digest, Table, digest};
use crate::keeper::{Keeper, Stale};
use crate::limits;
use crate::secret::Secret;
use crate::wechat::{answer, errcode, oauth};

/// What kind of code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Of the authorize page.
    Oauth,
    /// Of a mini program's `wx.login`.
    Session,
}

/// What came of it, as it is remembered.
#[derive(Serialize, Deserialize)]
enum Outcome {
    Said(String),
    Failed(#[serde(with = "super::said")] Error),
}

/// What is kept of users for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// One-time tickets of logins.
    Ticket,
    /// The session keys of a mini program's users.
    Session,
}

impl<W: World, S: Store> Keeper<W, S> {
    /// What WeChat says to a code of that login, a JSON object.
    pub(super) async fn exchange(
        &self,
        id: &AccountId,
        kind: Code,
        code: &Secret,
        login: &str,
    ) -> Result<String, Error> {
        let table = Table::new(&self.store, &limits::CODES);
        let what = if kind == Code::Oauth { "oauth" } else { "session" };
        let digest = digest(&["code", what, &id.id, code.expose(), login]);
        if id.family == Family::Wecom {
            // Before the lease, which is short for two calls.
            self.credential(id, Kind::Access, Stale::No, None).await?;
        }
        let deadline = self.world.now().plus(limits::LEASE);
        loop {
            let now = self.world.now();
            match table.claim(&digest, now, now.plus(limits::LEASE), || Ok(()))? {
                Claim::Done(row) => return outcome(&row),
                Claim::Running(..) if deadline <= now => return Err(super::timeout()),
                Claim::Running(seen, end) => self.store.changed(&table.key(&digest), seen, end.min(deadline)).await,
                Claim::Mine => self.world.later(self.clone().run_exchange(id.clone(), kind, code.clone(), digest)),
            }
        }
    }

    async fn run_exchange(self, id: AccountId, kind: Code, code: Secret, digest: Digest) {
        let said = self.say(&id, kind, &code).await;
        let now = self.world.now();
        if let (Code::Session, Ok(said)) = (kind, &said) {
            self.keep_session(&id, said);
        }
        let (outcome, span) = match said {
            Ok(it) => (Outcome::Said(it), limits::CODE_MEMORY),
            Err(it) => (Outcome::Failed(it), limits::CODE_FAILURE),
        };
        // If it cannot be written, whoever waits is told that it took too long.
        let table = Table::new(&self.store, &limits::CODES);
        let _ = table.put(&digest, now, &json::write(&outcome), now.plus(span));
    }

    async fn say(&self, id: &AccountId, kind: Code, code: &Secret) -> Result<String, Error> {
        let said = if id.family == Family::Wecom {
            self.member(id, code).await?
        } else {
            let account = self.account(id).ok_or(Reject::AppId)?;
            let request = match kind {
                Code::Oauth => oauth::exchange(&account.appid, &account.secret, code),
                Code::Session => oauth::session(&account.appid, &account.secret, code),
            };
            answer::object(self.call(id.family, request).await.1?, &account.secret)?
        };
        if said.len() > limits::SAID {
            return Err(Unavailable::Garbled { who: "WeChat".into(), why: "it is too long".into() }.into());
        }
        Ok(said)
    }

    /// What WeCom says to a code. It is asked with a token, and a stale one spends no code.
    async fn member(&self, id: &AccountId, code: &Secret) -> Result<String, Error> {
        let mut stale = Stale::No;
        loop {
            let first = stale == Stale::No;
            let token = self.credential(id, Kind::Access, stale, None).await?.value;
            match answer::object(self.call(id.family, oauth::member(&token, code)).await.1?, &token) {
                Err(Error::Refused { code, .. }) if first && errcode::stale(code) => stale = Stale::Seen(token),
                other => return other,
            }
        }
    }

    /// Keeps the session key that was given for a code, for what the client will hand over.
    fn keep_session(&self, id: &AccountId, said: &str) {
        let said = exact::parse(said).unwrap_or_default();
        let text = |name| said.get(name).and_then(Value::as_str).unwrap_or_default();
        if !text("openid").is_empty() && !text("session_key").is_empty() {
            // If there is no room, decrypting will say that there is no session.
            let _ = self.keep_note(Note::Session, &session(id, text("openid")), text("session_key"));
        }
    }

    /// Keeps `value` under `id` for a while.
    pub(super) fn keep_note(&self, note: Note, id: &Digest, value: &str) -> Result<(), Error> {
        let (table, span) = self.notes(note);
        let now = self.world.now();
        table.put(id, now, value.as_bytes(), now.plus(span))
    }

    /// What is kept under `id`; a ticket is gone with that.
    pub(super) fn read_note(&self, note: Note, id: &Digest) -> Result<Option<Secret>, Error> {
        let (table, _) = self.notes(note);
        let now = self.world.now();
        let mut found = None;
        if note == Note::Session {
            found = table.get(id, now);
        } else {
            table.update(id, now, |was| {
                found = was.map(|it| it.0.to_vec());
                Ok(None)
            })?;
        }
        Ok(found.and_then(|it| String::from_utf8(it).ok()).map(Secret::new))
    }

    fn notes(&self, note: Note) -> (Table<'_, S>, core::time::Duration) {
        match note {
            Note::Ticket => (Table::new(&self.store, &limits::LOGIN_TICKETS), limits::LOGIN_TICKET),
            Note::Session => (Table::new(&self.store, &limits::SESSIONS), limits::SESSION),
        }
    }
}

/// Under what the session key of the user `openid` is kept.
pub(crate) fn session(id: &AccountId, openid: &str) -> Digest {
    digest(&["session", &id.id, openid])
}

fn outcome(row: &[u8]) -> Result<String, Error> {
    match json::read(row) {
        Some(Outcome::Said(it)) => Ok(it),
        Some(Outcome::Failed(it)) => Err(it),
        None => Err(super::wire::garbled("keeper")),
    }
}
