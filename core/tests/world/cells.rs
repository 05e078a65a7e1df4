//! The cells, with the other writers that get in the way.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use wxedge::host::{Key, Time, Version};
use wxedge::keeper::record::Record;

use super::{Sim, exec::Id};

/// Says of the nth swap (counted from 1) whether another writer is faster.
type Contest = Box<dyn FnMut(u64) -> bool>;

#[derive(Default)]
pub(super) struct Cells {
    values: RefCell<BTreeMap<Key, (Vec<u8>, u64)>>,
    watchers: RefCell<BTreeMap<Key, Vec<Id>>>,
    contest: RefCell<Option<Contest>>,
    swaps: Cell<u64>,
    /// Nobody is woken by a change.
    deaf: Cell<bool>,
}

impl Sim {
    /// Swaps for which `contest` says so are lost: another writer has written the same again.
    pub(crate) fn contest(&self, contest: impl FnMut(u64) -> bool + 'static) {
        self.0.cells.contest.replace(Some(Box::new(contest)));
    }

    /// From now on a change wakes nobody: `changed` ends at its time only.
    pub(crate) fn deafen(&self) {
        self.0.cells.deaf.set(true);
    }

    /// The record in the cell of `key`.
    pub(crate) fn record(&self, key: &Key) -> Record {
        Record::read(&self.load(key).0)
    }

    /// Writes a cell, whoever may be writing.
    pub(crate) fn write(&self, key: &Key, value: &[u8]) {
        let (_, Version(seen)) = self.load(key);
        self.store(key, seen + 1, value);
    }

    pub(crate) fn load(&self, key: &Key) -> (Vec<u8>, Version) {
        self.work();
        let values = self.0.cells.values.borrow();
        values.get(key).map_or_else(Default::default, |(value, version)| (value.clone(), Version(*version)))
    }

    pub(super) fn swap(&self, key: &Key, seen: Version, value: &[u8]) -> bool {
        let cells = &self.0.cells;
        let nth = cells.swaps.get() + 1;
        cells.swaps.set(nth);
        let (before, Version(version)) = self.load(key);
        if cells.contest.borrow_mut().as_mut().is_some_and(|it| it(nth)) {
            self.store(key, version + 1, &before);
        }
        if self.load(key).1 != seen {
            return false;
        }
        // The cells of tables hold no records.
        let table = |it: &&str| key.as_str().starts_with(it);
        if !["registry/", "push/", "code/", "ticket/", "session/"].iter().any(table) {
            check(&before, value);
        }
        self.store(key, version + 1, value);
        true
    }

    /// One poll of `changed`; `alarm` remembers when it ends by itself. A timer counts true time, whatever the wall clock shows
    /// meanwhile; so a jump of the wall clock makes it end too early or too late by that one's word, which is allowed.
    pub(super) fn is_changed(&self, key: &Key, seen: Version, until: Time, alarm: &mut Option<u64>) -> bool {
        let at = *alarm.get_or_insert(self.now() + super::ms(self.wall().until(until)));
        let deaf = self.0.cells.deaf.get();
        if at <= self.now() || (!deaf && self.load(key).1 != seen) {
            return true;
        }
        self.wake_at(at);
        self.0.cells.watchers.borrow_mut().entry(key.clone()).or_default().push(self.current().0);
        self.for_nothing(8)
    }

    fn store(&self, key: &Key, version: u64, value: &[u8]) {
        self.0.cells.values.borrow_mut().insert(key.clone(), (value.to_vec(), version));
        let watchers = self.0.cells.watchers.borrow_mut().remove(key);
        let heard = watchers.into_iter().flatten().filter(|_| !self.0.cells.deaf.get());
        heard.for_each(|it| self.mark(it));
    }
}

/// Checks what is written over a record.
fn check(before: &[u8], value: &[u8]) {
    let record: Record = serde_json::from_slice(value).expect("a record that can be read");
    let old = Record::read(before);
    assert!(old.generation <= record.generation, "a generation never goes back");
    assert!(old.v <= record.v, "a newer record is never overwritten");
}
