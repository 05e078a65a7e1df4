//! The time of the simulator: the real time plus an offset that a scenario may move.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// WeChat counts its days in Beijing time.
const BEIJING_MS: u64 = 8 * 60 * 60 * 1000;

/// A moment, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Millis(pub u64);

impl Millis {
    /// The moment so many seconds later.
    pub fn plus_secs(self, secs: u32) -> Self {
        Self(self.0.saturating_add(u64::from(secs) * 1000))
    }

    /// Whole seconds from here to `end`, 0 if it is past. Rounded down, so nobody is promised more than there is.
    pub fn secs_until(self, end: Self) -> u64 {
        end.0.saturating_sub(self.0) / 1000
    }

    /// The number of the day that quotas belong to.
    pub fn day(self) -> u64 {
        self.0.saturating_add(BEIJING_MS) / DAY_MS
    }
}

/// The real clock and how far the simulated one is from it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    offset_ms: i64,
}

impl Clock {
    /// The simulated now.
    pub fn now(self) -> Millis {
        Millis(real_now_ms().saturating_add_signed(self.offset_ms))
    }

    /// Lets time pass.
    pub fn advance(&mut self, ms: u64) {
        self.offset_ms = self.offset_ms.saturating_add_unsigned(ms);
    }

    /// Sets the distance from the real time; may go back.
    pub fn set_offset(&mut self, ms: i64) {
        self.offset_ms = ms;
    }

    /// The distance from the real time.
    pub fn offset_ms(self) -> i64 {
        self.offset_ms
    }
}

#[expect(clippy::disallowed_methods, reason = "a native process: this is where its time comes from")]
fn real_now_ms() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_beijing() {
        let midnight = Millis(16 * 60 * 60 * 1000);
        assert_eq!(Millis(midnight.0 - 1).day() + 1, midnight.day());
        assert_eq!(midnight.day(), Millis(midnight.0 + DAY_MS - 1).day());
    }

    #[test]
    fn the_seconds_left_are_rounded_down_and_never_negative() {
        assert_eq!(Millis(1).secs_until(Millis(2000)), 1);
        assert_eq!(Millis(2000).secs_until(Millis(1)), 0);
    }

    #[test]
    fn an_offset_before_1970_stops_at_1970() {
        let mut clock = Clock::default();
        clock.set_offset(i64::MIN);
        assert_eq!(clock.now(), Millis(0));
    }
}
