//! Tasks, events, and the order in which the seed lets them happen.
//!
//! There is no waker, as on Envoy: a task runs when an event or a changed cell marks it, or for no reason at all.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::Sim;

/// A task's number.
pub(super) type Id = usize;

/// Why a task exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Somebody waits for it; it must end.
    Caller,
    /// The gateway's own work: `World::later`.
    Later,
    /// Runs for ever.
    Watch,
}

struct Task {
    thread: usize,
    role: Role,
    born: u64,
    polls: u32,
    /// Which `later` task it is, counted from 1; 0 for others.
    nth: u32,
    marked: bool,
    /// `None` while it is being polled.
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

enum Event {
    Wake(Id),
    Do(Box<dyn FnOnce(&Sim)>),
}

/// Says of the nth `later` task, before its kth poll, whether it is lost here.
type Loss = Box<dyn FnMut(u32, u32) -> bool>;

pub(super) struct Exec {
    tasks: RefCell<BTreeMap<Id, Task>>,
    ready: RefCell<Vec<Id>>,
    /// By time, then by the order in which they came.
    events: RefCell<BTreeMap<(u64, u64), Event>>,
    alarms: RefCell<BTreeSet<(u64, Id)>>,
    frozen: RefCell<BTreeMap<usize, u64>>,
    loss: RefCell<Option<Loss>>,
    current: Cell<Id>,
    count: Cell<u64>,
    laters: Cell<u32>,
    /// A task wakes up for nothing once in so many steps; 0 for never.
    spurious: Cell<u64>,
    steps: Cell<u64>,
    /// What the task that is being polled has done since.
    work: Cell<u32>,
}

impl Default for Exec {
    fn default() -> Self {
        Self {
            tasks: RefCell::default(),
            ready: RefCell::default(),
            events: RefCell::default(),
            alarms: RefCell::default(),
            frozen: RefCell::default(),
            loss: RefCell::default(),
            current: Cell::default(),
            count: Cell::default(),
            laters: Cell::default(),
            spurious: Cell::new(20),
            steps: Cell::default(),
            work: Cell::default(),
        }
    }
}

/// So many steps without an end are a loop,
const STEPS: u64 = 1_000_000;
/// and so are so many looks at a cell without an await.
const WORK: u32 = 10_000;

impl Sim {
    /// Adds a task; it runs as soon as the dice say.
    pub(crate) fn spawn(&self, thread: usize, role: Role, future: impl Future<Output = ()> + 'static) {
        let exec = &self.0.exec;
        let nth = if role == Role::Later { exec.laters.get() + 1 } else { 0 };
        exec.laters.set(exec.laters.get().max(nth));
        let id = usize::try_from(self.tick()).unwrap();
        let future: Option<Pin<Box<dyn Future<Output = ()>>>> = Some(Box::pin(future));
        let task = Task { thread, role, born: self.now(), polls: 0, nth, marked: false, future };
        exec.tasks.borrow_mut().insert(id, task);
        self.mark(id);
    }

    /// Does `action` when `after` ms of true time have passed.
    pub(crate) fn after(&self, after: u64, action: impl FnOnce(&Self) + 'static) {
        self.event(self.now().saturating_add(after), Event::Do(Box::new(action)));
    }

    /// Marks the current task at the true time `at`.
    pub(super) fn wake_at(&self, at: u64) {
        let id = self.0.exec.current.get();
        // Each alarm once, however often its task looks at it: else they would breed.
        if at < u64::MAX && self.0.exec.alarms.borrow_mut().insert((at, id)) {
            self.event(at, Event::Wake(id));
        }
    }

    /// `later` tasks for which `loss` says so vanish, as in a crash: of the nth, before its kth poll (both counted from 1).
    pub(crate) fn lose(&self, loss: impl FnMut(u32, u32) -> bool + 'static) {
        self.0.exec.loss.replace(Some(Box::new(loss)));
    }

    /// A thread dies with all its tasks; its callers hear nothing any more.
    pub(crate) fn kill_thread(&self, thread: usize) {
        let mut gone = Vec::new();
        let mut tasks = self.0.exec.tasks.borrow_mut();
        let ids: Vec<Id> = tasks.iter().filter(|it| it.1.thread == thread).map(|it| *it.0).collect();
        ids.iter().for_each(|id| gone.extend(tasks.remove(id)));
        drop(tasks);
        drop(gone);
    }

    /// Nothing runs on a thread for `ms` of true time.
    pub(crate) fn freeze(&self, thread: usize, ms: u64) {
        let end = self.now() + ms;
        let mut frozen = self.0.exec.frozen.borrow_mut();
        let until = frozen.entry(thread).or_default();
        *until = end.max(*until);
        drop(frozen);
        self.after(ms, |_| {});
    }

    /// A task wakes up for nothing once in `n` steps; 0 for never.
    pub(crate) fn spurious(&self, n: u64) {
        self.0.exec.spurious.set(n);
    }

    /// Whether something ends for no reason at all, as a host may have it; once in `n` times.
    pub(super) fn for_nothing(&self, n: u64) -> bool {
        self.0.exec.spurious.get() > 0 && self.random().one_in(n)
    }

    /// Runs until every caller has its answer.
    #[track_caller]
    pub(crate) fn run(&self) {
        self.drive(u64::MAX, |it| it.any(Role::Caller));
    }

    /// Runs until every caller has its answer and the gateway's own work is done.
    #[track_caller]
    pub(crate) fn settle(&self) {
        self.drive(u64::MAX, |it| it.any(Role::Caller) || it.any(Role::Later));
    }

    /// Runs for `ms` of true time.
    #[track_caller]
    pub(crate) fn run_for(&self, ms: u64) {
        let end = self.now() + ms;
        self.drive(end, |_| true);
        self.0.clock.now.set(end);
    }

    #[track_caller]
    fn drive(&self, end: u64, going: impl Fn(&Self) -> bool) {
        self.0.exec.steps.set(0);
        while going(self) {
            let steps = self.0.exec.steps.get() + 1;
            self.0.exec.steps.set(steps);
            assert!(steps < STEPS, "too many steps: the run goes in circles");
            if !self.step(end) {
                assert!(end < u64::MAX, "stuck: nothing will ever happen, and somebody still waits");
                return;
            }
        }
    }

    /// Polls one task, or lets the next event happen that is not after `end`; false if there is neither.
    fn step(&self, end: u64) -> bool {
        let spurious = self.0.exec.spurious.get();
        if spurious > 0 && self.random().one_in(spurious) {
            let tasks = self.0.exec.tasks.borrow();
            let nth = self.random().below(tasks.len().max(1) as u64);
            let id = tasks.keys().nth(usize::try_from(nth).unwrap()).copied();
            drop(tasks);
            id.into_iter().for_each(|it| self.mark(it));
        }
        if let Some(id) = self.choose() {
            self.poll(id);
            return true;
        }
        let mut events = self.0.exec.events.borrow_mut();
        let Some((&(at, _), _)) = events.first_key_value().filter(|it| it.0.0 <= end) else {
            return false;
        };
        let event = events.pop_first().map(|it| it.1);
        drop(events);
        if self.now() < at {
            self.0.clock.now.set(at);
            self.check_waiting();
        }
        match event {
            Some(Event::Wake(id)) => {
                self.0.exec.alarms.borrow_mut().remove(&(at, id));
                self.mark(id);
            }
            Some(Event::Do(action)) => action(self),
            None => {}
        }
        true
    }

    /// Takes one of the marked tasks whose thread runs.
    fn choose(&self) -> Option<Id> {
        let exec = &self.0.exec;
        let now = self.now();
        exec.frozen.borrow_mut().retain(|_, until| now < *until);
        let tasks = exec.tasks.borrow();
        let mut ready = exec.ready.borrow_mut();
        ready.retain(|it| tasks.contains_key(it));
        if exec.frozen.borrow().is_empty() {
            let nth = self.random().below(ready.len().max(1) as u64);
            return (!ready.is_empty()).then(|| ready.swap_remove(usize::try_from(nth).unwrap()));
        }
        let frozen = exec.frozen.borrow();
        let runs = |it: &Id| tasks.get(it).is_some_and(|it| !frozen.contains_key(&it.thread));
        let able: Vec<usize> = (0..ready.len()).filter(|at| runs(&ready[*at])).collect();
        (!able.is_empty()).then(|| ready.swap_remove(*self.random().pick(&able)))
    }

    fn poll(&self, id: Id) {
        let exec = &self.0.exec;
        let mut tasks = exec.tasks.borrow_mut();
        let Some(task) = tasks.get_mut(&id) else { return };
        task.marked = false;
        task.polls += 1;
        let (nth, polls) = (task.nth, task.polls);
        if nth > 0 && exec.loss.borrow_mut().as_mut().is_some_and(|lost| lost(nth, polls)) {
            let gone = tasks.remove(&id);
            drop(tasks);
            return drop(gone);
        }
        let Some(mut future) = task.future.take() else { return };
        drop(tasks);
        exec.current.set(id);
        exec.work.set(0);
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let mut tasks = exec.tasks.borrow_mut();
        if polled == Poll::Pending
            && let Some(task) = tasks.get_mut(&id)
        {
            task.future = Some(future);
            return;
        }
        let gone = tasks.remove(&id);
        drop(tasks);
        drop(gone);
    }

    #[track_caller]
    fn check_waiting(&self) {
        let tasks = self.0.exec.tasks.borrow();
        let waiting = tasks.values().filter(|it| it.role == Role::Caller);
        let longest = waiting.map(|it| self.now() - it.born).max().unwrap_or(0);
        let patience = self.0.patience.get();
        assert!(longest <= patience, "stuck: a caller has waited for {longest} ms");
    }

    pub(super) fn mark(&self, id: Id) {
        if let Some(task) = self.0.exec.tasks.borrow_mut().get_mut(&id)
            && !task.marked
        {
            task.marked = true;
            self.0.exec.ready.borrow_mut().push(id);
        }
    }

    pub(super) fn work(&self) {
        let work = self.0.exec.work.get() + 1;
        self.0.exec.work.set(work);
        assert!(work < WORK, "a task runs in circles and never waits");
    }

    /// The task that is being polled, and when it was born.
    pub(super) fn current(&self) -> (Id, u64) {
        let id = self.0.exec.current.get();
        (id, self.0.exec.tasks.borrow().get(&id).map_or(0, |it| it.born))
    }

    /// How many tasks tend the account for ever.
    pub(crate) fn watches(&self) -> usize {
        self.0.exec.tasks.borrow().values().filter(|it| it.role == Role::Watch).count()
    }

    fn any(&self, role: Role) -> bool {
        self.0.exec.tasks.borrow().values().any(|it| it.role == role)
    }

    fn event(&self, at: u64, event: Event) {
        let count = self.tick();
        self.0.exec.events.borrow_mut().insert((at, count), event);
    }

    fn tick(&self) -> u64 {
        let count = self.0.exec.count.get() + 1;
        self.0.exec.count.set(count);
        count
    }
}
