use alloc::string::ToString;

use super::*;
use crate::config::Gateway;

const GOOD: &str = r#"{
    "apps": {
        "shop": {"kind": "official", "appid": "wx1", "secret": "s1"},
        "twin": {"kind": "official", "appid": "wx1", "secret": "s1"},
        "corp": {"kind": "wecom", "corpid": "ww1", "secret": "s2"}
    },
    "backends": {
        "bot": {"url": "http://10.0.0.5:8080/wx/", "cluster": "lan", "key": "${BOT_KEY}", "timeout_ms": 30000},
        "far_1": {"url": "https://hooks.example.com", "key": "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="},
        "mesh": {"url": "http://far.example.com/wx", "cluster": "mesh", "key": "0123456789abcdef"},
        "open": {"url": "http://far.example.com/wx", "key": "0123456789abcdef"},
        "dumb": {"url": "http://bot", "timeout_ms": 1}
    },
    "calls": ["https://*.partner.com", "http://partner.org:8080"],
    "hooks": {"token": "bot", "ticket": "far_1", "error": "http://partner.org:8080/errors?a=b"}
}"#;

fn read(text: &str) -> Result<Gateway, ConfigError> {
    Gateway::from_json(text, &|name| (name == "BOT_KEY").then(|| "key-of-the-bot-16".into()))
}

#[test]
fn back_ends_origins_and_hooks_are_read() {
    let gateway = read(GOOD).unwrap();
    let Hooks { token, ticket, error, .. } = &gateway.hooks;
    let (token, ticket, error) = (token.as_ref().unwrap(), ticket.as_ref().unwrap(), error.as_ref().unwrap());
    assert_eq!((&*token.to.cluster, &*token.to.authority, &*token.path), ("lan", "10.0.0.5:8080", "/wx/"));
    assert_eq!((token.timeout, ticket.timeout), (Duration::from_secs(30), Duration::from_secs(3)));
    assert_eq!((&*ticket.to.cluster, ticket.to.scheme, &*ticket.path), ("wxedge_backend_far_1", "https", "/"));
    assert_eq!((&*error.to.cluster, &*error.path), ("wxedge_egress_http", "/errors?a=b"));
    assert!(token.key.is_some() && ticket.key.is_some() && error.key.is_none());
    assert!(gateway.targets.find("dumb").is_ok() && gateway.targets.find("https://a.partner.com").is_ok());
    let shop = &gateway.app("shop").unwrap().id;
    assert!(gateway.names_of(shop).eq(["shop", "twin"]));
}

#[test]
fn without_hooks_nobody_is_told() {
    let gateway = read(&GOOD.replace(r#""token": "bot", "ticket": "far_1", "#, "")).unwrap();
    assert!(!gateway.hooks.is_empty() && gateway.hooks.token.is_none());
    let gateway = read(r#"{"apps": {}}"#).unwrap();
    assert!(gateway.hooks.is_empty() && gateway.targets.find("bot").is_err());
}

#[test]
fn a_hook_for_credentials_takes_whatever_is_private_or_named_or_https() {
    for name in ["bot", "far_1", "mesh"] {
        let text = GOOD.replace(r#""token": "bot""#, &format!(r#""token": "{name}""#));
        assert!(read(&text).is_ok(), "{name}");
    }
    for url in ["http://127.0.0.1", "http://[::1]:80/x", "http://bot", "http://bot.internal", "http://192.168.1.1"] {
        let text = GOOD.replace(r#""url": "https://hooks.example.com""#, &format!(r#""url": "{url}""#));
        assert!(read(&text).is_ok(), "{url}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_remedy() {
    let cases = [
        (r#""bot": {"#, r#""b.ot": {"#, "backends.b.ot", "letters, digits, - and _ only"),
        (r#""bot": {"#, r#""": {"#, "backends.", "letters, digits, - and _ only"),
        (r#""url": "http://bot", "#, "", "backends.dumb", "missing field `url`"),
        (r#""http://bot""#, r#""bot""#, "backends.dumb.url", "is not an http or https URL: write https://host"),
        (r#""http://bot""#, r#""ftp://bot""#, "backends.dumb.url", "is not an http or https URL"),
        (r#""http://bot""#, r#""http://""#, "backends.dumb.url", "names no host"),
        (r#""http://bot""#, r#""http://u:p@bot""#, "backends.dumb.url", "names a user"),
        (r#""http://bot""#, r#""http://bot/?a=b""#, "backends.dumb.url", "has a query"),
        (r#""http://bot""#, r#""http://bot/#a""#, "backends.dumb.url", "has a fragment"),
        (r#""http://bot""#, r#""http://bot:0""#, "backends.dumb.url", "a port that is none"),
        (r#""http://bot""#, r#""http://127.1""#, "backends.dumb.url", "different programs read differently"),
        (r#""timeout_ms": 1"#, r#""timeout_ms": 0"#, "backends.dumb.timeout_ms", "is not from 1 to 30000"),
        (r#""timeout_ms": 1"#, r#""timeout_ms": 30001"#, "backends.dumb.timeout_ms", "is not from 1 to 30000"),
        (r#""timeout_ms": 1"#, r#""timeout_ms": "1s""#, "backends.dumb.timeout_ms", "invalid type"),
        (r#""timeout_ms": 1"#, r#""timeout": 1"#, "backends.dumb.timeout", "unknown field `timeout`"),
        (r#""cluster": "lan""#, r#""cluster": """#, "backends.bot.cluster", "is no cluster's name"),
        (r#""cluster": "lan""#, r#""cluster": "l n""#, "backends.bot.cluster", "is no cluster's name"),
        (r#""${BOT_KEY}""#, r#""fifteen-bytes-x""#, "backends.bot.key", "shorter than 16 bytes"),
        (r#""${BOT_KEY}""#, r#""whsec_not-base-64-at-all""#, "backends.bot.key", "openssl rand -base64 32"),
        (r#""${BOT_KEY}""#, r#""${NOT_SET}""#, "backends.bot.key", "the environment has no NOT_SET"),
        (r#""https://*.partner.com""#, r#""*""#, "calls[0]", "is not an http or https URL: write https://host[:port]"),
        (r#""https://*.partner.com""#, r#""https://*""#, "calls[0]", "characters that no host has"),
        (r#""https://*.partner.com""#, r#""https://*.com""#, "calls[0]", "all of a top-level domain"),
        (r#""https://*.partner.com""#, r#""https://10.0.0.1""#, "calls[0]", "is private"),
        (r#""http://partner.org:8080""#, r#""http://localhost:8080""#, "calls[1]", "make a private one a back-end"),
        (r#""http://partner.org:8080""#, r#""http://partner.org/x""#, "calls[1]", "an origin has none"),
        (r#""token": "bot""#, r#""tokens": "bot""#, "hooks.tokens", "unknown field `tokens`"),
        (r#""token": "bot""#, r#""token": "Bot""#, "hooks.token", "names no back-end"),
        (r#""token": "bot""#, r#""token": "dumb""#, "hooks.token", "a back-end that has a key"),
        (r#""token": "bot""#, r#""token": "https://a.partner.com/x""#, "hooks.token", "a back-end that has a key"),
        (r#""token": "bot""#, r#""token": "open""#, "hooks.token", "must be https, or its cluster be named"),
        (r#""ticket": "far_1""#, r#""ticket": "dumb""#, "hooks.ticket", "a back-end that has a key"),
        (r#""ticket": "far_1""#, r#""ticket": "open""#, "hooks.ticket", "must be https"),
        (r#""ticket": "far_1""#, r#""ticket": """#, "hooks.ticket", "names no host"),
        ("http://partner.org:8080/errors?a=b", "http://10.0.0.1/", "hooks.error", "is on a private network"),
        ("http://partner.org:8080/errors?a=b", "http://2130706433/", "hooks.error", "programs read differently"),
        (
            "http://partner.org:8080/errors?a=b",
            "http://partner.org/",
            "hooks.error",
            "nor at an origin that calls allows",
        ),
        ("http://partner.org:8080/errors?a=b", "http://169.254.169.254/", "hooks.error", "is on a private network"),
    ];
    for (from, to, path, why) in cases {
        assert_eq!(GOOD.matches(from).count(), 1, "{from}");
        let error = read(&GOOD.replace(from, to)).err().unwrap_or_else(|| panic!("{to} is taken"));
        assert_eq!(error.path, path, "{to}: {error}");
        assert!(error.why.contains(why), "{to}: {error}");
        assert!(!error.to_string().contains("key-of-the-bot"), "{error}");
    }
}

#[test]
fn more_apps_on_one_account_than_can_be_told_are_refused() {
    let app = |it: usize| format!(r#""a{it}": {{"kind": "official", "appid": "wx1", "secret": "s1"}},"#);
    let with = |count: usize| {
        let more: String = (0..count).map(app).collect();
        GOOD.replace(r#""apps": {"#, &format!(r#""apps": {{{more}"#))
    };
    assert!(read(&with(14)).is_ok());
    let error = read(&with(15)).unwrap_err();
    assert_eq!((&*error.path, &*error.why), ("hooks", "cannot be told of an account that more than 16 apps share"));
    let (without, _) = GOOD.split_once(r#", "hooks""#).unwrap_or_else(|| GOOD.split_once(",\n    \"hooks\"").unwrap());
    let more: String = (0..15).map(app).collect();
    assert!(read(&(without.replace(r#""apps": {"#, &format!(r#""apps": {{{more}"#)) + "}")).is_ok());
}
