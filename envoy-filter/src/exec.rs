//! The executor of one root context: tasks, alarms, calls. It makes no host call, so it runs in native tests.
//!
//! There is no waker: every suspension is a call, an alarm or a mark set by hand, and each of those polls its task again. So *tasks
//! await only the futures of the core's traits*. A call or an alarm belongs to the task that polled it last, since a future may be
//! handed from one task to another. Tasks are never cancelled: Envoy cannot cancel a call, and a client that left harms nobody.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use hashbrown::HashMap;
use wxedge::host::{Response, Time, Unreachable};

/// A task's number: its place, and above that how often the place was used before.
pub(crate) type Id = u64;

type Task = Pin<Box<dyn Future<Output = ()>>>;
type Reply = Result<Response, Unreachable>;

/// See above. Ordered maps would do for all of it, at 5 kB of code each.
#[derive(Default)]
pub(crate) struct Exec {
    slots: RefCell<Vec<Slot>>,
    /// The numbers that are to be given next, each of a place that is free.
    free: RefCell<Vec<Id>>,
    ready: RefCell<VecDeque<Id>>,
    alarms: RefCell<BinaryHeap<Reverse<(Time, Id)>>>,
    calls: RefCell<HashMap<u32, (Id, Option<Reply>)>>,
    current: Cell<Id>,
}

/// A place for a task.
#[derive(Default)]
struct Slot {
    /// Of the task that is here now. Whoever has another number means one that has ended.
    id: Id,
    /// `None` while it is being polled.
    task: Option<Task>,
    /// Whether it is to be polled.
    marked: bool,
    /// When it will be polled again.
    alarms: Vec<Time>,
}

/// The distance between the numbers of two tasks in the same place.
const NEXT: Id = 1 << 32;

fn place(id: Id) -> usize {
    usize::try_from(id % NEXT).unwrap_or(usize::MAX)
}

impl Exec {
    /// Adds a task; it runs when it is polled or marked.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) -> Id {
        let mut slots = self.slots.borrow_mut();
        let id = self.free.borrow_mut().pop().unwrap_or_else(|| {
            let new = Id::try_from(slots.len()).unwrap_or_default();
            slots.push(Slot::default());
            NEXT.saturating_add(new)
        });
        if let Some(slot) = slots.get_mut(place(id)) {
            *slot = Slot { id, task: Some(Box::pin(task)), ..Slot::default() };
        }
        id
    }

    /// How many tasks there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.borrow().len().saturating_sub(self.free.borrow().len())
    }

    /// The task that is being polled.
    pub(crate) fn current(&self) -> Id {
        self.current.get()
    }

    /// What `change` makes of the place of a task; `None` if it has ended.
    fn with<T>(&self, id: Id, change: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        let mut slots = self.slots.borrow_mut();
        slots.get_mut(place(id)).filter(|it| it.id == id).map(change)
    }

    /// Marks a task: the next [`Exec::run`] polls it. One that has ended is ignored.
    pub(crate) fn mark(&self, id: Id) {
        if self.with(id, |it| std::mem::replace(&mut it.marked, true)) == Some(false) {
            self.ready.borrow_mut().push_back(id);
        }
    }

    /// Whether a task is marked.
    pub(crate) fn any_ready(&self) -> bool {
        !self.ready.borrow().is_empty()
    }

    /// Polls every marked task, and those marked meanwhile.
    pub(crate) fn run(&self) {
        loop {
            let next = self.ready.borrow_mut().pop_front();
            let Some(id) = next else { return };
            // It may have been polled since.
            if self.with(id, |it| it.marked) == Some(true) {
                self.poll(id);
            }
        }
    }

    /// Polls one task now.
    pub(crate) fn poll(&self, id: Id) {
        let task = self.with(id, |it| {
            it.marked = false;
            it.task.take()
        });
        let Some(mut task) = task.flatten() else { return };
        let outer = self.current.replace(id);
        let polled = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.current.set(outer);
        if polled.is_pending() {
            self.with(id, |it| it.task = Some(task));
            return;
        }
        let next = id.wrapping_add(NEXT);
        if self.with(id, |it| it.id = next).is_some() {
            self.free.borrow_mut().push(next);
        }
        // The task is dropped here, with no place borrowed: its futures may free calls of theirs.
    }

    /// Polls the current task again at `at`.
    pub(crate) fn alarm(&self, at: Time) {
        let id = self.current();
        let new = self.with(id, |it| {
            let new = !it.alarms.contains(&at);
            it.alarms.extend(new.then_some(at));
            new
        });
        if new == Some(true) {
            self.alarms.borrow_mut().push(Reverse((at, id)));
        }
    }

    /// When the next alarm is due.
    pub(crate) fn next_alarm(&self) -> Option<Time> {
        self.alarms.borrow().peek().map(|it| it.0.0)
    }

    /// Marks the tasks whose alarm is due. If none is, the clock has run backwards since the tick was set: then all of them,
    /// so that everybody looks at the clock again.
    pub(crate) fn ring(&self, now: Time) {
        let backwards = self.next_alarm().is_some_and(|it| now < it);
        while let Some(at) = self.next_alarm().filter(|it| backwards || *it <= now) {
            let alarm = self.alarms.borrow_mut().pop();
            let Some(Reverse((_, id))) = alarm else { return };
            self.with(id, |it| it.alarms.retain(|it| *it != at));
            self.mark(id);
        }
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
        self.free.borrow_mut().clear();
        let slots = std::mem::take(&mut *self.slots.borrow_mut());
        drop(slots);
    }
}

#[cfg(test)]
#[path = "exec_tests.rs"]
mod tests;
