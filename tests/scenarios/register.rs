//! Apps that are registered while the gateway runs: by the administrator alone, with an AppSecret that WeChat takes.

use std::time::Duration;

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

const ADMIN: &str = "admin-key-0123456789abcdef";
/// Of a caller that means the registered app where a route names none.
const NEW_KEY: &str = "new-key-0123456789abcdef";
const APPID: &str = "wxregistered0001";
const SECRET: &str = "secret-of-the-registered";

fn administered(start: Start) -> Start {
    whole(start).config(|config| {
        config["admin"] = json!({ "key": ADMIN });
        let caller = json!({ "name": "of-new", "key": NEW_KEY, "app": "new" });
        config["callers"].as_array_mut().unwrap().push(caller);
    })
}

async fn begin(start: Start) -> Edge {
    let edge = administered(start).start().await;
    for (appid, secret) in [(APPID, SECRET), ("wxregistered0002", "another-secret")] {
        edge.simulator().account(json!({ "appid": appid, "secret": secret })).await.unwrap();
    }
    edge
}

fn register(edge: &Edge, more: &str) -> Request {
    let query = format!("key=new&appid={APPID}&secret={SECRET}{more}");
    edge.get(format!("/register?{query}")).header("x-admin-key", ADMIN)
}

#[track_caller]
fn done(answer: &Answer) {
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"success":true}"#));
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
}

/// The token of the registered app, once every isolate knows of it.
async fn app_token(edge: &Edge) -> String {
    token(&edge.get("/app/new/api").bearer(OWNER_KEY).await)
}

on_every_host! {
    async fn a_registered_app_is_there_like_a_configured_one(start: Start) {
        let edge = begin(start).await;
        done(&register(&edge, "").await);
        let given = app_token(&edge).await;
        assert_eq!(bare(&edge.get("/token/new").bearer(OWNER_KEY).await), given);
        ticket(&edge.get("/app/new/jsapi").bearer(OWNER_KEY).await);
        assert_eq!(fetches(&edge).await, 1, "the proof brought the token");
        let drop_in = format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
        assert_eq!(token(&edge.get(drop_in).await), given);
        assert_ne!(token(&edge.get("/app/new/api/new").bearer(OWNER_KEY).await), given);
        // Who may use some apps only does not get this one.
        assert_eq!(error(&edge.get("/app/new/api").bearer(CRM_KEY).await, 403).0, -10001);
        assert_eq!(error(&edge.get("/app/new/api").await, 401).0, -10001);
    }

    async fn a_form_registers_as_well(start: Start) {
        let edge = begin(start).await;
        let form = format!("key=new&appid={APPID}&secret={SECRET}");
        done(&edge.post("/register").bearer(ADMIN).body(&form).await);
        app_token(&edge).await;
        let form = format!("appid={APPID}&secret={SECRET}");
        done(&edge.post("/register?key=%E5%BA%97").bearer(ADMIN).body(&form).await);
        token(&edge.get("/app/%E5%BA%97/api").bearer(OWNER_KEY).await);
    }

    async fn only_the_administrator_registers(start: Start) {
        let edge = begin(start).await;
        let path = format!("/register?key=new&appid={APPID}&secret={SECRET}");
        assert_eq!(error(&edge.get(&path).await, 401).0, -10001);
        for key in [OWNER_KEY, CRM_KEY, &ADMIN[1..], &ADMIN.to_uppercase(), ""] {
            error(&edge.get(&path).bearer(key).await, 401);
            error(&edge.get(&path).header("x-admin-key", key).await, 401);
            error(&edge.request("DELETE", "/app/demo").bearer(key).await, 401);
        }
        error(&edge.get(&path).header("x-api-key", ADMIN).await, 401);
        error(&edge.get(&path).header("x-admin-key", ADMIN).bearer(OWNER_KEY).await, 401);
        error(&edge.get(format!("{path}&admin={ADMIN}")).await, 401);
        // And the administrator is no caller.
        error(&edge.get("/app/demo/api").bearer(ADMIN).await, 401);
        assert_eq!(edge.get("/app/new/api").bearer(OWNER_KEY).await.status, 404);
        assert_eq!(fetches(&edge).await, 0);
    }

    async fn without_an_administrator_nobody_registers(start: Start) {
        let edge = whole(start).start().await;
        error(&register(&edge, "").await, 403);
        error(&edge.request("DELETE", "/app/demo").bearer(ADMIN).await, 403);
    }

    async fn what_cannot_be_used_is_refused_with_its_name(start: Start) {
        let edge = begin(start).await;
        let long = "k".repeat(129);
        let wrong = [
            (format!("appid={APPID}&secret={SECRET}"), "key"),
            (format!("key=&appid={APPID}&secret={SECRET}"), "key"),
            (format!("key={long}&appid={APPID}&secret={SECRET}"), "key"),
            (format!("key=a%0ab&appid={APPID}&secret={SECRET}"), "key"),
            (format!("key=new&secret={SECRET}"), "appid"),
            (format!("key=new&appid=wx%2F1&secret={SECRET}"), "appid"),
            (format!("key=new&appid={APPID}&secret=a%20b"), "secret"),
            (format!("key=new&appid={APPID}"), "secret"),
            (format!("key=new&appid={APPID}&secret={SECRET}&secret=b"), "secret"),
            (format!("key=new&appid={APPID}&secret={SECRET}&expires=abc"), "expires"),
            (format!("key=new&appid={APPID}&secret={SECRET}&expires=0"), "expires"),
            (format!("key=new&appid={APPID}&secret={SECRET}&expires=-5"), "expires"),
            (format!("key=new&appid={APPID}&secret={SECRET}&call=api"), "call"),
            (format!("key=new&appid={APPID}&secret={SECRET}&call=/api/"), "call"),
            (format!("key=new&appid={APPID}&secret={SECRET}&aes=short"), "aes"),
            (format!("key=new&appid={APPID}&secret={SECRET}&server_ip=nowhere"), "server_ip"),
            (format!("key=new&appid={APPID}&secret={SECRET}&kind=bank"), "kind"),
            (format!("key=new&appid={APPID}&secret={SECRET}&token=a%20b"), "token"),
        ];
        for (query, name) in wrong {
            let answer = edge.get(format!("/register?{query}")).bearer(ADMIN).await;
            let (code, text) = error(&answer, 400);
            assert!(code == -10001 && text.contains(name), "{query} {text}");
        }
        let many = "&call=/a".repeat(17);
        error(&register(&edge, &many).await, 400);
        error(&edge.post("/register").bearer(ADMIN).body("k".repeat(9_000)).await, 413);
        error(&edge.request("PUT", "/register").bearer(ADMIN).await, 405);
        assert_eq!(fetches(&edge).await, 0);
    }

    async fn what_wechat_refuses_is_not_registered(start: Start) {
        let edge = begin(start).await;
        let wrong = edge.get(format!("/register?key=new&appid={APPID}&secret=wrong")).bearer(ADMIN).await;
        assert_eq!(error(&wrong, 502).0, 40125);
        let nobody = edge.get("/register?key=new&appid=wxnobody&secret=wrong").bearer(ADMIN).await;
        assert_eq!(error(&nobody, 502).0, 40013);
        assert_eq!(edge.get("/app/new/api").bearer(OWNER_KEY).await.status, 404);
    }

    async fn a_key_changes_but_not_its_account(start: Start) {
        let edge = begin(start).await;
        done(&register(&edge, "&token=t1&mch_id=m1&server_ip=203.0.113.9&call=/api&call=/jsapi").await);
        done(&register(&edge, "&mch_key=k1&mch_id=").await);
        let shown = edge.get("/app/new").bearer(OWNER_KEY).await.json();
        let expected = json!({
            "Key": "new", "AppId": APPID, "Secret": "********", "Token": "********", "AesKey": "", "MchId": "",
            "MchKey": "********", "IpAddress": "203.0.113.9", "Calls": "/api|/jsapi", "Expires": null
        });
        assert_eq!(shown, expected);
        let other = "/register?key=new&appid=wxregistered0002&secret=another-secret";
        let (_, text) = error(&edge.get(other).bearer(ADMIN).await, 409);
        assert!(text.contains("another account"), "{text}");
        // A new AppSecret is proved and then replaces the old one.
        edge.simulator().account(json!({ "appid": APPID, "secret": "rotated" })).await.unwrap();
        done(&edge.get(format!("/register?key=new&appid={APPID}&secret=rotated")).bearer(ADMIN).await);
        let configured = "/register?key=demo&appid=wxregistered0002&secret=another-secret";
        assert!(error(&edge.get(configured).bearer(ADMIN).await, 409).1.contains("configuration"));
    }

    async fn an_app_is_for_the_paths_that_were_named(start: Start) {
        let edge = begin(start).await;
        done(&register(&edge, "&call=/api/new&call=/js").await);
        token(&edge.get("/app/new/api/new").bearer(OWNER_KEY).await);
        for path in ["/app/new/api", "/app/new/jsapi", "/app/new/ticket?type=jsapi"] {
            assert!(error(&edge.get(path).bearer(OWNER_KEY).await, 403).1.contains("new"), "{path}");
        }
        for path in ["/token/new", "/ticket/new"] {
            refused(&edge.get(path).bearer(OWNER_KEY).await, 403);
        }
        refused(&edge.get("/access-token").bearer(NEW_KEY).await, 403);
    }

    async fn either_name_of_a_token_opens_it(start: Start) {
        let edge = begin(start).await;
        done(&register(&edge, "&call=/qyapi").await);
        let given = app_token(&edge).await;
        assert_eq!(token(&edge.get("/app/new/qyapi").bearer(OWNER_KEY).await), given);
        error(&edge.get("/app/new/jsapi").bearer(OWNER_KEY).await, 403);
        // A token that was renewed by the app's route opens the tickets by token.
        let renewed = token(&edge.get("/app/new/qyapi/new").bearer(OWNER_KEY).await);
        let ticket_path = format!("/cgi-bin/ticket/getticket?type=jsapi&access_token={renewed}");
        until("whose token it is has come round", PATIENCE, async || {
            edge.get(&ticket_path).await.json()["errcode"] == 0
        })
        .await;
    }

    async fn an_app_ends_when_it_was_said_to(start: Start) {
        let edge = begin(start).await;
        done(&register(&edge, "&expires=2").await);
        app_token(&edge).await;
        let shown = edge.get("/app/new").bearer(OWNER_KEY).await.json();
        assert!(shown["Expires"].as_str().is_some_and(|it| it.len() == 20 && it.ends_with('Z')), "{shown}");
        until("the app has ended", Duration::from_secs(5), async || {
            edge.get("/app/new/api").bearer(OWNER_KEY).await.status == 404
        })
        .await;
        let other = "/register?key=new&appid=wxregistered0002&secret=another-secret";
        done(&edge.get(other).bearer(ADMIN).await);
    }

    async fn an_app_is_forgotten(start: Start) {
        let edge = begin(start).await;
        done(&register(&edge, "").await);
        app_token(&edge).await;
        done(&edge.request("DELETE", "/app/new").bearer(ADMIN).await);
        error(&edge.get("/app/new/api").bearer(OWNER_KEY).await, 404);
        error(&edge.request("DELETE", "/app/new").bearer(ADMIN).await, 404);
        // And so is its account, for whoever still has the AppSecret.
        let drop_in = format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
        until("the account is forgotten", Duration::from_secs(15), async || {
            edge.get(&drop_in).await.json()["errcode"] == 40013
        })
        .await;
        error(&edge.request("DELETE", "/app/demo").bearer(ADMIN).await, 409);
        read(&edge).await;
    }

    async fn an_application_of_wecom_is_registered_by_its_kind(start: Start) {
        let edge = begin(start).await;
        edge.simulator().account(json!({ "appid": "wwnew", "secret": "s1", "kind": "wecom" })).await.unwrap();
        done(&edge.get("/register?key=corp2&kind=wecom&appid=wwnew&secret=s1").bearer(ADMIN).await);
        token(&edge.get("/app/corp2/qyapi").bearer(OWNER_KEY).await);
        ticket(&edge.get("/app/corp2/ticket?type=agent_config").bearer(OWNER_KEY).await);
    }

    async fn the_masked_record_is_for_callers_of_that_app(start: Start) {
        let edge = begin(start).await;
        done(&register(&edge, "").await);
        let shown = edge.get("/app/demo").bearer(CRM_KEY).await;
        assert_eq!((shown.status, shown.json()["AppId"].as_str()), (200, Some(DEMO_APPID)));
        assert!(!shown.text().contains(DEMO_SECRET));
        error(&edge.get("/app/new").bearer(CRM_KEY).await, 403);
        error(&edge.get("/app/new").await, 401);
        error(&edge.get("/app/new").bearer(ADMIN).await, 401);
        error(&edge.get("/app/nowhere").bearer(OWNER_KEY).await, 404);
        error(&edge.post("/app/demo").bearer(OWNER_KEY).await, 405);
    }
}

#[test]
fn a_killed_workerd_still_has_the_registered_apps() {
    block_on(async {
        let mut edge = begin(Start::on(HostKind::Workerd)).await;
        done(&register(&edge, "&call=/api").await);
        let given = app_token(&edge).await;
        edge.kill();
        edge.restart().await;
        assert_eq!(app_token(&edge).await, given);
        assert_eq!(edge.get("/app/new/jsapi").bearer(OWNER_KEY).await.status, 403);
        assert_eq!(fetches(&edge).await, 1);
    });
}

#[test]
fn an_envoy_that_starts_anew_has_forgotten_them() {
    block_on(async {
        let mut edge = begin(Start::on(HostKind::Envoy)).await;
        done(&register(&edge, "").await);
        app_token(&edge).await;
        edge.kill();
        edge.restart().await;
        assert_eq!(edge.get("/app/new/api").bearer(OWNER_KEY).await.status, 404);
    });
}
