//! Back-ends that are told of each refresh, with signed requests: weixin-token's saveToken, saveTicket and onerror.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::time::Instant;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

/// The key that the gateway and its back-ends share: 32 bytes.
const KEY: &[u8] = b"hooks-key-of-the-bot-32-bytes-ok";
/// The same as it is configured.
const BOT_KEY: &str = "whsec_aG9va3Mta2V5LW9mLXRoZS1ib3QtMzItYnl0ZXMtb2s=";
/// A reader that waits for no hook is served within this.
const AT_ONCE: Duration = Duration::from_millis(900);
/// Longer than three attempts and the pauses between them.
const PATIENCE: Duration = Duration::from_secs(25);

/// A back-end of that name, which is told of everything.
fn hooked(start: Start, backend: &Backend) -> Start {
    let url = backend.url("/wx/hooks");
    start.env("BOT_KEY", BOT_KEY).config(|config| {
        config["backends"] = json!({ "bot": { "url": url, "key": "${BOT_KEY}" } });
        config["hooks"] = json!({ "token": "bot", "ticket": "bot", "error": "bot" });
    })
}

async fn told(backend: &Backend, count: usize) -> Vec<Received> {
    until("the back-end was told", PATIENCE, async || backend.received().len() >= count).await;
    let received = backend.received();
    assert_eq!(received.len(), count, "{received:?}");
    received
}

/// The one request whose body has that value: deliveries of different refreshes may overtake each other.
#[track_caller]
fn with<'a>(received: &'a [Received], field: &str, value: &Value) -> &'a Received {
    let mut found = received.iter().filter(|it| it.json()[field] == *value);
    let first = found.next().unwrap_or_else(|| panic!("{field} {value} is not in {received:?}"));
    assert_eq!(found.count(), 0, "{field} {value} is there twice");
    first
}

/// What holds of every hook that is signed.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "what is compared is real time")]
fn is_well_formed(it: &Received, app: &str) {
    assert_eq!((it.method.as_str(), it.target.as_str()), ("POST", "/wx/hooks"));
    assert_eq!(it.header("content-type"), Some("application/json"));
    assert_eq!(it.header("x-wxedge-app"), Some(app));
    assert!(it.is_signed_with(KEY), "{it:?}");
    assert!(!it.is_signed_with(b"another key of some 32 bytes ..."), "{it:?}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seconds: u64 = it.header("webhook-timestamp").unwrap().parse().unwrap();
    assert!(seconds.abs_diff(now) < 30, "{seconds}");
    let id = it.header("webhook-id").unwrap();
    assert!(id.strip_prefix("msg_").is_some_and(|it| it.len() == 32 && it.bytes().all(|it| it.is_ascii_hexdigit())));
    let strange = ["x-envoy-", "x-forwarded-", "authorization", "x-api-key"];
    let strange = |(name, _): &&(String, String)| strange.iter().any(|it| name.starts_with(it));
    assert_eq!(it.headers.iter().find(strange), None);
}

/// The host is well, and the key of its back-ends is not in its log.
async fn kept_its_secrets(edge: &mut Edge) {
    unharmed(edge).await;
    let log = edge.log();
    let key = String::from_utf8_lossy(KEY);
    assert!(!log.contains(BOT_KEY) && !log.contains(&*key), "{log}");
}

/// The lines about hooks that failed.
fn failures(edge: &Edge) -> Vec<String> {
    edge.log().lines().filter(|it| it.contains("event=hook_failed")).map(str::to_owned).collect()
}

on_every_host! {
    async fn each_new_token_is_told_once(start: Start) {
        let backend = Backend::start().await.unwrap();
        let mut edge = classic(hooked(start, &backend)).start().await;
        let mut tokens = vec![read(&edge).await];
        for _ in 0..3 {
            let last = tokens.last().unwrap();
            let callers: Vec<_> = (0..20).map(|_| edge.get(format!("/app/demo/api/new?old={last}")).bearer(CRM_KEY).send()).collect();
            let answers = join_all(callers).await;
            tokens.push(token(&answers[0].as_ref().unwrap().clone()));
        }
        let received = told(&backend, 4).await;
        for token in &tokens {
            let it = with(&received, "access_token", &json!(token));
            is_well_formed(it, "demo");
            let life = it.json()["expires_in"].as_u64().unwrap();
            assert!((7190..=7200).contains(&life), "{life}");
            let body = json!({ "appName": "demo", "appId": DEMO_APPID, "access_token": token, "expires_in": life });
            assert_eq!(it.json(), body);
        }
        let ids: std::collections::BTreeSet<_> = received.iter().map(|it| it.header("webhook-id")).collect();
        assert_eq!((ids.len(), fetches(&edge).await), (4, 4));
        kept_its_secrets(&mut edge).await;
    }

    async fn each_new_ticket_is_told_with_its_type(start: Start) {
        let backend = Backend::start().await.unwrap();
        let mut edge = hooked(whole(start), &backend).start().await;
        let mut expected = Vec::new();
        for (app, id, kind) in [
            ("demo", DEMO_APPID, "jsapi"),
            ("demo", DEMO_APPID, "wx_card"),
            ("corp", CORPID, "jsapi"),
            ("corp", CORPID, "agent_config"),
        ] {
            let answer = edge.get(format!("/app/{app}/ticket?type={kind}")).bearer(OWNER_KEY).await;
            let ticket = ticket(&answer);
            expected.push(json!({ "appName": app, "appId": id, "type": kind, "ticket": ticket, "expires_in": 7200 }));
        }
        // And the two tokens that the tickets were fetched with.
        let received = told(&backend, 6).await;
        for expected in &expected {
            let it = with(&received, "ticket", &expected["ticket"]);
            is_well_formed(it, expected["appName"].as_str().unwrap());
            assert_eq!(it.json(), *expected);
        }
        for (app, id) in [("demo", DEMO_APPID), ("corp", CORPID)] {
            let token = token(&edge.get(format!("/app/{app}/api")).bearer(OWNER_KEY).await);
            let it = with(&received, "access_token", &json!(token));
            assert_eq!((&it.json()["appName"], &it.json()["appId"]), (&json!(app), &json!(id)));
        }
        kept_its_secrets(&mut edge).await;
    }

    async fn a_failure_is_told_with_wechats_word_for_it(start: Start) {
        let backend = Backend::start().await.unwrap();
        let mut edge = classic(hooked(start, &backend)).start().await;
        let fault = json!({ "fault": "errcode", "errcode": 40164, "errmsg": "invalid ip 203.0.113.7, not in whitelist" });
        break_tokens(&edge, fault).await;
        assert_eq!(edge.get("/app/demo/api").bearer(CRM_KEY).await.status, 502);
        let received = told(&backend, 1).await;
        is_well_formed(&received[0], "demo");
        let message = "invalid ip 203.0.113.7, not in whitelist";
        let body = received[0].json();
        assert!(body["errmsg"].as_str().unwrap().starts_with(message), "{body}");
        let named = json!({ "appName": "demo", "appId": DEMO_APPID, "errcode": 40164, "errmsg": body["errmsg"] });
        assert_eq!(body, named);
        kept_its_secrets(&mut edge).await;
    }

    async fn each_app_of_an_account_is_told_that_may_have_its_token(start: Start) {
        let backend = Backend::start().await.unwrap();
        let start = hooked(start, &backend).config(|it| {
            it["apps"]["店 a/b"] = it["apps"]["demo"].clone();
            it["apps"]["callbacks"] = it["apps"]["demo"].clone();
            it["apps"]["callbacks"]["allow"] = json!(["msg", "ticket"]);
        });
        let mut edge = start.start().await;
        let token = read(&edge).await;
        let mut received = told(&backend, 2).await;
        received.sort_by_key(|it| it.json()["appName"].to_string());
        for (it, (app, escaped)) in received.iter().zip([("demo", "demo"), ("店 a/b", SHOP)]) {
            is_well_formed(it, escaped);
            assert_eq!((&it.json()["appName"], &it.json()["access_token"]), (&json!(app), &json!(token)));
        }
        assert_ne!(received[0].header("webhook-id"), received[1].header("webhook-id"));
        kept_its_secrets(&mut edge).await;
    }

    async fn a_renewal_that_nobody_asked_for_is_told_as_well(start: Start) {
        let backend = Backend::start().await.unwrap();
        let mut edge = hooked(start, &backend).start().await;
        short_lived(&edge, 8).await;
        let first = read(&edge).await;
        let received = told(&backend, 2).await;
        let tokens: Vec<Value> = received.iter().map(|it| it.json()["access_token"].clone()).collect();
        assert_eq!(tokens[0], first);
        assert_eq!(tokens[1], read(&edge).await);
        received.iter().for_each(|it| is_well_formed(it, "demo"));
        kept_its_secrets(&mut edge).await;
    }

    async fn what_is_not_taken_is_sent_again_under_the_same_id_and_holds_nobody_up(start: Start) {
        let backend = Backend::start().await.unwrap();
        backend.next([Manners::Late(Duration::from_millis(300), 500), Manners::Resets]);
        let mut edge = hooked(start, &backend).start().await;
        let begin = Instant::now();
        let token = read(&edge).await;
        while backend.received().len() < 3 {
            let asked = Instant::now();
            assert_eq!(read(&edge).await, token);
            assert!(asked.elapsed() < AT_ONCE && begin.elapsed() < PATIENCE, "{:?}", backend.received());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let received = told(&backend, 3).await;
        for it in &received {
            is_well_formed(it, "demo");
            assert_eq!((it.header("webhook-id"), &it.body), (received[0].header("webhook-id"), &received[0].body));
        }
        let gaps = [received[1].at - received[0].at, received[2].at - received[1].at].map(|it| it.as_secs_f64());
        assert!((1.25..3.0).contains(&gaps[0]) && (4.95..8.0).contains(&gaps[1]), "{gaps:?}");
        assert_eq!((fetches(&edge).await, failures(&edge)), (1, Vec::new()));
        kept_its_secrets(&mut edge).await;
    }

    async fn what_is_never_taken_is_given_up_and_noted_and_a_redirect_is_not_followed(start: Start) {
        let (hangs, redirects, trap) = (Backend::start().await, Backend::start().await, Backend::start().await);
        let (hangs, redirects, trap) = (hangs.unwrap(), redirects.unwrap(), trap.unwrap());
        hangs.always(Manners::Hangs);
        redirects.always(Manners::Redirects(trap.url("/trap")));
        let backend = |it: &Backend| json!({ "url": it.url("/wx/hooks"), "key": "${BOT_KEY}", "timeout_ms": 200 });
        let (hanging, redirecting) = (backend(&hangs), backend(&redirects));
        let mut edge = hooked(whole(start), &trap)
            .config(|it| {
                it["backends"] = json!({ "hangs": hanging, "redirects": redirecting });
                it["hooks"] = json!({ "token": "hangs", "ticket": "redirects" });
            })
            .start()
            .await;
        let asked = Instant::now();
        ticket(&edge.get("/app/demo/jsapi").bearer(OWNER_KEY).await);
        assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
        until("both are given up", PATIENCE, async || failures(&edge).len() == 2).await;
        let lines = failures(&edge);
        let line = |kind: &str| lines.iter().find(|it| it.contains(kind)).unwrap();
        assert!(line("kind=jsapi").contains(&format!("account=official/{DEMO_APPID} kind=jsapi app=demo why=\"status 307\"")));
        assert!(line("kind=access").contains("why=\"no answer in time\""), "{lines:?}");
        assert_eq!((hangs.received().len(), redirects.received().len(), trap.received().len()), (3, 3, 0));
        if let Some(envoy) = edge.envoy() {
            assert_eq!(envoy.stat("wasmcustom.wxedge.hook_failed").await.unwrap(), 2);
        }
        kept_its_secrets(&mut edge).await;
    }

    async fn a_back_end_that_is_not_there_harms_nobody(start: Start) {
        let gone = Backend::start().await.unwrap();
        let mut edge = hooked(start, &gone).start().await;
        drop(gone);
        let asked = Instant::now();
        read(&edge).await;
        assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
        until("it is given up", PATIENCE, async || failures(&edge).len() == 1).await;
        assert!(failures(&edge)[0].contains("why=\"no connection, or it broke\""), "{:?}", failures(&edge));
        kept_its_secrets(&mut edge).await;
    }

    async fn a_url_that_calls_allows_may_be_told_of_failures_without_a_signature(start: Start) {
        let partner = Backend::start().await.unwrap();
        let authority = format!("hooks.partner.example:{}", partner.address().port());
        let start = start.public_name("hooks.partner.example").config(|it| {
            it["calls"] = json!([format!("http://*.partner.example:{}", partner.address().port())]);
            it["hooks"] = json!({ "error": format!("{authority}/errors?of=wechat") });
        });
        let mut edge = classic(start).start().await;
        break_tokens(&edge, json!({ "fault": "errcode", "errcode": 40125 })).await;
        let asked = Instant::now();
        assert_eq!(edge.get("/app/demo/api").bearer(CRM_KEY).await.status, 502);
        let received = told(&partner, 1).await;
        // By the first attempt, although the name had to be looked up.
        assert!(received[0].at - asked < AT_ONCE, "{:?}", received[0].at - asked);
        assert_eq!((received[0].method.as_str(), received[0].target.as_str()), ("POST", "/errors?of=wechat"));
        assert_eq!(received[0].json()["errcode"], 40125);
        assert!(received[0].header("webhook-id").is_some() && received[0].header("webhook-signature").is_none());
        if edge.envoy().is_some() {
            assert_eq!(received[0].header("host"), Some(&*authority));
        }
        assert_eq!(failures(&edge), Vec::<String>::new());
        kept_its_secrets(&mut edge).await;
    }

    async fn a_hook_that_could_betray_a_token_is_refused_at_configure(start: Start) {
        let cases = [
            ("http://169.254.169.254/latest", "hooks.token: is on a private network, where only a configured back-end may be"),
            ("http://0x7f.1:8080/", "hooks.token: has a host that different programs read differently"),
            ("https://hooks.partner.example/x", "hooks.token: is sent credentials, so it must be a back-end that has a key"),
            ("https://elsewhere.example/", "hooks.token: is neither a back-end nor at an origin that calls allows"),
            ("keyless", "hooks.token: is sent credentials, so it must be a back-end that has a key: give it one"),
            ("clear", "hooks.token: is sent credentials, so its url must be https, or its cluster be named"),
            ("nobody", "hooks.token: names no back-end"),
        ];
        for (hook, sentence) in cases {
            let start = start.clone().config(|it| {
                it["backends"] = json!({
                    "keyless": { "url": "http://127.0.0.1:9" },
                    "clear": { "url": "http://hooks.example.com", "key": "sixteen-bytes-ok" }
                });
                it["calls"] = json!(["https://*.partner.example"]);
                it["hooks"] = json!({ "token": hook });
            });
            let said = match start.kind() {
                HostKind::Envoy => start.try_start().await.err().expect(hook).to_string(),
                HostKind::Workerd => error(&start.start().await.get("/healthz").await, 500).1,
            };
            assert!(said.contains(&format!("the configuration cannot be used: {sentence}")), "{said}");
        }
    }
}

/// What the README shows a back-end to do, done by Python with requests that came.
#[test]
fn the_verification_that_the_readme_shows_takes_ours_and_nothing_else() {
    const DRIVER: &str = "\nimport json, sys\n\
        for one in json.load(sys.stdin):\n\
        \x20   print(int(verify(one['key'], one['headers'], one['body'].encode())))\n";
    let shown = |page: &str| {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let (_, rest) = text.split_once("```python").unwrap_or_else(|| panic!("{page} shows no Python"));
        rest.split_once("```").unwrap().0.to_owned()
    };
    let program = shown("README.md");
    assert_eq!(program, shown("README.zh-CN.md"));
    block_on(async {
        let backend = Backend::start().await.unwrap();
        let edge = hooked(Start::on(HostKind::Envoy), &backend).start().await;
        read(&edge).await;
        let received = told(&backend, 1).await.remove(0);
        let headers: serde_json::Map<_, _> = received.headers.iter().map(|it| (it.0.clone(), json!(it.1))).collect();
        let good = json!({ "key": BOT_KEY, "headers": headers, "body": String::from_utf8_lossy(&received.body) });
        let changed = |pointer: &str, value: Value| {
            let mut it = good.clone();
            *it.pointer_mut(pointer).unwrap() = value;
            it
        };
        let seconds: u64 = received.header("webhook-timestamp").unwrap().parse().unwrap();
        let requests = [
            good.clone(),
            changed("/body", json!("{}")),
            changed("/key", json!("whsec_aG9va3Mta2V5LW9mLXRoZS1ib3QtMzItYnl0ZXMtb2o=")),
            changed("/headers/webhook-id", json!("msg_1")),
            changed("/headers/webhook-timestamp", json!((seconds + 1).to_string())),
            changed("/headers/webhook-timestamp", json!((seconds - 3_600).to_string())),
            changed("/headers/webhook-timestamp", json!("soon")),
            changed("/headers/webhook-signature", json!("v1,")),
        ];
        let folder = Scratch::new("python").unwrap();
        let file = folder.write("verify.py", program + DRIVER).unwrap();
        let input = folder.write("requests.json", json!(requests).to_string()).unwrap();
        let ran = std::process::Command::new("python3").arg(file).stdin(std::fs::File::open(input).unwrap()).output();
        let ran = ran.expect("python3");
        let said = String::from_utf8_lossy(&ran.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(said, "1 0 0 0 0 0 0 0", "{}", String::from_utf8_lossy(&ran.stderr));
    });
}

/// Names in the DNS are their owner's to point wherever they like. A name that `calls` allows leads to this machine, in four ways.
#[test]
fn a_name_that_leads_to_a_private_address_is_not_called_by_envoy() {
    const ADDRESSES: [&str; 4] = ["127.0.0.1", "0.0.0.0", "::1", "::ffff:127.0.0.1"];
    block_on(async {
        let one = async |address: &str| {
            let inside = Backend::start().await.unwrap();
            let start =
                Start::on(HostKind::Envoy).name("hooks.partner.example", address.parse::<std::net::IpAddr>().unwrap());
            let start = classic(start).config(|it| {
                it["calls"] = json!([format!("http://hooks.partner.example:{}", inside.address().port())]);
                it["hooks"] = json!({ "error": format!("http://hooks.partner.example:{}/", inside.address().port()) });
            });
            let mut edge = start.start().await;
            break_tokens(&edge, json!({ "fault": "errcode", "errcode": 40125 })).await;
            edge.get("/app/demo/api").bearer(CRM_KEY).await;
            until("it is given up", PATIENCE, async || failures(&edge).len() == 1).await;
            let out = edge.envoy().unwrap().stat("dns_cache.wxedge_egress.dns_address_filter_out").await.unwrap();
            assert!(out > 0, "{address}: the filter has taken nothing out");
            assert_eq!(inside.received().len(), 0, "{address}");
            unharmed(&mut edge).await;
        };
        join_all(ADDRESSES.iter().map(|it| one(it)).collect()).await;
    });
}
