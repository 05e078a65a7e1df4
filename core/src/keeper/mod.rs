//! What is remembered, by one writer per account.
//!
//! A request *claims* a refresh by swapping a lease into the credential's cell, and hands the work to [`World::later`]; then it
//! waits for the cell to change like everybody else. So a client that hangs up harms nobody, one fetch serves every caller on
//! every thread, and a refresher that dies is replaced when its lease ends.

mod apps;
pub mod client;
mod copies;
mod epoch;
pub mod exchange;
pub mod health;
pub mod hooks;
pub mod once;
mod place;
mod proof;
pub mod record;
mod refresh;
pub mod registration;
pub mod registry;
pub mod replica;
mod replicate;
mod said;
pub mod table;
pub mod token;
pub mod wire;

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;

pub use apps::Apps;
pub use copies::Copies;
pub use epoch::{EPOCH, epoch};
pub use place::Place;
pub use wire::{Answer, Ask, Stale};

use crate::account::{AccountId, Kind};
use crate::config::{Account, Gateway};
use crate::error::{Error, Reject, Unavailable};
use crate::event::{Event, Why};
use crate::host::{Key, Store, Time, Version, World};
use crate::keeper::record::{Credential, Lease, Record};
use crate::keeper::token::{Me, Step, decide};
use crate::limits;
use crate::secret::Secret;

/// The keeper of the accounts whose cells are in `store`.
#[derive(Clone)]
pub struct Keeper<W, S> {
    gateway: Rc<Gateway>,
    world: W,
    store: S,
    memo: Memo,
}

/// The cell of a credential.
#[must_use]
pub fn key(account: &AccountId, kind: Kind) -> Key {
    Key::new(&alloc::format!("{account}/{}", kind.as_str()))
}

impl<W: World, S: Store> Keeper<W, S> {
    /// A keeper that follows `gateway`.
    pub fn new(gateway: Rc<Gateway>, world: W, store: S) -> Self {
        Self { gateway, world, store, memo: Memo::default() }
    }

    /// The world it lives in.
    pub const fn world(&self) -> &W {
        &self.world
    }

    /// Shares what other keepers of the same store have read. Two stores must not share a memo.
    #[must_use]
    pub fn with(mut self, memo: &Memo) -> Self {
        self.memo = memo.clone();
        self
    }

    /// Answers what is asked of `place`.
    ///
    /// # Errors
    /// [`Error::Refused`] with WeChat's word, [`Reject`], or [`Unavailable`].
    pub async fn answer(&self, place: &Place, ask: Ask) -> Result<Answer, Error> {
        match (place, ask) {
            (Place::Account(id), Ask::Credential { kind, stale }) => {
                self.credential(id, kind, stale, None).await.map(Answer::Credential)
            }
            (Place::Account(id), Ask::BySecret { secret, stale }) => {
                self.credential(id, Kind::Access, stale, Some(&secret)).await.map(Answer::Credential)
            }
            (Place::Account(id), Ask::Learn { proved }) => self.learn(id, &proved).map(Answer::Credential),
            (Place::Account(id), Ask::Unlearn) => self.unlearn(id).map(|()| Answer::Done),
            (Place::Account(id), Ask::Health) => Ok(Answer::Health(self.health(id))),
            (Place::Account(_), Ask::Claim { push, lease, patience }) => {
                self.claim_push(&push, lease, patience).await.map(Answer::Claimed)
            }
            (Place::Account(id), Ask::Exchange { login, kind, code }) => {
                self.exchange(id, kind, &code, &login).await.map(|it| Answer::Said(Some(Secret::new(it))))
            }
            (Place::Account(_), Ask::Keep { note, id, value }) => {
                self.keep_note(note, &id, value.expose()).map(|()| Answer::Done)
            }
            (Place::Account(_), Ask::Read { note, id }) => self.read_note(note, &id).map(Answer::Said),
            (Place::Account(_), Ask::Settle { push, reply }) => self.settle_push(&push, &reply).map(|()| Answer::Done),
            (Place::Account(id), Ask::Owns { token }) => Ok(Answer::Owns(self.owns(id, &token))),
            (Place::Registry, Ask::Prove { account, secret, by_admin }) => {
                let proved = self.prove(&account, &secret, by_admin).await?;
                if !by_admin {
                    self.admit(&account, false, self.world.now().plus(limits::ADMITTED))?;
                }
                Ok(Answer::Proved(proved))
            }
            (Place::Registry, Ask::Registry(ask)) => self.registry(ask).map(Answer::Registry),
            _ => Err(wire::garbled("asker")),
        }
    }

    /// A credential that is not the `stale` one; for one who has a `proof`, only if that is the AppSecret in force.
    async fn credential(
        &self,
        id: &AccountId,
        kind: Kind,
        stale: Stale,
        proof: Option<&Secret>,
    ) -> Result<Credential, Error> {
        let key = key(id, kind);
        let mut seen = self.see(&key);
        let account = match kind {
            Kind::Access => self.known(id, &seen.record),
            _ => self.account(id),
        };
        let account = account.ok_or(Reject::AppId)?;
        if proof.is_some_and(|it| *it != account.secret) {
            return Err(proof::refused(id.family).into());
        }
        let mut deadline = self.world.now().plus(limits::PATIENCE);
        let mut stale = stale;
        let mut conflicts = 0_u32;
        loop {
            stale = stale.fixed(&seen.record);
            let now = self.world.now();
            // If the clock has run backwards, a caller still waits for no longer than its patience from here.
            deadline = deadline.min(now.plus(limits::PATIENCE));
            match decide(&seen.record, kind, now, stale.value(), self.me(&account)) {
                Step::Give(it) => return Ok(it),
                Step::GiveAndRefresh(it) => {
                    let _ = self.claim(&account, kind, seen, Why::Soft, &stale);
                    return Ok(it);
                }
                Step::Refresh(_) if conflicts >= limits::CONFLICTS => return Err(crowded()),
                Step::Refresh(why) => {
                    self.claim(&account, kind, seen, stale.named(why), &stale)?;
                    conflicts = conflicts.saturating_add(1);
                }
                Step::Fail(error) => return Err(error),
                Step::Wait(_) if deadline <= now => return Err(timeout()),
                Step::Wait(until) => self.store.changed(&key, seen.version, until.min(deadline)).await,
            }
            seen = self.see(&key);
        }
    }

    /// Takes the lease and hands the refresh to a task of its own, if nobody else was faster. No await between the two.
    fn claim(&self, account: &Rc<Account>, kind: Kind, mut seen: Seen, why: Why, stale: &Stale) -> Result<(), Error> {
        let mut id = [0; 8];
        self.world.random(&mut id)?;
        let id = u64::from_le_bytes(id);
        let until = self.world.now().plus(limits::LEASE);
        let record = Rc::make_mut(&mut seen.record);
        record.lease = Some(Lease { id, until });
        self.sign(record, account);
        if !self.put(&key(&account.id, kind), &seen) {
            self.world.note(Event::Conflict { account: &account.id, kind });
            return Ok(());
        }
        let job = refresh::Job {
            keeper: self.clone(),
            account: account.clone(),
            kind,
            why,
            stale: stale.value().map(Into::into),
            lease: id,
            generation: seen.record.generation,
        };
        self.world.later(job.run());
        Ok(())
    }

    fn me<'a>(&self, account: &'a Account) -> Me<'a> {
        Me { epoch: self.gateway.epoch, tag: &account.tag }
    }

    /// A writer leaves its mark, so that an older configuration with another secret sees that it is over.
    fn sign(&self, record: &mut Record, account: &Account) {
        if record.epoch <= self.gateway.epoch {
            record.epoch = self.gateway.epoch;
            record.tag.clone_from(&account.tag);
        }
    }

    /// Renews whatever of `account` is due and waits for it; says when to look again, `None` while nobody has asked for anything.
    pub async fn tend(&self, account: &AccountId) -> Option<Time> {
        for kind in Kind::of(account.family) {
            self.renew(account, *kind).await;
        }
        self.due(account)
    }

    async fn renew(&self, account: &AccountId, kind: Kind) {
        if self.next(account, kind).is_none_or(|it| self.world.now() < it) {
            return;
        }
        let _ = self.credential(account, kind, Stale::No, None).await;
        let seen = self.see(&key(account, kind));
        if let Some(lease) = &seen.record.lease {
            self.store.changed(&key(account, kind), seen.version, lease.until).await;
        }
    }

    /// Tends one credential for ever: for a host that has tasks, but no alarms. Ends when a newer configuration has taken over.
    pub async fn watch(self, account: AccountId, kind: Kind) {
        let key = key(&account, kind);
        self.adopt(&account, &key);
        loop {
            self.renew(&account, kind).await;
            let next = self.soonest(self.next(&account, kind));
            let seen = self.see(&key);
            let account = self.account(&account);
            if account.is_none_or(|it| token::outranked(&seen.record, self.me(&it))) {
                return;
            }
            let until = next.unwrap_or_else(|| self.world.now().plus(IDLE));
            self.store.changed(&key, seen.version, until).await;
        }
    }

    /// Leaves this configuration's mark on a record that an older one wrote.
    fn adopt(&self, account: &AccountId, key: &Key) {
        let mut seen = self.see(key);
        let older = seen.record.v <= record::VERSION && seen.record.epoch < self.gateway.epoch;
        if let Some(account) = self.account(account).filter(|_| older && !seen.cell.is_empty()) {
            self.sign(Rc::make_mut(&mut seen.record), &account);
            // Whoever was faster has left the same mark, or will be seen by the next decision.
            let _ = self.put(key, &seen);
        }
    }

    /// When `account` wants tending next: a second from now at the soonest, so that what stays due is no endless loop.
    /// `None` while nobody has asked for anything, and for an account that is not configured.
    #[must_use]
    pub fn due(&self, account: &AccountId) -> Option<Time> {
        self.soonest(Kind::of(account.family).iter().filter_map(|kind| self.next(account, *kind)).min())
    }

    fn soonest(&self, next: Option<Time>) -> Option<Time> {
        let soonest = self.world.now().plus(Duration::from_secs(1));
        next.map(|it| it.max(soonest))
    }

    fn next(&self, account: &AccountId, kind: Kind) -> Option<Time> {
        // Accounts that no configuration names are renewed by their readers: nobody may want them any more.
        let known = self.account(self.gateway.account(account).map(|it| &it.id)?)?;
        let me = self.me(&known);
        let record = self.see(&key(account, kind)).record;
        if !token::may_write(&record) {
            return None;
        }
        let quiet = token::quiet(&record, self.world.now(), me);
        let soft = record.value.as_ref()?.soft;
        Some(quiet.unwrap_or(soft).max(soft))
    }
}

/// What was read from which cell at which version: thousands of callers that wait for one cell read it once.
#[derive(Clone, Default)]
pub struct Memo(Rc<RefCell<BTreeMap<Key, Read>>>);

struct Read {
    version: Version,
    record: Rc<Record>,
}

/// A record, and the cell it was read from.
struct Seen {
    record: Rc<Record>,
    cell: Vec<u8>,
    version: Version,
}

impl<W, S: Store> Keeper<W, S> {
    fn see(&self, key: &Key) -> Seen {
        let (cell, version) = self.store.load(key);
        let mut memo = self.memo.0.borrow_mut();
        if let Some(known) = memo.get(key).filter(|it| it.version == version) {
            return Seen { record: known.record.clone(), cell, version };
        }
        let record = Rc::new(Record::read(&cell));
        memo.insert(key.clone(), Read { version, record: record.clone() });
        Seen { record, cell, version }
    }

    /// Writes the record back, unless somebody else has written meanwhile.
    fn put(&self, key: &Key, seen: &Seen) -> bool {
        self.store.swap(key, seen.version, &seen.record.write(&seen.cell))
    }
}

/// How long a watch sleeps over a credential that nobody has asked for; a change wakes it.
const IDLE: Duration = Duration::from_secs(3600);

fn crowded() -> Error {
    Unavailable::Busy { what: "too many writers".into() }.into()
}

fn timeout() -> Error {
    Unavailable::Timeout { who: "WeChat".into() }.into()
}
