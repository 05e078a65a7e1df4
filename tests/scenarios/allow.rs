//! What an app may be used for: what its configuration does not allow is refused on every route and to every caller.

use serde_json::{Value, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

/// `demo` is for tickets, `classic` for tokens, `corp` for nothing; `desk` has no list.
fn limited(start: Start) -> Start {
    whole(start).config(|config| {
        config["apps"]["demo"]["allow"] = json!(["ticket", "msg", "auth", "pay", "js", "proxy"]);
        config["apps"]["classic"]["allow"] = json!(["token"]);
        config["apps"]["corp"]["allow"] = json!([]);
    })
}

fn not(what: &str, app: &str) -> String {
    format!("app {app} may not be used for {what}")
}

on_every_host! {
    async fn what_an_app_is_not_for_nobody_gets(start: Start) {
        let edge = limited(start).start().await;
        for (path, what, app) in [
            ("/app/demo/api", "/api", "demo"),
            ("/app/demo/api/new", "/api/new", "demo"),
            ("/app/classic/jsapi", "/jsapi", "classic"),
            ("/app/classic/ticket?type=wx_card", "/ticket", "classic"),
            ("/app/corp/qyapi", "/api", "corp"),
            ("/app/corp/qyapi/new", "/api/new", "corp"),
            ("/app/corp/ticket?type=agent_config", "/ticket", "corp"),
        ] {
            assert_eq!(error(&edge.get(path).bearer(OWNER_KEY).await, 403), (-10_001, not(what, app)), "{path}");
        }
        for (method, path) in [
            ("GET", "/token/demo"), ("PUT", "/token/demo"), ("GET", "/ticket/classic"), ("PUT", "/ticket/corp"),
        ] {
            let answer = edge.request(method, path).bearer(OWNER_KEY).await;
            refused(&answer, 403);
            assert_eq!(answer.json(), json!({ "errmsg": "This ip is not trusted" }), "{method} {path}");
        }
        let hub = edge.get("/access-token").bearer(OWNER_KEY).await;
        refused(&hub, 403);
        assert_eq!(hub.text(), format!("{}\n", not("/api", "demo")));
        assert_eq!((fetches(&edge).await, calls(&edge, "getticket").await, calls(&edge, "gettoken").await), (0, 0, 0));
    }

    async fn what_it_is_for_is_given_as_ever(start: Start) {
        let edge = limited(start).start().await;
        let jsapi = ticket(&edge.get("/app/demo/jsapi").bearer(OWNER_KEY).await);
        assert_eq!(bare(&edge.get("/ticket?type=jsapi").bearer(OWNER_KEY).await), jsapi);
        let token = token(&edge.get("/app/classic/api").bearer(OWNER_KEY).await);
        assert_eq!(bare(&edge.get("/token/classic").bearer(OWNER_KEY).await), token);
        assert_eq!(edge.request("PUT", "/token/classic").bearer(OWNER_KEY).await.status, 200);
        crate::support::token(&edge.get("/app/desk/qyapi").bearer(OWNER_KEY).await);
    }

    async fn whoever_has_the_secret_gets_wechats_word_for_it(start: Start) {
        let edge = limited(start).start().await;
        let demo = format!("/cgi-bin/token?grant_type=client_credential&appid={DEMO_APPID}&secret={DEMO_SECRET}");
        let body: Value =
            json!({ "grant_type": "client_credential", "appid": DEMO_APPID, "secret": DEMO_SECRET, "force_refresh": true });
        let corp = format!("/cgi-bin/gettoken?corpid={CORPID}&corpsecret={CORP_SECRET}");
        for answer in [edge.get(&demo).await, edge.post_json("/cgi-bin/stable_token", &body).await] {
            assert_eq!(error(&answer, 200), (48_001, not("/api", DEMO_APPID)));
        }
        assert_eq!(error(&edge.get(&corp).await, 200), (48_001, not("/api", CORPID)));
        // A wrong secret is told the same.
        assert_eq!(error(&edge.get(demo.replace(DEMO_SECRET, "wrong")).await, 200).0, 48_001);
        let desk = format!("/cgi-bin/gettoken?corpid={CORPID}&corpsecret={DESK_SECRET}");
        assert_eq!(edge.get(desk).await.json()["errcode"], 0);
        assert_eq!((fetches(&edge).await, calls(&edge, "gettoken").await), (0, 1));
    }

    async fn an_account_is_for_what_any_of_its_apps_is_for(start: Start) {
        let twin = |config: &mut Value| config["apps"]["twin"] = json!({
            "kind": "official", "appid": DEMO_APPID, "secret": DEMO_SECRET, "allow": ["token"]
        });
        let edge = limited(start).config(twin).start().await;
        let path = format!("/cgi-bin/token?grant_type=client_credential&appid={DEMO_APPID}&secret={DEMO_SECRET}");
        let first = token(&edge.get(path).await);
        assert_eq!(token(&edge.get("/app/twin/api").bearer(OWNER_KEY).await), first);
        error(&edge.get("/app/demo/api").bearer(OWNER_KEY).await, 403);
    }

    async fn whoever_has_the_token_gets_no_ticket_that_the_account_is_not_for(start: Start) {
        let edge = limited(start).start().await;
        let first = token(&edge.get("/app/classic/api").bearer(OWNER_KEY).await);
        let path = format!("/cgi-bin/ticket/getticket?access_token={first}&type=jsapi");
        assert_eq!(error(&edge.get(path).await, 200), (48_001, not("/ticket", CLASSIC_APPID)));
        assert_eq!(calls(&edge, "getticket").await, 0);
    }
}
