//! What a root context and its streams share.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use hashbrown::HashMap;
use proxy_wasm::hostcalls;
use proxy_wasm::types::{LogLevel, MetricType};
use wxedge::config::Gateway;
use wxedge::event::{Event, Level};
use wxedge::host::{Key, Time};
use wxedge::keeper::{Keeper, Memo};

use crate::exec::{Exec, Id};
use crate::host::Envoy;
use crate::store::SharedData;
use crate::stream::Stream;

/// Answers given in one turn. Each re-enters the VM when the turn is over, nested in the one before it, and some 300 overflow V8's stack.
const ANSWERS_A_TURN: usize = 64;

/// The message by which a thread wakes itself. An empty one would read as "no more".
const KICK: &[u8] = b"!";

/// See above.
pub(crate) struct Edge {
    pub(crate) root: u32,
    pub(crate) gateway: Rc<Gateway>,
    pub(crate) exec: Exec,
    memo: Memo,
    /// This thread's queue.
    pub(crate) queue: u32,
    /// Who waits for which cell, on this thread.
    pub(crate) watchers: RefCell<HashMap<Key, Vec<Id>>>,
    /// Streams whose verdict came while they were not active.
    pub(crate) answers: RefCell<VecDeque<Rc<Stream>>>,
    /// The metrics' ids by the event's name.
    counters: Vec<(&'static str, u32)>,
    /// Whether the root context is active: only then may a call be started, for the SDK drops replies to streams that are gone.
    pub(crate) in_root: Cell<bool>,
    kicked: Cell<bool>,
    /// What the tick is set for.
    pub(crate) armed: Cell<Option<Time>>,
}

impl Edge {
    pub(crate) fn new(root: u32, queue: u32, gateway: Gateway) -> Self {
        let counter = |name| {
            let metric = format!("wxedge.{name}");
            let id = hostcalls::define_metric(MetricType::Counter, &metric).ok()?;
            Some((name, id))
        };
        Self {
            root,
            gateway: Rc::new(gateway),
            exec: Exec::default(),
            memo: Memo::default(),
            queue,
            watchers: RefCell::default(),
            answers: RefCell::default(),
            counters: Event::NAMES.into_iter().filter_map(counter).collect(),
            in_root: Cell::new(false),
            kicked: Cell::new(false),
            armed: Cell::new(None),
        }
    }

    /// The keeper: on Envoy every thread has one, over the same cells.
    pub(crate) fn keeper(self: &Rc<Self>) -> Keeper<Envoy, SharedData> {
        let world = Envoy { edge: self.clone(), stream: None };
        Keeper::new(self.gateway.clone(), world, SharedData(Some(self.clone()))).with(&self.memo)
    }

    /// One turn of the root context: `prepare` marks tasks, then they run, and some of the answers they left are sent.
    pub(crate) fn turn(&self, prepare: impl FnOnce(&Exec)) {
        self.in_root.set(true);
        prepare(&self.exec);
        self.exec.run();
        self.in_root.set(false);
        for _ in 0..ANSWERS_A_TURN {
            let Some(stream) = self.answers.borrow_mut().pop_front() else { break };
            // An error: the client has left.
            if hostcalls::set_effective_context(stream.id).is_ok() {
                stream.perform_late();
            }
        }
        let _ = hostcalls::set_effective_context(self.root);
        self.rest();
    }

    /// The end of every callback: what is left to do is done in a turn of its own, and the tick is set for the next alarm.
    pub(crate) fn rest(&self) {
        let work = self.exec.any_ready() || !self.answers.borrow().is_empty();
        if work && !self.kicked.get() && hostcalls::enqueue_shared_queue(self.queue, Some(KICK)).is_ok() {
            self.kicked.set(true);
        }
        let next = self.exec.next_alarm();
        if self.armed.get() == next {
            return;
        }
        self.armed.set(next);
        // Zero switches the tick off, so it is never the distance to an alarm.
        let period = next.map_or(0, |at| now().until(at).as_millis().clamp(1, MOST));
        let _ = hostcalls::set_tick_period(std::time::Duration::from_millis(period.try_into().unwrap_or(0)));
    }

    /// Empties the queue and marks whoever waits for the cells it names.
    pub(crate) fn drain(&self) {
        self.kicked.set(false);
        while let Ok(Some(message)) = hostcalls::dequeue_shared_queue(self.queue) {
            let name = String::from_utf8_lossy(&message);
            let waiting = self.watchers.borrow_mut().remove(&Key::new(&name));
            waiting.into_iter().flatten().for_each(|it| self.exec.mark(it));
        }
    }

    pub(crate) fn note(&self, event: &Event<'_>) {
        if let Some((_, counter)) = self.counters.iter().find(|it| it.0 == event.name()) {
            let _ = hostcalls::increment_metric(*counter, 1);
        }
        let level = match event.level() {
            None => return,
            Some(Level::Info) => LogLevel::Info,
            Some(Level::Warn) => LogLevel::Warn,
            Some(Level::Error) => LogLevel::Error,
        };
        let _ = hostcalls::log(level, &event.to_string());
    }
}

/// The longest tick, in ms: an hour. The alarm is looked at again then.
const MOST: u128 = 3_600_000;

/// Envoy's clock.
pub(crate) fn now() -> Time {
    let now = hostcalls::get_current_time().unwrap_or(UNIX_EPOCH);
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_ms(since.as_millis().try_into().unwrap_or(u64::MAX))
}
