//! The JS-SDK: pages and cards that WeChat's client takes, and pages of strangers that get nothing.

use serde_json::{Value, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

const AGENT: &str = "1000002";
const PAGE: &str = "https://shop.example.com/%E5%BA%97?a=1&b=2+3%20";
/// The same as a parameter.
const PAGE_ESCAPED: &str = "https%3A%2F%2Fshop.example.com%2F%25E5%25BA%2597%3Fa%3D1%26b%3D2%2B3%2520";

fn pages(start: Start) -> Start {
    whole(start).config(|config| {
        for app in ["demo", "corp"] {
            config["apps"][app]["jssdk"] = json!({ "hosts": ["shop.example.com", "*.pages.example.com:8443"] });
        }
        config["apps"]["corp"]["agentid"] = json!(1_000_002);
    })
}

/// What stands between `name(` and `)`; all of it is JSON.
#[track_caller]
fn argument(script: &str, name: &str) -> Value {
    let (_, rest) = script.split_once(&format!("{name}(")).unwrap_or_else(|| panic!("no {name} in {script}"));
    let text = rest.split_once(");").unwrap().0;
    serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

#[track_caller]
fn is_script(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    for (name, value) in [
        ("content-type", "application/javascript; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("vary", "Referer"),
    ] {
        assert_eq!(answer.header(name).as_deref(), Some(value));
    }
    let text = answer.text();
    assert!(text.is_ascii() && !text.contains(['<', '>']) && !text.contains("SIM"), "{text}");
    text
}

/// What WeChat's client says to `shown` on the page at `href`.
async fn client(edge: &Edge, endpoint: &str, shown: Value) -> Value {
    let to = edge.simulator().address();
    Request::new(to, "POST", format!("/open/js/{endpoint}")).json(&shown).await.json()
}

async fn takes(edge: &Edge, mut shown: Value, href: &str) {
    shown["href"] = json!(href);
    if let Some(corpid) = shown.get("corpid").cloned() {
        shown["appId"] = corpid;
    }
    assert_eq!(client(edge, "preVerifyJSAPI", shown).await, json!({ "errMsg": "ok" }), "{href}");
}

/// Requests of pages that are none of the app's, or none at all.
fn strangers() -> Vec<String> {
    let urls = [
        "https://evil.example.com/",
        "https://shop.example.com.evil.com/",
        "https://evil.com/?https://shop.example.com/",
        "https://evil.com/#https://shop.example.com/",
        "https://shop.example.com@evil.com/",
        "https://evil.com@shop.example.com/",
        "https://evil.com\\@shop.example.com/",
        "https://shop.example.com\\@evil.com/",
        "https://shop.example.com\\.evil.com/",
        "//shop.example.com/",
        "/\\shop.example.com/",
        "\\\\shop.example.com",
        "https:shop.example.com",
        "javascript://shop.example.com/%0aalert(1)",
        "data:text/html,shop.example.com",
        "file://shop.example.com/",
        "https://shop.example.com:8443/",
        "https://pages.example.com:8443/",
        "https://a.pages.example.com/",
        "https://xn--shop-example-com.evil.com/",
        "https://shop.example.com\r\nset-cookie: a=b/",
        "https://shop.example.com\0.evil.com/",
        "https://shop.example.com%2eevil.com/",
        "https://ѕhop.example.com/",
        "https://127.0.0.1/",
        "null",
        "",
    ];
    let escape = |it: &str| it.bytes().map(|it| format!("%{it:02X}")).collect::<String>();
    urls.iter().map(|it| escape(it)).collect()
}

on_every_host! {
    async fn a_page_gets_what_wechats_client_takes(start: Start) {
        let mut edge = pages(start).start().await;
        let by_parameter = edge.get(format!("/app/demo/js/config?url={PAGE_ESCAPED}%23%2Fhome&debug=TRUE")).await;
        let script = is_script(&by_parameter);
        let shown = argument(&script, "wx.config");
        let fields: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["appId", "debug", "jsApiList", "nonceStr", "signature", "timestamp"]);
        assert_eq!((&shown["appId"], &shown["debug"]), (&json!(DEMO_APPID), &json!(true)));
        assert!(script.starts_with("wx.config({\"debug\":true,\"appId\":") && script.ends_with(");\n"), "{script}");
        assert_eq!(shown["jsApiList"].as_array().unwrap().len(), 37);
        assert!(shown["timestamp"].is_u64() && shown["nonceStr"].as_str().unwrap().len() == 16);
        takes(&edge, shown, &format!("{PAGE}#/home")).await;

        // As a page's own script element asks, from the same origin.
        let by_referer = edge.get("/app/demo/js/config?apilist=scanQRCode,hideMenuItems").header("referer", PAGE).await;
        let shown = argument(&is_script(&by_referer), "wx.config");
        assert_eq!((&shown["debug"], &shown["jsApiList"]), (&json!(false), &json!(["scanQRCode", "hideMenuItems"])));
        takes(&edge, shown, PAGE).await;
        let wild = "https://a.b.pages.example.com:8443/x";
        let answer = edge.get("/app/demo/js/config").header("referer", wild).await;
        takes(&edge, argument(&is_script(&answer), "wx.config"), wild).await;
        // Each answer is another one, and all of one ticket.
        assert_ne!(by_parameter.text(), edge.get(format!("/app/demo/js/config?url={PAGE_ESCAPED}")).await.text());
        assert_eq!(calls(&edge, "getticket").await, 1);
        unharmed(&mut edge).await;
    }

    async fn a_page_in_wecom_gets_both_configurations(start: Start) {
        let edge = pages(start).start().await;
        let account = json!({ "appid": CORPID, "secret": CORP_SECRET, "kind": "wecom", "agentid": AGENT });
        edge.simulator().account(account).await.unwrap();
        let script = is_script(&edge.get(format!("/app/corp/js/config?agent=true&url={PAGE_ESCAPED}")).await);
        assert!(script.contains("wx.ready(function () { wx.agentConfig({"), "{script}");
        let (config, agent) = (argument(&script, "wx.config"), argument(&script, "wx.agentConfig"));
        assert_eq!((&config["beta"], &config["appId"]), (&json!(true), &json!(CORPID)));
        assert_eq!((&agent["corpid"], &agent["agentid"]), (&json!(CORPID), &json!(AGENT)));
        takes(&edge, config, PAGE).await;
        takes(&edge, agent, PAGE).await;
        let only = is_script(&edge.get(format!("/app/corp/js/config?url={PAGE_ESCAPED}")).await);
        assert!(!only.contains("agentConfig"), "{only}");
        let (_, why) = error(&edge.get(format!("/app/demo/js/config?agent=true&url={PAGE_ESCAPED}")).await, 400);
        assert_eq!(why, "parameter agent is WeCom's only");
    }

    async fn a_url_that_will_fail_is_named_in_a_comment(start: Start) {
        let edge = pages(start).start().await;
        for (query, referer, words) in [
            ("url=https%3A%2F%2Fshop.example.com%2F%3Fa%3D1%26amp%3Bb%3D2", "", "do not escape it for HTML"),
            ("url=https%3A%2F%2Fshop.example.com%2F%2525E5", "", "percent-encoded twice"),
            ("", "https://shop.example.com/", "Referer tells the site and perhaps not the page"),
            ("url=https://shop.example.com/?a=1&b=2", "", "cut at its first &"),
        ] {
            let script = is_script(&edge.get(format!("/app/demo/js/config?{query}")).header("referer", referer).await);
            assert_eq!(script.matches("/* wxedge: ").count(), 1, "{script}");
            assert!(script.contains(words), "{script}");
        }
        let fine = is_script(&edge.get(format!("/app/demo/js/config?url={PAGE_ESCAPED}")).await);
        assert!(!fine.contains("/*"), "{fine}");
    }

    async fn a_strangers_page_is_not_signed(start: Start) {
        let mut edge = pages(start).start().await;
        for url in strangers() {
            for path in ["/app/demo/js/config", "/js-config/demo"] {
                let answer = edge.get(format!("{path}?url={url}")).await;
                let said = refused(&answer, answer.status);
                assert!([400, 403].contains(&answer.status), "{url} {said}");
                assert!(!said.contains("signature") && !said.contains("<") && !said.contains("set-cookie"), "{url} {said}");
                assert!(answer.header("location").is_none());
            }
        }
        for referer in ["https://evil.com/", "https://shop.example.com@evil.com/", "android-app://shop.example.com/", "null"] {
            let answer = edge.get("/app/demo/js/config").header("referer", referer).await;
            assert!([400, 403].contains(&answer.status), "{referer}: {}", answer.text());
        }
        // A parameter wins over where the request says to come from, and neither is believed twice.
        let answer = edge.get("/app/demo/js/config?url=https://evil.com/").header("referer", PAGE).await;
        let (_, why) = error(&answer, 403);
        assert_eq!(why, "app demo has no pages at evil.com: name that host in its jssdk.hosts");
        let (_, why) = error(&edge.get(format!("/app/demo/js/config?url={PAGE_ESCAPED}&%75rl=https://evil.com/")).await, 400);
        assert_eq!(why, "parameter url is given more than once");
        error(&edge.get("/app/demo/js/config").await, 400);
        error(&edge.get(format!("/app/demo/js/config?url={PAGE_ESCAPED}{}", "a".repeat(4_096))).await, 400);
        // Without hosts nothing is signed, and neither is anything for whom there is no such ticket.
        error(&edge.get(format!("/app/classic/js/config?url={PAGE_ESCAPED}")).await, 403);
        error(&edge.get(format!("/app/{SHOP}/js/config?url={PAGE_ESCAPED}")).await, 403);
        error(&edge.get(format!("/app/nobody/js/config?url={PAGE_ESCAPED}")).await, 404);
        assert_eq!((calls(&edge, "getticket").await, fetches(&edge).await), (0, 0));
        unharmed(&mut edge).await;
    }

    async fn no_parameter_becomes_script(start: Start) {
        let mut edge = pages(start).start().await;
        let evil = "%3C%2Fscript%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
        for query in [
            format!("apilist={evil}"),
            "apilist=a%22%5D%7D);alert(1)//".to_owned(),
            "apilist=a%E2%80%A8alert(1)".to_owned(),
            "apilist=a%0aalert(1)".to_owned(),
            "apilist=%ff".to_owned(),
        ] {
            error(&edge.get(format!("/app/demo/js/config?url={PAGE_ESCAPED}&{query}")).await, 400);
        }
        for query in [format!("debug={evil}"), format!("callback={evil}"), format!("{evil}={evil}")] {
            let script = is_script(&edge.get(format!("/app/demo/js/config?url={PAGE_ESCAPED}&{query}")).await);
            assert!(script.starts_with("wx.config({\"debug\":false,") && !script.contains("alert"), "{script}");
        }
        let answer = edge.get(format!("/app/{evil}/js/config?url={PAGE_ESCAPED}")).await;
        assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
        error(&answer, 404);
        unharmed(&mut edge).await;
    }

    async fn weixin_tokens_pages_get_json_wherever_they_are(start: Start) {
        let mut edge = pages(start).start().await;
        let path = format!("/js-config/demo?url={PAGE_ESCAPED}%23%2Fhome");
        let answer = edge.get(&path).header("origin", "https://shop.example.com").await;
        assert_eq!((answer.status, answer.header("cache-control").as_deref()), (200, Some("no-store")));
        assert_eq!(answer.header("access-control-allow-origin").as_deref(), Some("https://shop.example.com"));
        assert_eq!(answer.header("vary").as_deref(), Some("Origin"));
        let mut shown = answer.json();
        let fields: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["appId", "nonceStr", "signature", "timestamp", "url"]);
        assert_eq!((&shown["url"], &shown["appId"]), (&json!(PAGE), &json!(DEMO_APPID)));
        assert!(shown["timestamp"].as_u64().unwrap() < 10_000_000_000, "seconds");
        shown.as_object_mut().unwrap().remove("url");
        takes(&edge, shown, PAGE).await;
        for origin in ["https://evil.com", "null", "https://shop.example.com.evil.com", "*", "https://evil.com, https://shop.example.com"] {
            for method in ["GET", "OPTIONS"] {
                let answer = edge.request(method, &path).header("origin", origin).await;
                assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
                assert_eq!(answer.header("vary").as_deref(), Some("Origin"));
            }
        }
        let before = edge.request("OPTIONS", "/js-config/demo").header("origin", "https://shop.example.com").await;
        assert_eq!((before.status, before.body.len()), (204, 0));
        assert_eq!(before.header("access-control-allow-origin").as_deref(), Some("https://shop.example.com"));
        assert_eq!(before.header("access-control-allow-methods").as_deref(), Some("GET, HEAD"));
        let said = |answer: &Answer, status| { refused(answer, status); answer.text() };
        let missing = edge.get("/js-config/demo").header("origin", "https://shop.example.com").await;
        assert_eq!(said(&missing, 400), r#"{"message":"required url"}"#);
        assert_eq!(missing.header("access-control-allow-origin").as_deref(), Some("https://shop.example.com"));
        assert_eq!(said(&edge.get("/js-config/zz?url=a").await, 400), r#"{"errmsg":"no this appName:zz"}"#);
        unharmed(&mut edge).await;
    }

    async fn a_card_is_signed_for_the_apps_own_pages(start: Start) {
        let mut edge = pages(start).start().await;
        let card = |query: &str| {
            edge.get(format!("/app/demo/js/card?{query}")).header("origin", "https://shop.example.com")
        };
        let add = card("type=add&card_id=pXch-j&code=c%22%3C&openid=oU&outer_str=a%26b&fixed_begintimestamp=0").await;
        assert_eq!((add.status, add.header("cache-control").as_deref()), (200, Some("no-store")));
        assert_eq!(add.header("access-control-allow-origin").as_deref(), Some("https://shop.example.com"));
        let body = add.json();
        let extension: Value = serde_json::from_str(body["cardExt"].as_str().unwrap()).unwrap();
        assert_eq!((&body["cardId"], &extension["code"], &extension["openid"]), (&json!("pXch-j"), &json!("c\"<"), &json!("oU")));
        assert!(extension["timestamp"].is_string() && extension["outer_str"] == "a&b");
        let shown = json!({ "appId": DEMO_APPID, "cardList": [body] });
        assert_eq!(client(&edge, "batchAddCard", shown.clone()).await, json!({ "errMsg": "ok" }));
        let mut other = shown;
        other["cardList"][0]["cardId"] = json!("pOther");
        assert_ne!(client(&edge, "batchAddCard", other).await["errMsg"], "ok");

        let referer = edge.get("/app/demo/js/card?type=choose&card_type=GROUPON&location_id=7").header("referer", PAGE).await;
        let mut shown = referer.json();
        assert_eq!((&shown["shopId"], &shown["signType"], &shown["cardId"]), (&json!("7"), &json!("SHA1"), &json!("")));
        shown["appId"] = json!(DEMO_APPID);
        assert_eq!(client(&edge, "chooseCard", shown).await, json!({ "errMsg": "ok" }));

        let ours = card("type=add&card_id=p").await;
        assert!(!ours.text().contains("SIMT_"), "the ticket stays here");
        for (name, value) in [
            ("origin", "https://evil.com"), ("origin", "null"), ("referer", "https://shop.example.com@evil.com/"), ("x", "y"),
        ] {
            let (_, why) = error(&edge.get("/app/demo/js/card?type=add&card_id=p").header(name, value).await, 403);
            assert!(why.starts_with("app demo has no pages at "), "{why}");
        }
        for (query, why) in [
            ("type=add", "parameter card_id is missing"),
            ("card_id=p", "parameter type is missing"),
            ("type=jsapi&card_id=p", "parameter type must be add or choose"),
            ("type=add&card_id=p&code=a%0ab", "parameter code has more than 512 bytes, or a control character"),
        ] {
            assert_eq!(error(&card(query).await, 400).1, why);
        }
        unharmed(&mut edge).await;
    }

    async fn an_app_that_names_no_pages_has_those_of_the_gateway(start: Start) {
        let start = start.config(|config| {
            config["jssdk"] = json!({ "hosts": ["shop.example.com"] });
            config["admin"] = json!({ "key": "admin-key-0123456789" });
        });
        let edge = start.start().await;
        let form = format!("/register?key=later&appid={DEMO_APPID}&secret={DEMO_SECRET}&call=/js");
        assert_eq!(edge.get(form).bearer("admin-key-0123456789").await.status, 200);
        for app in ["demo", "later"] {
            let answer = edge.get(format!("/app/{app}/js/config?url={PAGE_ESCAPED}")).await;
            takes(&edge, argument(&is_script(&answer), "wx.config"), PAGE).await;
        }
        error(&edge.get("/app/later/js/config?url=https://evil.com/").await, 403);
        error(&edge.get("/app/later/api").bearer(CRM_KEY).await, 403);
    }

    async fn an_app_may_be_kept_from_it(start: Start) {
        let edge = pages(start).config(|config| config["apps"]["demo"]["allow"] = json!(["token"])).start().await;
        error(&edge.get(format!("/app/demo/js/config?url={PAGE_ESCAPED}")).await, 403);
        let card = edge.get("/app/demo/js/card?type=add&card_id=p").header("referer", PAGE).await;
        assert_eq!(error(&card, 403).1, "app demo may not be used for /js/card");
        assert_eq!(edge.get(format!("/js-config/demo?url={PAGE_ESCAPED}")).await.status, 403);
        assert_eq!(calls(&edge, "getticket").await, 0);
    }
}
