//! Logins at WeCom.

use std::time::Duration;

use serde_json::{Value, json};
use wxedge_tests::simulator::Server;

use crate::http::{get, post};
use crate::login::{code, link, tap};
use crate::wecom::{corp, gettoken};

async fn visitor(on: &Server, code: &str) -> Value {
    let token = gettoken(on, "a").await.token();
    get(on, &format!("/cgi-bin/auth/getuserinfo?access_token={token}&code={code}")).await.json()
}

async fn detail(on: &Server, ticket: &Value) -> Value {
    let token = gettoken(on, "a").await.token();
    let target = format!("/cgi-bin/auth/getuserdetail?access_token={token}");
    post(on, &target, json!({ "user_ticket": ticket })).await.json()
}

async fn base(on: &Server) -> String {
    code(&get(on, &link("ww1", "snsapi_base", "&agentid=1000002")).await)
}

#[tokio::test]
async fn a_member_is_told_by_the_userid_and_anybody_else_by_the_openid() {
    let (server, control) = corp().await;
    for (user, told) in [
        (json!({ "openid": "oA", "userid": "zhangsan" }), json!({ "userid": "zhangsan" })),
        (json!({ "openid": "oB" }), json!({ "openid": "oB" })),
        (json!({ "openid": "oC", "external_userid": "wmC" }), json!({ "openid": "oC", "external_userid": "wmC" })),
    ] {
        control.user(user).await.unwrap();
        let mut expected = json!({ "errcode": 0, "errmsg": "ok" });
        expected.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
        assert_eq!(visitor(&server, &base(&server).await).await, expected);
    }
}

#[tokio::test]
async fn what_is_private_is_told_of_a_member_who_allows_it() {
    let (server, control) = corp().await;
    let member = json!({
        "openid": "oA", "userid": "zhangsan", "sex": 1, "detail": { "mobile": "13800000000", "email": "a@example.com" }
    });
    control.user(member).await.unwrap();
    let page = get(&server, &link("ww1", "snsapi_privateinfo", "&agentid=1000002")).await;
    let found = visitor(&server, &code(&tap(&server, &page, "allow").await)).await;
    assert_eq!((&found["userid"], &found["expires_in"]), (&json!("zhangsan"), &json!(1800)));
    let told = detail(&server, &found["user_ticket"]).await;
    assert_eq!(
        (&told["mobile"], &told["gender"], &told["userid"]),
        (&json!("13800000000"), &json!("1"), &json!("zhangsan"))
    );
    assert_eq!(detail(&server, &json!("nobodys")).await["errcode"], 84015);
    assert_eq!(detail(&server, &json!(null)).await["errcode"], 84015);
    control.advance(Duration::from_secs(1800)).await.unwrap();
    assert_eq!(detail(&server, &found["user_ticket"]).await["errcode"], 84014);
    assert!(get(&server, &link("ww1", "snsapi_privateinfo", "")).await.body.contains("needs agentid"));
}

#[tokio::test]
async fn a_code_that_will_not_do_is_an_invalid_one_whatever_is_wrong() {
    let (server, control) = corp().await;
    control.account(json!({ "appid": "ww2", "secret": "c", "kind": "wecom" })).await.unwrap();
    let used = base(&server).await;
    assert_eq!(visitor(&server, &used).await["errcode"], 0);
    let foreign = code(&get(&server, &link("ww2", "snsapi_base", "")).await);
    let official = code(&get(&server, &link("wx1", "snsapi_base", "")).await);
    let late = base(&server).await;
    control.advance(Duration::from_secs(300)).await.unwrap();
    for code in [used.as_str(), &foreign, &official, &late, "nobodys"] {
        let said = visitor(&server, code).await;
        assert_eq!(said["errcode"], 40029, "{said}");
        assert!(said["errmsg"].as_str().unwrap().starts_with("invalid code, hint: ["), "{said}");
    }
    assert_eq!(visitor(&server, "").await["errcode"], 41008);
}

#[tokio::test]
async fn an_application_may_be_led_back_to_its_own_domain_only() {
    let (server, control) = corp().await;
    let settings = json!({
        "appid": "ww1", "secret": "a", "kind": "wecom", "agentid": "1000002", "oauth_domains": ["wx.example.com"]
    });
    control.account(settings).await.unwrap();
    control.account(json!({ "appid": "ww1", "secret": "b", "kind": "wecom", "agentid": "1000003" })).await.unwrap();
    let of_first = get(&server, &link("ww1", "snsapi_base", "&agentid=1000002")).await;
    assert!(of_first.body.contains("10003"), "{}", of_first.body);
    code(&get(&server, &link("ww1", "snsapi_base", "&agentid=1000003")).await);
}
