#![allow(clippy::arithmetic_side_effects)] // minutes after an instant of our own

use alloc::vec::Vec;

use super::*;
use crate::error::Unavailable;
use crate::keeper::record::Lease;
use crate::secret::Secret;

const ME: Me<'_> = Me { epoch: 1, tag: "mine" };
const MINUTE: u64 = 60_000;
/// Some instant; the token below is issued then, soft at +90 min, hard at +120 min.
const T0: u64 = 1_800_000_000_000;

fn at(minutes: u64) -> Time {
    Time::from_ms(T0 + minutes * MINUTE)
}

fn empty() -> Record {
    Record { epoch: 1, tag: "mine".into(), ..Record::default() }
}

fn with_token() -> Record {
    let value = Secret::new("T1".into());
    Record { generation: 1, value: Some(Token { value, issued: at(0), soft: at(90), hard: at(120) }), ..empty() }
}

fn leased(record: Record, until: Time) -> Record {
    Record { lease: Some(Lease { id: 7, until }), ..record }
}

fn failed(record: Record, code: i64, count: u32, until: Time, tag: &str) -> Record {
    let failure = Failure { error: refused(code), until, since: at(0), count, tag: tag.into() };
    Record { failure: Some(failure), ..record }
}

fn refused(code: i64) -> Error {
    Error::Refused { code, message: "no".into() }
}

fn t1() -> Credential {
    let value = Secret::new("T1".into());
    Credential { kind: Kind::Access, value, soft: at(90), hard: at(120), generation: 1 }
}

#[track_caller]
fn decides(record: &Record, now: Time, stale: Option<&str>, step: &Step) {
    assert_eq!(&decide(record, Kind::Access, now, stale, ME), step);
}

#[test]
fn a_token_is_given_until_its_soft_expiry_and_renewed_after_it() {
    for (now, step) in [
        (at(0), Step::Give(t1())),
        (at(89), Step::Give(t1())),
        (at(90), Step::GiveAndRefresh(t1())),
        (at(119), Step::GiveAndRefresh(t1())),
        (at(120), Step::Refresh(Why::Expired)),
        (at(500), Step::Refresh(Why::Expired)),
    ] {
        decides(&with_token(), now, None, &step);
    }
    decides(&empty(), at(0), None, &Step::Refresh(Why::Cold));
}

#[test]
fn while_somebody_refreshes_readers_get_the_old_token_and_the_others_wait() {
    let until = Time::from_ms(T0 + 100 * MINUTE + 5_000);
    decides(&leased(with_token(), until), at(100), None, &Step::Give(t1()));
    decides(&leased(with_token(), until), at(100), Some("T1"), &Step::Wait(until));
    let until = at(0).plus(limits::LEASE);
    decides(&leased(empty(), until), at(0), None, &Step::Wait(until));
}

#[test]
fn a_lease_that_ended_or_lies_too_far_ahead_is_void() {
    decides(&leased(empty(), at(0)), at(0), None, &Step::Refresh(Why::Cold));
    decides(&leased(empty(), at(10)), at(0), None, &Step::Refresh(Why::Cold));
    decides(&leased(with_token(), at(95)), at(95), None, &Step::GiveAndRefresh(t1()));
}

#[test]
fn a_stale_token_is_replaced_only_if_it_is_still_the_current_one() {
    decides(&with_token(), at(1), Some("T1"), &Step::Refresh(Why::Stale));
    decides(&with_token(), at(1), Some("T0"), &Step::Give(t1()));
    decides(&empty(), at(1), Some("T0"), &Step::Refresh(Why::Cold));
}

#[test]
fn a_stale_token_waits_for_its_budget_and_says_how_long() {
    let asked_at_1 = || {
        let mut record = with_token();
        record.value.as_mut().unwrap().issued = at(1);
        record
    };
    let held = Record { held: Some(Time::from_ms(T0 + MINUTE + 1_500)), ..asked_at_1() };
    let soon = |retry_after| Step::Fail(Reject::TooSoon { retry_after }.into());
    decides(&held, at(1), Some("T1"), &soon(2));
    decides(&held, Time::from_ms(T0 + MINUTE + 1_499), Some("T1"), &soon(1));
    decides(&held, Time::from_ms(T0 + MINUTE + 1_500), Some("T1"), &Step::Refresh(Why::Stale));
    decides(&held, at(1), None, &Step::Give(t1()));
    decides(&held, at(1), Some("T0"), &Step::Give(t1()));
    // The budget of a day is spent. But another program may have fetched another token: that costs a plain call, now and then.
    let held = Record { held: Some(at(600)), ..asked_at_1() };
    decides(&held, Time::from_ms(T0 + MINUTE + 29_999), Some("T1"), &soon(600 * 60 - 89));
    decides(&held, Time::from_ms(T0 + MINUTE + 30_000), Some("T1"), &Step::Refresh(Why::Stale));
    // An expired token is fetched, not forced: no budget holds it.
    decides(&Record { held: Some(at(200)), ..with_token() }, at(121), Some("T1"), &Step::Refresh(Why::Expired));
}

#[test]
fn after_a_failure_nobody_asks_until_the_pause_is_over() {
    let pause = Time::from_ms(T0 + 1_000);
    decides(&failed(empty(), -1, 1, pause, "mine"), at(0), None, &Step::Wait(pause));
    decides(&failed(empty(), -1, 3, pause, "mine"), at(0), None, &Step::Fail(refused(-1)));
    decides(&failed(empty(), 40125, 1, pause, "mine"), at(0), None, &Step::Fail(refused(40125)));
    decides(&failed(empty(), 40125, 1, pause, "mine"), pause, None, &Step::Refresh(Why::Cold));
    decides(&failed(with_token(), -1, 9, at(101), "mine"), at(100), None, &Step::Give(t1()));
    decides(&failed(with_token(), -1, 9, at(101), "mine"), at(101), None, &Step::GiveAndRefresh(t1()));
    let unreachable = Unavailable::Unreachable { who: "WeChat".into() };
    let failure = Failure { error: unreachable.into(), until: pause, since: at(0), count: 1, tag: "mine".into() };
    decides(&Record { failure: Some(failure), ..empty() }, at(0), None, &Step::Wait(pause));
}

#[test]
fn a_failure_with_another_secret_or_of_another_time_does_not_count() {
    let pause = Time::from_ms(T0 + 1_000);
    decides(&failed(empty(), 40125, 1, pause, "other"), at(0), None, &Step::Refresh(Why::Cold));
    let far = at(0).plus(LONGEST_PAUSE).plus(core::time::Duration::from_millis(1));
    decides(&failed(empty(), 40125, 1, far, "mine"), at(0), None, &Step::Refresh(Why::Cold));
}

#[test]
fn a_clock_that_ran_backwards_renews_the_token_and_serves_it_meanwhile() {
    let before = |ms: u64| Time::from_ms(T0 - ms);
    decides(&with_token(), before(60_000), None, &Step::Give(t1()));
    decides(&with_token(), before(60_001), None, &Step::GiveAndRefresh(t1()));
}

#[test]
fn an_older_configuration_with_another_secret_leaves_the_renewing_to_its_successor() {
    let newer = Record { epoch: 2, tag: "other".into(), ..with_token() };
    decides(&newer, at(100), None, &Step::Give(t1()));
    // With nothing to give it still fetches.
    decides(&newer, at(1), Some("T1"), &Step::Refresh(Why::Stale));
    decides(&newer, at(121), None, &Step::Refresh(Why::Expired));
    // A newer one with the same secret is no reason to stop, and an older one never is.
    decides(&Record { epoch: 2, ..with_token() }, at(100), None, &Step::GiveAndRefresh(t1()));
    let older = Record { epoch: 0, tag: "other".into(), ..with_token() };
    decides(&older, at(100), None, &Step::GiveAndRefresh(t1()));
}

#[test]
fn a_record_of_a_newer_version_is_read_and_never_written() {
    let superseded = Step::Fail(Unavailable::Superseded.into());
    let newer = |record| Record { v: VERSION + 1, ..record };
    decides(&newer(with_token()), at(100), None, &Step::Give(t1()));
    decides(&newer(with_token()), at(100), Some("T1"), &superseded);
    decides(&newer(empty()), at(0), None, &superseded);
}

#[test]
fn force_is_spent_half_a_minute_apart_and_twenty_times_a_day() {
    let second = |s: u64| Time::from_ms(T0 + s * 1_000);
    let hold = |forced: &[Time], now| force_hold(&mut forced.to_vec(), now);
    assert_eq!(hold(&[], second(0)), None);
    assert_eq!(hold(&[second(0)], second(29)), Some(second(30)));
    assert_eq!(hold(&[second(0)], second(30)), None);
    let twenty: Vec<Time> = (0..20).map(|n| second(n * 60)).collect();
    assert_eq!(hold(&twenty, second(2_000)), Some(second(86_400)));
    assert_eq!(hold(&twenty, second(86_400)), None);
    // Times that lie ahead are the mark of a clock that ran backwards.
    assert_eq!(hold(&[second(500)], second(0)), None);
}
