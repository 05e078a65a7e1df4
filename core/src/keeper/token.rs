//! What to do about a credential: one pure decision.

use crate::account::Kind;
use crate::error::{Error, Reject, Unavailable};
use crate::event::Why;
use crate::host::Time;
use crate::keeper::record::{Credential, Failure, Record, Token, VERSION};
use crate::limits;
use crate::wechat::errcode::Class;

/// The next step of somebody who wants a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Here it is.
    Give(Credential),
    /// Here it is, and somebody should renew it.
    GiveAndRefresh(Credential),
    /// There is none to give: claim the lease and fetch one.
    Refresh(Why),
    /// Somebody is at it, or it is too early to try again: look again at a change, or then.
    Wait(Time),
    /// There is none.
    Fail(Error),
}

/// Who is deciding: the configuration in force here.
#[derive(Clone, Copy, Debug)]
pub struct Me<'a> {
    /// Its number; a newer configuration has a greater one.
    pub epoch: u64,
    /// Which AppSecret it has.
    pub tag: &'a str,
}

/// After so many transient failures in a row callers are told at once instead of waiting for the next try.
const PATIENT_FAILURES: u32 = 3;

/// How far the clock may run backwards before a credential is renewed for it, in milliseconds.
const CLOCK_SLACK: u64 = 60_000;

/// Decides. `stale` is the credential that the caller saw fail.
///
/// Readers never wait while a usable credential exists; at most one refresh is claimed; a lease, a failure and a hold all end
/// by time, and one that ends further away than any of them lasts is the mark of a clock that ran backwards, and void.
#[must_use]
pub fn decide(record: &Record, kind: Kind, now: Time, stale: Option<&str>, me: Me<'_>) -> Step {
    let alive = record.value.as_ref().filter(|it| now < it.hard);
    let good = alive.filter(|it| stale != Some(it.value.expose()));
    let (busy, failure) = (busy(record, now), failure(record, now, me));
    if let Some(token) = good {
        let credential = Credential::of(kind, token, record.generation);
        let idle = busy.is_none() && failure.is_none();
        if due(token, now) && idle && may_write(record) && !outranked(record, me) {
            return Step::GiveAndRefresh(credential);
        }
        return Step::Give(credential);
    }
    if let Some(until) = busy {
        return Step::Wait(until);
    }
    if let Some(failure) = failure {
        return after(failure);
    }
    if !may_write(record) {
        return Step::Fail(Unavailable::Superseded.into());
    }
    // A hold forbids to force another one; whether WeChat has another one by itself is asked again after a while.
    let asked = alive.is_some_and(|it| ahead(now, it.issued.plus(limits::FORCE_GAP), limits::FORCE_GAP));
    match record.held.filter(|it| asked && ahead(now, *it, LONGEST_PAUSE)) {
        Some(until) => Step::Fail(too_soon(now, until)),
        None => Step::Refresh(why(record, alive)),
    }
}

/// Until when there is nothing to be done: somebody is at it, or it is too early to try again.
pub(super) fn quiet(record: &Record, now: Time, me: Me<'_>) -> Option<Time> {
    busy(record, now).max(failure(record, now, me).map(|it| it.until))
}

pub(super) fn busy(record: &Record, now: Time) -> Option<Time> {
    record.lease.as_ref().map(|it| it.until).filter(|it| ahead(now, *it, limits::LEASE))
}

fn failure<'a>(record: &'a Record, now: Time, me: Me<'_>) -> Option<&'a Failure> {
    let pause = |it: &Failure| class(&it.error).pause(it.count);
    let mut failures = record.failure.iter().chain(&record.other);
    failures.find(|it| it.tag == me.tag && ahead(now, it.until, pause(it)))
}

/// The longest pause after an empty budget: a day.
const LONGEST_PAUSE: core::time::Duration = core::time::Duration::from_secs(86_400);

/// Whether `until` lies ahead, and not further than `most`.
fn ahead(now: Time, until: Time, most: core::time::Duration) -> bool {
    now < until && until <= now.plus(most)
}

/// Whether it is time to renew `token`, which is still good.
fn due(token: &Token, now: Time) -> bool {
    token.soft <= now || now.as_ms().saturating_add(CLOCK_SLACK) < token.issued.as_ms()
}

/// A record of a newer version is left to newer programs.
pub(super) const fn may_write(record: &Record) -> bool {
    record.v <= VERSION
}

/// An older configuration with another AppSecret leaves the renewing to its successor. It still fetches for a caller who would
/// go away with nothing: a failure with the wrong secret counts only against that secret.
pub(super) fn outranked(record: &Record, me: Me<'_>) -> bool {
    record.epoch > me.epoch && record.tag != me.tag
}

const fn why(record: &Record, alive: Option<&Token>) -> Why {
    match (&record.value, alive) {
        (None, _) => Why::Cold,
        (_, None) => Why::Expired,
        _ => Why::Stale,
    }
}

fn after(failure: &Failure) -> Step {
    if class(&failure.error) == Class::Transient && failure.count < PATIENT_FAILURES {
        return Step::Wait(failure.until);
    }
    Step::Fail(failure.error.clone())
}

/// What a failed fetch means for the next one.
#[must_use]
pub fn class(error: &Error) -> Class {
    match error {
        Error::Refused { code, .. } => crate::wechat::errcode::class(*code),
        _ => Class::Transient,
    }
}

fn too_soon(now: Time, until: Time) -> Error {
    let wait = now.until(until).as_millis().div_ceil(1000);
    let retry_after = u64::try_from(wait).unwrap_or(u64::MAX).max(1);
    Reject::TooSoon { retry_after }.into()
}

/// Until when another `force_refresh` may not be spent; `None` if it may be now. Forgets what is over a day old.
pub fn force_hold(forced: &mut alloc::vec::Vec<Time>, now: Time) -> Option<Time> {
    let day = LONGEST_PAUSE;
    forced.retain(|it| *it <= now && now < it.plus(day));
    let gap = forced.last().map(|it| it.plus(limits::FORCE_GAP));
    let full = forced.len() >= limits::FORCE_PER_DAY;
    let daily = forced.first().map(|it| it.plus(day)).filter(|_| full);
    gap.max(daily).filter(|it| now < *it)
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
