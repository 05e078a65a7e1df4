//! Logins of mini programs.

use std::time::Duration;

use serde_json::json;
use wxedge_tests::simulator::Server;

use crate::http::{Answer, get, post, simulator};

async fn session(on: &Server, code: &str) -> Answer {
    get(on, &format!("/sns/jscode2session?appid=wx1&secret=s1&js_code={code}&grant_type=authorization_code")).await
}

#[tokio::test]
async fn a_code_is_exchanged_once_for_the_user_and_the_session_key() {
    let (server, control) = simulator().await;
    control.user(json!({ "openid": "oA", "unionid": "uA" })).await.unwrap();
    let made = control.js_code(json!({ "appid": "wx1" })).await.unwrap();
    let answer = session(&server, &made.code).await;
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert_eq!(answer.json(), json!({ "session_key": made.session_key, "openid": "oA", "unionid": "uA" }));
    assert_eq!(session(&server, &made.code).await.errcode(), 40163);
    assert_eq!(session(&server, "nobodys").await.errcode(), 40029);
    control.user(json!({ "openid": "oB", "unionid": null })).await.unwrap();
    let other = control.js_code(json!({ "appid": "wx1", "openid": "oB" })).await.unwrap();
    assert_ne!(other.session_key, made.session_key);
    assert_eq!(session(&server, &other.code).await.json().as_object().unwrap().len(), 2);
    let late = control.js_code(json!({ "appid": "wx1" })).await.unwrap();
    control.advance(Duration::from_secs(300)).await.unwrap();
    assert_eq!(session(&server, &late.code).await.errcode(), 40029);
}

#[tokio::test]
async fn a_code_of_another_kind_or_account_is_none() {
    let (server, control) = simulator().await;
    control.account(json!({ "appid": "wx2", "secret": "s2" })).await.unwrap();
    let made = control.js_code(json!({ "appid": "wx2" })).await.unwrap();
    assert_eq!(session(&server, &made.code).await.errcode(), 40029);
    let page = format!("/sns/oauth2/access_token?appid=wx2&secret=s2&code={}&grant_type=authorization_code", made.code);
    assert_eq!(get(&server, &page).await.errcode(), 40029);
    for (query, code) in [("", 41002), ("?appid=wx1", 41004), ("?appid=wx1&secret=s1", 40002)] {
        assert_eq!(get(&server, &format!("/sns/jscode2session{query}")).await.errcode(), code, "{query}");
    }
    assert_eq!(session(&server, "").await.errcode(), 41008);
    let answer = post(&server, "/_sim/js_codes", json!({ "appid": "wx9" })).await;
    assert_eq!((answer.status, answer.body.as_str()), (400, "appid: there is no account wx9.\n"));
}
