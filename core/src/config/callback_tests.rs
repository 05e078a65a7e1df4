use alloc::string::{String, ToString};
use core::time::Duration;

use super::*;
use crate::config::Gateway;
use crate::error::Reject;
use crate::host::{Head, Method};
use crate::route::{Configured, Route};

/// A key of the shape of an EncodingAESKey.
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

const GOOD: &str = r#"{
    "backends": { "bot": { "url": "http://10.0.0.5:8080/wx" } },
    "calls": ["https://*.partner.com"],
    "callback_hosts": { "svc.example.com": ["shop", "plain"] },
    "apps": {
        "shop": { "kind": "official", "appid": "wx1", "secret": "s", "callback": {
            "token": ["new123", "old123"], "aes_key": "KEY", "path": "/wx", "to": ["bot", "https://a.partner.com/x", "/echo"],
            "form": "gateway", "userinfo": false, "deadline_ms": 4000, "max_age": 60 } },
        "plain": { "kind": "miniprogram", "appid": "wx2", "secret": "s", "callback": { "token": "plain1" } },
        "corp": { "kind": "wecom", "corpid": "ww1", "secret": "s", "callback": { "token": "corp12", "aes_key": ["KEY"], "suite_id": "tj1" } },
        "store": { "kind": "channels", "appid": "wx3", "secret": "s" }
    } }"#;

fn read(text: &str) -> Result<Gateway, ConfigError> {
    Gateway::from_json(&text.replace("KEY", KEY), &|_| None)
}

#[test]
fn a_callback_is_read_as_it_is_written() {
    let gateway = read(GOOD).unwrap();
    let shop = gateway.callback("shop").unwrap();
    assert_eq!((shop.guard.tokens.len(), shop.guard.keys.len(), shop.guard.mode), (2, 1, Mode::Encrypted));
    assert_eq!((shop.form, shop.user_info, shop.to.len()), (Some(Form::Gateway), Some(false), 3));
    assert_eq!((shop.deadline, shop.guard.max_age), (Duration::from_secs(4), 60));
    let plain = gateway.callback("plain").unwrap();
    assert_eq!((plain.guard.mode, plain.form, plain.guard.max_age), (Mode::Plain, None, 300));
    assert_eq!(plain.deadline, Duration::from_millis(4_500));
    assert_eq!(gateway.callback("corp").unwrap().guard.receive_ids, ["ww1", "tj1"]);
    assert!(gateway.callback("store").is_none());
}

fn head(host: &str, target: &str) -> Head {
    Head { method: Method::Post, target: target.into(), host: host.into(), headers: Rc::new(()) }
}

#[test]
fn its_path_and_its_hosts_are_found_where_no_route_is() {
    let gateway = read(GOOD).unwrap();
    let route = |host, target| Route::find(&head(host, target), &gateway.paths);
    assert_eq!(route("any", "/wx"), Ok(Route::Configured(Configured::Callback("shop".into()))));
    let hosted = Ok(Route::Hosted { apps: ["shop".to_string(), "plain".into()].into() });
    for host in ["svc.example.com", "SVC.example.com:8080"] {
        assert_eq!(route(host, "/any/path?call=bot"), hosted);
    }
    assert_eq!(route("svc.example.com", "/?%63all"), hosted);
    assert_eq!(route("svc.example.com", "/any/path?cal=bot"), Err(Reject::NotFound));
    for host in ["example.com", "svc.example.com.evil.com", "a.svc.example.com", "", ":80", "svc.example.com:80:80"] {
        assert_eq!(route(host, "/any/path?call=bot"), Err(Reject::NotFound), "{host}");
    }
    let known = route("svc.example.com", "/app/shop/msg?call=bot");
    assert_eq!(known, Ok(Route::Message { app: "shop".into(), json: false }));
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (r#"["new123", "old123"]"#, "[]", "apps.shop.callback.token", "is no Token"),
        (r#"["new123", "old123"]"#, r#""a b c""#, "apps.shop.callback.token", "is no Token"),
        (r#"["new123", "old123"]"#, "7", "apps.shop.callback.token", "expected a text or a list of texts"),
        (r#""aes_key": "KEY""#, r#""aes_key": "short""#, "apps.shop.callback.aes_key", "is no EncodingAESKey"),
        (r#""form": "gateway""#, r#""form": "xml""#, "apps.shop.callback.form", "unknown variant `xml`"),
        (r#""form": "gateway""#, r#""mode": "plain""#, "apps.shop.callback.mode", "is plain, and there is an aes_key"),
        (r#""token": "plain1""#, r#""token": "plain1", "mode": "safe""#, "apps.plain.callback.aes_key", "is missing"),
        (r#""token": "plain1""#, r#""token": "plain1", "userinfo": true"#, "apps.plain.callback.userinfo", "official"),
        (r#""aes_key": ["KEY"], "#, "", "apps.corp.callback.mode", "WeCom encrypts everything"),
        (r#""suite_id": "tj1""#, r#""suite_id": """#, "apps.corp.callback.suite_id", "is empty"),
        (r#""token": "plain1""#, r#""token": "plain1", "suite_id": "t""#, "apps.plain.callback.suite_id", "is WeCom's"),
        (r#""deadline_ms": 4000"#, r#""deadline_ms": 5000"#, "apps.shop.callback.deadline_ms", "WeChat waits for 5000"),
        (r#""/echo""#, r#""/app/shop/api""#, "apps.shop.callback.to[2]", "only /echo is"),
        (r#""/echo""#, r#""http://127.0.0.1/""#, "apps.shop.callback.to[2]", "private network"),
        (r#""/echo""#, r#""nobody""#, "apps.shop.callback.to[2]", "names no back-end"),
        (r#""/echo""#, r#""bot","bot","bot","bot","bot","bot","bot""#, "apps.shop.callback.to", "more than 8"),
        (r#""/wx""#, r#""/token/wx""#, "apps.shop.callback.path", "of the gateway's own"),
        (r#""/wx""#, r#""wx""#, "apps.shop.callback.path", "is no path"),
        (r#""token": "plain1""#, r#""token": "plain1", "path": "/wx""#, "apps.shop.callback.path", "something else"),
        (
            r#""gateway", "userinfo": false"#,
            r#""decrypted", "userinfo": true"#,
            "apps.shop.callback.userinfo",
            "no place",
        ),
        (r#""appid": "wx1","#, r#""appid": "wx1", "allow": ["token"],"#, "apps.shop.allow", "leaves out msg"),
        ("svc.example.com", "Svc.example.com", "callback_hosts.Svc.example.com", "lower case"),
        ("svc.example.com", "https://svc", "callback_hosts.https://svc", "is no host"),
        (r#"["shop", "plain"]"#, "[]", "callback_hosts.svc.example.com", "names no app"),
        (r#"["shop", "plain"]"#, r#"["store"]"#, "callback_hosts.svc.example.com", "no app with a callback"),
    ];
    for (old, new, path, why) in cases {
        assert!(GOOD.contains(old), "{old}");
        let error = read(&GOOD.replacen(old, new, 1)).unwrap_err();
        assert_eq!(error.path, path, "{error}");
        assert!(error.why.contains(why), "{error}");
        assert!(!error.why.contains(KEY) && !error.why.contains("new123"), "{error}");
    }
}

#[test]
fn apps_whose_messages_could_be_mistaken_share_no_host() {
    let with = |one: &str, two: &str| {
        let app = |appid: &str, more: &str| {
            let callback = format!(r#"{{ "token": ["mine123", "ours123"]{more} }}"#);
            format!(r#"{{ "kind": "official", "appid": "{appid}", "secret": "s", "callback": {callback} }}"#)
        };
        let (one, two) =
            (app("wx1", one), app(if two == "same" { "wx1" } else { "wx2" }, if two == "same" { one } else { two }));
        read(&format!(r#"{{ "callback_hosts": {{ "h": ["one", "two"] }}, "apps": {{ "one": {one}, "two": {two} }} }}"#))
    };
    let key = r#", "aes_key": "KEY""#;
    for (one, two) in [("", ""), ("", "same"), (key, "same")] {
        let error = with(one, two).unwrap_err();
        assert!(error.path == "callback_hosts.h" && error.why.contains("a token of its own"), "{error}");
    }
    assert!(with(key, key).is_ok(), "an envelope says whose it is");
    assert!(with(key, "").is_ok(), "and the mode does");
}

#[test]
fn an_app_that_was_registered_takes_what_its_registration_says() {
    let account = AccountId { family: Family::Official, id: "wx9".into() };
    let mut it = Registration::of(account.clone());
    assert!(Callback::registered("x", account.clone(), &it).is_none(), "nothing can be verified without a token");
    it.token = Some(Secret::new("token1".into()));
    assert_eq!(Callback::registered("x", account.clone(), &it).unwrap().guard.mode, Mode::Plain);
    it.aes = Some(Secret::new(String::from(KEY)));
    let guard = Callback::registered("x", account.clone(), &it).unwrap().guard;
    assert_eq!((guard.mode, guard.receive_ids), (Mode::Encrypted, ["wx9".to_string()].into()));
    it.aes = Some(Secret::new("no key".into()));
    assert!(Callback::registered("x", account, &it).is_none(), "plain messages are not taken instead");
}
