//! The attempts: what is shown, how it is spelled, which method, and the routes for which an AppSecret is the proof.

use std::net::SocketAddr;

use serde_json::{Value, json};
use wxedge_tests::harness::*;

use crate::support::*;

/// What the caller signs with that may read the demo app.
pub const JWT_KEY: &str = "wall-jwt-0123456789";
/// What the caller signs with that knows only the shop.
pub const SHOP_JWT_KEY: &str = "wall-shop-jwt-0123456789";

/// A request that must be refused.
pub struct Attempt {
    /// What to call it.
    pub name: String,
    /// What is sent.
    pub bytes: Vec<u8>,
    /// Whether WeChat's form of a refusal will do.
    pub like_wechat: bool,
    /// Whether the answer has no body.
    pub head: bool,
}

/// Headers.
type Shown = Vec<(&'static str, String)>;

/// Every way to a credential that wants a caller, but for the spelling.
const ROUTES: [(&str, &str); 23] = [
    ("GET", "/app/demo/api"),
    ("GET", "/app/demo/api/new"),
    ("GET", "/app/demo/qyapi"),
    ("GET", "/app/corp/qyapi"),
    ("GET", "/app/corp/qyapi/new"),
    ("GET", "/app/demo/jsapi"),
    ("GET", "/app/demo/ticket?type=jsapi"),
    ("GET", "/app/demo/ticket?type=wx_card"),
    ("GET", "/app/corp/ticket?type=agent_config"),
    ("GET", "/token/demo"),
    ("PUT", "/token/demo"),
    ("GET", "/ticket/demo"),
    ("PUT", "/ticket/demo"),
    ("GET", "/access-token"),
    ("GET", "/access_token"),
    ("GET", "/access-token?rotate_token=x"),
    ("GET", "/ticket?type=jsapi"),
    ("GET", "/ticket?type=jsapi&rotate_ticket=x"),
    // Who somebody is, a user's session key, and links that stand for a caller.
    ("GET", "/app/demo/login?js_code=x"),
    ("GET", "/app/demo/login?js_code=x&session_key=true"),
    ("POST", "/app/demo/login/decrypt"),
    ("POST", "/app/demo/auth/ticket"),
    ("POST", "/app/demo/sign"),
];

/// All of them.
pub fn all(to: SocketAddr) -> Vec<Attempt> {
    let mut all = Vec::new();
    for (method, target) in ROUTES {
        for shown in proofs() {
            all.push(attempt(to, method, target, &shown, ""));
        }
        let foreign = if target.contains("ticket") || target.contains("jsapi") { TOKENS_KEY } else { TICKETS_KEY };
        all.push(attempt(to, method, target, &bearer(foreign), ""));
    }
    for target in [
        "/app/demo/api",
        "/app/corp/qyapi",
        "/app/demo/ticket?type=jsapi",
        "/token/demo",
        "/ticket/demo",
        "/access-token",
        "/ticket?type=jsapi",
    ] {
        for spelling in spellings(to, target) {
            for shown in [vec![], bearer(SHOP_KEY), vec![("x-forwarded-for", "203.0.113.7".to_owned())]] {
                all.push(attempt(to, "GET", &spelling, &shown, ""));
            }
        }
        for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
            for shown in [vec![], bearer(SHOP_KEY)] {
                all.push(attempt(to, method, target, &shown, ""));
            }
        }
    }
    let nobody = proofs().into_iter().chain([bearer(OWNER_KEY)]);
    for shown in nobody {
        for (method, target, body) in administration() {
            all.push(attempt(to, method, &target, &shown, &body));
        }
    }
    all.extend(by_token().into_iter().map(|target| attempt(to, "GET", &target, &vec![], "")));
    // How the apps are is no credential, and is still for nobody whom the gateway does not know.
    for shown in nobodys() {
        all.push(attempt(to, "GET", "/readyz", &shown, ""));
    }
    for spelling in spellings(to, "/readyz") {
        all.push(attempt(to, "GET", &spelling, &vec![], ""));
    }
    for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
        all.push(attempt(to, method, "/readyz", &vec![], ""));
    }
    all.extend(secrets().into_iter().map(|(method, target, body)| attempt(to, method, &target, &vec![], &body)));
    all
}

fn attempt(to: SocketAddr, method: &str, target: &str, shown: &Shown, body: &str) -> Attempt {
    let request = shown.iter().fold(Request::new(to, method, target), |it, (name, value)| it.header(name, value));
    Attempt {
        name: format!("{method} {target} {shown:?} {body}"),
        bytes: request.body(body).bytes("close"),
        like_wechat: target.starts_with("/cgi-bin/"),
        head: method == "HEAD",
    }
}

fn bearer(key: &str) -> Shown {
    vec![("authorization", format!("Bearer {key}"))]
}

/// What does not do: what nobody has, and what somebody has who may not.
fn proofs() -> Vec<Shown> {
    let mut all = nobodys();
    all.extend([bearer(SHOP_KEY), bearer(RENEWER_KEY), vec![("x-api-key", SHOP_KEY.to_owned())]]);
    all.extend(shop_tokens().iter().map(|it| bearer(it)));
    all.extend(disguises().map(|(name, value)| [bearer(SHOP_KEY), vec![(name, value.to_owned())]].concat()));
    all
}

fn nobodys() -> Vec<Shown> {
    let api_key = |key: &str| vec![("x-api-key", key.to_owned())];
    let auth = |value: &str| vec![("authorization", value.to_owned())];
    let mut all = vec![
        vec![],
        bearer(""),
        bearer("nobodys-key-0123456789"),
        bearer(&OWNER_KEY.to_uppercase()),
        bearer(&format!("{OWNER_KEY}x")),
        bearer(&OWNER_KEY[1..]),
        bearer(DEMO_SECRET),
        bearer(JWT_KEY),
        bearer(&format!("{OWNER_KEY},{OWNER_KEY}")),
        bearer(&format!("{SHOP_KEY} {OWNER_KEY}")),
        api_key(&format!("{OWNER_KEY}, {OWNER_KEY}")),
        api_key(&format!("Bearer {OWNER_KEY}")),
        auth(OWNER_KEY),
        auth(&format!("Basic {OWNER_KEY}")),
        auth("Basic b3duZXI6b3duZXIta2V5LTAxMjM0NTY3ODk="),
        auth(&format!("Token {OWNER_KEY}")),
        auth(&format!("Bearer:{OWNER_KEY}")),
        [bearer(SHOP_KEY), api_key(OWNER_KEY)].concat(),
        [bearer(OWNER_KEY), api_key(SHOP_KEY)].concat(),
        [bearer(OWNER_KEY), api_key("")].concat(),
        [bearer(OWNER_KEY), bearer(OWNER_KEY)].concat(),
        [bearer(SHOP_KEY), bearer(OWNER_KEY)].concat(),
        vec![("proxy-authorization", format!("Bearer {OWNER_KEY}"))],
        vec![("x-admin-key", OWNER_KEY.to_owned())],
        vec![("x-auth-token", OWNER_KEY.to_owned())],
        vec![("cookie", format!("authorization=Bearer {OWNER_KEY}; x-api-key={OWNER_KEY}"))],
    ];
    all.extend(tokens().iter().map(|it| bearer(it)));
    all.extend(disguises().map(|(name, value)| vec![(name, value.to_owned())]));
    all
}

/// JSON Web Tokens that are good, for another app.
fn shop_tokens() -> [String; 4] {
    let shop = Jwt::new("shop");
    [
        shop.sign(SHOP_JWT_KEY),
        shop.clone().claim("kid", "demo").sign(SHOP_JWT_KEY),
        shop.clone().header("kid", Value::Null).claim("kid", "shop").sign(SHOP_JWT_KEY),
        shop.claim("app", "demo").claim("apps", json!(["demo"])).sign(SHOP_JWT_KEY),
    ]
}

/// JSON Web Tokens that are not good.
fn tokens() -> Vec<String> {
    let (own, shop) = (Jwt::new("demo"), Jwt::new("shop"));
    let kid = |kid: &str| own.clone().header("kid", kid).sign(JWT_KEY);
    let good = own.sign(JWT_KEY);
    vec![
        own.clone().header("alg", "none").sign(JWT_KEY),
        own.clone().header("alg", "nOnE").sign(""),
        own.clone().header("alg", "HS512").sign(JWT_KEY),
        own.clone().header("alg", "RS256").sign(JWT_KEY),
        own.clone().header("alg", Value::Null).sign(JWT_KEY),
        own.clone().header("crit", json!(["exp"])).sign(JWT_KEY),
        own.clone().header("jwk", json!({ "kty": "oct", "k": "" })).sign(""),
        own.clone().claim("exp", 1).sign(JWT_KEY),
        own.clone().claim("nbf", 4_102_444_800_u64).sign(JWT_KEY),
        own.clone().claim("aud", "somebody-else").sign(JWT_KEY),
        own.clone().claim("aud", Value::Null).sign(JWT_KEY),
        own.clone().claim("app", "店 a/b").sign(JWT_KEY).replace("eyJ", "eyI"),
        own.sign(SHOP_JWT_KEY),
        own.sign(""),
        own.sign("demo"),
        kid("shop"),
        kid(""),
        kid("../demo"),
        kid("demo\0"),
        kid("JWT_KEY_demo"),
        kid("x' UNION SELECT 'demo"),
        own.clone().header("kid", json!(["demo"])).sign(JWT_KEY),
        own.clone().header("kid", Value::Null).sign(JWT_KEY),
        shop.header("kid", Value::Null).claim("kid", "demo").sign(SHOP_JWT_KEY),
        format!("{}.", good.rsplit_once('.').unwrap().0),
        format!("{good}.{good}"),
        good.replace('.', ".."),
    ]
}

/// Headers by which a request pretends to come from elsewhere, to go elsewhere, or to be another one.
fn disguises() -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-for", "127.0.0.2, ::1, 203.0.113.7"),
        ("x-real-ip", "203.0.113.7"),
        ("x-client-ip", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7;by=::1"),
        ("true-client-ip", "203.0.113.7"),
        ("cf-connecting-ip", "203.0.113.7"),
        ("x-envoy-external-address", "203.0.113.7"),
        ("x-envoy-internal", "true"),
        ("x-forwarded-host", "localhost"),
        ("x-forwarded-client-cert", "By=spiffe://a;Hash=b;Subject=\"CN=owner\""),
        ("x-http-method-override", "GET"),
        ("x-method-override", "PUT"),
        ("x-original-url", "/app/demo/api"),
        ("x-rewrite-url", "/app/demo/api"),
        ("x-envoy-original-path", "/healthz"),
        ("x-wxedge-cluster", "wechat_api"),
        ("host", "api.weixin.qq.com"),
    ]
    .into_iter()
}

/// Other ways to write `target`.
fn spellings(to: SocketAddr, target: &str) -> Vec<String> {
    let (path, query) = target.split_once('?').map_or((target, String::new()), |it| (it.0, format!("?{}", it.1)));
    let (first, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let rest = if rest.is_empty() { String::new() } else { format!("/{rest}") };
    let inner = |between: &str| format!("/{first}{between}{}", rest.trim_start_matches('/'));
    let letter = format!("%{:02x}", first.as_bytes()[0]);
    let paths = [
        path.to_uppercase(),
        format!("/{}{rest}", first.to_uppercase()),
        format!("/{first}{}", rest.to_uppercase()),
        format!("/{letter}{}{rest}", &first[1..]),
        format!("/{path}"),
        format!("/.{path}"),
        format!("/x/..{path}"),
        format!("/healthz/..{path}"),
        format!("/%2e{path}"),
        format!("/healthz/%2e%2e{path}"),
        format!("/app/..%2f{}", &path[1..]),
        inner("//"),
        inner("/./"),
        inner("/x/../"),
        inner("/%2e/"),
        inner("%2F"),
        inner("%2f"),
        inner("%252F"),
        inner("%5c"),
        inner("\\"),
        inner("%c0%af"),
        format!("{path}/"),
        format!("{path}//"),
        format!("{path}/."),
        format!("{path};a=b"),
        format!("{path}%3b"),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("{path}%0a"),
        format!("{path}%3F"),
        format!("{path}.json"),
        format!("/{first};x{rest}"),
        format!("/healthz%3F{path}"),
        format!("http://{to}{path}"),
        format!("http://owner:{}@{to}{path}", "x"),
    ];
    let mut all: Vec<String> = paths.into_iter().map(|it| format!("{it}{query}")).collect();
    let joint = if query.is_empty() { "?" } else { "&" };
    let extra = [
        format!("key={OWNER_KEY}"),
        format!("api_key={OWNER_KEY}&access_token={OWNER_KEY}&x-api-key={OWNER_KEY}"),
        format!("secret={DEMO_SECRET}&appid={DEMO_APPID}"),
        "type=jsapi&type=jsapi".to_owned(),
        "rotate_token=&rotate_token=a".to_owned(),
        "old=&old=a".to_owned(),
        "app=demo&app=demo".to_owned(),
        "_method=PUT&call=/app/demo/api".to_owned(),
    ];
    all.extend(extra.map(|it| format!("{target}{joint}{it}")));
    all
}

/// What only the administrator may do; not even a caller that may do everything else.
fn administration() -> Vec<(&'static str, String, String)> {
    let demo = format!("key=mine&appid={DEMO_APPID}&secret={DEMO_SECRET}");
    vec![
        ("GET", format!("/register?{demo}"), String::new()),
        ("POST", "/register".to_owned(), demo.clone()),
        ("POST", format!("/register?{demo}&admin_key={OWNER_KEY}"), String::new()),
        ("DELETE", "/app/demo".to_owned(), String::new()),
    ]
}

/// WeChat's own paths of tickets, with what is no access token, or no longer one, or none of that account.
fn by_token() -> Vec<String> {
    let wrong = [
        "",
        "x",
        "SIM_",
        "null",
        "*",
        "%00",
        "SIM_%25",
        DEMO_SECRET,
        OWNER_KEY,
        CRM_KEY,
        JWT_KEY,
        "../../app/demo/api",
        "a&access_token=b",
        "[]",
        "a&key=OWNER",
    ];
    let paths = [
        "/cgi-bin/ticket/getticket?type=jsapi",
        "/cgi-bin/ticket/getticket?type=wx_card",
        "/cgi-bin/get_jsapi_ticket?x=1",
        "/cgi-bin/ticket/get?type=agent_config",
    ];
    let all = paths.iter().flat_map(|path| wrong.map(|it| format!("{path}&access_token={it}")));
    all.collect()
}

/// Parameters that prove nothing: `NAME` and `OTHER` are two spellings of the secret's name, `RIGHT` is the secret, `ID` the account.
const UNPROVEN: [&str; 24] = [
    "",
    "NAME",
    "NAME=",
    "NAME=wrong",
    "NAME=classic-secret",
    "NAME=desk-secre",
    "NAME=%00",
    "NAME=*",
    "NAME=null",
    "NAME[]=RIGHT",
    "name=RIGHT",
    "NAME;=RIGHT",
    "NAME%00=RIGHT",
    "NAME =RIGHT",
    "NAME=RIGHTx",
    "NAME=xRIGHT",
    "NAME=RIGHT%20",
    "NAME=RIGHT%00",
    "NAME=%RIGHT",
    "NAME=RIGHT&NAME=wrong",
    "NAME=wrong&NAME=RIGHT",
    "NAME=RIGHT&OTHER=RIGHT",
    "NAME=RIGHT&ID",
    "access_token=RIGHT&key=RIGHT",
];

/// The routes whose proof is an AppSecret: method, target, body. Nobody has the right one, or shows it as it must be shown.
fn secrets() -> Vec<(&'static str, String, String)> {
    let grant = "grant_type=client_credential";
    let (id, corp) = (format!("appid={DEMO_APPID}"), format!("corpid={CORPID}"));
    let mut all = Vec::new();
    let fill = |text: &str, name: &str, other: &str, right: &str, id: &str| {
        let text = text.replace("NAME", name).replace("OTHER", other).replace("RIGHT", right);
        text.replace("ID", id).replace(' ', "%20")
    };
    for text in UNPROVEN {
        let official = fill(text, "secret", "%73ecret", DEMO_SECRET, &id);
        let wecom = fill(text, "corpsecret", "%63orpsecret", CORP_SECRET, &corp);
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            all.push((method, format!("/cgi-bin/token?{grant}&{id}&{official}"), String::new()));
            all.push((method, format!("/cgi-bin/gettoken?{corp}&{wecom}"), String::new()));
        }
    }
    for key in [OWNER_KEY, CORP_SECRET, JWT_KEY] {
        all.push(("GET", format!("/cgi-bin/token?{grant}&{id}&secret={key}"), String::new()));
        all.push(("GET", format!("/cgi-bin/gettoken?corpid={DEMO_APPID}&corpsecret={key}"), String::new()));
    }
    let body =
        |appid: &str, secret: Value| json!({ "grant_type": "client_credential", "appid": appid, "secret": secret });
    let twice =
        format!(r#"{{"grant_type":"client_credential","appid":"{DEMO_APPID}","secret":"x","secret":"{DEMO_SECRET}"}}"#);
    for body in [
        body(DEMO_APPID, json!("wrong")).to_string(),
        body(DEMO_APPID, json!("classic-secret")).to_string(),
        body(DEMO_APPID, json!([DEMO_SECRET])).to_string(),
        body(DEMO_APPID, json!(true)).to_string(),
        body(DEMO_APPID, Value::Null).to_string(),
        body(DEMO_APPID, json!({ "$ne": "" })).to_string(),
        body("", json!(DEMO_SECRET)).to_string(),
        body(CORPID, json!(CORP_SECRET)).to_string(),
        twice,
        format!("grant_type=client_credential&{id}&secret={DEMO_SECRET}"),
        String::new(),
    ] {
        all.push(("POST", "/cgi-bin/stable_token".to_owned(), body.clone()));
        all.push(("POST", format!("/cgi-bin/stable_token?{grant}&{id}&secret=wrong"), body));
    }
    let right = format!("{grant}&{id}&secret={DEMO_SECRET}");
    for path in [
        "/cgi-bin/",
        "/cgi-bin//token",
        "/cgi-bin/./app/demo/api",
        "/cgi-bin/Token",
        "/cgi-bin/token/",
        "/cgi-bin/token%00",
    ] {
        all.push(("GET", format!("{path}?{right}"), String::new()));
    }
    all
}
