//! The demo pages: only if they are wanted, and then nothing in them but what is theirs.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

const FILES: [(&str, &str); 5] = [
    ("/example/", "text/html; charset=utf-8"),
    ("/example/login", "text/html; charset=utf-8"),
    ("/example/jsapi", "text/html; charset=utf-8"),
    ("/example/style.css", "text/css; charset=utf-8"),
    ("/example/example.js", "text/javascript; charset=utf-8"),
];

on_every_host! {
    async fn there_are_demo_pages_if_they_are_wanted(start: Start) {
        let mut edge = start.config(|config| config["examples"] = json!(true)).start().await;
        for (path, kind) in FILES {
            let answer = edge.get(format!("{path}?app=%3Cscript%3Ealert(1)%3C/script%3E")).await;
            assert_eq!((answer.status, answer.header("content-type").as_deref()), (200, Some(kind)), "{path}");
            assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self' https://res.wx.qq.com; "), "{policy}");
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
            assert!(!answer.text().contains("alert"), "{path}");
            let head = edge.request("HEAD", path).await;
            assert_eq!((head.status, head.body.len()), (200, 0));
            error(&edge.post(path).await, 405);
        }
        let page = edge.get("/example/jsapi").await.text();
        assert!(page.contains("<script src=\"https://res.wx.qq.com/open/js/jweixin-1.6.0.js\" defer>"), "{page}");
        for path in ["/example", "/example/x", "/example/login/", "/example/../healthz", "/example/%6cogin", "/Example/"] {
            assert_eq!(edge.get(path).await.header("content-security-policy"), None, "{path}");
        }
        unharmed(&mut edge).await;
    }

    async fn there_are_none_by_themselves(edge: Edge) {
        for (path, _) in FILES {
            let answer = edge.get(path).await;
            // Nobody's there: what is not the gateway's is the site's behind Envoy, and there is none here.
            assert!(matches!(answer.status, 404 | 503), "{path}: {}", answer.status);
            assert_eq!(answer.header("content-security-policy"), None);
        }
    }

    async fn a_login_may_lead_to_the_demo_page_which_shows_what_it_tells(start: Start) {
        let start = start.config(|config| {
            config["examples"] = json!(true);
            config["public_url"] = json!("https://wx.example.com");
            config["gateway_key"] = json!("key-of-the-gateway-itself");
        });
        let mut edge = start.start().await;
        let user = json!({ "openid": "oUser", "nickname": "</pre><script>alert(1)</script>" });
        edge.simulator().user(user).await.unwrap();
        let begun = edge.get("/app/demo/auth/info?call=/example/login&state=demo").await;
        let cookie = begun.header("set-cookie").unwrap();
        let location = begun.header("location").unwrap();
        let path = location.strip_prefix("https://open.weixin.qq.com").unwrap().trim_end_matches("#wechat_redirect");
        let wechat = edge.simulator().address();
        let consent = Request::new(wechat, "GET", path).await.text();
        let (_, rest) = consent.split_once("id=\"allow\" href=\"").unwrap();
        let allowed = Request::new(wechat, "GET", rest.split('"').next().unwrap().replace("&amp;", "&")).await;
        let back = allowed.header("location").unwrap();
        let back = back.strip_prefix("https://wx.example.com").unwrap();
        let page = edge.get(back).header("cookie", cookie.split(';').next().unwrap()).await;
        assert_eq!((page.status, page.header("cache-control").as_deref()), (200, Some("no-store")), "{}", page.text());
        let text = page.text();
        assert!(text.contains("oUser") && text.contains("&lt;script&gt;alert(1)") && !text.contains("<script>alert"), "{text}");
        // Only there, and never with a ticket.
        for call in ["/example/", "/example/jsapi", "/echo", "//evil.com", "/example/login?x", "/example/login%0d%0a"] {
            let refused = edge.get(format!("/app/demo/auth?call={call}")).await;
            assert_eq!((refused.status, refused.header("location")), (403, None), "{call}");
        }
        assert_eq!(edge.get("/app/demo/auth?call=/example/login&mode=ticket").await.status, 403);
        unharmed(&mut edge).await;
    }

    async fn without_demo_pages_no_login_leads_there(start: Start) {
        let start = start.config(|config| {
            config["public_url"] = json!("https://wx.example.com");
            config["gateway_key"] = json!("key-of-the-gateway-itself");
        });
        assert_eq!(start.start().await.get("/app/demo/auth?call=/example/login").await.status, 403);
    }
}
