//! A circuit breaker: a back-end that is down is not waited for.
//!
//! Each thread of a host has its own: what one has found out, the others find out for themselves.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::{Cell, RefCell};

use crate::host::Time;
use crate::limits;

/// What is known of one back-end.
#[derive(Debug, Default)]
pub struct Breaker {
    /// Failures in a row.
    failures: Cell<u32>,
    /// When it is tried again, once there were too many.
    retry: Cell<Time>,
    /// Calls that are under way.
    calls: Cell<usize>,
}

/// A call that is under way; it has ended when this is dropped.
#[derive(Debug)]
pub struct Seat(Rc<Breaker>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.calls.set(self.0.calls.get().saturating_sub(1));
    }
}

impl Breaker {
    /// Whether it may be called now. Of a back-end that is down, one call in a while finds out whether it still is.
    pub fn permits(&self, now: Time) -> bool {
        if self.failures.get() < limits::FAILURES {
            return true;
        }
        let retry = self.retry.get();
        // What lies further ahead than any pause is the mark of a clock that ran backwards.
        if now < retry && retry <= now.plus(limits::PAUSE) {
            return false;
        }
        self.retry.set(now.plus(limits::PAUSE));
        true
    }

    /// A seat for one more call; `None` if so many wait for this back-end that another would take the place of others' work.
    #[must_use]
    pub fn enter(self: &Rc<Self>) -> Option<Seat> {
        let calls = self.calls.get();
        if calls >= limits::CALLS_AT_ONCE {
            return None;
        }
        self.calls.set(calls.saturating_add(1));
        Some(Seat(self.clone()))
    }

    /// Learns how a call ended; says whether the back-end is down from now on.
    pub fn settle(&self, failed: bool, now: Time) -> bool {
        if !failed {
            self.failures.set(0);
            return false;
        }
        let failures = self.failures.get().saturating_add(1);
        self.failures.set(failures);
        if failures < limits::FAILURES {
            return false;
        }
        self.retry.set(now.plus(limits::PAUSE));
        failures == limits::FAILURES
    }

    fn is_well(&self) -> bool {
        self.failures.get() == 0
    }
}

/// The breakers of back-ends that no configuration names.
#[derive(Debug, Default)]
pub struct Breakers(RefCell<BTreeMap<String, Rc<Breaker>>>);

impl Breakers {
    /// That of `name`. There are so many and no more: one that does not fit is forgotten with its call.
    pub(super) fn of(&self, name: &str) -> Rc<Breaker> {
        let mut all = self.0.borrow_mut();
        if let Some(known) = all.get(name) {
            return known.clone();
        }
        if all.len() >= limits::BREAKERS {
            all.retain(|_, it| !it.is_well() || Rc::strong_count(it) > 1);
        }
        let new = Rc::<Breaker>::default();
        if all.len() < limits::BREAKERS {
            all.insert(name.into(), new.clone());
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Time {
        Time::from_ms(1_000_000).plus(Duration::from_secs(seconds))
    }

    fn down() -> Breaker {
        let breaker = Breaker::default();
        for failure in 1..=limits::FAILURES {
            assert!(breaker.permits(at(0)));
            assert_eq!(breaker.settle(true, at(0)), failure == limits::FAILURES);
        }
        breaker
    }

    #[test]
    fn a_back_end_is_skipped_after_five_failures_in_a_row() {
        let breaker = Breaker::default();
        for _ in 0..20 {
            for _ in 1..limits::FAILURES {
                breaker.settle(true, at(0));
            }
            assert!(breaker.permits(at(0)));
            breaker.settle(false, at(0));
        }
        assert!(!down().permits(at(0)));
        assert!(!down().permits(at(29)));
    }

    #[test]
    fn one_call_in_a_while_finds_out_whether_it_is_back() {
        let breaker = down();
        assert!(breaker.permits(at(30)));
        assert!(!breaker.permits(at(30)), "one is enough");
        assert!(!breaker.settle(true, at(33)), "it was down before");
        assert!(!breaker.permits(at(62)));
        assert!(breaker.permits(at(63)));
        breaker.settle(false, at(63));
        assert!(breaker.permits(at(63)) && breaker.permits(at(63)));
    }

    #[test]
    fn a_call_that_never_ended_does_not_keep_it_down_for_ever() {
        let breaker = down();
        assert!(breaker.permits(at(30)));
        assert!(breaker.permits(at(60)));
    }

    #[test]
    fn so_many_calls_are_under_way_and_no_more() {
        let breaker = Rc::<Breaker>::default();
        let mut seats: alloc::vec::Vec<_> = (0..limits::CALLS_AT_ONCE).map(|_| breaker.enter().unwrap()).collect();
        assert!(breaker.enter().is_none());
        seats.pop();
        assert!(breaker.enter().is_some());
    }

    #[test]
    fn a_clock_that_ran_backwards_keeps_nobody_away() {
        assert!(down().permits(Time::from_ms(0)));
        assert!(!down().permits(at(0).plus(Duration::from_millis(1))));
    }

    #[test]
    fn strangers_cannot_make_it_remember_more_and_more() {
        let all = Breakers::default();
        for number in 0..limits::BREAKERS.saturating_mul(3) {
            all.of(&alloc::format!("host{number}"));
        }
        assert!(all.0.borrow().len() <= limits::BREAKERS);
        let one = all.of("one");
        assert!(Rc::ptr_eq(&one, &all.of("one")));
    }
}
