//! How flows ask: one typed method per thing. Nobody else matches on [`Answer`].

use alloc::collections::BTreeMap;
use core::{cell::RefCell, time::Duration};

use crate::account::{AccountId, Kind};
use crate::config::Gateway;
use crate::error::Error;
use crate::host::{Host, Time};
use crate::keeper::record::Credential;
use crate::keeper::{Answer, Ask, Stale};

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
    if stale == Stale::No
        && let Some(copy) = gateway.copies.fresh(account, kind, host.now())
    {
        return Ok(copy);
    }
    let Answer::Credential(credential) = host.ask(account, Ask::Credential { kind, stale }).await?;
    gateway.copies.keep(account, &credential, host.now());
    Ok(credential)
}

/// What this thread or isolate was told a moment ago: plain data, believed for a short time and only before the soft expiry.
/// Whoever reports a stale credential walks past it and corrects it.
#[derive(Debug, Default)]
pub struct Copies {
    span: Duration,
    by_account: RefCell<BTreeMap<(AccountId, Kind), (Credential, Time)>>,
}

impl Copies {
    /// Copies that are believed for `span`.
    #[must_use]
    pub fn for_span(span: Duration) -> Self {
        Self { span, by_account: RefCell::default() }
    }

    fn fresh(&self, account: &AccountId, kind: Kind, now: Time) -> Option<Credential> {
        let copies = self.by_account.borrow();
        let (credential, told) = copies.get(&(account.clone(), kind))?;
        let believed = *told <= now && now < told.plus(self.span) && now < credential.soft;
        believed.then(|| credential.clone())
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
}
