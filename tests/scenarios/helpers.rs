//! go-wx-gateway's helpers: a call to WeChat's API that a shell script can make.

use serde_json::{Value, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

fn helpers(start: Start) -> Start {
    start.config(|config| {
        config["public_url"] = json!("https://wx.example.com");
        config["gateway_key"] = json!("key-of-the-gateway-itself");
        config["apps"]["store"] = json!({ "kind": "channels", "appid": "wxstore00000000001", "secret": "store-secret" });
        config["helpers"] = json!({
            "health": "/health", "qr": "/qr", "user": "/user", "sns_auth2": "/sns-auth2", "short_url": "/short-url",
            "tmpl_msg": "/tmpl-msg", "sign_jsapi": "/sign-jsapi", "order": "/channels-ec-order-detail", "refund": "/channels-ec-refund-detail"
        });
        config["callers"][0]["apps"] = json!(["demo", "store"]);
        config["callers"][0]["may"] = json!(["proxy", "ticket"]);
    })
}

/// What a helper says that went well, without `code` and `msg`.
#[track_caller]
fn said(answer: &Answer) -> Value {
    let mut body = answer.json();
    assert_eq!((answer.status, &body["code"], &body["msg"]), (200, &json!(200), &json!("OK")), "{body}");
    let fields = body.as_object_mut().unwrap();
    fields.remove("code");
    fields.remove("msg");
    body
}

/// What a helper says that did not.
#[track_caller]
fn wrong(answer: &Answer, status: u16) -> String {
    let body = answer.json();
    assert_eq!((answer.status, &body["code"]), (status, &json!(status)), "{body}");
    body["msg"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}

fn form(edge: &Edge, path: &str, body: &str) -> Request {
    edge.post(path).header("content-type", "application/x-www-form-urlencoded").body(body).bearer(CRM_KEY)
}

on_every_host! {
    async fn each_helper_calls_wechat_for_its_caller(start: Start) {
        let mut edge = helpers(start).start().await;
        edge.simulator().user(json!({ "openid": "o U&x", "nickname": "店" })).await.unwrap();
        let get = |path: &str| edge.get(path).bearer(CRM_KEY);
        let qr = said(&get("/qr?s=demo&t=temp&sceneid=a%26b&e=60").await);
        let shown = qr["result"]["ticketURL2ShowQrCode"].as_str().unwrap();
        assert!(shown.starts_with("https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket="), "{shown}");
        assert!(qr["result"]["urlIncluedInQrcode"].as_str().unwrap().starts_with("http"));
        said(&get("/qr?s=demo&t=forever&sceneid=x").await);
        let user = said(&get("/user?s=demo&o=o%20U%26x").await);
        assert_eq!((&user["userInfo"]["openid"], &user["userInfo"]["city"]), (&json!("o U&x"), &json!("")));
        let message = json!({ "s": "demo", "to": "o U&x", "tid": "T1", "data": { "a": "x", "b": 12345678901_u64 } });
        let sent = edge.post_json("/tmpl-msg", &message).bearer(CRM_KEY).await;
        assert!(said(&sent)["result"]["msgid"].is_number(), "{}", sent.text());
        let signed = said(&form(&edge, "/sign-jsapi", "s=demo&u=https%3A%2F%2Fshop.example.com%2Fa%23b").await);
        assert_eq!((&signed["params"]["appId"], &signed["params"]["nonce"]), (&json!(DEMO_APPID), &signed["params"]["noncestr"]));
        assert_eq!(signed["params"]["signature"].as_str().map(str::len), Some(40));
        assert_eq!(get("/health").await.text(), "OK\n");
        // A token that WeChat does not take any more is replaced, and the call made again.
        edge.simulator().invalidate(DEMO_APPID, wxedge_tests::simulator::wechat::Which::Stable).await.unwrap();
        said(&get("/user?s=demo&o=o%20U%26x").await);
        unharmed(&mut edge).await;
    }

    async fn a_short_link_leads_to_the_long_one(start: Start) {
        let mut edge = helpers(start).start().await;
        let long = "https://shop.example.com/a?b=c%26d#/order/1?x=y";
        let short = said(&form(&edge, "/short-url", &format!("s=demo&u={}", wxedge::query::escape(long))).await);
        let short = short["short-url"].as_str().unwrap().strip_prefix("https://wx.example.com").unwrap().to_owned();
        assert!(short.starts_with("/s/demo~"), "{short}");
        for _ in 0..12 {
            let answer = edge.get(&short).await;
            assert_eq!((answer.status, answer.header("location").as_deref()), (302, Some(long)));
        }
        let asked = edge.simulator().state().await.unwrap().counters["shorten_fetch"].calls;
        let (key, mark) = short.trim_start_matches("/s/demo~").split_once('~').unwrap();
        for path in [
            format!("/s/demo~{key}"), format!("/s/demo~{key}~"), format!("/s/demo~{key}~{}", &mark[1..]), format!("/s/demo~{key}~{mark}~"),
            format!("/s/demo~{key}x~{mark}"), format!("/s/store~{key}~{mark}"), format!("/s/demo~~{mark}"), format!("/s/{key}~{mark}"),
            "/s/nobody~abc~0123456789".into(), "/s/demo~".into(), "/s/demo".into(), "/s/demo~a%2Fb~c".into(), "/s/~abc".into(),
        ] {
            assert_eq!(edge.get(&path).await.status, 404, "{path}");
        }
        let now = edge.simulator().state().await.unwrap().counters["shorten_fetch"].calls;
        assert_eq!(now, asked, "nobody has WeChat asked by guessing");
        assert!(asked <= 4, "{asked}: each thread remembers where it leads");
        let another = said(&form(&edge, "/short-url", "s=demo&u=https%3A%2F%2Fa.b").await);
        let another = another["short-url"].as_str().unwrap().strip_prefix("https://wx.example.com").unwrap().to_owned();
        let full = json!({ "endpoint": "shorten_fetch", "fault": "errcode", "errcode": 45009, "errmsg": "reach max api daily quota limit", "times": 1 });
        edge.simulator().fault(full).await.unwrap();
        assert_eq!(edge.get(&another).await.status, 502, "a link that is there is not said to be gone");
        for url in ["javascript:alert(1)", "https://a.b/#\"><script>", "//evil.com", "ftp://a.b", "https://a.b/\r\nx: y"] {
            let body = format!("s=demo&u={}", wxedge::query::escape(url));
            wrong(&form(&edge, "/short-url", &body).await, 400);
        }
        unharmed(&mut edge).await;
    }

    async fn who_a_code_is_is_told_whatever_was_asked(start: Start) {
        let mut edge = helpers(start).start().await;
        edge.simulator().user(json!({ "openid": "oA", "unionid": "uA", "nickname": "店" })).await.unwrap();
        let wechat = edge.simulator().address();
        for (scope, wanted, nickname) in [("snsapi_base", "", ""), ("snsapi_base", "&scope=base", ""), ("snsapi_userinfo", "&scope=userinfo", "店")] {
            let page = format!("/connect/oauth2/authorize?appid={DEMO_APPID}&redirect_uri=https%3A%2F%2Fa.b%2F&response_type=code&scope={scope}&state=s");
            let mut answer = Request::new(wechat, "GET", page).await;
            if answer.status == 200 {
                let text = answer.text();
                let (_, rest) = text.split_once("id=\"allow\" href=\"").unwrap();
                answer = Request::new(wechat, "GET", rest.split('"').next().unwrap().replace("&amp;", "&")).await;
            }
            let location = answer.header("location").unwrap();
            let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
            let told = said(&edge.get(format!("/sns-auth2?s=demo&code={code}{wanted}")).bearer(CRM_KEY).await);
            assert_eq!((&told["openId"], &told["error"], &told["userInfo"]["unionid"]), (&json!("oA"), &json!(""), &json!("uA")));
            assert_eq!(told["userInfo"]["nickname"], json!(nickname), "{scope}");
        }
        unharmed(&mut edge).await;
    }

    async fn orders_of_a_channels_shop_are_shown_whole(start: Start) {
        let mut edge = helpers(start).start().await;
        let order = said(&edge.get("/channels-ec-order-detail?s=store&o=3704612354559743232").bearer(CRM_KEY).await);
        assert_eq!(order["order"]["order_id"], json!("3704612354559743232"));
        let refund = said(&edge.get("/channels-ec-refund-detail?s=store&o=2000000000000000001").bearer(CRM_KEY).await);
        assert_eq!(refund["aftersaleOrder"]["after_sale_order_id"], json!("2000000000000000001"));
        let why = wrong(&edge.get("/channels-ec-order-detail?s=demo&o=1").bearer(CRM_KEY).await, 400);
        assert!(why.contains("channels shop"), "{why}");
        unharmed(&mut edge).await;
    }

    async fn nobody_else_may_and_what_is_missing_is_named(start: Start) {
        let mut edge = helpers(start).start().await;
        let paths = ["/qr?s=demo&t=temp", "/user?s=demo&o=o", "/sns-auth2?s=demo&code=c", "/short-url?s=demo&u=https://a.b",
            "/sign-jsapi?s=demo&u=https://a.b", "/channels-ec-order-detail?s=store&o=1", "/channels-ec-refund-detail?s=store&o=1"];
        for path in paths {
            wrong(&edge.get(path).await, 401);
            wrong(&edge.get(path).bearer("nobodys-key-0123456").await, 401);
            wrong(&edge.get(path.replace("s=demo", "s=nobody").replace("s=store", "s=nobody")).bearer(CRM_KEY).await, 403);
        }
        wrong(&edge.post_json("/tmpl-msg", &json!({})).await, 401);
        for (path, field) in [
            ("/qr?t=temp", "s"), ("/qr?s=demo", "t"), ("/qr?s=demo&t=x", "t"), ("/qr?s=demo&t=temp&e=-1", "e"), ("/user?s=demo", "o"),
            ("/sns-auth2?s=demo", "code"), ("/sns-auth2?s=demo&code=c&scope=x", "scope"), ("/short-url?s=demo", "u"), ("/sign-jsapi?s=demo", "u"),
        ] {
            let why = wrong(&edge.get(path).bearer(CRM_KEY).await, 400);
            assert!(why.contains(&format!("parameter {field} ")), "{path}: {why}");
        }
        let why = wrong(&edge.get("/sns-auth2?s=demo&code=nobodys").bearer(CRM_KEY).await, 502);
        assert!(why.contains("code"), "{why}");
        assert_eq!(edge.simulator().state().await.unwrap().counters["qrcode_create"].calls, 0);
        unharmed(&mut edge).await;
    }
}
