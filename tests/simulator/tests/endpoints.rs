//! WeChat's own endpoints.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{STABLE, TOKEN, get, post, send, simulator, stable, used};

#[track_caller]
fn assert_rid(errmsg: &str) {
    let (_, rid) = errmsg.rsplit_once(" rid: ").unwrap();
    assert!(rid.split('-').count() == 3 && rid.split('-').all(|group| group.len() == 8), "{errmsg}");
}

#[tokio::test]
async fn a_classic_token_comes_with_its_life_and_wechats_media_type() {
    let (server, _) = simulator().await;
    let answer = get(&server, TOKEN).await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("content-type: application/json; encoding=utf-8"), "{}", answer.head);
    assert_eq!(answer.json()["expires_in"], 7200);
    assert!(answer.token().starts_with("SIM_") && answer.token().len() > 104);
    assert_eq!(answer.json().as_object().unwrap().len(), 2);
    assert_ne!(get(&server, TOKEN).await.token(), answer.token());
}

#[tokio::test]
async fn the_token_endpoint_refuses_with_wechats_codes_and_http_200() {
    let (server, _) = simulator().await;
    for (target, code, text) in [
        ("/cgi-bin/token", 41002, "appid missing rid: "),
        ("/cgi-bin/token?appid=wx1", 41004, "appsecret missing rid: "),
        ("/cgi-bin/token?appid=wx1&secret=s1", 40002, "invalid grant_type rid: "),
        ("/cgi-bin/token?grant_type=client_credential&appid=wx%39&secret=s1", 40013, "invalid appid rid: "),
        ("/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s2", 40125, "invalid appsecret, rid: "),
    ] {
        let answer = get(&server, target).await;
        assert_eq!((answer.status, answer.errcode()), (200, code), "{target}");
        let errmsg = answer.json()["errmsg"].as_str().unwrap().to_owned();
        assert!(errmsg.starts_with(text), "{errmsg}");
        assert_rid(&errmsg);
    }
    assert_eq!(post(&server, TOKEN, json!({})).await.errcode(), 43001);
}

#[tokio::test]
async fn the_stable_token_endpoint_refuses_with_wechats_codes() {
    let (server, _) = simulator().await;
    let full = |name: &str, value: Value| {
        let mut body = json!({ "grant_type": "client_credential", "appid": "wx1", "secret": "s1" });
        body[name] = value;
        body.to_string()
    };
    for (method, body, code) in [
        ("GET", String::new(), 43002),
        ("POST", String::new(), 44002),
        ("POST", "appid=wx1".to_owned(), 47001),
        ("POST", "[]".to_owned(), 47001),
        ("POST", "{}".to_owned(), 41002),
        ("POST", full("appid", json!(1)), 47001),
        ("POST", full("appid", json!("wx2")), 40013),
        ("POST", full("secret", Value::Null), 41004),
        ("POST", full("secret", json!("s2")), 40125),
        ("POST", full("grant_type", json!("password")), 40002),
        ("POST", full("force_refresh", json!("true")), 47001),
        ("POST", full("force_refresh", json!(false)), 0),
    ] {
        let answer = send(&server, method, STABLE, &body).await.unwrap();
        assert_eq!((answer.status, answer.errcode()), (200, code), "{method} {body}");
    }
}

#[tokio::test]
async fn the_stable_token_counts_down_and_is_renewed() {
    let (server, control) = simulator().await;
    let first = stable(&server, false).await;
    control.advance(Duration::from_secs(6855)).await.unwrap();
    let again = stable(&server, false).await;
    assert_eq!(again.token(), first.token());
    let left = again.json()["expires_in"].as_u64().unwrap();
    assert!((340..=345).contains(&left), "{left}");
    control.advance(Duration::from_secs(60)).await.unwrap();
    let next = stable(&server, false).await;
    assert_ne!(next.token(), first.token());
    assert_eq!(used(&server, &first.token()).await, 0);
    control.advance(Duration::from_secs(300)).await.unwrap();
    assert_eq!(used(&server, &first.token()).await, 42001);
    assert_eq!(used(&server, &next.token()).await, 0);
}

#[tokio::test]
async fn forced_refreshes_have_a_budget() {
    let (server, control) = simulator().await;
    control.account(json!({ "appid": "wx1", "force_per_day": 2 })).await.unwrap();
    let first = stable(&server, false).await.token();
    assert_ne!(stable(&server, true).await.token(), first);
    assert_eq!(used(&server, &first).await, 40001);
    assert_eq!(stable(&server, true).await.errcode(), 45011);
    control.advance(Duration::from_secs(30)).await.unwrap();
    assert_eq!(stable(&server, true).await.errcode(), 0);
    control.advance(Duration::from_secs(30)).await.unwrap();
    assert_eq!(stable(&server, true).await.errcode(), 45009);
}

#[tokio::test]
async fn accounts_are_strangers_to_each_other() {
    let (server, control) = simulator().await;
    control.account(json!({ "appid": "wx2", "secret": "s2", "frozen": true, "token_life_s": 60 })).await.unwrap();
    let target = "/cgi-bin/token?grant_type=client_credential&appid=wx2&secret=s2";
    assert_eq!(get(&server, target).await.errcode(), 40243);
    control.account(json!({ "appid": "wx2", "frozen": false })).await.unwrap();
    let (one, two) = (get(&server, TOKEN).await, get(&server, target).await);
    assert_eq!((one.json()["expires_in"].as_u64(), two.json()["expires_in"].as_u64()), (Some(7200), Some(60)));
    control.advance(Duration::from_secs(60)).await.unwrap();
    assert_eq!((used(&server, &one.token()).await, used(&server, &two.token()).await), (0, 42001));
}

#[tokio::test]
async fn an_address_that_is_not_on_the_list_is_told() {
    let (server, control) = simulator().await;
    control.account(json!({ "appid": "wx1", "ip_allow": ["203.0.113.7"] })).await.unwrap();
    for answer in [get(&server, TOKEN).await, stable(&server, false).await] {
        assert_eq!(answer.errcode(), 40164);
        let errmsg = answer.json()["errmsg"].as_str().unwrap().to_owned();
        assert!(errmsg.starts_with("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: "), "{errmsg}");
    }
    control.account(json!({ "appid": "wx1", "seen_ip": "203.0.113.7" })).await.unwrap();
    assert_eq!(get(&server, TOKEN).await.errcode(), 0);
    control.account(json!({ "appid": "wx1", "seen_ip": null, "ip_allow": null })).await.unwrap();
    assert_eq!(get(&server, TOKEN).await.errcode(), 0);
}

#[tokio::test]
async fn a_quota_is_of_one_endpoint_and_one_day() {
    let (server, control) = simulator().await;
    control.account(json!({ "appid": "wx1", "quotas": { "token": 1, "user_info": 1 } })).await.unwrap();
    let token = get(&server, TOKEN).await.token();
    let refused = get(&server, TOKEN).await;
    assert_eq!(refused.errcode(), 45009);
    assert!(refused.body.contains("reach max api daily quota limit rid: "), "{}", refused.body);
    assert_eq!(stable(&server, false).await.errcode(), 0);
    assert_eq!((used(&server, &token).await, used(&server, &token).await), (0, 45009));
    control.advance(Duration::from_secs(24 * 60 * 60)).await.unwrap();
    assert_eq!(get(&server, TOKEN).await.errcode(), 0);
}

#[tokio::test]
async fn a_follower_is_told_to_who_has_a_token() {
    let (server, _) = simulator().await;
    let token = get(&server, TOKEN).await.token();
    let answer = get(&server, &format!("/cgi-bin/user/info?access_token={token}&openid=o1&lang=zh_CN")).await;
    let user = answer.json();
    assert_eq!((&user["subscribe"], &user["openid"]), (&json!(1), &json!("o1")));
    assert_eq!((&user["unionid"], &user["tagid_list"]), (&json!("u-o1"), &json!([128, 2])));
    assert!(user.get("nickname").is_none() && user.get("errcode").is_none());
    assert_eq!(get(&server, "/cgi-bin/user/info?openid=o1").await.errcode(), 41001);
    assert_eq!(get(&server, &format!("/cgi-bin/user/info?access_token={token}")).await.errcode(), 41009);
    assert_eq!(used(&server, "garbage").await, 40014);
    get(&server, TOKEN).await;
    get(&server, TOKEN).await;
    assert_eq!(used(&server, &token).await, 40001);
}

#[tokio::test]
async fn a_message_is_taken_from_who_has_a_token() {
    let (server, _) = simulator().await;
    let token = stable(&server, false).await.token();
    let target = format!("/cgi-bin/message/custom/send?access_token={token}");
    let message = json!({ "touser": "o1", "msgtype": "text", "text": { "content": "hello" } });
    assert_eq!(post(&server, &target, message.clone()).await.json(), json!({ "errcode": 0, "errmsg": "ok" }));
    assert_eq!(post(&server, "/cgi-bin/message/custom/send?access_token=x", message).await.errcode(), 40014);
    assert_eq!(post(&server, &target, json!({ "msgtype": "text" })).await.errcode(), 40003);
    for (method, body, code) in [("GET", "", 43002), ("POST", "", 44002), ("POST", "<xml/>", 47001)] {
        assert_eq!(send(&server, method, &target, body).await.unwrap().errcode(), code, "{method} {body}");
    }
}

#[tokio::test]
async fn a_path_that_wechat_does_not_know_is_counted_apart() {
    let (server, control) = simulator().await;
    assert_eq!(get(&server, "/cgi-bin/nothing").await.status, 404);
    assert_eq!(control.state().await.unwrap().counters["unknown"].calls, 1);
}
