//! weixin-token's routes: values as bare text, `PUT` to renew, and its own bodies for errors.

use serde_json::{Value, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::wechat::Which;

use crate::support::*;

/// An error's body, as text and as JSON.
#[track_caller]
fn refusal(answer: &Answer, status: u16) -> (String, Value) {
    let all = refused(answer, status);
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"), "{all}");
    (answer.text(), answer.json())
}

#[track_caller]
fn done(answer: &Answer) {
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"message":"ok"}"#));
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
}

on_every_host! {
    async fn a_value_is_read_as_text(start: Start) {
        let edge = whole(start).start().await;
        let token = bare(&edge.get("/token/demo").bearer(TOKENS_KEY).await);
        assert_eq!(token, read(&edge).await);
        let ticket = bare(&edge.get("/ticket/demo?x=1").header("x-api-key", TICKETS_KEY).await);
        assert_ne!(ticket, token);
        let shop = bare(&edge.get(format!("/token/{SHOP}")).bearer(SHOP_KEY).await);
        assert_ne!(shop, token);
        for (path, length) in [("/token/demo", token.len()), ("/ticket/demo", ticket.len())] {
            let head = edge.request("HEAD", path).bearer(OWNER_KEY).await;
            assert_eq!((head.status, head.body.len()), (200, 0));
            assert_eq!(head.header("content-length"), Some(length.to_string()));
        }
    }

    async fn put_renews_the_token(start: Start) {
        let edge = classic(whole(start)).start().await;
        let first = read(&edge).await;
        done(&edge.request("PUT", "/token/demo").bearer(OWNER_KEY).await);
        let second = read(&edge).await;
        assert_ne!(first, second);
        assert_eq!((bare(&edge.get("/token/demo").bearer(OWNER_KEY).await), fetches(&edge).await), (second, 2));
    }

    async fn put_renews_the_ticket_or_finds_that_it_is_still_the_one(start: Start) {
        let edge = whole(start).start().await;
        let read = async || bare(&edge.get("/ticket/demo").bearer(OWNER_KEY).await);
        let first = read().await;
        done(&edge.request("PUT", "/ticket/demo").bearer(OWNER_KEY).body("{}").await);
        assert_eq!((read().await, calls(&edge, "getticket").await), (first.clone(), 2));
        done(&edge.request("PUT", "/ticket/demo").bearer(OWNER_KEY).await);
        assert_eq!((read().await, calls(&edge, "getticket").await), (first, 2));
    }

    async fn put_fetches_the_ticket_that_wechat_has_by_now(start: Start) {
        let edge = whole(start).start().await;
        let first = bare(&edge.get("/ticket/demo").bearer(OWNER_KEY).await);
        edge.simulator().account(json!({ "appid": DEMO_APPID, "ticket_life_s": 7_000 })).await.unwrap();
        edge.simulator().invalidate(DEMO_APPID, Which::Ticket).await.unwrap();
        done(&edge.request("PUT", "/ticket/demo").bearer(OWNER_KEY).await);
        let second = bare(&edge.get("/ticket/demo").bearer(OWNER_KEY).await);
        assert_ne!(first, second);
        assert_eq!(calls(&edge, "getticket").await, 2);
    }

    async fn over_the_budget_put_is_429(edge: Edge) {
        read(&edge).await;
        done(&edge.request("PUT", "/token/demo").bearer(CRM_KEY).await);
        let answer = edge.request("PUT", "/token/demo").bearer(CRM_KEY).await;
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        let text = format!("the credential cannot be renewed again yet: try in {wait} s");
        assert_eq!(refusal(&answer, 429).1, json!({ "errmsg": text }));
    }

    async fn errors_have_the_bodies_that_they_always_had(start: Start) {
        let edge = whole(start).start().await;
        let no_app = |name: &str| format!(r#"{{"errmsg":"no this appName:{name}"}}"#);
        let untrusted = r#"{"errmsg":"This ip is not trusted"}"#.to_owned();
        let shop = format!("/token/{SHOP}");
        let wrong = [
            ("GET", "/token/zz", OWNER_KEY, 400, no_app("zz")),
            ("PUT", "/token/zz", OWNER_KEY, 400, no_app("zz")),
            ("GET", "/ticket/Demo", OWNER_KEY, 400, no_app("Demo")),
            ("GET", "/token/%22%3Cb%3E", OWNER_KEY, 400, no_app(r#"\"<b>"#)),
            ("GET", "/token/demo", "", 403, untrusted.clone()),
            ("GET", "/token/zz", "", 403, untrusted.clone()),
            ("GET", "/token/demo", "nobodys-key-0123456789", 403, untrusted.clone()),
            ("PUT", "/token/demo", TOKENS_KEY, 403, untrusted.clone()),
            ("PUT", "/ticket/demo", TICKETS_KEY, 403, untrusted.clone()),
            ("PUT", "/token/demo", RENEWER_KEY, 403, untrusted.clone()),
            ("GET", "/token/demo", TICKETS_KEY, 403, untrusted.clone()),
            ("GET", "/ticket/demo", TOKENS_KEY, 403, untrusted.clone()),
            ("GET", "/ticket/demo", CRM_KEY, 403, untrusted.clone()),
            ("GET", &shop, CRM_KEY, 403, untrusted.clone()),
            ("POST", "/token/demo", OWNER_KEY, 405, r#"{"errmsg":"this route takes GET, HEAD, PUT"}"#.to_owned()),
            ("DELETE", "/ticket/demo", "", 405, r#"{"errmsg":"this route takes GET, HEAD, PUT"}"#.to_owned()),
            ("OPTIONS", "/token/demo", OWNER_KEY, 405, r#"{"errmsg":"this route takes GET, HEAD, PUT"}"#.to_owned()),
            ("GET", "/token/demo/", OWNER_KEY, 404, r#"{"errmsg":"no such route"}"#.to_owned()),
        ];
        for (method, path, key, status, body) in wrong {
            let request = edge.request(method, path);
            let answer = if key.is_empty() { request } else { request.bearer(key) }.await;
            assert_eq!(refusal(&answer, status).0, body, "{method} {path}");
            let allow = (status == 405).then_some("GET, HEAD, PUT");
            assert_eq!(answer.header("allow").as_deref(), allow, "{method} {path}");
            assert_eq!(answer.header("www-authenticate"), None, "{method} {path}");
        }
        assert_eq!((calls(&edge, "getticket").await, fetches(&edge).await), (0, 0));
    }

    async fn wechats_error_is_500_with_its_code(start: Start) {
        let edge = whole(start).start().await;
        edge.simulator().account(json!({ "appid": DEMO_APPID, "ip_allow": [], "seen_ip": "198.51.100.4" })).await.unwrap();
        for (method, path) in [("GET", "/token/demo"), ("PUT", "/token/demo"), ("GET", "/ticket/demo")] {
            let (_, body) = refusal(&edge.request(method, path).bearer(OWNER_KEY).await, 500);
            assert_eq!((&body["code"], body.as_object().map(|it| it.len())), (&json!(40164), Some(2)), "{body}");
            assert!(body["errmsg"].as_str().is_some_and(|it| it.contains("198.51.100.4")), "{body}");
        }
        let missing = refusal(&edge.get(format!("/ticket/{SHOP}")).bearer(OWNER_KEY).await, 400).1;
        assert_eq!(missing, json!({ "errmsg": "parameter jsapi is not for an account of kind miniprogram" }));
    }
}
