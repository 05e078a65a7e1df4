//! Writing the copies near the readers: after the record, apart from every caller, one write at a time.

use alloc::format;

use crate::account::{AccountId, Kind};
use crate::config::Account;
use crate::event::Event;
use crate::host::{Key, Store, Time, Version, World};
use crate::json;
use crate::keeper::record::Credential;
use crate::keeper::replica::{Mark, Write, believed, seal};
use crate::keeper::{Keeper, key};
use crate::limits;
use crate::wechat::errcode::Class;

/// A write that was claimed.
struct Claimed {
    cell: Key,
    version: Version,
    mark: Mark,
    write: Write,
}

impl<W: World, S: Store> Keeper<W, S> {
    /// Writes with `put` what the replica lacks of `account`; `put` says whether it has arrived. What has not is tried again
    /// after a pause, which [`Keeper::behind`] tells.
    pub async fn replicate(&self, account: &AccountId, put: impl AsyncFn(Write) -> bool) {
        let Some(account) = self.gateway.account(account) else { return };
        for kind in Kind::of(account.id.family) {
            while let Some(it) = self.claim_write(account, *kind) {
                let arrived = put(it.write).await;
                self.settle_write(&it.cell, it.version, it.mark, arrived);
                if !arrived {
                    self.world.note(Event::ReplicaFailed { account: &account.id, kind: *kind, doing: "write" });
                    break;
                }
            }
        }
    }

    /// When something of `account` may be written that the replica lacks; `None` if it lacks nothing.
    #[must_use]
    pub fn behind(&self, account: &AccountId) -> Option<Time> {
        let account = self.gateway.account(account)?;
        let next = |kind: &Kind| Some(self.lacking(account, *kind)?.1);
        Kind::of(account.id.family).iter().filter_map(next).min()
    }

    /// What the replica lacks of one credential, and when that may be written. What no reader would believe it does not lack.
    fn lacking(&self, account: &Account, kind: Kind) -> Option<(Credential, Time)> {
        let record = self.see(&key(&account.id, kind)).record;
        let token = record.value.as_ref()?;
        let (value, generation) = (token.value.clone(), record.generation);
        let credential = Credential { kind, value, soft: token.soft, hard: token.hard, generation };
        let now = self.world.now();
        let next = self.mark(&cell(account, kind)).0.next(&Mark::of(account, &credential), now)?;
        believed(&credential, now, None).then_some((credential, next))
    }

    /// Claims the write, if it may be made now. No await between that and the look.
    fn claim_write(&self, account: &Account, kind: Kind) -> Option<Claimed> {
        let now = self.world.now();
        let (credential, _) = self.lacking(account, kind).filter(|it| it.1 <= now)?;
        let mut nonce = [0; 12];
        self.world.random(&mut nonce).ok()?;
        let write = seal(account, &credential, now, nonce)?;
        let cell = cell(account, kind);
        let (old, version) = self.mark(&cell);
        let mut mark = Mark::of(account, &credential);
        (mark.failures, mark.until) = (old.failures, Some(now.plus(limits::LEASE)));
        let version = self.write_mark(&cell, version, &mark)?;
        Some(Claimed { cell, version, mark, write })
    }

    fn settle_write(&self, cell: &Key, version: Version, mut mark: Mark, arrived: bool) {
        mark.failures = if arrived { 0 } else { mark.failures.saturating_add(1) };
        let pause = Class::Transient.pause(mark.failures);
        mark.until = (!arrived).then(|| self.world.now().plus(pause));
        // If it cannot be noted, the claim ends by itself and the same is written once more.
        let _ = self.write_mark(cell, version, &mark);
    }

    fn mark(&self, cell: &Key) -> (Mark, Version) {
        let (value, version) = self.store.load(cell);
        (json::read(&value).unwrap_or_default(), version)
    }

    /// Writes the mark if nobody has meanwhile; the cell's new version.
    fn write_mark(&self, cell: &Key, seen: Version, mark: &Mark) -> Option<Version> {
        self.store.swap(cell, seen, &json::write(mark)).then(|| self.store.load(cell).1)
    }
}

fn cell(account: &Account, kind: Kind) -> Key {
    Key::new(&format!("{}/replica", key(&account.id, kind).as_str()))
}
