use alloc::string::String;

use super::*;
use crate::caller::Permission;
use crate::host::{Head, Method};
use crate::route::{Configured, Route};

const GOOD: &str = r#"{
    "apps": {
        "shop": {"kind": "official", "appid": "wx1", "secret": "${SHOP_SECRET}"},
        "店": {"kind": "official", "appid": "wx1", "secret": "s1"},
        "mini": {"kind": "miniprogram", "appid": "wx2", "secret": "s2", "token_api": "classic"}
    },
    "callers": [
        {"name": "crm", "key": "${CRM_KEY}", "apps": ["shop"], "may": ["token", "rotate"]},
        {"name": "all", "key": "another-key-of-16"}
    ],
    "wechat": {"api": ["http://127.0.0.1:8900/relay/"]}
}"#;

fn env(name: &str) -> Option<String> {
    match name {
        "SHOP_SECRET" => Some("s1".into()),
        "CRM_KEY" => Some("key-of-the-crm-16".into()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn get(path: &str) -> Head {
    Head { method: Method::Get, target: path.into(), host: String::new(), headers: Rc::new(()) }
}

fn read(text: &str) -> Result<Gateway, ConfigError> {
    Gateway::from_json(text, &env)
}

#[test]
fn a_good_configuration_is_read() {
    let gateway = read(GOOD).unwrap();
    let shop = gateway.app("shop").unwrap();
    assert_eq!((shop.id.to_string().as_str(), shop.secret.expose()), ("official/wx1", "s1"));
    assert_eq!(shop.token_api, TokenApi::Stable);
    assert_eq!(gateway.app("店").unwrap().id, shop.id);
    assert_eq!(gateway.app("mini").unwrap().token_api, TokenApi::Classic);
    assert!(gateway.app("Shop").is_none());
    assert_eq!(gateway.credentials().count(), 4);
    let api = (gateway.api.scheme, gateway.api.authority.as_str(), gateway.api.base.as_str());
    assert_eq!(api, ("http", "127.0.0.1:8900", "/relay"));
    assert_eq!(gateway.api.cluster, "wechat_api");
    assert_eq!(gateway.callers[1].may, [Permission::Token, Permission::Ticket]);
}

#[test]
fn wechat_is_where_it_always_is_if_nothing_is_said() {
    let gateway = read(r#"{"apps":{}}"#).unwrap();
    assert_eq!((gateway.api.scheme, gateway.api.authority.as_str()), ("https", "api.weixin.qq.com"));
}

#[test]
fn no_secret_shows_in_debug() {
    let text = format!("{:?}", read(GOOD).unwrap());
    for secret in ["\"s1\"", "\"s2\"", "key-of-the-crm-16", "another-key-of-16"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

/// `good` with one text in it replaced.
#[track_caller]
fn breaks(good: &str, from: &str, to: &str, path: &str, why: &str) {
    assert!(good.contains(from), "{from}");
    let error = read(&good.replacen(from, to, 1)).expect_err(to);
    assert_eq!(error.path, path, "{error}");
    assert!(error.why.contains(why), "{error}");
    assert!(!error.to_string().contains("s2"), "a secret in {error}");
}

#[test]
fn a_bad_configuration_is_refused_with_the_place_and_the_remedy() {
    let cases = [
        (r#""apps": {"#, r#""apps": 7, "x": {"#, "apps", "expected a map"),
        (r#""apps""#, r#""Apps""#, "Apps", "unknown field"),
        ("${SHOP_SECRET}", "${NOT_SET}", "apps.shop.secret", "the environment has no NOT_SET"),
        ("${SHOP_SECRET}", "${EMPTY}", "apps.shop.secret", "the environment has no EMPTY"),
        ("${SHOP_SECRET}", "", "apps.shop.secret", "is empty"),
        ("${SHOP_SECRET}", "a b", "apps.shop.secret", "printable ASCII"),
        ("${SHOP_SECRET}", "x${SHOP_SECRET}", "apps.店.secret", "differs"),
        (r#""appid": "wx2""#, r#""appid": """#, "apps.mini.appid", "is empty"),
        (r#""appid": "wx2""#, r#""appid": 2"#, "apps.mini.appid", "expected a string"),
        (r#""appid": "wx2", "#, "", "apps.mini", "missing field `appid`"),
        (r#""appid": "wx2""#, r#""appid": "wx1""#, "apps.shop.kind", "differs"),
        (r#""mini": {"#, r#""": {"#, "apps", "empty name"),
        (r#""mini": {"#, r#""shop": {"#, "apps", "is there twice"),
        ("miniprogram", "minigame", "apps.mini.kind", "unknown variant `minigame`"),
        ("classic", "Classic", "apps.mini.token_api", "unknown variant `Classic`"),
        (r#""token_api""#, r#""tokenapi""#, "apps.mini.tokenapi", "unknown field `tokenapi`"),
        ("${CRM_KEY}", "short", "callers[0].key", "shorter than 16"),
        ("${CRM_KEY}", "sixteen bytes or more", "callers[0].key", "cannot be sent"),
        ("${CRM_KEY}", "another-key-of-16", "callers[1].key", "another caller's"),
        (r#""crm""#, r#""all""#, "callers[1].name", "another caller's"),
        (r#""crm""#, r#""""#, "callers[0].name", "empty"),
        (r#"["shop"]"#, r#"["shop", "shup"]"#, "callers[0].apps[1]", "not in apps"),
        (r#""rotate""#, r#""everything""#, "callers[0].may[1]", "unknown variant"),
        ("http://127.0.0.1:8900/relay/", "127.0.0.1:8900", "wechat.api[0]", "is not an http or https URL"),
        ("http://127.0.0.1:8900/relay/", "http://", "wechat.api[0]", "names no host"),
        ("http://127.0.0.1:8900/relay/", "http://user@host", "wechat.api[0]", "names a user"),
        ("http://127.0.0.1:8900/relay/", "http://host/?a=b", "wechat.api[0]", "a query"),
        (r#"["http://127.0.0.1:8900/relay/"]"#, "[]", "wechat.api", "is empty"),
        (r#"["http://127.0.0.1:8900/relay/"]"#, r#"["http://a","http://b"]"#, "wechat.api", "more than one"),
    ];
    for (from, to, path, why) in cases {
        breaks(GOOD, from, to, path, why);
    }
}

const WECOM: &str = r#"{
    "apps": {
        "corp": {"kind": "wecom", "corpid": "ww1", "secret": "s1"},
        "desk": {"kind": "wecom", "corpid": "ww1", "secret": "s2"},
        "shop": {"kind": "official", "appid": "wx1", "secret": "s3"}
    },
    "callers": [
        {"name": "hub", "jwt": {"kid": "k1", "key": "${CRM_KEY}"}, "app": "corp", "may": ["ticket"]},
        {"name": "old", "jwt": {"kid": "k0", "key": "the-key-of-old-16"}, "rate": "50/s"},
        {"name": "lan", "ips": ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]}
    ],
    "client_ip_header": "CF-Connecting-IP",
    "wechat": {"qyapi": "http://127.0.0.1:8900"}
}"#;

#[test]
fn applications_of_wecom_and_every_sort_of_caller_are_read() {
    let gateway = read(WECOM).unwrap();
    let (corp, desk) = (gateway.app("corp").unwrap(), gateway.app("desk").unwrap());
    assert_eq!((corp.appid.as_str(), desk.appid.as_str()), ("ww1", "ww1"));
    assert_ne!(corp.id, desk.id);
    assert!(!corp.id.to_string().contains("s1"), "{}", corp.id);
    assert_eq!(gateway.credentials().count(), 9);
    assert_eq!(gateway.upstream(corp.id.family).cluster, "wechat_qyapi");
    assert_eq!(gateway.upstream(corp.id.family).authority, "127.0.0.1:8900");
    assert_eq!(gateway.upstream(gateway.app("shop").unwrap().id.family).authority, "api.weixin.qq.com");
    let [hub, old, lan] = gateway.callers.as_slice() else { panic!("{:?}", gateway.callers) };
    assert_eq!((hub.app.as_deref(), hub.jwt.as_ref().map(|it| it.kid.as_str())), (Some("corp"), Some("k1")));
    assert!(hub.may.iter().eq([&Permission::Ticket]) && old.rate.is_some() && hub.rate.is_none());
    assert!(lan.ips.iter().any(|it| it.contains("192.0.2.1".parse().unwrap())));
    assert_eq!(gateway.client_ip_header.as_deref(), Some("cf-connecting-ip"));
}

#[test]
fn one_application_under_two_names_has_one_record() {
    let twin = WECOM.replace(r#""secret": "s2""#, r#""secret": "s1""#);
    let gateway = read(&twin).unwrap();
    assert_eq!(gateway.app("corp").unwrap().id, gateway.app("desk").unwrap().id);
    assert_eq!(gateway.credentials().count(), 6);
}

#[test]
fn what_is_wrong_with_wecom_or_a_caller_is_named() {
    let cases = [
        (r#""corpid": "ww1", "#, "", "apps.corp", "missing field `corpid`"),
        (r#""corpid""#, r#""appid""#, "apps.corp.appid", "is not for kind wecom: give corpid"),
        (r#""appid""#, r#""corpid""#, "apps.shop.corpid", "is not for kind official: give appid"),
        (r#""appid": "wx1""#, r#""appid": "wx1", "corpid": "ww1""#, "apps.shop.corpid", "is not for kind official"),
        (r#""corpid": "ww1""#, r#""corpid": """#, "apps.corp.corpid", "is empty"),
        (r#""corpid": "ww1""#, r#""corpid": "w w""#, "apps.corp.corpid", "printable ASCII"),
        (r#""corpid": "ww1""#, r#""corpId": "ww1""#, "apps.corp.corpId", "unknown field `corpId`"),
        (r#""kid": "k1", "#, "", "callers[0].jwt", "missing field `kid`"),
        (r#""kid": "k1""#, r#""kid": """#, "callers[0].jwt.kid", "is empty or another caller's"),
        (r#""kid": "k1""#, r#""kid": "k0""#, "callers[1].jwt.kid", "is empty or another caller's"),
        (r#""kid": "k1""#, r#""kid": "k1", "alg": "none""#, "callers[0].jwt.alg", "unknown field `alg`"),
        (r#""${CRM_KEY}""#, r#""short""#, "callers[0].jwt.key", "shorter than 16 bytes"),
        (r#""${CRM_KEY}""#, r#""${NOT_SET}""#, "callers[0].jwt.key", "the environment has no NOT_SET"),
        (r#""app": "corp""#, r#""app": "Corp""#, "callers[0].app", "names an app that is not in apps"),
        (r#"["ticket"]"#, r#"["tickets"]"#, "callers[0].may[0]", "unknown variant `tickets`"),
        (r#""50/s""#, r#""50""#, "callers[1].rate", "is no rate: write 50/s"),
        (r#""50/s""#, r#""0/s""#, "callers[1].rate", "is no rate"),
        (r#""50/s""#, r#""50/d""#, "callers[1].rate", "is no rate"),
        (r#""50/s""#, "50", "callers[1].rate", "expected a string"),
        (r#""10.0.0.0/8""#, r#""10.0.0.1/8""#, "callers[2].ips[0]", "is no address block"),
        (r#""2001:db8::/32""#, r#""2001:db8::/129""#, "callers[2].ips[1]", "is no address block"),
        (r#""192.0.2.1""#, r#""localhost""#, "callers[2].ips[2]", "is no address block"),
        (r#""192.0.2.1""#, r#""192.0.2.1:80""#, "callers[2].ips[2]", "is no address block"),
        (
            r#""ips": ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]"#,
            r#""ips": []"#,
            "callers[2]",
            "nothing to be known by",
        ),
        (
            r#""client_ip_header": "CF-Connecting-IP""#,
            r#""client_ip_header": 7"#,
            "client_ip_header",
            "expected a string",
        ),
        ("CF-Connecting-IP", "", "client_ip_header", "is no header's name"),
        ("CF-Connecting-IP", "cf connecting ip", "client_ip_header", "is no header's name"),
        (r#""app": "corp""#, r#""app": "corp", "apps": ["shop"]"#, "callers[0].app", "is not among the apps"),
        ("http://127.0.0.1:8900", "qyapi.weixin.qq.com", "wechat.qyapi", "is not an http or https URL"),
    ];
    for (from, to, path, why) in cases {
        breaks(WECOM, from, to, path, why);
    }
}

const OPERATED: &str = r#"{
    "apps": {
        "shop": {"kind": "official", "appid": "wx1", "secret": "s1", "allow": ["ticket", "msg", "auth", "pay", "js", "proxy"]},
        "twin": {"kind": "official", "appid": "wx1", "secret": "s1", "allow": ["token"]},
        "mute": {"kind": "official", "appid": "wx2", "secret": "s2", "allow": []},
        "free": {"kind": "official", "appid": "wx3", "secret": "s3"}
    },
    "callers": [
        {"name": "crm", "mtls": ["spiffe://example.com/crm", "crm.example.com", "CN=crm,O=Example"]},
        {"name": "web", "key": "key-of-the-web-16", "jwt": {"kid": "k1", "key": "jwt-key-of-web-16"}}
    ],
    "admin": {"key": "key-of-the-admin"},
    "verify_files": {"MP_verify_abc.txt": "abc", "WW_verify_Xy-1.txt": "Xy-1"},
    "helpers": {"health": "/ops/health"}
}"#;

#[test]
fn what_an_operator_sets_is_read() {
    let gateway = read(OPERATED).unwrap();
    assert_eq!(gateway.callers[0].mtls.len(), 3);
    assert_eq!(gateway.admin, Some(digest(b"key-of-the-admin")));
    let file = Route::find(&get("/MP_verify_abc.txt"), &gateway.paths);
    assert_eq!(file, Ok(Route::Configured(Configured::File("abc".into()))));
    let health = Route::find(&get("/ops/health"), &gateway.paths);
    assert_eq!(health, Ok(Route::Configured(Configured::Health)));
    assert_eq!(read(GOOD).unwrap().admin, None);
}

#[test]
fn an_app_is_for_what_it_allows_and_without_a_list_for_everything() {
    let gateway = read(OPERATED).unwrap();
    let allows = |app: &str| {
        let paths = ["/api", "/api/new", "/jsapi", "/ticket", "/new-one", "", "/API"];
        paths.map(|path| gateway.allows(app, path))
    };
    assert_eq!(allows("shop"), [false, false, true, true, false, false, false]);
    assert_eq!(allows("twin"), [true, true, false, false, false, false, false]);
    assert_eq!(allows("mute"), [false; 7]);
    assert_eq!(allows("free"), [true; 7]);
    assert_eq!(allows("nobody"), [true; 7]);
    // Where an account is named instead of an app, one of its apps is enough.
    let account = |app: &str, what: &str| gateway.account_allows(&gateway.app(app).unwrap().id, what);
    assert!(account("shop", "/api") && account("twin", "/ticket"));
    assert!(!account("mute", "/api") && account("free", "/api"));
}

#[test]
fn what_is_wrong_with_what_an_operator_sets_is_named() {
    let slash = "has a slash: write the file's name as WeChat gave it";
    let path = "is no path that can be had";
    let own = "is a path of the gateway's own";
    let taken = "is the path of something else";
    let cases = [
        (r#""token""#, r#""tokens""#, "apps.twin.allow[0]", "unknown variant `tokens`"),
        (r#""token""#, r#""rotate""#, "apps.twin.allow[0]", "unknown variant `rotate`"),
        (r#"["token"]"#, r#""token""#, "apps.twin.allow", "expected a sequence"),
        ("key-of-the-admin", "fifteen-bytes-x", "admin.key", "is shorter than 16 bytes"),
        ("key-of-the-admin", "sixteen bytes or", "admin.key", "cannot be sent in a header"),
        ("key-of-the-admin", "key-of-the-web-16", "admin.key", "is a caller's key too"),
        ("key-of-the-admin", "jwt-key-of-web-16", "admin.key", "is a caller's key too"),
        (r#""key": "key-of-the-admin""#, "", "admin", "missing field `key`"),
        (r#"{"key": "key-of-the-admin"}"#, r#""key-of-the-admin""#, "admin", "expected struct Admin"),
        (r#""crm.example.com""#, r#""*.example.com""#, "callers[0].mtls[1]", "is no name that can be compared"),
        (r#""crm.example.com""#, r#""""#, "callers[0].mtls[1]", "is no name that can be compared"),
        (r#""crm.example.com""#, r#""CN=crm,O=Example""#, "callers[0].mtls[2]", "is another caller's"),
        (
            r#""name": "web","#,
            r#""name": "web", "mtls": ["crm.example.com"],"#,
            "callers[1].mtls[0]",
            "another caller's",
        ),
        ("MP_verify_abc.txt", "a/b.txt", "verify_files.a/b.txt", slash),
        ("MP_verify_abc.txt", "/b.txt", "verify_files./b.txt", slash),
        ("MP_verify_abc.txt", "", "verify_files.", path),
        ("MP_verify_abc.txt", "..", "verify_files...", path),
        ("MP_verify_abc.txt", "a b.txt", "verify_files.a b.txt", path),
        ("MP_verify_abc.txt", "a%2fb.txt", "verify_files.a%2fb.txt", path),
        ("MP_verify_abc.txt", "验证.txt", "verify_files.验证.txt", path),
        ("MP_verify_abc.txt", "healthz", "verify_files.healthz", own),
        ("MP_verify_abc.txt", "ticket", "verify_files.ticket", own),
        ("MP_verify_abc.txt", "app", "verify_files.app", own),
        (r#""abc""#, r#""""#, "verify_files.MP_verify_abc.txt", "is empty"),
        (r#""abc""#, "7", "verify_files.MP_verify_abc.txt", "expected a string"),
        (r#""health""#, r#""wx_qr""#, "helpers.wx_qr", "unknown field `wx_qr`"),
        ("/ops/health", "ops/health", "helpers.health", path),
        ("/ops/health", "/", "helpers.health", path),
        ("/ops/health", "/ops//health", "helpers.health", path),
        ("/ops/health", "/ops/health/", "helpers.health", path),
        ("/ops/health", "/ops/./health", "helpers.health", path),
        ("/ops/health", "/health?x", "helpers.health", path),
        ("/ops/health", "/app/shop/api", "helpers.health", own),
        ("/ops/health", "/cgi-bin/health", "helpers.health", own),
        ("/ops/health", "/readyz", "helpers.health", own),
        ("/ops/health", "/MP_verify_abc.txt", "helpers.health", taken),
    ];
    for (from, to, path, why) in cases {
        breaks(OPERATED, from, to, path, why);
    }
}

#[test]
fn what_is_no_json_is_refused_with_its_line() {
    for text in ["", "{", "[]", "null", r#"{"apps":{}} x"#, "\u{feff}{}"] {
        assert!(read(text).is_err(), "{text}");
    }
    let error = read("{\n\"apps\": {\n!").unwrap_err();
    assert!(error.why.contains("line 3"), "{error}");
}

#[test]
fn a_deep_document_is_refused_and_overflows_no_stack() {
    let deep = "[".repeat(100_000);
    assert!(read(&deep).is_err());
}

#[test]
fn the_sentence_names_the_place_once() {
    let error = read(r#"{"apps":{"a":{"kind":"official","appid":"wx1","secret":"${NO}"}}}"#).unwrap_err();
    let sentence = "the configuration cannot be used: apps.a.secret: the environment has no NO: \
        set it (Envoy: host_env_keys; Worker: a secret of that name)";
    assert_eq!(error.to_string(), sentence);
}
