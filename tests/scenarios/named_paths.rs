//! Paths that the configuration names: WeChat's domain proofs, and the health check of go-wx-gateway. Both are open to anybody.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

fn named(start: Start) -> Start {
    start.env("PROOF", "Xy-1\n").config(|config| {
        config["verify_files"] =
            json!({ "MP_verify_abc.txt": "abc", "WW_verify_Xy-1.txt": "${PROOF}", "0a1B.txt": "证明" });
        config["helpers"] = json!({ "health": "/ops/health" });
    })
}

on_every_host! {
    async fn wechats_domain_proofs_are_there_for_anybody(start: Start) {
        let mut edge = named(start).start().await;
        for (path, text) in [("/MP_verify_abc.txt", "abc"), ("/WW_verify_Xy-1.txt", "Xy-1\n"), ("/0a1B.txt?x=1", "证明")] {
            for request in [edge.get(path), edge.get(path).bearer("nobodys-key-0123456789")] {
                let answer = request.await;
                assert_eq!((answer.status, answer.text().as_str()), (200, text), "{path}");
                assert_eq!(answer.header("content-type").as_deref(), Some("text/plain; charset=utf-8"));
                assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
            }
            let head = edge.request("HEAD", path).await;
            assert_eq!((head.status, head.body.len()), (200, 0));
            assert_eq!(head.header("content-length"), Some(text.len().to_string()));
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let (code, text) = error(&edge.request(method, "/MP_verify_abc.txt").await, 405);
            assert_eq!((code, text.as_str()), (-10_001, "this route takes GET, HEAD"));
        }
        assert_eq!(fetches(&edge).await, 0);
        unharmed(&mut edge).await;
    }

    async fn another_spelling_is_another_file(start: Start) {
        let site = SimulatorProcess::start().await.unwrap();
        let edge = with_site(named(start), &site).start().await;
        for path in [
            "/mp_verify_abc.txt", "/MP_verify_abc.TXT", "/MP_verify_abc.txt/", "//MP_verify_abc.txt", "/./MP_verify_abc.txt",
            "/MP_verify_abc%2Etxt", "/%4DP_verify_abc.txt", "/MP_verify_abc", "/MP_verify_abd.txt", "/MP_verify_abc.txt%00",
            "/verify_files/MP_verify_abc.txt", "/ops", "/ops/", "/ops/health/", "/ops//health", "/OPS/health", "/health",
        ] {
            assert_eq!(edge.get(path).await.status, 404, "{path}");
        }
    }

    async fn the_health_helper_answers_as_go_wx_gateway_does(start: Start) {
        let edge = named(start).start().await;
        for request in [edge.get("/ops/health"), edge.get("/ops/health?x"), edge.get("/ops/health").bearer("whatever")] {
            let answer = request.await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "OK\n"));
            assert_eq!(answer.header("content-type").as_deref(), Some("text/plain;charset=UTF-8"));
            assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
        }
        assert_eq!(edge.request("HEAD", "/ops/health").await.status, 200);
        let refusal = edge.post("/ops/health").await;
        refused(&refusal, 405);
        assert_eq!(refusal.json(), json!({ "code": 405, "msg": "this route takes GET, HEAD" }));
        assert_eq!(refusal.header("allow").as_deref(), Some("GET, HEAD"));
        assert_eq!(fetches(&edge).await, 0);
    }
}
