//! How credentials are, told from their records alone: WeChat is not asked, and no credential is told.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::{AccountId, Kind};
use crate::host::{Store, Time, World};
use crate::keeper::record::Failure;
use crate::keeper::token::busy;
use crate::keeper::{Keeper, key};

/// How one credential is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Which kind.
    pub kind: Kind,
    /// When it was asked for and when it dies; `None` while there is none alive.
    pub life: Option<(Time, Time)>,
    /// Whether somebody is fetching it.
    pub busy: bool,
    /// The last failure with the AppSecret in force, if nothing has succeeded since.
    pub failure: Option<Failure>,
    /// How often it died early or changed without us.
    pub foreign: u64,
}

impl<W: World, S: Store> Keeper<W, S> {
    pub(super) fn health(&self, id: &AccountId) -> Vec<Health> {
        let account = self.account(id);
        let tag = account.as_ref().map_or("", |it| &it.tag);
        let now = self.world.now();
        let one = |kind: &Kind| {
            let record = self.see(&key(id, *kind)).record;
            let alive = record.value.as_ref().filter(|it| now < it.hard);
            let mut failures = record.failure.iter().chain(&record.other);
            Health {
                kind: *kind,
                life: alive.map(|it| (it.issued, it.hard)),
                busy: busy(&record, now).is_some(),
                failure: failures.find(|it| it.tag == tag).cloned(),
                foreign: record.foreign,
            }
        };
        Kind::of(id.family).iter().map(one).collect()
    }
}
