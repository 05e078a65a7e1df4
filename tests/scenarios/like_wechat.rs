//! The two routes for programs that believe to speak with WeChat: its parameters, its codes, its habit of saying 200.

use serde_json::{Value, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

const STABLE: &str = "/cgi-bin/stable_token";

fn classic_path(appid: &str, secret: &str) -> String {
    format!("/cgi-bin/token?grant_type=client_credential&appid={appid}&secret={secret}")
}

fn stable_body(appid: &str, secret: &str) -> Value {
    json!({ "grant_type": "client_credential", "appid": appid, "secret": secret })
}

on_every_host! {
    async fn an_appsecret_opens_its_own_account_and_no_other(start: Start) {
        let edge = several(start).start().await;
        let demo = token(&edge.get(classic_path(DEMO_APPID, DEMO_SECRET)).await);
        let reordered = format!("/cgi-bin/token?secret={DEMO_SECRET}&x=1&appid={DEMO_APPID}&grant_type=client%5Fcredential");
        assert_eq!(token(&edge.get(reordered).await), demo);
        assert_eq!(token(&edge.post_json(STABLE, &stable_body(DEMO_APPID, DEMO_SECRET)).await), demo);
        let body = stable_body(DEMO_APPID, DEMO_SECRET).to_string();
        assert_eq!(token(&edge.post(STABLE).header("content-type", "text/plain").body(body).await), demo);
        let shop = token(&edge.get(classic_path(SHOP_APPID, "shop-secret")).await);
        assert_ne!(shop, demo);
        let (code, _) = error(&edge.get(classic_path(SHOP_APPID, DEMO_SECRET)).await, 200);
        assert_eq!((code, calls(&edge, "token").await), (40125, 0));
        assert_eq!((fetches(&edge).await, refusals(&edge).await), (3, 1), "WeChat is asked about what may be a new AppSecret");
    }

    async fn each_wrong_parameter_has_wechats_own_code(edge: Edge) {
        let query = |query: &str| edge.get(format!("/cgi-bin/token?{query}"));
        let (id, secret) = (format!("appid={DEMO_APPID}"), format!("secret={DEMO_SECRET}"));
        let grant = "grant_type=client_credential";
        let wrong = [
            (format!("{grant}&{secret}"), 41002),
            (format!("{grant}&appid=&{secret}"), 41002),
            (format!("{grant}&{id}"), 41004),
            (format!("{grant}&{id}&secret"), 41004),
            (format!("{id}&{secret}"), 40002),
            (format!("grant_type=&{id}&{secret}"), 40002),
            (format!("grant_type=authorization_code&{id}&{secret}"), 40002),
            (format!("{grant}&appid=wxnobody&{secret}"), 40013),
            (format!("{grant}&appid={}&{secret}", DEMO_APPID.to_uppercase()), 40013),
            (format!("{grant}&{id}&secret=wrong"), 40125),
            (format!("{grant}&{id}&{secret}x"), 40125),
            (format!("{grant}&{id}&secret=%ff"), 41004),
            (format!("{grant}&{id}&{id}&{secret}"), 40035),
            (format!("{grant}&{id}&{secret}&secret=wrong"), 40035),
            (format!("{grant}&{grant}&{id}&{secret}"), 40035),
            (String::new(), 40002),
        ];
        for (text, code) in wrong {
            let answer = query(&text).await;
            assert_eq!(error(&answer, 200).0, code, "{text} {}", answer.text());
        }
        // A caller's key is nothing here.
        assert_eq!(error(&edge.get("/cgi-bin/token").bearer(CRM_KEY).await, 200).0, 40002);
        assert_eq!((fetches(&edge).await, refusals(&edge).await), (2, 2), "nothing but the two wrong AppSecrets");
    }

    async fn each_wrong_body_has_wechats_own_code(edge: Edge) {
        let good = stable_body(DEMO_APPID, DEMO_SECRET);
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            body.to_string()
        };
        let without = |name: &str| {
            let mut body = good.clone();
            body.as_object_mut().unwrap().remove(name);
            body.to_string()
        };
        let wrong = [
            (String::new(), 44002),
            (" ".to_owned(), 47001),
            ("appid=x".to_owned(), 47001),
            ("[]".to_owned(), 47001),
            ("null".to_owned(), 47001),
            ("\"x\"".to_owned(), 47001),
            (good.to_string() + "x", 47001),
            (good.to_string().replace('}', ""), 47001),
            ("[".repeat(8_000), 47001),
            (with("appid", json!(1)), 47001),
            (with("force_refresh", json!("true")), 47001),
            (without("appid"), 41002),
            (with("appid", json!("")), 41002),
            (without("secret"), 41004),
            (without("grant_type"), 40002),
            ("{}".to_owned(), 40002),
            (with("grant_type", json!("password")), 40002),
            (with("appid", json!("wxnobody")), 40013),
            (with("secret", json!("wrong")), 40125),
            (with("padding", json!("x".repeat(8 * 1024))), 45002),
        ];
        for (body, code) in wrong {
            let answer = edge.post(STABLE).body(&body).await;
            let start = body.get(..60).unwrap_or(&body);
            assert_eq!(error(&answer, 200).0, code, "{start} {}", answer.text());
        }
        let not_text = edge.post(STABLE).body(b"{\"appid\":\"\xff\"}").await;
        assert_eq!((error(&not_text, 200).0, fetches(&edge).await), (47001, 1));
        assert_eq!(refusals(&edge).await, 1, "nothing but the wrong AppSecret");
        token(&edge.post(STABLE).body(with("padding", json!("x".repeat(7 * 1024)))).await);
    }

    async fn wrong_methods_and_paths_are_refused_as_wechat_refuses(edge: Edge) {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = edge.request(method, classic_path(DEMO_APPID, DEMO_SECRET)).await;
            assert_eq!(error(&answer, 200).0, 43001, "{method}");
            assert_eq!(answer.header("allow").as_deref(), Some("GET, HEAD"));
        }
        for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
            let body = stable_body(DEMO_APPID, DEMO_SECRET).to_string();
            let answer = edge.request(method, STABLE).body(body).await;
            assert_eq!(error(&answer, 200).0, 43002, "{method}");
            assert_eq!(answer.header("allow").as_deref(), Some("POST"));
        }
        let head = edge.request("HEAD", classic_path(DEMO_APPID, DEMO_SECRET)).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        for path in ["/cgi-bin/", "/cgi-bin/nothing", "/cgi-bin/token/", "/cgi-bin/Token", "/cgi-bin//token"] {
            let full = format!("{path}?grant_type=client_credential&appid={DEMO_APPID}&secret={DEMO_SECRET}");
            assert_eq!(error(&edge.get(full).await, 200).0, 40066, "{path}");
        }
    }

    async fn a_chunked_body_is_read_like_any_other(edge: Edge) {
        let chunked = |body: &str, size: usize| {
            let mut text = format!("POST {STABLE} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n");
            for piece in body.as_bytes().chunks(size) {
                text += &format!("{:x}\r\n{}\r\n", piece.len(), std::str::from_utf8(piece).unwrap());
            }
            text + "0\r\n\r\n"
        };
        let good = stable_body(DEMO_APPID, DEMO_SECRET).to_string();
        token(&edge.raw(chunked(&good, 7).as_bytes()).await.unwrap());
        assert_eq!(error(&edge.raw(chunked("", 1).as_bytes()).await.unwrap(), 200).0, 44002);
        let large = edge.raw(chunked(&"x".repeat(300 * 1024), 4096).as_bytes()).await.unwrap();
        assert_eq!(error(&large, 200).0, 45002);
    }

    async fn a_force_refresh_spends_the_budget_and_then_gives_the_current_token(edge: Edge) {
        let mut body = stable_body(DEMO_APPID, DEMO_SECRET);
        let first = token(&edge.post_json(STABLE, &body).await);
        body["force_refresh"] = json!(true);
        let second = token(&edge.post_json(STABLE, &body).await);
        assert_ne!(first, second);
        for _ in 0..3 {
            assert_eq!(token(&edge.post_json(STABLE, &body).await), second);
        }
        body["force_refresh"] = json!(false);
        assert_eq!(token(&edge.post_json(STABLE, &body).await), second);
        let counter = edge.simulator().state().await.unwrap().counters["stable_token"].clone();
        assert_eq!((counter.forced, counter.issued), (1, 2));
        assert!(counter.calls <= 4, "{counter:?}");
    }
}
