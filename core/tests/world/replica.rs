//! A store near the readers that is slow to learn of a change, takes its time and may fail.

use std::cell::{Cell, RefCell};
use std::task::Poll;

use wxedge::account::Kind;
use wxedge::host::{Time, Unreachable};
use wxedge::keeper::record::Credential;
use wxedge::keeper::replica::{Write, open};

use super::exec::Role;
use super::{Edge, Sim, account};

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    Done,
    /// It arrives, but nobody is told so.
    Unheard,
    Failed,
}

#[derive(Default)]
pub(super) struct Replica {
    /// Values, and from when on they are seen.
    values: RefCell<Vec<(u64, Vec<u8>)>>,
    trouble: RefCell<Vec<Put>>,
    reads_fail: Cell<bool>,
    lag: Cell<u64>,
    busy: Cell<bool>,
    /// When writes began.
    began: RefCell<Vec<u64>>,
}

/// The longest that a write takes.
const SLOW: u64 = 4_000;

impl Sim {
    /// What becomes of the next writes; of those after them all is well.
    pub(crate) fn trouble(&self, puts: &[Put]) {
        *self.0.replica.trouble.borrow_mut() = puts.iter().rev().copied().collect();
    }

    /// A write is seen so many ms after it arrived.
    pub(crate) fn replica_lag(&self, ms: u64) {
        self.0.replica.lag.set(ms);
    }

    /// Whether reads fail.
    pub(crate) fn break_reads(&self, broken: bool) {
        self.0.replica.reads_fail.set(broken);
    }

    /// When writes began.
    pub(crate) fn writes(&self) -> Vec<u64> {
        self.0.replica.began.borrow().clone()
    }

    async fn put(&self, write: Write) -> bool {
        let replica = &self.0.replica;
        assert_eq!(write.name, "v1/official/wx0123456789abcdef/access");
        self.check_secrets(&String::from_utf8_lossy(&write.value));
        assert!(!replica.busy.replace(true), "two writes at once: which one lasts is up to chance");
        replica.began.borrow_mut().push(self.now());
        let fate = replica.trouble.borrow_mut().pop().unwrap_or(Put::Done);
        self.pass(self.random().below(SLOW)).await;
        if fate != Put::Failed {
            replica.values.borrow_mut().push((self.now() + replica.lag.get(), write.value));
        }
        replica.busy.set(false);
        fate == Put::Done
    }

    async fn pass(&self, ms: u64) {
        let end = self.now() + ms;
        core::future::poll_fn(|_| {
            if end <= self.now() {
                return Poll::Ready(());
            }
            self.wake_at(end);
            Poll::Pending
        })
        .await;
    }
}

impl Edge {
    /// What a reader near here finds.
    pub(super) async fn look(&self) -> Result<Option<Vec<u8>>, Unreachable> {
        let replica = &self.sim.0.replica;
        self.sim.pass(self.sim.random().below(400)).await;
        if replica.reads_fail.get() {
            return Err(Unreachable::Broken);
        }
        let (values, now) = (replica.values.borrow(), self.sim.now());
        Ok(values.iter().rev().find(|it| it.0 <= now).map(|it| it.1.clone()))
    }

    /// Writes what the replica lacks, as a host does after each refresh.
    pub(crate) fn replicate(&self) {
        let (keeper, sim) = (self.keeper(), self.sim.clone());
        let task = async move { keeper.replicate(&account(), async |it| sim.put(it).await).await };
        self.sim.spawn(self.home.unwrap_or(self.thread), Role::Watch, task);
    }

    /// When the replica may be written next.
    pub(crate) fn behind(&self) -> Option<Time> {
        self.keeper().behind(&account())
    }

    /// What the replica will say once every write is seen.
    pub(crate) fn copy(&self) -> Option<Credential> {
        let values = self.sim.0.replica.values.borrow();
        open(self.gateway.account(&account())?, Kind::Access, &values.last()?.1)
    }
}

impl Sim {
    /// A thread that died while it wrote.
    pub(crate) fn forget_write(&self) {
        self.0.replica.busy.set(false);
    }
}
