//! What more than one scenario needs: a gateway with several apps, and what must hold of every answer.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use wxedge_tests::harness::*;

/// The app whose token is fetched the classic way.
pub const CLASSIC_APPID: &str = "wxclassic000000001";
/// The app whose name has to be percent-encoded.
pub const SHOP_APPID: &str = "wxshop000000000001";
/// That name, on the wire.
pub const SHOP: &str = "%E5%BA%97%20a%2Fb";
/// A caller that may read the token of every app and renew none.
pub const READER_KEY: &str = "reader-key-0123456789";
/// A caller that may renew, but not read.
pub const RENEWER_KEY: &str = "renewer-key-0123456789";
/// A caller that knows only the shop.
pub const SHOP_KEY: &str = "shop-key-0123456789";
/// The corporation of `corp` and `desk`, two applications of WeCom.
pub const CORPID: &str = "ww1234567890abcdef";
/// The secret of the one.
pub const CORP_SECRET: &str = "corp-secret";
/// The secret of the other.
pub const DESK_SECRET: &str = "desk-secret";
/// A caller that may do everything with every app; where a route names none it means `demo`.
pub const OWNER_KEY: &str = "owner-key-0123456789";
/// A caller that may read the tokens of every app, and nothing else.
pub const TOKENS_KEY: &str = "tokens-key-0123456789";
/// A caller that may read the tickets of every app, and nothing else.
pub const TICKETS_KEY: &str = "tickets-key-0123456789";

/// What no answer but that of a token or a ticket may hold.
const SECRETS: [&str; 13] = [
    DEMO_SECRET,
    "classic-secret",
    "shop-secret",
    CORP_SECRET,
    DESK_SECRET,
    CRM_KEY,
    READER_KEY,
    RENEWER_KEY,
    OWNER_KEY,
    TOKENS_KEY,
    TICKETS_KEY,
    "SIM_",
    "SIMT_",
];

/// Three apps and four callers.
pub fn several(start: Start) -> Start {
    start.config(|config| {
        config["apps"]["classic"] = app(CLASSIC_APPID, "classic-secret", "classic");
        config["apps"]["店 a/b"] = app(SHOP_APPID, "shop-secret", "stable");
        config["apps"]["店 a/b"]["kind"] = json!("miniprogram");
        config["callers"] = json!([
            { "name": "crm", "key": "${CRM_KEY}", "apps": ["demo", "classic"], "may": ["token", "rotate"] },
            { "name": "reader", "key": READER_KEY },
            { "name": "renewer", "key": RENEWER_KEY, "may": ["rotate"] },
            { "name": "shop", "key": SHOP_KEY, "apps": ["店 a/b"] },
        ]);
    })
}

/// Every kind of account, and callers with every set of permissions.
pub fn whole(start: Start) -> Start {
    several(start).config(|config| {
        config["apps"]["corp"] = json!({ "kind": "wecom", "corpid": CORPID, "secret": CORP_SECRET });
        config["apps"]["desk"] = json!({ "kind": "wecom", "corpid": CORPID, "secret": DESK_SECRET });
        let more = [
            json!({ "name": "owner", "key": OWNER_KEY, "app": "demo", "may": ["token", "ticket", "rotate"] }),
            json!({ "name": "tokens", "key": TOKENS_KEY, "may": ["token"] }),
            json!({ "name": "tickets", "key": TICKETS_KEY, "may": ["ticket"] }),
        ];
        config["callers"].as_array_mut().unwrap().extend(more);
    })
}

/// One app of a configuration.
pub fn app(appid: &str, secret: &str, token_api: &str) -> Value {
    json!({ "kind": "official", "appid": appid, "secret": secret, "token_api": token_api })
}

/// The demo app's account gives the token out the classic way.
pub fn classic(start: Start) -> Start {
    start.config(|config| config["apps"]["demo"]["token_api"] = json!("classic"))
}

/// A token's answer: the token, and what is left of its life.
#[track_caller]
pub fn token_and_life(answer: &Answer) -> (String, u64) {
    let body = answer.json();
    let token = body["access_token"].as_str().unwrap_or_default();
    assert!(answer.status == 200 && token.starts_with("SIM_"), "{} {body}", answer.status);
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    let names: Vec<&String> = body.as_object().into_iter().flatten().map(|it| it.0).collect();
    assert_eq!(names, ["access_token", "expires_in"]);
    (token.to_owned(), body["expires_in"].as_u64().unwrap())
}

/// The token of a token's answer.
#[track_caller]
pub fn token(answer: &Answer) -> String {
    token_and_life(answer).0
}

/// A ticket's answer in WeChat's form: the ticket, and what is left of its life.
#[track_caller]
pub fn ticket_and_life(answer: &Answer) -> (String, u64) {
    let body = answer.json();
    let ticket = body["ticket"].as_str().unwrap_or_default();
    assert!(answer.status == 200 && ticket.starts_with("SIMT_"), "{} {body}", answer.status);
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    let life = body["expires_in"].as_u64().unwrap();
    assert_eq!(body, json!({ "errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": life }));
    (ticket.to_owned(), life)
}

/// The ticket of a ticket's answer.
#[track_caller]
pub fn ticket(answer: &Answer) -> String {
    ticket_and_life(answer).0
}

/// A token or a ticket as bare text, as two older systems give it.
#[track_caller]
pub fn bare(answer: &Answer) -> String {
    let text = answer.text();
    assert!(answer.status == 200 && text.starts_with("SIM") && !text.contains('\n'), "{} {text}", answer.status);
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(answer.header("content-type").as_deref(), Some("text/plain; charset=utf-8"));
    text
}

/// What holds of every error; the result is its errcode and errmsg.
#[track_caller]
pub fn error(answer: &Answer, status: u16) -> (i64, String) {
    let all = refused(answer, status);
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"), "{all}");
    let body = answer.json();
    assert_eq!(body.as_object().map(|it| it.len()), Some(2), "{all}");
    let message = body["errmsg"].as_str().unwrap_or_else(|| panic!("no errmsg: {all}"));
    (body["errcode"].as_i64().unwrap_or_else(|| panic!("no errcode: {all}")), message.to_owned())
}

/// What holds of every error whatever its shape; the result is all of it, for messages.
#[track_caller]
pub fn refused(answer: &Answer, status: u16) -> String {
    let all = format!("{} {:?} {}", answer.status, answer.headers, answer.text());
    assert_eq!(answer.status, status, "{all}");
    for (name, value) in &answer.headers {
        let value = String::from_utf8_lossy(value);
        assert!(!SECRETS.iter().any(|it| value.contains(it)), "{name} holds a secret: {all}");
    }
    assert!(!SECRETS.iter().any(|it| answer.text().contains(it)), "it holds a secret: {all}");
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"), "{all}");
    assert!(answer.header("x-request-id").is_some_and(|it| !it.is_empty()), "{all}");
    all
}

/// The token of the app `demo`, read by its caller.
pub async fn read(edge: &Edge) -> String {
    token(&edge.get("/app/demo/api").bearer(CRM_KEY).await)
}

/// How often WeChat was asked for a token since the simulator was last reset.
pub async fn fetches(edge: &Edge) -> u64 {
    let counters = edge.simulator().state().await.unwrap().counters;
    counters["token"].calls + counters["stable_token"].calls
}

/// How often WeChat was asked about an AppSecret that is not the account's.
pub async fn refusals(edge: &Edge) -> u64 {
    let counters = edge.simulator().state().await.unwrap().counters;
    let errors = ["token", "stable_token", "gettoken"].map(|it| counters[it].errors.clone());
    errors.iter().flatten().filter(|it| [40001, 40013, 40125].contains(it.0)).map(|it| it.1).sum()
}

/// How often that endpoint of WeChat was called.
pub async fn calls(edge: &Edge, endpoint: &str) -> u64 {
    edge.simulator().state().await.unwrap().counters[endpoint].calls
}

/// The life of the tokens that the demo account gives out from now on.
pub async fn short_lived(edge: &Edge, seconds: u64) {
    let settings = json!({ "appid": DEMO_APPID, "token_life_s": seconds });
    edge.simulator().account(settings).await.unwrap();
}

/// A fault of both token endpoints.
pub async fn break_tokens(edge: &Edge, fault: Value) {
    for endpoint in ["token", "stable_token"] {
        let mut fault = fault.clone();
        fault["endpoint"] = json!(endpoint);
        edge.simulator().fault(fault).await.unwrap();
    }
}

/// Waits until `look` says so; after `patience` the scenario has failed.
#[track_caller]
pub fn until<F: Future<Output = bool>>(
    what: &'static str,
    patience: Duration,
    mut look: impl FnMut() -> F,
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let end = Instant::now() + patience;
        while !look().await {
            assert!(Instant::now() < end, "{caller}: {what}: not within {patience:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The host has logged no secret and no token.
#[track_caller]
pub fn discreet(edge: &Edge) {
    let log = edge.log();
    for secret in SECRETS {
        let line = log.lines().find(|it| it.contains(secret));
        assert_eq!(line, None);
    }
}

/// Nothing has trapped or panicked since the host started, and it has kept its secrets.
pub async fn unharmed(edge: &mut Edge) {
    discreet(edge);
    assert_eq!(edge.get("/healthz").await.status, 200);
    let log = edge.log();
    if let Some(envoy) = edge.envoy() {
        let stats = envoy.stats().await.unwrap();
        let reloads: Vec<_> = stats.iter().filter(|it| it.0.contains("vm_reload")).collect();
        assert!(!reloads.is_empty(), "Envoy has other names for its counters now");
        assert!(reloads.iter().all(|it| *it.1 == 0), "{reloads:?}");
        assert!(!log.contains("[critical]"), "{log}");
    } else {
        assert!(!log.contains("panicked") && !log.contains("RuntimeError"), "{log}");
    }
}

/// Behind Envoy's cluster `site` stands another simulator: it notes what reaches it and answers 404.
pub fn with_site(start: Start, site: &SimulatorProcess) -> Start {
    let port = site.control().address().port();
    start.envoy_yaml(move |yaml| {
        let cluster = yaml.cluster("site")?;
        let address = "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address/port_value";
        *cluster.pointer_mut(address).ok_or_else(|| Failure::new("the cluster site has another shape"))? = json!(port);
        Ok(())
    })
}

/// Runs all of them at once.
pub async fn join_all<T>(all: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = all.into_iter().map(|it| (Box::pin(it), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in all.iter_mut().filter(|it| it.1.is_none()) {
            if let std::task::Poll::Ready(it) = future.as_mut().poll(context) {
                *done = Some(it);
            }
        }
        if all.iter().all(|it| it.1.is_some()) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    all.into_iter().filter_map(|it| it.1).collect()
}
