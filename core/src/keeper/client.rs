//! How flows ask: one typed method per thing. Nobody else matches on [`Answer`].

use alloc::collections::BTreeMap;
use core::{cell::RefCell, time::Duration};

use crate::account::{AccountId, Family, Kind};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::event::Event;
use crate::host::{Host, Time};
use crate::keeper::record::Credential;
use crate::keeper::{Answer, Ask, Stale, replica};
use crate::limits;

/// A credential of `account` that is not the `stale` one.
///
/// # Errors
/// Whatever the keeper says.
pub async fn credential<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    kind: Kind,
    stale: Stale,
) -> Result<Credential, Error> {
    if H::COPIES && stale == Stale::No {
        if let Some(copy) = gateway.copies.fresh(account, kind, host.now()) {
            return Ok(copy);
        }
        if let Some(copy) = replicated(gateway, host, account, kind).await {
            return Ok(copy);
        }
    }
    let ask = |stale| host.ask(account, Ask::Credential { kind, stale });
    let Answer::Credential(credential) = match ask(stale).await {
        Err(Error::Rejected(Reject::TooSoon { .. })) if !can_be_forced(account, kind) => ask(Stale::No).await?,
        other => other?,
    };
    if H::COPIES {
        gateway.copies.keep(account, &credential, host.now());
    }
    Ok(credential)
}

/// What the replica holds, if it is to be believed; else what another caller was told during the look.
async fn replicated<H: Host>(gateway: &Gateway, host: &H, id: &AccountId, kind: Kind) -> Option<Credential> {
    let (account, copies) = (gateway.account(id)?, &gateway.copies);
    if !copies.look(id, kind, host.now()) {
        return None;
    }
    let found = host.replica(&replica::name(id, kind)).await;
    let failed = |doing| host.note(Event::ReplicaFailed { account: id, kind, doing });
    let opened = match found {
        Ok(Some(value)) => replica::open(account, kind, &value).or_else(|| {
            failed("open");
            None
        }),
        Ok(None) => None,
        Err(_) => {
            failed("read");
            None
        }
    };
    let now = host.now();
    if let Some(it) = opened.filter(|it| replica::believed(it, now, copies.last(id, kind).as_ref())) {
        copies.keep(id, &it, now);
        return Some(it);
    }
    copies.fresh(id, kind, now)
}

/// Whether there is a way to make WeChat give another one. Where there is none, what it gives again is the right one, whatever
/// the caller saw: it gets that, as it would from WeChat.
fn can_be_forced(account: &AccountId, kind: Kind) -> bool {
    kind == Kind::Access && account.family != Family::Wecom
}

/// What this thread or isolate was told a moment ago: plain data, believed for a short time and only before the soft expiry.
/// Whoever reports a stale credential walks past it and corrects it.
#[derive(Debug, Default)]
pub struct Copies {
    span: Duration,
    by_account: RefCell<BTreeMap<(AccountId, Kind), (Credential, Time)>>,
    /// When somebody looked into the replica last.
    looks: RefCell<BTreeMap<(AccountId, Kind), Time>>,
}

impl Copies {
    /// Copies that are believed for `span`.
    #[must_use]
    pub fn for_span(span: Duration) -> Self {
        Self { span, ..Self::default() }
    }

    fn fresh(&self, account: &AccountId, kind: Kind, now: Time) -> Option<Credential> {
        let copies = self.by_account.borrow();
        let (credential, told) = copies.get(&(account.clone(), kind))?;
        let believed = *told <= now && now < told.plus(self.span) && now < credential.soft;
        believed.then(|| credential.clone())
    }

    /// The last copy, however old.
    fn last(&self, account: &AccountId, kind: Kind) -> Option<Credential> {
        self.by_account.borrow().get(&(account.clone(), kind)).map(|it| it.0.clone())
    }

    fn keep(&self, account: &AccountId, credential: &Credential, now: Time) {
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
    fn look(&self, account: &AccountId, kind: Kind, now: Time) -> bool {
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
