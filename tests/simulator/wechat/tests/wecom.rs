//! WeCom: accounts by corp and secret, one token each.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{HOME, START, after, change, used, with};
use crate::simulator::clock::Millis;
use crate::simulator::wechat::{Grant, Owner, Platform, Refusal, WeChat, Which};

/// A WeChat with the official account wx1 and the corp ww1, which has two applications; `settings` are of the first.
#[track_caller]
pub(super) fn with_corp(settings: Value) -> WeChat {
    let mut wechat = with(json!({}));
    let mut first = json!({ "appid": "ww1", "secret": "a", "kind": "wecom" });
    first.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    wechat.put_account(change(first)).unwrap();
    wechat.put_account(change(json!({ "appid": "ww1", "secret": "b", "kind": "wecom" }))).unwrap();
    wechat
}

pub(super) fn fetch(wechat: &mut WeChat, secret: &str, now: Millis) -> Result<Grant, Refusal> {
    let owner = wechat.admit_wecom("gettoken", Some("ww1"), Some(secret), HOME, now)?;
    wechat.wecom_token(&owner, now)
}

/// 0, or the code that using the token at WeCom is refused with.
fn used_at_wecom(wechat: &mut WeChat, token: &str, now: Millis) -> i64 {
    let done = wechat.use_token_at(Platform::WeCom, "get_jsapi_ticket", Some(token), now);
    done.err().map_or(0, |refusal| refusal.code)
}

#[test]
fn only_the_owner_of_a_secret_is_admitted() {
    for (corpid, secret, refusal) in [
        (Some("ww1"), Some("a"), None),
        (Some("ww1"), Some("b"), None),
        (Some("ww1"), Some("c"), Some(Refusal::INVALID_CREDENTIAL)),
        (Some("ww2"), Some("a"), Some(Refusal::INVALID_CORPID)),
        (Some("wx1"), Some("s1"), Some(Refusal::INVALID_CORPID)),
        (None, Some("a"), Some(Refusal::MISSING_CORPID)),
        (Some(""), Some("a"), Some(Refusal::MISSING_CORPID)),
        (Some("ww1"), None, Some(Refusal::MISSING_CORPSECRET)),
        (Some("ww1"), Some(""), Some(Refusal::MISSING_CORPSECRET)),
    ] {
        let admitted = with_corp(json!({})).admit_wecom("gettoken", corpid, secret, HOME, START);
        assert_eq!(admitted.err(), refusal, "{corpid:?} {secret:?}");
    }
    assert_eq!(fetch(&mut with_corp(json!({ "frozen": true })), "a", START), Err(Refusal::INVALID_CREDENTIAL));
}

#[test]
fn a_list_and_a_quota_are_of_one_secret() {
    let mut wechat = with_corp(json!({ "ip_allow": ["203.0.113.7"], "quotas": { "gettoken": 1 } }));
    assert_eq!(fetch(&mut wechat, "a", START).unwrap_err().code, 60020);
    wechat
        .put_account(change(json!({ "appid": "ww1", "secret": "a", "kind": "wecom", "seen_ip": "203.0.113.7" })))
        .unwrap();
    assert!(fetch(&mut wechat, "a", START).is_ok());
    assert_eq!(fetch(&mut wechat, "a", START), Err(Refusal::OVER_FREQUENCY));
    assert!(fetch(&mut wechat, "b", START).is_ok());
}

#[test]
fn a_refusal_of_wecom_tells_the_address_that_it_saw() {
    let mut wechat = with_corp(json!({ "ip_allow": [], "seen_ip": "203.0.113.7" }));
    let foreign = fetch(&mut wechat, "a", START).unwrap_err();
    for (refusal, text, ip) in [
        (foreign, "not allow to access from your ip", "203.0.113.7"),
        (Refusal::EXPIRED_TOKEN, "access_token expired", "::1"),
    ] {
        let peer: IpAddr = "::1".parse().unwrap();
        let message = refusal.message(Platform::WeCom, wechat.mint(), peer, START);
        assert!(message.starts_with(&format!("{text}, hint: [1700000000")), "{message}");
        let rest =
            format!("], from ip: {ip}, more info at https://open.work.weixin.qq.com/devtool/query?e={}", refusal.code);
        assert!(message.ends_with(&rest), "{message}");
    }
}

#[test]
fn the_token_of_a_secret_stays_the_same_until_its_end() {
    let mut wechat = with_corp(json!({}));
    let first = fetch(&mut wechat, "a", START).unwrap();
    assert_eq!((first.expires_in, first.issued), (7200, true));
    for (secs, left) in [(0, 7200), (6900, 300), (7199, 1)] {
        let again = fetch(&mut wechat, "a", after(secs)).unwrap();
        assert_eq!(again, Grant { token: first.token.clone(), expires_in: left, issued: false });
    }
    let next = fetch(&mut wechat, "a", after(7200)).unwrap();
    assert!(next.issued && next.token != first.token);
    assert_eq!(used_at_wecom(&mut wechat, &first.token, after(7200)), 42001);
    assert_eq!(used_at_wecom(&mut wechat, &next.token, after(7200)), 0);
}

#[test]
fn each_secret_of_a_corp_has_a_token_and_settings_of_its_own() {
    let mut wechat = with_corp(json!({ "token_life_s": 60 }));
    let (a, b) = (fetch(&mut wechat, "a", START).unwrap(), fetch(&mut wechat, "b", START).unwrap());
    assert_ne!(a.token, b.token);
    assert_eq!((a.expires_in, b.expires_in), (60, 7200));
    let report = wechat.report(START);
    assert_eq!(report.keys().collect::<Vec<_>>(), ["ww1:a", "ww1:b", "wx1"].iter().collect::<Vec<_>>());
    assert_eq!((report["ww1:a"].kind, report["wx1"].kind), (Platform::WeCom, Platform::Official));
    assert_eq!(report["ww1:b"].wecom.as_ref().unwrap().token, b.token);
}

#[test]
fn a_token_means_nothing_to_the_other_platform() {
    let mut wechat = with_corp(json!({}));
    let corp = fetch(&mut wechat, "a", START).unwrap().token;
    let official = wechat.stable_token("wx1", false, START).unwrap().token;
    assert_eq!((used(&mut wechat, &corp, START), used_at_wecom(&mut wechat, &corp, START)), (40014, 0));
    assert_eq!((used(&mut wechat, &official, START), used_at_wecom(&mut wechat, &official, START)), (0, 40014));
    assert_eq!(used(&mut wechat, &corp, after(7200)), 40014);
}

#[test]
fn an_id_may_be_an_appid_and_a_corpid() {
    let mut wechat = with(json!({}));
    wechat.put_account(change(json!({ "appid": "wx1", "secret": "s1", "kind": "wecom" }))).unwrap();
    let owner = wechat.admit_wecom("gettoken", Some("wx1"), Some("s1"), HOME, START).unwrap();
    assert_eq!(owner, Owner::WeCom { corpid: "wx1".into(), secret: "s1".into() });
    let corp = wechat.wecom_token(&owner, START).unwrap().token;
    let official = wechat.classic_token("wx1", START).unwrap().token;
    assert!(wechat.invalidate("wx1", Which::WeCom, false, START));
    assert_eq!((used_at_wecom(&mut wechat, &corp, START), used(&mut wechat, &official, START)), (40001, 0));
}

#[test]
fn a_name_kills_one_secret_or_the_whole_corp() {
    for (name, which, codes) in [
        ("ww1:a", Which::WeCom, (40001, 0)),
        ("ww1:b", Which::All, (0, 40001)),
        ("ww1", Which::All, (40001, 40001)),
        ("ww1", Which::Ticket, (0, 0)),
    ] {
        let mut wechat = with_corp(json!({}));
        let (a, b) = (fetch(&mut wechat, "a", START).unwrap().token, fetch(&mut wechat, "b", START).unwrap().token);
        assert!(wechat.invalidate(name, which, false, START));
        let refused = (used_at_wecom(&mut wechat, &a, START), used_at_wecom(&mut wechat, &b, START));
        assert_eq!(refused, codes, "{name} {which:?}");
        assert_eq!(fetch(&mut wechat, "a", START).unwrap().issued, codes.0 != 0);
    }
    let mut wechat = with_corp(json!({}));
    assert!(!wechat.invalidate("ww1", Which::Stable, false, START) && wechat.knows("ww1"));
    assert!(!wechat.invalidate("ww1:c", Which::WeCom, false, START) && !wechat.knows("ww1:c"));
}

#[test]
fn a_sticky_dead_token_of_wecom_is_handed_out_until_its_end() {
    let mut wechat = with_corp(json!({ "token_life_s": 60 }));
    let first = fetch(&mut wechat, "a", START).unwrap().token;
    wechat.invalidate("ww1:a", Which::WeCom, true, START);
    assert_eq!(fetch(&mut wechat, "a", after(59)).unwrap().token, first);
    assert_eq!(used_at_wecom(&mut wechat, &first, after(59)), 40001);
    assert!(fetch(&mut wechat, "a", after(60)).unwrap().issued);
}
