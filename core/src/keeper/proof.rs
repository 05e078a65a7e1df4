//! Whether a stranger's AppSecret is right: WeChat is asked, and if it says yes, that is the account's AppSecret from now on.
//!
//! So a program that was given the new AppSecret after a reset needs no new configuration here, and one with an account that
//! nobody configured can be served. The registry asks, once for all who bring the same AppSecret, and not too often; the
//! account's keeper learns. No cell and no Durable Object comes into being for an account before WeChat has said yes.

use alloc::rc::Rc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::{AccountId, Family, Kind};
use crate::config::{Account, TokenApi};
use crate::error::{Error, Reject, Unavailable};
use crate::event::Event;
use crate::host::{Store, Time, World};
use crate::json;
use crate::keeper::record::{Credential, Learned, Record};
use crate::keeper::refresh::{Got, store};
use crate::keeper::table::{Claim, Digest, Table, digest};
use crate::keeper::token::class;
use crate::keeper::wire::Proved;
use crate::keeper::{Keeper, hooks, key, record};
use crate::limits;
use crate::secret::Secret;
use crate::wechat::token;

/// What came of a proof, as it is remembered.
#[derive(Serialize, Deserialize)]
enum Outcome {
    Right(Proved),
    Wrong(#[serde(with = "super::said")] Error),
}

/// The word for an AppSecret that is not in force.
pub(super) const fn refused(family: Family) -> Reject {
    match family {
        Family::Wecom => Reject::CorpSecret,
        _ => Reject::AppSecret,
    }
}

impl<W: World, S: Store> Keeper<W, S> {
    /// The account with the AppSecret that is in force; `None` where there is none.
    pub(super) fn account(&self, id: &AccountId) -> Option<Rc<Account>> {
        self.known(id, &self.see(&key(id, Kind::Access)).record)
    }

    /// The same, where `record` is that of its access token.
    pub(super) fn known(&self, id: &AccountId, record: &Record) -> Option<Rc<Account>> {
        let configured = self.gateway.account(id);
        let base = configured.map_or("", |it| &it.tag);
        let Some(learned) = record.learned.as_ref().filter(|it| it.base == base) else { return configured.cloned() };
        let token_api = configured.map_or(TokenApi::Stable, |it| it.token_api);
        Some(Rc::new(Account::new(id.family, id.appid(), learned.secret.clone(), token_api)))
    }

    /// From now on this AppSecret is right, unless a later proof was another one's.
    pub(super) fn learn(&self, id: &AccountId, proved: &Proved) -> Result<Credential, Error> {
        let key = key(id, Kind::Access);
        for _ in 0..limits::CONFLICTS {
            let mut seen = self.see(&key);
            if seen.record.v > record::VERSION {
                return Err(Unavailable::Superseded.into());
            }
            let before = seen.record.generation;
            let changed = self.lesson(id, Rc::make_mut(&mut seen.record), proved)?;
            let token = seen.record.value.as_ref().ok_or(Unavailable::Superseded)?;
            let credential = Credential::of(Kind::Access, token, seen.record.generation);
            if !changed {
                return Ok(credential);
            }
            if self.put(&key, &seen) {
                self.world.note(Event::Learned { account: id });
                if seen.record.generation != before {
                    let grant = token::Grant { value: proved.token.clone(), expires_in: proved.expires_in };
                    hooks::tell(self, id, Kind::Access, Ok(&grant));
                }
                // A host looks after what has changed when a task has ended.
                self.world.later(core::future::ready(()));
                return Ok(credential);
            }
        }
        Err(super::crowded())
    }

    /// Writes into the record what was proved; says whether that changed anything.
    fn lesson(&self, id: &AccountId, record: &mut Record, proved: &Proved) -> Result<bool, Error> {
        let now = self.world.now();
        let configured = self.gateway.account(id);
        let base = configured.map_or("", |it| &it.tag);
        let known = record.learned.as_ref().filter(|it| it.base == base);
        // An instant that has not come is the mark of a clock that ran backwards.
        let later = known.is_some_and(|it| proved.asked < it.asked && it.asked <= now);
        if later && known.is_some_and(|it| it.secret != proved.secret) {
            return Err(refused(id.family).into());
        }
        let in_force = self.known(id, record).is_some_and(|it| it.secret == proved.secret);
        // The token that callers have stays, if it was fetched after that of the proof; and a classic one in any case: the two
        // know nothing of each other.
        let classic = configured.is_some_and(|it| it.token_api == TokenApi::Classic);
        let alive = record.value.as_ref().filter(|it| now < it.hard);
        let stays = alive.is_some_and(|it| classic || it.value == proved.token || proved.asked <= it.issued);
        if in_force && stays {
            return Ok(false);
        }
        let needed = configured.is_none_or(|it| it.secret != proved.secret);
        let learned = Learned { secret: proved.secret.clone(), base: base.into(), asked: proved.asked };
        record.learned = needed.then_some(learned);
        (record.failure, record.other) = (None, None);
        // Whoever is fetching does it with the AppSecret before.
        record.lease = None;
        if !stays {
            let grant = token::Grant { value: proved.token.clone(), expires_in: proved.expires_in };
            store(record, &Got { grant, asked: proved.asked }, now);
        }
        if let Some(account) = self.known(id, record) {
            self.sign(record, &account);
        }
        Ok(true)
    }

    /// Forgets an account that no configuration names: its AppSecret and its credentials.
    pub(super) fn unlearn(&self, id: &AccountId) -> Result<(), Error> {
        if self.gateway.account(id).is_some() {
            return Ok(());
        }
        for kind in Kind::of(id.family) {
            let key = key(id, *kind);
            let forgotten = (0..limits::CONFLICTS).any(|_| {
                let mut seen = self.see(&key);
                let record = Rc::make_mut(&mut seen.record);
                *record = Record { v: record.v, generation: record.generation, ..Record::default() };
                seen.cell.is_empty() || self.put(&key, &seen)
            });
            if !forgotten {
                return Err(super::crowded());
            }
        }
        Ok(())
    }

    /// Whether `token` is the account's access token, and alive.
    pub(super) fn owns(&self, id: &AccountId, token: &Secret) -> bool {
        let record = self.see(&key(id, Kind::Access)).record;
        let alive = record.value.as_ref().filter(|it| self.world.now() < it.hard);
        alive.is_some_and(|it| it.value == *token)
    }

    /// Asks WeChat, once for all who ask at the same time; not too often, but for an administrator.
    pub(super) async fn prove(&self, id: &AccountId, secret: &Secret, by_admin: bool) -> Result<Proved, Error> {
        let digest = digest(&["proof", id.family.as_str(), &id.id, secret.expose()]);
        let deadline = self.world.now().plus(limits::PATIENCE);
        loop {
            let now = self.world.now();
            let table = Table::new(&self.store, &limits::PROOFS);
            let permit = || if by_admin { Ok(()) } else { self.permit(id, now) };
            match table.claim(&digest, now, now.plus(limits::LEASE), permit)? {
                Claim::Done(value) => return outcome(&value),
                Claim::Running(..) if deadline <= now => return Err(super::timeout()),
                Claim::Running(seen, until) => {
                    self.store.changed(&table.key(&digest), seen, until.min(deadline)).await;
                }
                Claim::Mine => self.world.later(self.clone().run_proof(id.clone(), secret.clone(), digest)),
            }
        }
    }

    /// Each account that is known has a rate of its own, and all that are not have one together: whoever uses up that of one
    /// keeps no other from being proved.
    fn permit(&self, id: &AccountId, now: Time) -> Result<(), Error> {
        let known = self.gateway.account(id).is_some() || self.admitted(id).is_some();
        let (digest, limit) = if known {
            (digest(&["rate", id.family.as_str(), &id.id]), limits::PROOF_RATE)
        } else {
            (digest(&["rate"]), limits::STRANGERS_RATE)
        };
        Table::new(&self.store, &limits::RATES).update(&digest, now, |paid| {
            let paid = paid.and_then(|it| it.0.try_into().ok()).map_or(0, u64::from_le_bytes);
            let next = limit.next(paid, now)?;
            Ok(Some((next.to_le_bytes().into(), Time::from_ms((next / 1000).saturating_add(1)))))
        })
    }

    async fn run_proof(self, id: AccountId, secret: Secret, digest: Digest) {
        let request = match id.family {
            Family::Wecom => token::wecom(id.appid(), &secret),
            // Stable for classic accounts too: it ends nobody's token.
            _ => token::stable(id.appid(), &secret, false),
        };
        let (asked, answer) = self.call(id.family, request).await;
        let grant = answer.and_then(|it| token::grant(&it, &secret));
        let now = self.world.now();
        match grant {
            Ok(token::Grant { value: token, expires_in }) => {
                let proved = Proved { secret, token, asked, expires_in };
                self.settle_proof(&digest, &Outcome::Right(proved), now.plus(limits::PROVED));
            }
            Err(error) => {
                let pause = class(&error).pause(1).min(limits::REMEMBERED);
                self.world.note(Event::ProofFailed { account: &id, error: &error });
                self.settle_proof(&digest, &Outcome::Wrong(error), now.plus(pause));
            }
        }
    }

    fn settle_proof(&self, digest: &Digest, outcome: &Outcome, end: Time) {
        let value: Vec<u8> = json::write(outcome);
        // If it cannot be remembered, whoever waits asks again when the claim has ended.
        let _ = Table::new(&self.store, &limits::PROOFS).put(digest, self.world.now(), &value, end);
    }
}

fn outcome(value: &[u8]) -> Result<Proved, Error> {
    match json::read(value) {
        Some(Outcome::Right(it)) => Ok(it),
        Some(Outcome::Wrong(it)) => Err(it),
        None => Err(super::wire::garbled("registry")),
    }
}
