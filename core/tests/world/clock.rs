//! Two clocks: the true one, by which the world and WeChat live, and the wall clock that the gateway is shown, which may jump.

use std::cell::Cell;

use wxedge::host::Time;

use super::Sim;

/// What the wall clock shows at the beginning.
const START: u64 = 1_700_000_000_000;

#[derive(Default)]
pub(super) struct Clock {
    /// True time since the beginning, in ms.
    pub(super) now: Cell<u64>,
    offset: Cell<i64>,
    /// How far all jumps went, added up without their signs.
    error: Cell<u64>,
    jumped: Cell<Option<u64>>,
}

impl Sim {
    /// True time since the beginning, in ms.
    pub(crate) fn now(&self) -> u64 {
        self.0.clock.now.get()
    }

    /// What the wall clock shows.
    pub(crate) fn wall(&self) -> Time {
        let shown = START + self.now();
        Time::from_ms(shown.saturating_add_signed(self.0.clock.offset.get()))
    }

    /// Moves the wall clock.
    pub(crate) fn jump(&self, by_ms: i64) {
        let clock = &self.0.clock;
        clock.offset.set(clock.offset.get() + by_ms);
        clock.error.set(clock.error.get() + by_ms.unsigned_abs());
        clock.jumped.set(Some(self.now()));
    }

    /// How wrong the wall clock may have been at the most.
    pub(super) fn clock_error(&self) -> u64 {
        self.0.clock.error.get()
    }

    /// When the wall clock jumped last.
    pub(super) fn jumped(&self) -> Option<u64> {
        self.0.clock.jumped.get()
    }
}
