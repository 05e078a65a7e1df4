//! What this thread or isolate was told a moment ago.

use alloc::collections::BTreeMap;
use core::{cell::RefCell, time::Duration};

use crate::account::{AccountId, Kind};
use crate::host::Time;
use crate::keeper::record::Credential;
use crate::limits;
use crate::secret::Secret;

/// Plain data, believed for a short time and only before the soft expiry.
/// Whoever reports a stale credential walks past it and corrects it.
#[derive(Debug, Default)]
pub struct Copies {
    span: Duration,
    by_account: RefCell<BTreeMap<(AccountId, Kind), (Credential, Time)>>,
    /// The AppSecret that was the right one, and when that was said.
    proofs: RefCell<BTreeMap<AccountId, (Secret, Time)>>,
    /// When somebody looked into the replica last.
    looks: RefCell<BTreeMap<(AccountId, Kind), Time>>,
}

impl Copies {
    /// Copies that are believed for `span`.
    #[must_use]
    pub fn for_span(span: Duration) -> Self {
        Self { span, ..Self::default() }
    }

    /// How long a copy is believed.
    pub(super) const fn span(&self) -> Duration {
        self.span
    }

    /// The copy, if it is still believed.
    pub(super) fn fresh(&self, account: &AccountId, kind: Kind, now: Time) -> Option<Credential> {
        let copies = self.by_account.borrow();
        let (credential, told) = copies.get(&(account.clone(), kind))?;
        let believed = *told <= now && now < told.plus(self.span) && now < credential.soft;
        believed.then(|| credential.clone())
    }

    /// Whether the keeper has said a moment ago that this is the right AppSecret.
    pub(super) fn proved(&self, account: &AccountId, secret: &Secret, now: Time) -> bool {
        let proofs = self.proofs.borrow();
        let fresh = |told: Time| told <= now && now < told.plus(self.span);
        proofs.get(account).is_some_and(|(proof, told)| fresh(*told) && proof == secret)
    }

    /// It has.
    pub(super) fn prove(&self, account: &AccountId, secret: &Secret, now: Time) {
        if !self.span.is_zero() {
            self.proofs.borrow_mut().insert(account.clone(), (secret.clone(), now));
        }
    }

    /// The account whose access token this is, by a copy that is still believed.
    pub(super) fn owner(&self, token: &Secret, now: Time) -> Option<AccountId> {
        let copies = self.by_account.borrow();
        let mut tokens = copies.iter().filter(|it| it.0.1 == Kind::Access && it.1.0.value == *token);
        let (account, _) = tokens.next().map(|it| it.0.clone())?;
        self.fresh(&account, Kind::Access, now).map(|_| account)
    }

    /// Whether the account's keeper has told anything a moment ago.
    pub(crate) fn has(&self, account: &AccountId, now: Time) -> bool {
        self.fresh(account, Kind::Access, now).is_some()
    }

    /// The last copy, however old.
    pub(super) fn last(&self, account: &AccountId, kind: Kind) -> Option<Credential> {
        self.by_account.borrow().get(&(account.clone(), kind)).map(|it| it.0.clone())
    }

    /// Remembers what the keeper said.
    pub(super) fn keep(&self, account: &AccountId, credential: &Credential, now: Time) {
        if self.span.is_zero() {
            return;
        }
        let mut copies = self.by_account.borrow_mut();
        let newer = |known: &(Credential, Time)| known.0.generation > credential.generation;
        let key = (account.clone(), credential.kind);
        // Answers may overtake each other. A keeper that lost its memory starts to count anew, so the word of a newer
        // generation is only believed over an older one while it is itself fresh.
        let overtaken = copies.get(&key).is_some_and(|it| newer(it) && now < it.1.plus(self.span));
        if !overtaken {
            copies.insert(key, (credential.clone(), now));
        }
    }

    /// Whether to look into the replica: one caller in so long a time as a look may take. The others ask the keeper, so that a
    /// cold herd costs one look, and a replica that hangs holds up one caller.
    pub(super) fn look(&self, account: &AccountId, kind: Kind, now: Time) -> bool {
        let mut looks = self.looks.borrow_mut();
        let key = (account.clone(), kind);
        let lately = looks.get(&key).is_some_and(|it| *it <= now && now < it.plus(limits::REPLICA));
        if lately || self.span.is_zero() {
            return false;
        }
        looks.insert(key, now);
        true
    }
}
