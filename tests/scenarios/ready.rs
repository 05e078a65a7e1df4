//! `/readyz`: whether each app can be served, why not and what helps, for whoever may use it. WeChat is never asked for it.

use serde_json::{Value, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::wechat::Which;

use crate::support::*;

/// A caller that was given every app and may do nothing.
const MUTE_KEY: &str = "mute-key-0123456789";
const JWT_KEY: &str = "ready-jwt-0123456789";

/// Every kind of account, and two more callers.
fn watched(start: Start) -> Start {
    whole(start).config(|config| {
        let more = [
            json!({ "name": "mute", "key": MUTE_KEY, "may": [] }),
            json!({ "name": "jwt", "jwt": { "kid": "k1", "key": JWT_KEY }, "may": ["rotate"] }),
        ];
        config["callers"].as_array_mut().unwrap().extend(more);
    })
}

/// What is said of the apps, with that status.
#[track_caller]
fn apps(answer: &Answer, status: u16) -> Value {
    let mut body = answer.json();
    assert_eq!(answer.status, status, "{body}");
    assert_eq!(body["ready"], json!(status == 200), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    assert!(!["SIM_", "SIMT_", "-secret"].iter().any(|it| answer.text().contains(it)), "{body}");
    body["apps"].take()
}

async fn demo(edge: &Edge, status: u16) -> Value {
    apps(&edge.get("/readyz").bearer(CRM_KEY).await, status)["demo"].take()
}

#[track_caller]
fn state<'a>(status: &'a Value, expected: &str) -> &'a Value {
    assert_eq!(status["state"], expected, "{status}");
    status
}

on_every_host! {
    async fn whoever_may_use_an_app_sees_how_it_is_and_nobody_else(start: Start) {
        let edge = watched(start).start().await;
        let names = async |key: &str| -> Vec<String> {
            let apps = apps(&edge.get("/readyz").bearer(key).await, 200);
            apps.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(names(OWNER_KEY).await, ["classic", "corp", "demo", "desk", "店 a/b"]);
        assert_eq!(names(CRM_KEY).await, ["classic", "demo"]);
        assert_eq!(names(SHOP_KEY).await, ["店 a/b"]);
        assert_eq!(names(&Jwt::new("k1").claim("app", "desk").sign(JWT_KEY)).await, ["desk"]);
        assert_eq!(names(MUTE_KEY).await, Vec::<String>::new());
        for request in [
            edge.get("/readyz"),
            edge.get("/readyz").bearer("nobodys-key-0123456789"),
            edge.get("/readyz").header("authorization", "Basic eA=="),
            edge.get("/readyz?key=owner-key-0123456789"),
            edge.get("/readyz").bearer(DEMO_SECRET),
        ] {
            let (code, text) = error(&request.await, 401);
            assert!(code == -10_001 && text.starts_with("an API key or a JWT is required"), "{text}");
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            error(&edge.request(method, "/readyz").bearer(OWNER_KEY).await, 405);
        }
        for path in ["/readyz/", "/Readyz", "//readyz", "/readyz/demo"] {
            let answer = edge.get(path).bearer(OWNER_KEY).await;
            assert!(answer.status >= 400 && !answer.text().contains("demo"), "{path} {}", answer.text());
        }
        let head = edge.request("HEAD", "/readyz").bearer(OWNER_KEY).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(fetches(&edge).await, 0);
    }

    async fn a_token_is_cold_until_somebody_asks_and_then_has_an_age(edge: Edge) {
        let cold = json!({ "state": "cold", "foreign": 0 });
        let all = json!({ "state": "cold", "foreign": 0, "tickets": { "jsapi": cold, "wx_card": cold } });
        assert_eq!(demo(&edge, 200).await, all);
        assert_eq!(fetches(&edge).await, 0);
        read(&edge).await;
        let ready = demo(&edge, 200).await;
        state(&ready, "ready");
        let (age, left) = (ready["age"].as_u64().unwrap(), ready["expires_in"].as_u64().unwrap());
        assert!(age <= 60 && (7_130..=7_200).contains(&left) && ready["failure"].is_null(), "{ready}");
        state(&ready["tickets"]["jsapi"], "cold");
        assert_eq!(fetches(&edge).await, 1);
    }

    async fn while_wechat_is_asked_it_is_refreshing(edge: Edge) {
        break_tokens(&edge, json!({ "fault": "delay", "ms": 2_500 })).await;
        let asked = tokio::spawn(edge.get("/app/demo/api").bearer(CRM_KEY).send());
        until("somebody fetches", PATIENCE, || async { demo(&edge, 200).await["state"] == "refreshing" }).await;
        token(&asked.await.unwrap().unwrap());
        state(&demo(&edge, 200).await, "ready");
    }

    async fn an_address_that_is_not_on_the_list_is_named_with_the_remedy(edge: Edge) {
        let strict = json!({ "appid": DEMO_APPID, "ip_allow": ["198.51.100.1"], "seen_ip": "203.0.113.7" });
        edge.simulator().account(strict).await.unwrap();
        error(&edge.get("/app/demo/api").bearer(CRM_KEY).await, 502);
        let before = fetches(&edge).await;
        let failing = demo(&edge, 503).await;
        let failure = &state(&failing, "failing")["failure"];
        assert_eq!(failure["errcode"], 40_164, "{failing}");
        assert_eq!(failure["remedy"], "WeChat sees 203.0.113.7; add it to the IP list", "{failing}");
        assert!(failure["errmsg"].as_str().unwrap().starts_with("invalid ip 203.0.113.7"), "{failing}");
        let number = |name: &str| failure[name].as_u64().unwrap();
        assert!(number("times") == 1 && number("since") <= 5 && number("retry_in") <= 10, "{failing}");
        assert!(failing["age"].is_null() && failing["expires_in"].is_null(), "{failing}");
        let head = edge.request("HEAD", "/readyz").bearer(CRM_KEY).await;
        assert_eq!((head.status, head.body.len()), (503, 0));
        assert_eq!(fetches(&edge).await, before);
    }

    async fn one_app_that_fails_makes_unready_whoever_may_use_it_and_nobody_else(start: Start) {
        let edge = watched(start).start().await;
        break_tokens(&edge, json!({ "fault": "errcode", "errcode": 40_243, "errmsg": "frozen" })).await;
        error(&edge.get("/app/demo/api").bearer(CRM_KEY).await, 502);
        edge.simulator().clear_faults().await.unwrap();
        token(&edge.get("/app/corp/qyapi").bearer(OWNER_KEY).await);
        let owner = apps(&edge.get("/readyz").bearer(OWNER_KEY).await, 503);
        let failure = &state(&owner["demo"], "failing")["failure"];
        assert_eq!(failure["remedy"], "the AppSecret is frozen: unfreeze it in the account's console");
        state(&owner["corp"], "ready");
        state(&owner["classic"], "cold");
        let shop = apps(&edge.get("/readyz").bearer(SHOP_KEY).await, 200);
        assert_eq!(shop, json!({ "店 a/b": { "state": "cold", "foreign": 0 } }));
    }

    async fn while_the_old_token_lives_a_failure_makes_nobody_unready(start: Start) {
        let edge = classic(start).start().await;
        let token = read(&edge).await;
        break_tokens(&edge, json!({ "fault": "errcode", "errcode": 45_009, "errmsg": "reach max api daily quota limit" })).await;
        let renewed = edge.get(format!("/app/demo/api/new?old={token}")).bearer(CRM_KEY).await;
        assert_eq!(error(&renewed, 502).0, 45_009);
        let serving = demo(&edge, 200).await;
        let failure = &state(&serving, "failing_but_serving")["failure"];
        assert!(failure["remedy"].as_str().unwrap().contains("clear_quota"), "{serving}");
        assert!(serving["expires_in"].as_u64().unwrap() > 7_000 && failure["retry_in"].as_u64().unwrap() > 500, "{serving}");
        assert_eq!(read(&edge).await, token);
    }

    async fn a_ticket_that_cannot_be_had_is_told_and_does_not_count(start: Start) {
        let edge = whole(start).start().await;
        let fault = json!({ "endpoint": "getticket", "fault": "errcode", "errcode": 48_001, "errmsg": "api unauthorized" });
        edge.simulator().fault(fault).await.unwrap();
        error(&edge.get("/app/demo/jsapi").bearer(OWNER_KEY).await, 502);
        let demo = apps(&edge.get("/readyz").bearer(OWNER_KEY).await, 200)["demo"].take();
        let ticket = state(&state(&demo, "ready")["tickets"]["jsapi"], "failing");
        assert!(ticket["failure"]["remedy"].as_str().unwrap().contains("permissions"), "{demo}");
    }

    async fn a_foreign_refresher_is_counted(start: Start) {
        let edge = classic(start).start().await;
        let token = read(&edge).await;
        edge.simulator().invalidate(DEMO_APPID, Which::Classic).await.unwrap();
        edge.get(format!("/app/demo/api/new?old={token}")).bearer(CRM_KEY).await;
        assert_eq!(demo(&edge, 200).await["foreign"], 1);
    }
}
