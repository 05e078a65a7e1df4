//! A push is handled once, however often WeChat sends it, and wherever it arrives.
//!
//! WeChat repeats what was not answered in time, often while the first delivery is still under way. Whoever claims a push first
//! handles it and settles what it was answered with; the others wait for that. What is remembered is the plain reply: each
//! delivery is encrypted anew.

use alloc::string::String;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::host::{Store, Time, World};
use crate::keeper::Keeper;
use crate::keeper::table::{Claim, Digest, Table};
use crate::limits;

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claimed {
    /// Nobody had it: the claimant handles it.
    Mine,
    /// Somebody is handling it.
    Running,
    /// It was answered with this.
    Done(String),
}

impl<W: World, S: Store> Keeper<W, S> {
    /// Claims the push `id` for `lease` from now, by the clock that all claims are measured by; waits until `patience` for whoever
    /// has it.
    pub(super) async fn claim_push(&self, id: &Digest, lease: Duration, patience: Time) -> Result<Claimed, Error> {
        let table = self.pushes();
        loop {
            let now = self.world.now();
            match table.claim(id, now, now.plus(lease), || Ok(()))? {
                Claim::Mine => return Ok(Claimed::Mine),
                Claim::Done(reply) => return Ok(Claimed::Done(String::from_utf8(reply).unwrap_or_default())),
                Claim::Running(..) if patience <= now => return Ok(Claimed::Running),
                Claim::Running(seen, until) => self.store.changed(&table.key(id), seen, until.min(patience)).await,
            }
        }
    }

    /// Remembers what the push `id` was answered with.
    pub(super) fn settle_push(&self, id: &Digest, reply: &str) -> Result<(), Error> {
        let now = self.world.now();
        self.pushes().put(id, now, reply.as_bytes(), now.plus(limits::PUSH_MEMORY))
    }

    fn pushes(&self) -> Table<'_, S> {
        Table::new(&self.store, &limits::PUSHES)
    }
}
