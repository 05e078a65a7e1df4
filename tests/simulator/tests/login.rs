//! Logins of official accounts: the page that asks, codes that are exchanged once, and what they open.

use std::time::Duration;

use serde_json::json;
use wxedge_tests::simulator::Server;

use crate::http::{Answer, component, get, post, simulator};

const BACK: &str = "https://shop.example.com/auth?ctx=1";

/// The link of a login.
pub fn link(appid: &str, scope: &str, more: &str) -> String {
    let back = component(BACK);
    format!(
        "/connect/oauth2/authorize?appid={appid}&redirect_uri={back}&response_type=code&scope={scope}&state=S1{more}"
    )
}

/// The code in the URL that an answer leads to.
#[track_caller]
pub fn code(answer: &Answer) -> String {
    let location = answer.header("location").unwrap_or_else(|| panic!("{} {}", answer.head, answer.body));
    let code = location.strip_prefix(&format!("{BACK}&code=")).and_then(|it| it.strip_suffix("&state=S1"));
    assert!(answer.status == 302, "{}", answer.head);
    code.unwrap_or_else(|| panic!("{location}")).to_owned()
}

/// What the user answers on the page.
pub async fn tap(on: &Server, page: &Answer, button: &str) -> Answer {
    let (_, rest) = page.body.split_once(&format!("id=\"{button}\" href=\"")).unwrap();
    let (href, _) = rest.split_once('"').unwrap();
    get(on, &href.replace("&amp;", "&")).await
}

async fn exchange(on: &Server, code: &str) -> Answer {
    get(on, &format!("/sns/oauth2/access_token?appid=wx1&secret=s1&code={code}&grant_type=authorization_code")).await
}

/// A user who has allowed everything: the tokens.
async fn logged_in(on: &Server) -> serde_json::Value {
    let page = get(on, &link("wx1", "snsapi_userinfo", "")).await;
    exchange(on, &code(&tap(on, &page, "allow").await)).await.json()
}

#[tokio::test]
async fn who_only_wants_to_know_the_user_is_led_back_at_once() {
    let (server, control) = simulator().await;
    control.user(json!({ "openid": "oA" })).await.unwrap();
    let code = code(&get(&server, &link("wx1", "snsapi_base", "")).await);
    let answer = exchange(&server, &code).await;
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    let login = answer.json();
    assert_eq!((&login["openid"], &login["scope"]), (&json!("oA"), &json!("snsapi_base")));
    assert_eq!((&login["expires_in"], login.get("unionid")), (&json!(7200), None));
    let counters = control.state().await.unwrap().counters;
    assert_eq!((counters["authorize"].issued, counters["sns_access_token"].issued), (1, 1));
}

#[tokio::test]
async fn a_code_is_exchanged_once_by_its_own_account_within_five_minutes() {
    let (server, control) = simulator().await;
    control.account(json!({ "appid": "wx2", "secret": "s2" })).await.unwrap();
    let base = link("wx1", "snsapi_base", "");
    let first = code(&get(&server, &base).await);
    let foreign = format!("/sns/oauth2/access_token?appid=wx2&secret=s2&code={first}&grant_type=authorization_code");
    assert_eq!(get(&server, &foreign).await.errcode(), 40029);
    let wrong = format!("/sns/oauth2/access_token?appid=wx1&secret=s2&code={first}&grant_type=authorization_code");
    assert_eq!(get(&server, &wrong).await.errcode(), 40125);
    assert_eq!((exchange(&server, &first).await.errcode(), exchange(&server, &first).await.errcode()), (0, 40163));
    assert_eq!(exchange(&server, "nobodys").await.errcode(), 40029);
    let (second, third) = (code(&get(&server, &base).await), code(&get(&server, &base).await));
    control.advance(Duration::from_secs(299)).await.unwrap();
    assert_eq!(exchange(&server, &second).await.errcode(), 0);
    control.advance(Duration::from_secs(1)).await.unwrap();
    assert_eq!(exchange(&server, &third).await.errcode(), 42003);
    let errors = control.state().await.unwrap().counters["sns_access_token"].errors.clone();
    assert_eq!(errors, [(40029, 2), (40125, 1), (40163, 1), (42003, 1)].into());
}

#[tokio::test]
async fn an_exchange_that_is_wrong_is_refused_with_wechats_codes() {
    let (server, _) = simulator().await;
    let all = "appid=wx1&secret=s1&code=c&grant_type=authorization_code";
    for (query, code) in [
        (all.replace("appid=wx1", ""), 41002),
        (all.replace("secret=s1", ""), 41004),
        (all.replace("wx1", "wx9"), 40013),
        (all.replace("authorization_code", "client_credential"), 40002),
        (all.replace("code=c&", "code=&"), 41008),
        (all.to_owned(), 40029),
    ] {
        assert_eq!(get(&server, &format!("/sns/oauth2/access_token?{query}")).await.errcode(), code, "{query}");
    }
    assert_eq!(post(&server, &format!("/sns/oauth2/access_token?{all}"), json!({})).await.errcode(), 43001);
}

#[tokio::test]
async fn the_user_is_asked_for_the_profile_and_may_deny_it() {
    let (server, control) = simulator().await;
    control.user(json!({ "openid": "oA", "nickname": "</script>\"'<b>&🎉" })).await.unwrap();
    let page = get(&server, &link("wx1", "snsapi_userinfo", "&connect_redirect=1")).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.body.contains("&lt;/script&gt;&quot;&#39;&lt;b&gt;&amp;🎉"), "{}", page.body);
    code(&tap(&server, &page, "allow").await);
    let denied = tap(&server, &page, "deny").await;
    assert_eq!(denied.header("location"), Some("https://shop.example.com/auth?ctx=1&state=S1"));
    let counters = control.state().await.unwrap().counters;
    assert_eq!((counters["authorize"].issued, counters["authorize_reply"].issued), (0, 1));
    assert_eq!(get(&server, "/connect/oauth2/authorize_reply?answer=maybe&appid=wx1").await.errcode(), 40097);
}

#[tokio::test]
async fn a_link_that_wechat_does_not_understand_is_a_page_with_its_number() {
    let (server, control) = simulator().await;
    control.account(json!({ "appid": "wx1", "oauth_domains": ["wx.example.com"] })).await.unwrap();
    let page = get(&server, &link("wx1", "snsapi_base", "")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("redirect_uri域名与后台配置不一致，错误码：10003"), "{}", page.body);
    control.account(json!({ "appid": "wx1", "oauth_domains": ["SHOP.example.com"] })).await.unwrap();
    code(&get(&server, &link("wx1", "snsapi_base", "")).await);
    let order = link("wx1", "snsapi_base", "").replace("?appid=wx1&", "?") + "&appid=wx1";
    assert!(get(&server, &order).await.body.contains("in this order"));
    control.account(json!({ "appid": "wx1", "oauth_domains": null })).await.unwrap();
    let errors = control.state().await.unwrap().counters["authorize"].errors.clone();
    assert_eq!(errors, [(-1, 1), (10003, 1)].into());
}

#[tokio::test]
async fn the_profile_arrives_as_it_was_set() {
    let (server, control) = simulator().await;
    let fields = json!({
        "openid": "oA", "nickname": "O'Neil \"小明\" </script>🎉", "sex": 2, "language": "en", "city": "深圳",
        "province": "广东", "country": "中国", "headimgurl": "http://127.0.0.1/a?b=1&c=2", "privilege": ["chinaunicom"],
        "unionid": "uA"
    });
    control.user(fields.clone()).await.unwrap();
    let login = logged_in(&server).await;
    assert_eq!((&login["unionid"], &login["scope"]), (&json!("uA"), &json!("snsapi_userinfo")));
    let token = login["access_token"].as_str().unwrap();
    let profile = get(&server, &format!("/sns/userinfo?access_token={token}&openid=oA&lang=zh_CN")).await;
    assert_eq!((profile.header("content-type"), profile.json()), (Some("text/plain"), fields));
    control.user(json!({ "openid": "oA", "unionid": null, "nickname": "x" })).await.unwrap();
    let profile = get(&server, &format!("/sns/userinfo?access_token={token}&openid=oA")).await.json();
    assert_eq!((profile.get("unionid"), &profile["nickname"], &profile["city"]), (None, &json!("x"), &json!("深圳")));
}

#[tokio::test]
async fn a_users_token_opens_only_what_that_user_allowed() {
    let (server, control) = simulator().await;
    control.user(json!({ "openid": "oA" })).await.unwrap();
    let base = exchange(&server, &code(&get(&server, &link("wx1", "snsapi_base", "")).await)).await.token();
    let full = logged_in(&server).await["access_token"].as_str().unwrap().to_owned();
    for (token, openid, userinfo, auth) in [
        (base.as_str(), "oA", 48001, 0),
        (&full, "oA", 0, 0),
        (&full, "oB", 40003, 40003),
        (&full, "", 41009, 41009),
        ("", "oA", 41001, 41001),
        ("nobodys", "oA", 40001, 40001),
    ] {
        let asked = format!("access_token={token}&openid={openid}");
        assert_eq!(get(&server, &format!("/sns/userinfo?{asked}")).await.errcode(), userinfo, "{asked}");
        assert_eq!(get(&server, &format!("/sns/auth?{asked}")).await.errcode(), auth, "{asked}");
    }
    assert_eq!(get(&server, &format!("/cgi-bin/user/info?access_token={full}&openid=oA")).await.errcode(), 40014);
    control.advance(Duration::from_secs(7200)).await.unwrap();
    assert_eq!(get(&server, &format!("/sns/auth?access_token={full}&openid=oA")).await.errcode(), 42001);
}

#[tokio::test]
async fn a_users_token_is_renewed_for_thirty_days() {
    let (server, control) = simulator().await;
    control.account(json!({ "appid": "wx2", "secret": "s2" })).await.unwrap();
    let login = logged_in(&server).await;
    let refresh = login["refresh_token"].as_str().unwrap();
    let renew = format!("/sns/oauth2/refresh_token?appid=wx1&grant_type=refresh_token&refresh_token={refresh}");
    control.advance(Duration::from_secs(29 * 24 * 60 * 60)).await.unwrap();
    let again = get(&server, &renew).await.json();
    assert_eq!((&again["openid"], &again["scope"], again.get("unionid")), (&login["openid"], &login["scope"], None));
    let (token, openid) = (again["access_token"].as_str().unwrap(), again["openid"].as_str().unwrap());
    assert_eq!(get(&server, &format!("/sns/userinfo?access_token={token}&openid={openid}")).await.errcode(), 0);
    for (from, to, code) in [
        ("appid=wx1", "appid=wx2", 40030),
        ("appid=wx1", "appid=wx9", 40013),
        ("appid=wx1", "", 41002),
        ("grant_type=refresh_token", "", 40002),
        (refresh, "nobodys", 40030),
    ] {
        assert_eq!(get(&server, &renew.replace(from, to)).await.errcode(), code, "{from} {to}");
    }
    control.advance(Duration::from_secs(24 * 60 * 60)).await.unwrap();
    assert_eq!(get(&server, &renew).await.errcode(), 42002);
}

#[tokio::test]
async fn a_virtual_user_is_called_one() {
    let (server, control) = simulator().await;
    control.user(json!({ "openid": "oV", "snapshot": true, "unionid": null })).await.unwrap();
    let login = logged_in(&server).await;
    assert_eq!((&login["is_snapshotuser"], login.get("unionid")), (&json!(1), None));
    control.user(json!({ "openid": "oV", "snapshot": false })).await.unwrap();
    assert_eq!(logged_in(&server).await.get("is_snapshotuser"), None);
}

#[tokio::test]
async fn a_bad_user_is_refused_with_a_sentence_that_names_the_field() {
    let (server, _) = simulator().await;
    for (body, field) in [
        (json!({}), "openid"),
        (json!({ "openid": "" }), "openid"),
        (json!({ "openid": "oA", "sex": "male" }), "sex"),
        (json!({ "openid": "oA", "privilege": [1] }), "privilege[0]"),
        (json!({ "openid": "oA", "colour": "red" }), "colour"),
        (json!(7), "the body"),
    ] {
        let answer = post(&server, "/_sim/users", body.clone()).await;
        assert!(answer.status == 400 && answer.body.starts_with(&format!("{field}: ")), "{body} {}", answer.body);
    }
}
