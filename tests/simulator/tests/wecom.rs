//! WeCom's token.

use std::time::Duration;

use serde_json::json;
use wxedge_tests::simulator::wechat::{Platform, Which};
use wxedge_tests::simulator::{Control, Server};

use crate::http::{Answer, TOKEN, get, post, simulator, used};

/// A simulator with the official account wx1 and two secrets of the corp ww1.
pub async fn corp() -> (Server, Control) {
    let (server, control) = simulator().await;
    for secret in ["a", "b"] {
        control.account(json!({ "appid": "ww1", "secret": secret, "kind": "wecom" })).await.unwrap();
    }
    (server, control)
}

pub async fn gettoken(to: &Server, secret: &str) -> Answer {
    get(to, &format!("/cgi-bin/gettoken?corpid=ww1&corpsecret={secret}")).await
}

async fn used_at_wecom(to: &Server, token: &str) -> i64 {
    get(to, &format!("/cgi-bin/get_jsapi_ticket?access_token={token}")).await.errcode()
}

#[tokio::test]
async fn a_corp_gets_one_token_for_each_secret() {
    let (server, control) = corp().await;
    let first = gettoken(&server, "a").await;
    assert!(first.head.contains("content-type: application/json; charset=UTF-8"), "{}", first.head);
    let token = first.token();
    assert_eq!(first.json(), json!({ "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200 }));
    control.advance(Duration::from_secs(7000)).await.unwrap();
    let again = gettoken(&server, "a").await;
    assert_eq!(again.token(), token);
    let left = again.json()["expires_in"].as_u64().unwrap();
    assert!((190..=200).contains(&left), "{left}");
    assert_ne!(gettoken(&server, "b").await.token(), token);
    control.advance(Duration::from_secs(200)).await.unwrap();
    assert_ne!(gettoken(&server, "a").await.token(), token);
    assert_eq!(used_at_wecom(&server, &token).await, 42001);
}

#[tokio::test]
async fn wecom_refuses_in_its_own_words() {
    let (server, _) = corp().await;
    for (query, code, text) in [
        ("", 41002, "corpid missing, hint: ["),
        ("?corpid=ww1", 41004, "corpsecret missing, hint: ["),
        ("?corpid=ww2&corpsecret=a", 40013, "invalid corpid, hint: ["),
        ("?corpid=wx1&corpsecret=s1", 40013, "invalid corpid, hint: ["),
        ("?corpid=ww1&corpsecret=c", 40001, "invalid credential, hint: ["),
    ] {
        let answer = get(&server, &format!("/cgi-bin/gettoken{query}")).await;
        assert_eq!((answer.status, answer.errcode()), (200, code), "{query}");
        let errmsg = answer.json()["errmsg"].as_str().unwrap().to_owned();
        let end = format!("], from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e={code}");
        assert!(errmsg.starts_with(text) && errmsg.ends_with(&end), "{errmsg}");
    }
    assert_eq!(post(&server, "/cgi-bin/gettoken?corpid=ww1&corpsecret=a", json!({})).await.errcode(), 43001);
}

#[tokio::test]
async fn a_secret_of_wecom_has_an_allow_list_and_a_quota() {
    let (server, control) = corp().await;
    let settings = json!({
        "appid": "ww1", "secret": "a", "kind": "wecom", "ip_allow": ["203.0.113.7"], "quotas": { "gettoken": 1 }
    });
    control.account(settings).await.unwrap();
    let refused = gettoken(&server, "a").await;
    assert_eq!(refused.errcode(), 60020);
    assert!(refused.body.contains("not allow to access from your ip, hint: ["), "{}", refused.body);
    assert!(refused.body.contains("], from ip: 127.0.0.1, more info at "), "{}", refused.body);
    let seen = json!({ "appid": "ww1", "secret": "a", "kind": "wecom", "seen_ip": "203.0.113.7" });
    control.account(seen).await.unwrap();
    assert_eq!(gettoken(&server, "a").await.errcode(), 0);
    let refused = gettoken(&server, "a").await;
    assert!(refused.errcode() == 45009 && refused.body.contains("api freq out of limit"), "{}", refused.body);
    assert_eq!(gettoken(&server, "b").await.errcode(), 0);
}

#[tokio::test]
async fn the_two_platforms_do_not_know_each_others_tokens() {
    let (server, _) = corp().await;
    let (corp, official) = (gettoken(&server, "a").await.token(), get(&server, TOKEN).await.token());
    assert_eq!((used(&server, &corp).await, used(&server, &official).await), (40014, 0));
    assert_eq!((used_at_wecom(&server, &corp).await, used_at_wecom(&server, &official).await), (0, 40014));
}

#[tokio::test]
async fn one_secret_or_the_whole_corp_can_lose_its_token() {
    let (server, control) = corp().await;
    let (a, b) = (gettoken(&server, "a").await.token(), gettoken(&server, "b").await.token());
    control.invalidate("ww1:a", Which::WeCom).await.unwrap();
    assert_eq!((used_at_wecom(&server, &a).await, used_at_wecom(&server, &b).await), (40001, 0));
    assert_ne!(gettoken(&server, "a").await.token(), a);
    control.invalidate("ww1", Which::All).await.unwrap();
    assert_eq!(used_at_wecom(&server, &b).await, 40001);
    let answer = post(&server, "/_sim/invalidate", json!({ "appid": "ww1", "which": "classic" })).await;
    assert_eq!((answer.status, answer.body.as_str()), (400, "which: the account ww1 has no such token.\n"));
}

#[tokio::test]
async fn the_state_shows_each_secret_and_counts_what_wecom_was_asked() {
    let (server, control) = corp().await;
    let token = gettoken(&server, "a").await.token();
    gettoken(&server, "a").await;
    gettoken(&server, "c").await;
    let state = control.state().await.unwrap();
    let counter = &state.counters["gettoken"];
    assert_eq!((counter.calls, counter.issued, counter.errors[&40001]), (3, 1, 1));
    let account = &state.accounts["ww1:a"];
    assert_eq!((account.kind, account.wecom.as_ref().unwrap().token.as_str()), (Platform::WeCom, token.as_str()));
    assert_eq!(account.used_today["gettoken"], 2);
    assert!(state.accounts["ww1:b"].wecom.is_none() && state.accounts["wx1"].wecom.is_none());
    let requests = control.requests().await.unwrap();
    assert!(requests.iter().all(|request| request.endpoint == "gettoken"));
}
