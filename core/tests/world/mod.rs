//! A world to run flows in: virtual time, tasks on several threads, cells, and a WeChat that can be told to misbehave.
//!
//! One [`Sim`] is one run, and everything in it follows from its seed: which runnable task is polled next, who wakes up for nothing,
//! how long a call takes. When nothing can run, the clock jumps to the next event. A caller that waits longer than it should, a run
//! that never comes to rest, and a secret in a log line are failures wherever they happen; no test has to ask for that.
//!
//! What a test sets up: [`Sim::plan`] (WeChat's behaviour, call by call), [`Sim::lose`] (tasks that vanish as in a crash),
//! [`Sim::contest`] (swaps lost against another writer), [`Sim::jump`] (the wall clock), [`Sim::freeze`] and [`Sim::kill_thread`].

mod back_ends;
mod calls;
mod cells;
mod clock;
mod edge;
mod exec;
mod hooks;
mod notes;
mod random;
mod replica;
mod settings;
mod tickets;
mod wechat;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(crate) use back_ends::{Asked, Saying};
pub(crate) use calls::{Attempt, Fault, Plan};
pub(crate) use edge::Edge;
pub(crate) use hooks::{Manners, Told};
pub(crate) use random::Random;
pub(crate) use replica::Put;
pub(crate) use settings::{ADMIN_KEY, API_KEY, APPID, READER_KEY, SECRET, Settings, account};
pub(crate) use tickets::{Ticket, error_of, first_token, token_of, working_token};
pub(crate) use wechat::{Api, WeChat};

/// One run of a world. A cheap handle.
#[derive(Clone)]
pub(crate) struct Sim(Rc<Inner>);

struct Inner {
    random: Random,
    clock: clock::Clock,
    exec: exec::Exec,
    cells: cells::Cells,
    calls: calls::Calls,
    wechat: RefCell<WeChat>,
    notes: notes::Notes,
    replica: replica::Replica,
    hooks: hooks::Hooks,
    back_ends: back_ends::BackEnds,
    /// How long a caller may wait, in ms of true time.
    patience: Cell<u64>,
}

impl Sim {
    /// A world in which everything works.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rc::new(Inner {
            random: Random::new(seed),
            clock: clock::Clock::default(),
            exec: exec::Exec::default(),
            cells: cells::Cells::default(),
            calls: calls::Calls::default(),
            wechat: RefCell::new(WeChat::new(seed)),
            notes: notes::Notes::default(),
            replica: replica::Replica::default(),
            hooks: hooks::Hooks::default(),
            back_ends: back_ends::BackEnds::default(),
            patience: Cell::new(ms(wxedge::limits::PATIENCE)),
        }))
    }

    /// Threads that all have the configuration `settings`.
    pub(crate) fn threads(&self, count: usize, settings: &Settings) -> Vec<Edge> {
        (0..count).map(|it| Edge::new(self.clone(), it, settings.gateway())).collect()
    }

    /// WeChat itself.
    pub(crate) fn wechat<T>(&self, look: impl FnOnce(&mut WeChat) -> T) -> T {
        look(&mut self.0.wechat.borrow_mut())
    }

    /// Whether WeChat would take `token` now.
    pub(crate) fn works(&self, token: &str) -> bool {
        self.0.wechat.borrow().works(token, self.now())
    }

    /// The dice.
    pub(crate) fn random(&self) -> &Random {
        &self.0.random
    }

    /// A caller may wait for `ms` of true time: for worlds that stand still or whose clocks jump.
    pub(crate) fn allow(&self, ms: u64) {
        self.0.patience.set(ms);
    }
}

/// Runs `test` with the seeds `0..count`; a failure names its seed. `SEED=17` runs that one only, `SEEDS=5` five times as many.
pub(crate) fn seeds(count: u64, test: impl Fn(Sim)) {
    struct Named(u64);
    impl Drop for Named {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("this was seed {0}: SEED={0} runs it alone", self.0);
            }
        }
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|it| it.parse::<u64>().ok());
    let range = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..count * number("SEEDS").unwrap_or(1),
    };
    for seed in range {
        let named = Named(seed);
        test(Sim::new(seed));
        drop(named);
    }
}

/// Milliseconds.
pub(crate) fn ms(span: core::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap()
}
