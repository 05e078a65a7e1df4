//! WeCom: each application of a corporation has a token of its own, by corpid and secret.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::wechat::Which;

use crate::support::*;

fn gettoken(corpid: &str, secret: &str) -> String {
    format!("/cgi-bin/gettoken?corpid={corpid}&corpsecret={secret}")
}

/// The token of an answer in WeCom's own form.
#[track_caller]
fn wecom_token(answer: &Answer) -> String {
    let body = answer.json();
    assert_eq!((answer.status, answer.header("cache-control").as_deref()), (200, Some("no-store")), "{body}");
    let (token, life) = (body["access_token"].clone(), body["expires_in"].as_u64().unwrap());
    assert!((7_190..=7_200).contains(&life), "{body}");
    assert_eq!(body, json!({ "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": life }));
    token.as_str().unwrap().to_owned()
}

async fn of_app(edge: &Edge, app: &str) -> String {
    token(&edge.get(format!("/app/{app}/qyapi")).bearer(OWNER_KEY).await)
}

on_every_host! {
    async fn a_corpsecret_opens_its_own_application_by_every_route(start: Start) {
        let edge = whole(start).start().await;
        let corp = wecom_token(&edge.get(gettoken(CORPID, CORP_SECRET)).await);
        let reordered = format!("/cgi-bin/gettoken?debug=1&corpsecret={CORP_SECRET}&corpid={CORPID}");
        assert_eq!(wecom_token(&edge.get(reordered).await), corp);
        for path in ["/app/corp/qyapi", "/app/corp/api", "/app/corp/qyapi/new?old=another"] {
            assert_eq!(token(&edge.get(path).bearer(OWNER_KEY).await), corp, "{path}");
        }
        assert_eq!(bare(&edge.get("/token/corp").bearer(TOKENS_KEY).await), corp);
        assert_eq!((calls(&edge, "gettoken").await, fetches(&edge).await), (1, 0));
    }

    async fn two_secrets_of_one_corporation_are_two_tokens(start: Start) {
        let edge = whole(start).start().await;
        let (corp, desk) = (of_app(&edge, "corp").await, of_app(&edge, "desk").await);
        assert_ne!(corp, desk);
        assert_eq!(wecom_token(&edge.get(gettoken(CORPID, DESK_SECRET)).await), desk);
        assert_eq!(calls(&edge, "gettoken").await, 2);
        edge.simulator().invalidate(&format!("{CORPID}:{CORP_SECRET}"), Which::WeCom).await.unwrap();
        let renewed = token(&edge.get(format!("/app/corp/qyapi/new?old={corp}")).bearer(OWNER_KEY).await);
        assert_ne!(renewed, corp);
        assert_eq!((of_app(&edge, "corp").await, of_app(&edge, "desk").await), (renewed, desk));
        assert_eq!(calls(&edge, "gettoken").await, 3);
    }

    async fn a_token_that_wecom_gives_again_is_given_again(start: Start) {
        let edge = whole(start).start().await;
        let first = of_app(&edge, "corp").await;
        for query in [String::new(), format!("?old={first}"), "?old=".to_owned()] {
            let again = edge.get(format!("/app/corp/qyapi/new{query}")).bearer(OWNER_KEY).await;
            assert_eq!(token(&again), first, "{query}");
        }
        // Asked once more for all of them: nobody can force WeCom, so it is left alone for a while.
        assert_eq!(calls(&edge, "gettoken").await, 2);
    }

    async fn each_wrong_parameter_has_wecoms_own_code(start: Start) {
        let edge = whole(start).start().await;
        let (id, secret) = (format!("corpid={CORPID}"), format!("corpsecret={CORP_SECRET}"));
        let wrong = [
            (String::new(), 41002),
            (secret.clone(), 41002),
            (format!("corpid=&{secret}"), 41002),
            (format!("corpid=%ff&{secret}"), 41002),
            (id.clone(), 41004),
            (format!("{id}&corpsecret="), 41004),
            (format!("corpid=wwnobody&{secret}"), 40013),
            (format!("corpid={DEMO_APPID}&corpsecret={DEMO_SECRET}"), 40013),
            (format!("corpid={}&{secret}", CORPID.to_uppercase()), 40013),
            (format!("{id}&corpsecret=wrong"), 40001),
            (format!("{id}&{secret}x"), 40001),
            (format!("{id}&corpsecret={OWNER_KEY}"), 40001),
            (format!("{id}&{secret}&corpsecret=wrong"), 40035),
            (format!("{id}&{id}&{secret}"), 40035),
            (format!("appid={CORPID}&secret={CORP_SECRET}"), 41002),
        ];
        for (query, code) in wrong {
            let answer = edge.get(format!("/cgi-bin/gettoken?{query}")).await;
            assert_eq!(error(&answer, 200).0, code, "{query} {}", answer.text());
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            assert_eq!(error(&edge.request(method, gettoken(CORPID, CORP_SECRET)).await, 200).0, 43001, "{method}");
        }
        // The other platform's route takes none of its accounts.
        let other = format!("/cgi-bin/token?grant_type=client_credential&appid={CORPID}&secret={CORP_SECRET}");
        assert_eq!(error(&edge.get(other).await, 200).0, 40013);
        assert_eq!((calls(&edge, "gettoken").await, fetches(&edge).await), (0, 0));
    }

    async fn what_wecom_says_is_passed_on(start: Start) {
        let edge = whole(start).start().await;
        let blocked = json!({ "appid": CORPID, "secret": CORP_SECRET, "kind": "wecom", "ip_allow": [] });
        edge.simulator().account(blocked).await.unwrap();
        for _ in 0..3 {
            let (code, _) = error(&edge.get("/app/corp/qyapi").bearer(OWNER_KEY).await, 502);
            assert_eq!((code, error(&edge.get(gettoken(CORPID, CORP_SECRET)).await, 200).0), (60020, 60020));
        }
        assert_eq!(calls(&edge, "gettoken").await, 1);
        of_app(&edge, "desk").await;
    }
}
