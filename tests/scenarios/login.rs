//! Logins with WeChat: from the gateway's redirect over WeChat's page to the back-end whose answer the browser gets.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::raw_wechat::{Raw, RawWeChat};
use crate::support::*;

const BACKEND_KEY: &str = "key-of-the-back-end-of-logins";
/// A name that strains every quote there is.
const NICKNAME: &str = "Ü'\"<b>\\ 😀</script>";

/// The demo app's logins lead to a back-end, and to a shop's pages.
fn logins(start: Start, backend: &Backend) -> Start {
    let url = backend.url("/welcome");
    start.config(|config| {
        config["public_url"] = json!("https://wx.example.com");
        config["gateway_key"] = json!("key-of-the-gateway-itself");
        config["backends"] = json!({ "shop": { "url": url, "key": BACKEND_KEY }, "other": { "url": url } });
        config["apps"]["demo"]["oauth"] = json!({
            "to": ["shop", "https://shop.example.com"],
            "path": "/redirect", "redirect_to": "shop", "userinfo_flag": "info"
        });
        // The same account under another name, and the member's page of a corporation.
        config["apps"]["twin"] = config["apps"]["demo"].clone();
        config["apps"]["twin"]["oauth"] = json!({ "to": ["shop"] });
        config["apps"]["desk"] = json!({
            "kind": "wecom", "corpid": "ww1234567890abcdef", "secret": "desk-secret", "agentid": "1000002", "oauth": { "to": ["shop"] }
        });
        config["callers"][0]["may"] = json!(["token", "login"]);
        let twins = json!({ "name": "twins", "key": TWIN_KEY, "apps": ["twin"], "may": ["login"] });
        let reader = json!({ "name": "reader", "key": READER_KEY, "may": ["token", "ticket"] });
        config["callers"].as_array_mut().unwrap().extend([twins, reader]);
    })
}

/// A caller that may log in the users of another app.
const TWIN_KEY: &str = "key-of-the-twin-0123";
/// A caller that may read tokens, and nothing of users.
const READER_KEY: &str = "key-of-the-reader-01";

/// A browser with one cookie, which has come to WeChat's page.
struct Browser {
    cookie: String,
    /// Where WeChat sends it back.
    back: String,
}

/// What WeChat's page leads to, as if the user had allowed everything.
async fn at_wechat(edge: &Edge, location: &str) -> String {
    let path = location.strip_prefix("https://open.weixin.qq.com").unwrap();
    let wechat = edge.simulator().address();
    let mut answer = Request::new(wechat, "GET", path.trim_end_matches("#wechat_redirect")).await;
    if answer.status == 200 {
        let page = answer.text();
        let (_, rest) = page.split_once("id=\"allow\" href=\"").unwrap_or_else(|| panic!("{page}"));
        let href = rest.split('"').next().unwrap().replace("&amp;", "&");
        answer = Request::new(wechat, "GET", href).await;
    }
    assert_eq!(answer.status, 302, "{}", answer.text());
    answer.header("location").unwrap()
}

/// Begins a login and lets the user log in at WeChat's.
async fn logs_in(edge: &Edge, path: &str) -> Browser {
    let answer = edge.get(path).header("host", "evil.example.com").await;
    assert_eq!((answer.status, answer.header("cache-control").as_deref()), (302, Some("no-store")));
    let back = at_wechat(edge, &answer.header("location").unwrap()).await;
    let back = back.strip_prefix("https://wx.example.com").expect("our address, whatever Host says").to_owned();
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    Browser { cookie: cookie.split(';').next().unwrap().to_owned(), back }
}

async fn comes_back(edge: &Edge, browser: &Browser) -> Answer {
    edge.get(&browser.back).header("cookie", &browser.cookie).await
}

async fn a_user(edge: &Edge) {
    let user = json!({
        "openid": "oUser", "unionid": "uUser", "nickname": NICKNAME, "sex": 2, "city": "深圳", "privilege": ["chinaunicom"],
        "headimgurl": "https://thirdwx.qlogo.cn/a/0"
    });
    edge.simulator().user(user).await.unwrap();
}

on_every_host! {
    async fn a_user_who_allows_it_is_told_to_the_back_end_whose_answer_the_browser_gets(start: Start) {
        let backend = Backend::start().await.unwrap();
        let mut edge = logins(start, &backend).start().await;
        a_user(&edge).await;
        let page = says("<h1>欢迎</h1>").status(201).header("content-type", "text/html; charset=utf-8");
        let page = page.header("set-cookie", "a=1; Path=/").header("set-cookie", "b=2; HttpOnly");
        // What would speak for the gateway's whole origin, and its own cookies, are not a back-end's to set.
        let page = page.header("service-worker-allowed", "/").header("clear-site-data", "\"*\"");
        backend.always(page.header("set-cookie", "wxedge_12345678=x; Path=/app/"));
        let browser = logs_in(&edge, "/app/demo/auth/info?call=shop&state=s%26%E5%BA%97&lang=en").await;
        let answer = comes_back(&edge, &browser).await;
        assert_eq!((answer.status, answer.text().as_str()), (201, "<h1>欢迎</h1>"));
        let cookies: Vec<_> = answer.headers.iter().filter(|it| it.0 == "set-cookie").map(|it| it.1.clone()).collect();
        assert_eq!(cookies, [b"a=1; Path=/".to_vec(), b"b=2; HttpOnly".to_vec()]);
        for (name, value) in [
            ("cache-control", Some("no-store")), ("referrer-policy", Some("no-referrer")), ("service-worker-allowed", None),
            ("clear-site-data", None),
        ] {
            assert_eq!(answer.header(name).as_deref(), value, "{name}");
        }
        let told = backend.received().remove(0);
        assert!(told.header("x-request-id").is_some());
        assert!(told.is_signed_with(BACKEND_KEY.as_bytes()) && told.header("cookie").is_none());
        let body = told.json();
        let expected = [
            ("openid", json!("oUser")), ("unionid", json!("uUser")), ("nickname", json!(NICKNAME)), ("sex", json!(2)),
            ("city", json!("深圳")), ("province", json!("广东")), ("privilege", json!(["chinaunicom"])),
            ("headimgurl", json!("https://thirdwx.qlogo.cn/a/0")), ("appid", json!(DEMO_APPID)), ("state", json!("s&店")),
        ];
        for (name, value) in expected {
            assert_eq!(body[name], value, "{name} in {body}");
        }
        // The browser asks again, as browsers do: the code is not exchanged again.
        assert_eq!(comes_back(&edge, &browser).await.status, 201);
        let exchanged = edge.simulator().state().await.unwrap().counters["sns_access_token"].calls;
        assert_eq!((exchanged, backend.received().len()), (1, 2));
        unharmed(&mut edge).await;
    }

    async fn a_silent_login_tells_who_follows_the_account(start: Start) {
        let backend = Backend::start().await.unwrap();
        let edge = logins(start, &backend).start().await;
        a_user(&edge).await;
        backend.always(says("").status(302).header("location", "https://shop.example.com/home"));
        let browser = logs_in(&edge, "/app/demo/auth?call=shop").await;
        let answer = comes_back(&edge, &browser).await;
        assert_eq!((answer.status, answer.header("location").as_deref()), (302, Some("https://shop.example.com/home")));
        let body = backend.received()[0].json();
        assert_eq!((&body["openid"], &body["unionid"], &body["state"]), (&json!("oUser"), &json!("uUser"), &json!("")));
    }

    async fn a_ticket_is_swapped_once(start: Start) {
        let backend = Backend::start().await.unwrap();
        let edge = logins(start, &backend).start().await;
        a_user(&edge).await;
        let browser = logs_in(&edge, "/app/demo/auth/info?call=https%3A%2F%2Fshop.example.com%2Fin&mode=ticket&state=s1").await;
        let location = comes_back(&edge, &browser).await.header("location").unwrap();
        let query = location.strip_prefix("https://shop.example.com/in?").unwrap_or_else(|| panic!("{location}"));
        let ticket = query.strip_prefix("ticket=").and_then(|it| it.strip_suffix("&state=s1")).unwrap();
        let swap_at = |app: &str, key: &str| {
            edge.post_json(format!("/app/{app}/auth/ticket"), &json!({ "ticket": ticket })).bearer(key)
        };
        let swap = |key: &str| swap_at("demo", key);
        assert_eq!(swap("nobodys-key-0123456").await.status, 401);
        for (app, key, status) in [("demo", TWIN_KEY, 403), ("demo", READER_KEY, 403), ("twin", TWIN_KEY, 400)] {
            error(&swap_at(app, key).await, status);
        }
        let swapped = swap(CRM_KEY).await;
        assert_eq!((swapped.status, &swapped.json()["nickname"]), (200, &json!(NICKNAME)));
        assert_eq!(swapped.header("cache-control").as_deref(), Some("no-store"));
        let (_, why) = error(&swap(CRM_KEY).await, 400);
        assert!(why.contains("ticket"), "{why}");
        assert_eq!(backend.received().len(), 0);
    }

    async fn what_somebody_else_began_or_changed_leads_nowhere(start: Start) {
        let backend = Backend::start().await.unwrap();
        let mut edge = logins(start, &backend).start().await;
        a_user(&edge).await;
        let browser = logs_in(&edge, "/app/demo/auth?call=shop").await;
        let other = logs_in(&edge, "/app/demo/auth?call=shop").await;
        let code = browser.back.split("&code=").nth(1).unwrap().split('&').next().unwrap();
        let context = browser.back.split("ctx=").nth(1).unwrap().split('&').next().unwrap();
        let attempts = [
            (browser.back.clone(), String::new()),
            (browser.back.clone(), other.cookie.clone()),
            (other.back.clone(), browser.cookie.clone()),
            (browser.back.replace("&state=", "&state=a"), browser.cookie.clone()),
            (browser.back.replace(context, "forged.context"), browser.cookie.clone()),
            (browser.back.replacen("ctx=", "ctx=A", 1), browser.cookie.clone()),
            (format!("/app/demo/auth?ctx={context}&code={code}"), browser.cookie.clone()),
            (format!("/app/nobody/auth?ctx={context}&code={code}"), browser.cookie.clone()),
            (browser.back.replace("/app/demo/", "/app/twin/"), browser.cookie.clone()),
            (browser.back.replace("/app/demo/", "/app/desk/"), browser.cookie.clone()),
        ];
        for (path, cookie) in attempts {
            let answer = edge.get(&path).header("cookie", &cookie).await;
            let page = answer.text();
            assert!((400..500).contains(&answer.status), "{path}: {} {page}", answer.status);
            assert!(answer.header("content-type").unwrap().starts_with("text/html") && page.contains("登录"), "{page}");
            assert!(answer.header("x-request-id").is_some() && !page.contains("<script"));
        }
        assert_eq!(backend.received().len(), 0);
        assert_eq!(edge.simulator().state().await.unwrap().counters["sns_access_token"].calls, 0);
        unharmed(&mut edge).await;
    }

    async fn a_login_leads_nowhere_but_where_its_app_may(start: Start) {
        let backend = Backend::start().await.unwrap();
        let mut edge = logins(start, &backend).start().await;
        let tricks = [
            "other", "//evil.com", "\\\\evil.com", "https://evil.com", "https://shop.example.com@evil.com", "https://127.0.0.1/",
            "https://shop.example.com%0d%0aset-cookie:a=b", "https://shop.example.com\r\nset-cookie:a=b", "https://shоp.example.com",
            "https://xn--shp-tdd.example.com/", "https:\\\\shop.example.com@evil.com", "https:///evil.com", "/\\evil.com", "shop@evil.com",
            "javascript:alert(1)", "https://shop.example.com:444/", "/echo",
        ];
        for call in tricks {
            for mode in ["", "&mode=ticket"] {
                let path = format!("/app/demo/auth?call={}{mode}", wxedge::query::escape(call));
                let answer = edge.get(&path).await;
                assert_eq!((answer.status, answer.header("location")), (403, None), "{path}");
            }
        }
        let answer = edge.get("/app/demo/auth?call=%3Cscript%3Ealert(1)%3C%2Fscript%3E&state=%22%3E%3Cscript%3E").await;
        assert!(answer.status == 403 && !answer.text().contains("<script"), "{}", answer.text());
        // No words of the request stand on a page of ours.
        let answer = edge.get("/app/%E8%AF%B7%E8%AE%BF%E9%97%AE%20evil.com/auth?call=shop&state=%E8%AF%B7evil.com").await;
        assert!(answer.status == 404 && !answer.text().contains("evil"), "{}", answer.text());
        unharmed(&mut edge).await;
    }

    async fn what_wechat_refuses_is_told_to_the_back_end(start: Start) {
        let backend = Backend::start().await.unwrap();
        let mut edge = logins(start, &backend).start().await;
        a_user(&edge).await;
        let fault = json!({ "endpoint": "sns_access_token", "fault": "errcode", "errcode": 40029, "errmsg": "invalid code", "times": 1 });
        edge.simulator().fault(fault).await.unwrap();
        let browser = logs_in(&edge, "/app/demo/auth?call=shop&state=s1").await;
        assert_eq!(comes_back(&edge, &browser).await.status, 200);
        let mut told = backend.received()[0].json();
        assert!(told["errmsg"].take().as_str().unwrap().starts_with("invalid code"), "{told}");
        assert_eq!(told, json!({ "errcode": 40029, "errmsg": null, "appid": DEMO_APPID, "state": "s1" }));
        unharmed(&mut edge).await;
    }

    async fn a_back_end_that_is_down_ends_on_a_page_and_one_that_says_so_is_shown(start: Start) {
        let garbled = BTreeMap::from([("raw".to_owned(), Raw::new("This is no HTTP.\r\n\r\n"))]);
        let (backend, garbled) = (Backend::start().await.unwrap(), RawWeChat::start(garbled).await);
        let start = logins(start, &backend).config(|config| {
            config["backends"]["shop"]["timeout_ms"] = json!(500);
            config["backends"]["garbled"] = json!({ "url": format!("{}/appid=raw&", garbled.url()) });
            config["apps"]["demo"]["oauth"]["to"] = json!(["shop", "garbled"]);
        });
        let mut edge = start.start().await;
        let visit = async |call: &str| {
            let browser = logs_in(&edge, &format!("/app/demo/auth?call={call}")).await;
            comes_back(&edge, &browser).await
        };
        // Behind a back-end there may be another Envoy.
        for (status, words) in [(502, "502 Bad Gateway"), (503, "upstream connect error"), (504, "upstream request timeout")] {
            backend.always(says(words).status(status).header("content-type", "text/plain"));
            let shown = visit("shop").await;
            assert_eq!((shown.status, shown.text().as_str()), (status, words));
        }
        let refused = |answer: Answer, status: u16, words: &str| {
            let text = answer.text();
            assert_eq!((answer.status, text.contains(words), text.contains("upstream")), (status, true, false), "{text}");
        };
        backend.always(Manners::Hangs);
        refused(visit("shop").await, 504, "没有及时得到答复");
        backend.always(Manners::Resets);
        refused(visit("shop").await, 502, "暂时无法登录");
        refused(visit("garbled").await, 502, "暂时无法登录");
        assert_eq!(garbled.calls(), 1);
        drop(backend);
        refused(visit("shop").await, 502, "暂时无法登录");
        unharmed(&mut edge).await;
    }

    async fn the_landing_of_go_wx_gateway_hands_the_browser_over(start: Start) {
        let backend = Backend::start().await.unwrap();
        let mut edge = logins(start, &backend).start().await;
        a_user(&edge).await;
        let link = |scope: &str, back: &str| {
            let back = wxedge::query::escape(&format!("https://wx.example.com{back}"));
            format!("https://open.weixin.qq.com/connect/oauth2/authorize?appid={DEMO_APPID}&redirect_uri={back}&response_type=code&scope={scope}&state=ST#wechat_redirect")
        };
        let back = at_wechat(&edge, &link("snsapi_userinfo", "/redirect?page=info")).await;
        let back = back.strip_prefix("https://wx.example.com").unwrap();
        let browser = edge.get(back).header("cookie", "sid=1; wxedge_12345678=x; b=2").header("user-agent", "MicroMessenger");
        assert_eq!(browser.await.status, 200);
        let told = backend.received().remove(0);
        assert_eq!((told.header("cookie"), told.header("user-agent")), (Some("sid=1; b=2"), Some("MicroMessenger")));
        let body = told.json();
        assert_eq!((&body["appId"], &body["openId"], &body["state"]), (&json!(DEMO_APPID), &json!("oUser"), &json!("ST")));
        assert_eq!((&body["requestURI"], &body["userInfo"]["nickname"]), (&json!(back), &json!(NICKNAME)));
        assert_eq!(body["userInfoError"], json!(""));
        let back = at_wechat(&edge, &link("snsapi_base", "/redirect")).await;
        edge.get(back.strip_prefix("https://wx.example.com").unwrap()).await;
        assert_eq!(backend.received()[1].json()["userInfo"]["unionid"], json!("uUser"));
        for path in ["/redirect", "/redirect?code=c", "/redirect?state=s", "/redirect?code=&state=s"] {
            assert_eq!(edge.get(path).await.status, 400, "{path}");
        }
        let refused = edge.get("/redirect?code=nobodys&state=s").await;
        assert!(refused.status == 502 && refused.text().contains("微信没有接受这次登录"), "{}", refused.text());
        assert_eq!(backend.received().len(), 2);
        unharmed(&mut edge).await;
    }

    async fn what_the_documentation_shows_is_what_a_back_end_gets(start: Start) {
        let backend = Backend::start().await.unwrap();
        let edge = logins(start, &backend).start().await;
        for page in ["docs/login.md", "docs/login.zh-CN.md"] {
            let text = std::fs::read_to_string(root().join(page)).unwrap();
            let shown = text.lines().find(|it| it.starts_with("{\"openid\"")).unwrap_or_else(|| panic!("{page}"));
            let mut user: Value = serde_json::from_str(shown).unwrap();
            for ours in ["appid", "state"] {
                user.as_object_mut().unwrap().remove(ours);
            }
            edge.simulator().user(user).await.unwrap();
            let browser = logs_in(&edge, "/app/demo/auth/info?call=shop&state=basket-7").await;
            comes_back(&edge, &browser).await;
            let told = backend.received().pop().unwrap();
            let told = String::from_utf8(told.body).unwrap();
            assert_eq!(told, shown.replace("wx1234567890abcdef", DEMO_APPID), "{page}");
        }
    }

    async fn whoever_has_only_previewed_the_page_is_told_as_such(start: Start) {
        let backend = Backend::start().await.unwrap();
        let edge = logins(start, &backend).start().await;
        edge.simulator().user(json!({ "openid": "oGhost", "snapshot": true })).await.unwrap();
        let browser = logs_in(&edge, "/app/demo/auth/info?call=shop").await;
        comes_back(&edge, &browser).await;
        assert_eq!(backend.received()[0].json()["is_snapshotuser"], json!(1));
    }

    async fn members_of_a_corporation_log_in_and_strangers_are_told_as_such(start: Start) {
        let backend = Backend::start().await.unwrap();
        let mut edge = logins(start, &backend).start().await;
        let member = json!({ "openid": "oUser", "userid": "zhang<b>", "detail": { "mobile": "13800000000", "email": "z@example.com" } });
        edge.simulator().user(member).await.unwrap();
        let silent = logs_in(&edge, "/app/desk/auth?call=shop&state=s1").await;
        assert_eq!(comes_back(&edge, &silent).await.status, 200);
        let told = backend.received().pop().unwrap().json();
        assert_eq!(told, json!({ "userid": "zhang<b>", "appid": "ww1234567890abcdef", "state": "s1" }));
        let asked = logs_in(&edge, "/app/desk/auth/info?call=shop").await;
        assert_eq!(comes_back(&edge, &asked).await.status, 200);
        let told = backend.received().pop().unwrap().json();
        assert_eq!((&told["userid"], &told["mobile"], &told["email"]), (&json!("zhang<b>"), &json!("13800000000"), &json!("z@example.com")));
        assert!(["user_ticket", "errcode", "errmsg"].iter().all(|it| told.get(it).is_none()), "{told}");
        // A token that has died meanwhile is found out and replaced, and costs no login.
        edge.simulator().invalidate("ww1234567890abcdef", wxedge_tests::simulator::wechat::Which::WeCom).await.unwrap();
        let stale = logs_in(&edge, "/app/desk/auth?call=shop").await;
        comes_back(&edge, &stale).await;
        assert_eq!(backend.received().pop().unwrap().json()["userid"], json!("zhang<b>"));
        edge.simulator().user(json!({ "openid": "oStranger", "external_userid": "wmStranger" })).await.unwrap();
        let stranger = logs_in(&edge, "/app/desk/auth?call=shop").await;
        comes_back(&edge, &stranger).await;
        let told = backend.received().pop().unwrap().json();
        assert_eq!((&told["openid"], &told["external_userid"]), (&json!("oStranger"), &json!("wmStranger")));
        unharmed(&mut edge).await;
    }

    async fn a_mini_program_logs_its_users_in(start: Start) {
        let app = json!({ "kind": "miniprogram", "appid": "wxmini000000000001", "secret": "mini-secret" });
        let start = start.config(|config| {
            config["apps"]["mini"] = app;
            config["callers"][0]["apps"] = json!(["demo", "mini"]);
            config["callers"][0]["may"] = json!(["token", "login"]);
        });
        let mut edge = start.start().await;
        a_user(&edge).await;
        let made = edge.simulator().js_code(json!({ "appid": "wxmini000000000001" })).await.unwrap();
        let path = format!("/app/mini/login?js_code={}", made.code);
        assert_eq!(edge.get(&path).await.status, 401);
        let first = edge.get(&path).bearer(CRM_KEY).await;
        assert_eq!((first.status, first.json()), (200, json!({ "openid": "oUser", "unionid": "uUser" })));
        let again = edge.get(format!("{path}&session_key=true")).bearer(CRM_KEY).await.json();
        assert_eq!(again["session_key"], json!(made.session_key), "the same code within a minute");
        assert_eq!(edge.simulator().state().await.unwrap().counters["jscode2session"].calls, 1);
        let raw = "{\"nickName\":\"店\"}";
        let key = wxedge::secret::Secret::new(made.session_key.clone());
        let signature = wxedge::wechat::wxa::signature(raw, &key);
        let decrypt = |body: Value| edge.post_json("/app/mini/login/decrypt", &body).bearer(CRM_KEY);
        let right = json!({ "openid": "oUser", "rawData": raw, "signature": signature });
        assert_eq!(decrypt(right).await.json(), json!({ "nickName": "店" }));
        for wrong in [
            json!({ "openid": "oUser", "rawData": "{\"nickName\":\"x\"}", "signature": signature }),
            json!({ "openid": "oNobody", "rawData": raw, "signature": signature }),
            json!({ "openid": "oUser", "encryptedData": "AAAA", "iv": "AAAA" }),
        ] {
            error(&decrypt(wrong).await, 400);
        }
        let (code, why) = error(&edge.get("/app/mini/login?js_code=nobodys").bearer(CRM_KEY).await, 502);
        assert_eq!((code, why.contains("js_code") || why.contains("code")), (40029, true), "{why}");
        error(&edge.get("/app/demo/login?js_code=x").bearer(CRM_KEY).await, 403);
        unharmed(&mut edge).await;
    }
}
