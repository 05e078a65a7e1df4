//! The gateway's own routes: who may, and what each refusal looks like.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

const WRONG_KEY: &str = "crm-key-0123456789abcdeg";
const OURS: i64 = -10_001;

on_every_host! {
    async fn a_key_in_either_header_opens_the_apps_it_is_for(start: Start) {
        let edge = several(start).start().await;
        let demo = read(&edge).await;
        assert_eq!(token(&edge.get("/app/demo/api").header("X-Api-Key", CRM_KEY).await), demo);
        assert_eq!(token(&edge.get("/app/demo/api").header("authorization", format!("bearer {CRM_KEY}")).await), demo);
        assert_eq!(token(&edge.get("/app/demo/api?x=1&y").bearer(READER_KEY).await), demo);
        let shop = token(&edge.get(format!("/app/{SHOP}/api")).bearer(SHOP_KEY).await);
        assert_eq!(token(&edge.get("/app/%e5%ba%97%20a%2fb/api").bearer(READER_KEY).await), shop);
        assert_ne!(shop, demo);
        assert_eq!(fetches(&edge).await, 2);
    }

    async fn whoever_may_not_learns_nothing(start: Start) {
        let edge = several(start).start().await;
        read(&edge).await;
        let bearer = |key: &str| vec![("authorization", format!("Bearer {key}"))];
        let shop = format!("/app/{SHOP}/api");
        let refusals = [
            ("/app/demo/api", vec![], 401, "an API key or a JWT is required"),
            ("/app/nobody/api", vec![], 401, "an API key or a JWT is required"),
            ("/app/demo/api", bearer(WRONG_KEY), 401, "an API key or a JWT is required"),
            ("/app/demo/api", bearer(""), 401, "an API key or a JWT is required"),
            ("/app/demo/api", bearer(&CRM_KEY.to_uppercase()), 401, "an API key or a JWT is required"),
            ("/app/demo/api", vec![("authorization", format!("Basic {CRM_KEY}"))], 401, "an API key or a JWT is required"),
            ("/app/demo/api", vec![("authorization", CRM_KEY.to_owned())], 401, "an API key or a JWT is required"),
            ("/app/demo/api?key=crm-key-0123456789abcdef", vec![], 401, "an API key or a JWT is required"),
            ("/app/demo/api", [bearer(CRM_KEY), vec![("x-api-key", READER_KEY.to_owned())]].concat(), 401, "an API key"),
            ("/app/demo/api", [bearer(CRM_KEY), bearer(CRM_KEY)].concat(), 401, "an API key or a JWT is required"),
            ("/app/demo/api", bearer(SHOP_KEY), 403, "this caller has no permission token for app demo"),
            ("/app/demo/api", bearer(RENEWER_KEY), 403, "this caller has no permission token for app demo"),
            ("/app/demo/api/new", bearer(RENEWER_KEY), 403, "this caller has no permission token for app demo"),
            ("/app/demo/api/new", bearer(READER_KEY), 403, "this caller has no permission rotate for app demo"),
            ("/app/demo/api/new", bearer(SHOP_KEY), 403, "this caller has no permission token for app demo"),
            (&shop, bearer(CRM_KEY), 403, "this caller has no permission token for app 店 a/b"),
            ("/app/nobody/api", bearer(CRM_KEY), 403, "this caller has no permission token for app nobody"),
            ("/app/nobody/api", bearer(READER_KEY), 404, "there is no app nobody"),
            ("/app/Demo/api", bearer(READER_KEY), 404, "there is no app Demo"),
            ("/app/demo%00/api", bearer(READER_KEY), 404, "there is no app demo\0"),
            ("/app/demo%20/api", bearer(READER_KEY), 404, "there is no app demo "),
        ];
        for (path, headers, status, message) in refusals {
            let request = headers.iter().fold(edge.get(path), |request, it| request.header(it.0, &it.1));
            let answer = request.await;
            let (code, text) = error(&answer, status);
            assert!(code == OURS && text.starts_with(message), "{path} {headers:?}: {code} {text}");
            assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{path}");
        }
        assert_eq!(fetches(&edge).await, 1);
    }

    async fn another_method_is_told_which_ones_there_are(edge: Edge) {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
            for path in ["/app/demo/api", "/app/demo/api/new", "/app/nobody/api", "/healthz"] {
                let answer = edge.request(method, path).bearer(CRM_KEY).await;
                let (code, text) = error(&answer, 405);
                assert_eq!((code, text.as_str()), (OURS, "this route takes GET, HEAD"), "{method} {path}");
                assert_eq!(answer.header("allow").as_deref(), Some("GET, HEAD"));
            }
        }
        // What the hosts themselves do not take for a method.
        for method in ["BREW", "get", "CONNECT"] {
            let answer = edge.request(method, "/app/demo/api").bearer(CRM_KEY).await;
            assert!(answer.status >= 400 && !answer.text().contains("SIM_"), "{method} {}", answer.status);
        }
        assert_eq!(fetches(&edge).await, 0);
    }

    async fn head_says_what_get_would_without_saying_it(edge: Edge) {
        let whole = edge.get("/app/demo/api").bearer(CRM_KEY).await;
        let head = edge.request("HEAD", "/app/demo/api").bearer(CRM_KEY).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), Some(whole.body.len().to_string()));
        assert_eq!(head.header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(edge.request("HEAD", "/app/demo/api").await.status, 401);
        assert_eq!(edge.request("HEAD", "/healthz").await.status, 200);
    }

    async fn another_spelling_is_another_path(start: Start) {
        let site = SimulatorProcess::start().await.unwrap();
        let edge = with_site(start, &site).start().await;
        read(&edge).await;
        let spellings = [
            "/", "/app", "/app/", "/app/demo/", "/app//api", "/app/demo/api/", "/app/demo//api",
            "//app/demo/api", "/app//demo/api", "/app/demo/./api", "/app/demo/%2e/api", "/app/demo/x/../api",
            "/app/demo/%2e%2e/demo/api", "/App/demo/api", "/app/demo/API", "/app/demo/ap%69", "/%61pp/demo/api",
            "/app%2Fdemo/api", "/app/demo%2Fapi/", "/app/demo/api%2Fnew", "/app/demo/api/new/", "/app/demo/api/New",
            "/app/demo/api;x", "/app/demo/api%3Fx", "/app/demo/api/../../demo/api", "/app/%ff/api",
            "/healthz/", "/Healthz", "//healthz", "/app/../healthz",
        ];
        for path in spellings {
            let answer = edge.get(path).bearer(CRM_KEY).await;
            assert_eq!(answer.status, 404, "{path} {}", answer.text());
            assert!(!answer.text().contains("SIM_"), "{path}");
        }
        // The record of an app that is called so.
        for path in ["/app/demo\\api", "/app/demo%2Fapi", "/app/demo%00", "/app/Demo"] {
            assert_eq!(edge.get(path).bearer(CRM_KEY).await.status, 403, "{path}");
        }
        // Behind the edge the rest is somebody else's; the gateway still refuses who may not.
        assert_eq!(edge.get("/app/demo/./api").await.status, 404);
        assert_eq!(fetches(&edge).await, 1);
    }

    async fn parameters_are_taken_once_or_not_at_all(edge: Edge) {
        let current = read(&edge).await;
        let wrong = [
            ("/app/demo/api?old=a&old=b", "parameter old is given more than once"),
            ("/app/demo/api/new?old=a&old=a", "parameter old is given more than once"),
            ("/app/demo/api/new?old=a&%6fld=b", "parameter old is given more than once"),
            ("/app/demo/api/new?old=%ff", "parameter old is not UTF-8"),
        ];
        for (path, message) in wrong {
            let answer = edge.get(path).bearer(CRM_KEY).await;
            assert_eq!(error(&answer, 400), (OURS, message.to_owned()), "{path}");
        }
        assert_eq!(token(&edge.get("/app/demo/api?old=").bearer(CRM_KEY).await), current);
        assert_eq!(fetches(&edge).await, 1);
    }

    async fn every_error_has_an_id_and_a_sane_one_is_kept(start: Start) {
        // An edge that faces the world gives out ids of its own, unless it is told to keep those that come.
        let edge = start.envoy_yaml(|yaml| {
            let listener = yaml.at("/static_resources/listeners/0")?;
            http_part(listener, "")?["preserve_external_request_id"] = json!(true);
            Ok(())
        });
        let edge = edge.start().await;
        let long = "x".repeat(64);
        for id in ["a", "01234567-89ab-4def-8123-456789abcdef", "A_b.c-9", &long] {
            let answer = edge.get("/app/demo/api").header("X-Request-Id", id).await;
            error(&answer, 401);
            assert_eq!(answer.header("x-request-id").as_deref(), Some(id));
        }
        let too_long = "x".repeat(65);
        let insane: [&[u8]; 5] = [b"a b", b"a\"b", b"\xff\xfe", b"<script>", too_long.as_bytes()];
        for id in insane {
            let answer = edge.get("/app/demo/api").header("x-request-id", id).await;
            error(&answer, 401);
            let given = answer.header("x-request-id").unwrap();
            let plain = given.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
            assert!(plain && given.len() <= 64 && given.as_bytes() != id, "{given}");
        }
        let [one, other] = [edge.get("/app/x/api").await, edge.get("/app/x/api").await];
        assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
    }

    async fn health_is_open_and_says_the_version(edge: Edge) {
        let answer = edge.get("/healthz?x").await;
        assert_eq!(answer.json(), json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }));
        assert_eq!(answer.status, 200);
        assert_eq!(fetches(&edge).await, 0);
    }
}
