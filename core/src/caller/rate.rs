//! A rate limit: so many requests in a period, evenly or in one burst (the generic cell rate algorithm).

use core::cell::Cell;
use core::time::Duration;

use crate::error::Reject;
use crate::host::Time;

/// So many in a period.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// What one request costs, in µs.
    cost: u64,
    /// How far ahead of the clock the account may run, in µs.
    burst: u64,
}

impl Limit {
    /// So many a minute, and at least one.
    #[must_use]
    pub const fn per_minute(count: u64) -> Self {
        Self::new(count, MINUTE)
    }

    const fn new(count: u64, period: u64) -> Self {
        let cost = match period.checked_div(count) {
            Some(it) => it,
            None => period,
        };
        Self { cost, burst: period }
    }

    /// Lets one request through: until when what was let through has been paid for, in µs, where it was `paid` before.
    ///
    /// # Errors
    /// [`Reject::TooMany`], with the time to come back.
    pub fn next(self, paid: u64, now: Time) -> Result<u64, Reject> {
        let now = now.as_ms().saturating_mul(1000);
        // A debt that lies further ahead than any burst is the mark of a clock that ran backwards.
        let paid = if paid > now.saturating_add(self.burst) { now } else { paid.max(now) };
        let next = paid.saturating_add(self.cost);
        let over = next.saturating_sub(now.saturating_add(self.burst));
        if over > 0 {
            let retry_after = Duration::from_micros(over).as_millis().div_ceil(1000);
            return Err(Reject::TooMany { retry_after: u64::try_from(retry_after).unwrap_or(u64::MAX).max(1) });
        }
        Ok(next)
    }
}

const MINUTE: u64 = 60_000_000;

/// A limit and its state. Each thread of a host has its own: the limit holds per Envoy worker thread, or per isolate.
#[derive(Clone, Debug)]
pub struct Rate {
    limit: Limit,
    /// Until when what was let through has been paid for, in µs.
    paid: Cell<u64>,
}

impl Rate {
    /// With nothing taken yet.
    #[must_use]
    pub const fn new(limit: Limit) -> Self {
        Self { limit, paid: Cell::new(0) }
    }

    /// Reads `50/s`, `1000/m`, `20000/h`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once('/')?;
        let period: u64 = match unit {
            "s" => 1_000_000,
            "m" => MINUTE,
            "h" => 3_600_000_000,
            _ => return None,
        };
        let digits = count.bytes().all(|it| it.is_ascii_digit());
        let count: u64 = count.parse().ok().filter(|it| digits && (1..=1_000_000).contains(it))?;
        Some(Self::new(Limit::new(count, period)))
    }

    /// Lets one request through, or says when to come back.
    ///
    /// # Errors
    /// [`Reject::TooMany`].
    pub fn take(&self, now: Time) -> Result<(), Reject> {
        self.paid.set(self.limit.next(self.paid.get(), now)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rate: &Rate, ms: u64, tries: u32) -> usize {
        (0..tries).filter(|_| rate.take(Time::from_ms(ms)).is_ok()).count()
    }

    #[test]
    fn a_period_lets_through_its_number_and_fills_up_evenly() {
        let rate = Rate::parse("10/s").unwrap();
        assert_eq!(taken(&rate, 1_000, 100), 10);
        assert_eq!(taken(&rate, 1_000, 100), 0);
        assert_eq!(taken(&rate, 1_100, 100), 1);
        assert_eq!(taken(&rate, 1_500, 100), 4);
        assert_eq!(taken(&rate, 9_000, 100), 10);
    }

    #[test]
    fn who_is_refused_is_told_when_to_come_back() {
        let rate = Rate::parse("1/m").unwrap();
        assert_eq!(rate.take(Time::from_ms(0)), Ok(()));
        assert_eq!(rate.take(Time::from_ms(0)), Err(Reject::TooMany { retry_after: 60 }));
        assert_eq!(rate.take(Time::from_ms(59_500)), Err(Reject::TooMany { retry_after: 1 }));
        assert_eq!(rate.take(Time::from_ms(60_000)), Ok(()));
    }

    #[test]
    fn a_clock_that_ran_backwards_locks_nobody_out() {
        let rate = Rate::parse("2/s").unwrap();
        assert_eq!(taken(&rate, 1_000_000, 9), 2);
        assert_eq!(taken(&rate, 5, 9), 2);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", "10", "/s", "0/s", "-1/s", "+1/s", "10/d", "10/ s", "1.5/s", "9999999999/s"] {
            assert!(Rate::parse(text).is_none(), "{text}");
        }
    }
}
