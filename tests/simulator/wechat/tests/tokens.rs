//! How tokens live and die.

use serde_json::json;

use super::{START, after, change, used, with};
use crate::simulator::clock::Millis;
use crate::simulator::wechat::{Grant, Refusal, Which};

#[test]
fn each_classic_fetch_issues_a_new_token_and_the_old_one_lives_for_the_grace_time() {
    let mut wechat = with(json!({}));
    let first = wechat.classic_token("wx1", START).unwrap();
    assert_eq!((first.expires_in, first.issued), (7200, true));
    let second = wechat.classic_token("wx1", after(10)).unwrap();
    assert_ne!(first.token, second.token);
    for (secs, code) in [(10, 0), (309, 0), (310, 40001), (7200, 40001)] {
        assert_eq!(used(&mut wechat, &first.token, after(secs)), code, "after {secs} s");
    }
    for (secs, code) in [(7209, 0), (7210, 42001)] {
        assert_eq!(used(&mut wechat, &second.token, after(secs)), code, "after {secs} s");
    }
}

#[test]
fn the_classic_token_before_the_previous_one_dies_at_once() {
    let mut wechat = with(json!({}));
    let tokens: Vec<_> = (0..3).map(|_| wechat.classic_token("wx1", START).unwrap().token).collect();
    let codes: Vec<_> = tokens.iter().map(|token| used(&mut wechat, token, START)).collect();
    assert_eq!(codes, [40001, 0, 0]);
}

#[test]
fn a_classic_token_that_ran_out_before_it_was_replaced_has_expired() {
    let mut wechat = with(json!({ "token_life_s": 60 }));
    let first = wechat.classic_token("wx1", START).unwrap();
    wechat.classic_token("wx1", after(90)).unwrap();
    wechat.classic_token("wx1", after(90)).unwrap();
    assert_eq!(used(&mut wechat, &first.token, after(90)), 42001);
}

#[test]
fn the_stable_token_stays_the_same_until_its_last_five_minutes() {
    let mut wechat = with(json!({}));
    let first = wechat.stable_token("wx1", false, START).unwrap();
    for (secs, left) in [(0, 7200), (1, 7199), (6855, 345), (6899, 301)] {
        let again = wechat.stable_token("wx1", false, after(secs)).unwrap();
        assert_eq!(again, Grant { token: first.token.clone(), expires_in: left, issued: false });
    }
    let next = wechat.stable_token("wx1", false, after(6900)).unwrap();
    assert_eq!((next.expires_in, next.issued), (7200, true));
    assert_ne!(next.token, first.token);
    for (secs, code) in [(6900, 0), (7199, 0), (7200, 42001)] {
        assert_eq!(used(&mut wechat, &first.token, after(secs)), code, "after {secs} s");
    }
}

#[test]
fn a_short_stable_token_is_renewed_in_its_last_quarter() {
    let mut wechat = with(json!({ "token_life_s": 40 }));
    let first = wechat.stable_token("wx1", false, START).unwrap();
    assert_eq!(wechat.stable_token("wx1", false, after(29)).unwrap().token, first.token);
    assert_ne!(wechat.stable_token("wx1", false, after(30)).unwrap().token, first.token);
}

#[test]
fn a_life_of_one_second_still_gives_tokens() {
    let mut wechat = with(json!({ "token_life_s": 1 }));
    let grant = wechat.stable_token("wx1", false, START).unwrap();
    assert_eq!(used(&mut wechat, &grant.token, Millis(START.0 + 999)), 0);
    assert!(wechat.stable_token("wx1", false, after(1)).unwrap().issued);
}

#[test]
fn a_forced_refresh_kills_the_old_stable_token() {
    let mut wechat = with(json!({}));
    let first = wechat.stable_token("wx1", false, START).unwrap();
    let forced = wechat.stable_token("wx1", true, START).unwrap();
    assert!(forced.issued && forced.token != first.token);
    assert_eq!(used(&mut wechat, &first.token, START), 40001);
    assert_eq!(wechat.stable_token("wx1", false, after(5)).unwrap().token, forced.token);
}

#[test]
fn forced_refreshes_are_thirty_seconds_apart_and_twenty_a_day() {
    let mut wechat = with(json!({}));
    assert!(wechat.stable_token("wx1", true, START).is_ok());
    assert_eq!(wechat.stable_token("wx1", true, after(29)), Err(Refusal::TOO_FREQUENT));
    for n in 1..20 {
        assert!(wechat.stable_token("wx1", true, after(30 * n)).is_ok(), "number {n}");
    }
    assert_eq!(wechat.stable_token("wx1", true, after(3600)), Err(Refusal::DAILY_QUOTA));
    assert!(wechat.stable_token("wx1", true, after(24 * 60 * 60)).is_ok());

    let mut wechat = with(json!({ "force_per_day": 1, "force_gap_s": 0 }));
    assert!(wechat.stable_token("wx1", true, START).is_ok());
    assert_eq!(wechat.stable_token("wx1", true, START), Err(Refusal::DAILY_QUOTA));
}

#[test]
fn a_forced_refresh_that_is_refused_leaves_the_token_alone() {
    let mut wechat = with(json!({ "force_per_day": 0 }));
    let first = wechat.stable_token("wx1", false, START).unwrap();
    assert!(wechat.stable_token("wx1", true, START).is_err());
    assert_eq!(used(&mut wechat, &first.token, START), 0);
}

#[test]
fn the_two_kinds_of_token_never_touch_each_other() {
    let mut wechat = with(json!({}));
    let stable = wechat.stable_token("wx1", false, START).unwrap().token;
    let classic = wechat.classic_token("wx1", START).unwrap().token;
    wechat.classic_token("wx1", START).unwrap();
    wechat.classic_token("wx1", START).unwrap();
    assert_eq!(used(&mut wechat, &stable, START), 0);
    let last = wechat.classic_token("wx1", START).unwrap().token;
    wechat.stable_token("wx1", true, START).unwrap();
    assert_eq!(used(&mut wechat, &last, START), 0);
    assert_eq!(used(&mut wechat, &classic, START), 40001);
}

#[test]
fn a_killed_token_is_refused_and_the_next_fetch_gives_another() {
    for (which, classic_code, stable_code) in
        [(Which::Classic, 40001, 0), (Which::Stable, 0, 40001), (Which::All, 40001, 40001)]
    {
        let mut wechat = with(json!({}));
        let classic = wechat.classic_token("wx1", START).unwrap().token;
        let stable = wechat.stable_token("wx1", false, START).unwrap().token;
        assert!(wechat.invalidate("wx1", which, false, START));
        assert_eq!(used(&mut wechat, &classic, START), classic_code, "{which:?}");
        assert_eq!(used(&mut wechat, &stable, START), stable_code, "{which:?}");
        assert_eq!(wechat.stable_token("wx1", false, START).unwrap().issued, stable_code != 0);
    }
    assert!(!with(json!({})).invalidate("wx9", Which::All, false, START));
}

#[test]
fn a_sticky_dead_token_is_handed_out_until_it_is_forced() {
    let mut wechat = with(json!({}));
    let first = wechat.stable_token("wx1", false, START).unwrap();
    wechat.invalidate("wx1", Which::Stable, true, START);
    assert!(!wechat.report(START)["wx1"].stable.as_ref().unwrap().valid);
    let again = wechat.stable_token("wx1", false, START).unwrap();
    assert_eq!((again.token.as_str(), again.issued), (first.token.as_str(), false));
    assert_eq!(used(&mut wechat, &again.token, START), 40001);
    let forced = wechat.stable_token("wx1", true, START).unwrap();
    assert_eq!(used(&mut wechat, &forced.token, START), 0);
}

#[test]
fn using_a_token_that_is_missing_or_made_up_is_refused() {
    let mut wechat = with(json!({}));
    assert_eq!(wechat.use_token("user_info", None, START), Err(Refusal::MISSING_TOKEN));
    assert_eq!(wechat.use_token("user_info", Some(""), START), Err(Refusal::MISSING_TOKEN));
    assert_eq!(used(&mut wechat, "SIM_made_up", START), 40014);
}

#[test]
fn tokens_out_of_use_are_forgotten_one_day_but_current_ones_never() {
    let mut wechat = with(json!({}));
    wechat.put_account(change(json!({ "appid": "wx2", "secret": "s2" }))).unwrap();
    let kept = wechat.stable_token("wx2", false, START).unwrap().token;
    let first = wechat.classic_token("wx1", START).unwrap().token;
    for _ in 0..100_010 {
        wechat.classic_token("wx1", START).unwrap();
    }
    assert_eq!(used(&mut wechat, &first, START), 40014);
    assert_eq!(used(&mut wechat, &kept, START), 0);
}
