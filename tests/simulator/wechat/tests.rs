//! The rules of WeChat, as tables.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use super::*;

mod tickets;
mod tokens;
mod wecom;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const START: Millis = Millis(1_700_000_000_000);

fn after(secs: u32) -> Millis {
    START.plus_secs(secs)
}

#[track_caller]
fn change(settings: Value) -> AccountChange {
    serde_json::from_value(settings).unwrap()
}

#[track_caller]
fn with(settings: Value) -> WeChat {
    let mut wechat = WeChat::new(1);
    wechat.put_account(change(json!({ "appid": "wx1", "secret": "s1" }))).unwrap();
    let mut all = json!({ "appid": "wx1" });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    wechat.put_account(change(all)).unwrap();
    wechat
}

fn shown<'a>(grant_type: &'a str, appid: &'a str, secret: &'a str) -> Credentials<'a> {
    Credentials { grant_type: Some(grant_type), appid: Some(appid), secret: Some(secret) }
}

fn admitted(wechat: &mut WeChat, peer: IpAddr, now: Millis) -> Result<String, Refusal> {
    wechat.admit("token", shown("client_credential", "wx1", "s1"), peer, now)
}

/// 0, or the code that using the token is refused with.
fn used(wechat: &mut WeChat, token: &str, now: Millis) -> i64 {
    wechat.use_token("user_info", Some(token), now).err().map_or(0, |refusal| refusal.code)
}

#[test]
fn only_the_owner_of_an_account_is_admitted() {
    for (grant_type, appid, secret, code) in [
        ("client_credential", "wx1", "s1", 0),
        ("client_credential", "wx2", "s1", 40013),
        ("client_credential", "wx1", "s2", 40125),
        ("authorization_code", "wx1", "s1", 40002),
        ("", "wx1", "s1", 40002),
        ("client_credential", "", "s1", 41002),
        ("client_credential", "wx1", "", 41004),
    ] {
        let mut wechat = with(json!({}));
        let refusal = wechat.admit("token", shown(grant_type, appid, secret), HOME, START).err();
        assert_eq!(refusal.map_or(0, |r| r.code), code, "{grant_type} {appid} {secret}");
    }
    let refusal = with(json!({ "frozen": true }));
    assert_eq!(admitted(&mut { refusal }, HOME, START).unwrap_err().code, 40243);
}

#[test]
fn an_allow_list_refuses_strangers_and_tells_their_address() {
    let stranger: IpAddr = "203.0.113.7".parse().unwrap();
    for (settings, peer, admits) in [
        (json!({}), stranger, true),
        (json!({ "ip_allow": null }), stranger, true),
        (json!({ "ip_allow": [] }), HOME, false),
        (json!({ "ip_allow": ["127.0.0.1"] }), HOME, true),
        (json!({ "ip_allow": ["127.0.0.1"] }), stranger, false),
        (json!({ "ip_allow": ["127.0.0.1"], "seen_ip": "203.0.113.7" }), HOME, false),
        (json!({ "ip_allow": ["203.0.113.7"], "seen_ip": "203.0.113.7" }), HOME, true),
    ] {
        assert_eq!(admitted(&mut with(settings.clone()), peer, START).is_ok(), admits, "{settings}");
    }
    let refusal = admitted(&mut with(json!({ "ip_allow": [] })), stranger, START).unwrap_err();
    assert_eq!(refusal.code, 40164);
    assert_eq!(refusal.text, "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist");
    let refusal = Refusal::ip_not_allowed("2001:db8::1".parse().unwrap());
    assert_eq!(refusal.text, "invalid ip 2001:db8::1 ipv6 2001:db8::1, not in whitelist");
}

#[test]
fn a_quota_counts_admitted_calls_and_starts_again_at_midnight() {
    let mut wechat = with(json!({ "quotas": { "token": 2 } }));
    assert!(wechat.admit("token", shown("client_credential", "wx1", "bad"), HOME, START).is_err());
    assert!(admitted(&mut wechat, HOME, START).is_ok());
    assert!(admitted(&mut wechat, HOME, START).is_ok());
    assert_eq!(admitted(&mut wechat, HOME, START), Err(Refusal::DAILY_QUOTA));
    let other = wechat.admit("stable_token", shown("client_credential", "wx1", "s1"), HOME, START);
    assert!(other.is_ok());
    assert!(admitted(&mut wechat, HOME, after(24 * 60 * 60)).is_ok());
}

#[test]
fn a_change_of_settings_keeps_the_tokens_and_the_other_settings() {
    let mut wechat = with(json!({ "force_per_day": 1, "grace_s": 5 }));
    let stable = wechat.stable_token("wx1", true, START).unwrap().token;
    wechat.put_account(change(json!({ "appid": "wx1", "token_life_s": 100 }))).unwrap();
    assert_eq!(used(&mut wechat, &stable, START), 0);
    assert_eq!(wechat.stable_token("wx1", true, after(60)), Err(Refusal::DAILY_QUOTA));
    let first = wechat.classic_token("wx1", START).unwrap();
    assert_eq!(first.expires_in, 100);
    wechat.classic_token("wx1", START).unwrap();
    assert_eq!(used(&mut wechat, &first.token, after(5)), 40001);
}

#[test]
fn a_bad_setting_is_named() {
    for (settings, field) in [
        (json!({ "secret": "s" }), "appid"),
        (json!({ "appid": "wx1" }), "secret"),
        (json!({ "appid": "wx1", "secret": "" }), "secret"),
        (json!({ "appid": "wx1", "secret": "s", "token_life_s": 0 }), "token_life_s"),
        (json!({ "appid": "wx1", "secret": "s", "ticket_life_s": 0 }), "ticket_life_s"),
        (json!({ "appid": "ww1", "kind": "wecom" }), "secret"),
        (json!({ "appid": "ww1", "kind": "wecom", "secret": "s", "grace_s": 1 }), "grace_s"),
        (json!({ "appid": "ww1", "kind": "wecom", "secret": "s", "force_gap_s": 1 }), "force_gap_s"),
        (json!({ "appid": "wx1", "secret": "s", "quotas": { "tokens": 1 } }), "quotas.tokens"),
    ] {
        let sentence = WeChat::new(1).put_account(change(settings)).unwrap_err();
        assert!(sentence.starts_with(&format!("{field}: ")), "{sentence}");
    }
}
