//! The executor of one root context: tasks, alarms, calls. It makes no host call, so it runs in native tests.
//!
//! There is no waker: every suspension is a call, an alarm or a mark set by hand, and each of those polls its task again. So *tasks
//! await only the futures of the core's traits*. A call or an alarm belongs to the task that polled it last, since a future may be
//! handed from one task to another. Tasks are never cancelled: Envoy cannot cancel a call, and a client that left harms nobody.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use wxedge::host::{Response, Time, Unreachable};

/// A task's number.
pub(crate) type Id = u64;

type Task = Pin<Box<dyn Future<Output = ()>>>;
type Reply = Result<Response, Unreachable>;

/// See above.
#[derive(Default)]
pub(crate) struct Exec {
    /// `None` while the task is being polled.
    tasks: RefCell<BTreeMap<Id, Option<Task>>>,
    ready: RefCell<BTreeSet<Id>>,
    alarms: RefCell<BTreeSet<(Time, Id)>>,
    calls: RefCell<BTreeMap<u32, (Id, Option<Reply>)>>,
    current: Cell<Id>,
    last: Cell<Id>,
}

impl Exec {
    /// Adds a task; it runs when it is polled or marked.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) -> Id {
        let id = self.last.get().wrapping_add(1);
        self.last.set(id);
        self.tasks.borrow_mut().insert(id, Some(Box::pin(task)));
        id
    }

    /// How many tasks there are.
    pub(crate) fn len(&self) -> usize {
        self.tasks.borrow().len()
    }

    /// The task that is being polled.
    pub(crate) fn current(&self) -> Id {
        self.current.get()
    }

    /// Marks a task: the next [`Exec::run`] polls it. One that has ended is ignored.
    pub(crate) fn mark(&self, id: Id) {
        self.ready.borrow_mut().insert(id);
    }

    /// Whether a task is marked.
    pub(crate) fn any_ready(&self) -> bool {
        !self.ready.borrow().is_empty()
    }

    /// Polls every marked task, and those marked meanwhile.
    pub(crate) fn run(&self) {
        loop {
            let next = self.ready.borrow_mut().pop_first();
            let Some(id) = next else { return };
            self.poll(id);
        }
    }

    /// Polls one task now.
    pub(crate) fn poll(&self, id: Id) {
        self.ready.borrow_mut().remove(&id);
        let task = self.tasks.borrow_mut().get_mut(&id).and_then(Option::take);
        let Some(mut task) = task else { return };
        let outer = self.current.replace(id);
        let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.current.set(outer);
        let mut tasks = self.tasks.borrow_mut();
        match polled {
            Poll::Ready(()) => {
                tasks.remove(&id);
                drop(tasks);
                // Its futures may free calls of theirs: not while the map is borrowed.
                drop(task);
            }
            Poll::Pending => {
                tasks.insert(id, Some(task));
            }
        }
    }

    /// Polls the current task again at `at`.
    pub(crate) fn alarm(&self, at: Time) {
        self.alarms.borrow_mut().insert((at, self.current()));
    }

    /// When the next alarm is due.
    pub(crate) fn next_alarm(&self) -> Option<Time> {
        self.alarms.borrow().first().map(|it| it.0)
    }

    /// Marks the tasks whose alarm is due. If none is, the clock has run backwards since the tick was set: then all of them,
    /// so that everybody looks at the clock again.
    pub(crate) fn ring(&self, now: Time) {
        let mut alarms = self.alarms.borrow_mut();
        let later = alarms.split_off(&(now.plus(Duration::from_millis(1)), 0));
        let due = std::mem::replace(&mut *alarms, later);
        let due = if due.is_empty() { std::mem::take(&mut *alarms) } else { due };
        due.into_iter().for_each(|(_, id)| self.mark(id));
    }

    /// The current task has started the call `token`.
    pub(crate) fn called(&self, token: u32) {
        self.calls.borrow_mut().insert(token, (self.current(), None));
    }

    /// The call `token` is answered. Nobody may be waiting any more.
    pub(crate) fn reply(&self, token: u32, reply: Reply) {
        if let Some((id, slot)) = self.calls.borrow_mut().get_mut(&token) {
            *slot = Some(reply);
            self.mark(*id);
        }
    }

    /// The reply to the call `token`, once; until it is there the current task is the one to be polled for it.
    pub(crate) fn take_reply(&self, token: u32) -> Option<Reply> {
        let mut calls = self.calls.borrow_mut();
        let (id, slot) = calls.get_mut(&token)?;
        *id = self.current();
        let reply = slot.take()?;
        calls.remove(&token);
        Some(reply)
    }

    /// Nobody waits for the call `token` any more.
    pub(crate) fn forget(&self, token: u32) {
        self.calls.borrow_mut().remove(&token);
    }

    /// How many calls are under way.
    #[cfg(any(test, feature = "faults"))]
    pub(crate) fn calls(&self) -> usize {
        self.calls.borrow().len()
    }

    /// Drops all tasks: the root context is gone.
    pub(crate) fn clear(&self) {
        let tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        drop(tasks);
    }
}

#[cfg(test)]
#[path = "exec_tests.rs"]
mod tests;
