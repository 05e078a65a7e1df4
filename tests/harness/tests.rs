//! What the harness itself promises.

use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

#[path = "tests/backend.rs"]
mod backend;
#[path = "tests/client.rs"]
mod client;
#[path = "tests/envoy.rs"]
mod envoy;
#[path = "tests/workerd.rs"]
mod workerd;

on_every_host! {
    async fn a_host_answers(edge: Edge) {
        let answer = edge.get("/healthz").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    async fn a_killed_host_comes_back_on_the_same_port(mut edge: Edge) {
        let before = edge.address();
        edge.kill();
        assert!(edge.get("/healthz").send().await.is_err());
        edge.restart().await;
        assert_eq!(edge.address(), before);
        assert_eq!(edge.get("/healthz").await.status, 200);
    }

    async fn what_a_scenario_changes_before_the_start_is_what_runs(start: Start) {
        let edge = start.wechat([WeChat::Closed]).env("CRM_KEY", "another-key-of-16-letters").start().await;
        assert_eq!(edge.get("/app/demo/api").bearer(CRM_KEY).await.status, 401);
        let answer = edge.get("/app/demo/api").bearer("another-key-of-16-letters").await;
        assert!(answer.status >= 500, "{} {}", answer.status, answer.text());
        assert!(edge.simulator().requests().await.unwrap().is_empty());
    }

    async fn odd_requests_are_sent_as_they_are_and_get_an_answer(edge: Edge) {
        let mut many = edge.get("/healthz");
        for number in 0..2000 {
            many = many.header(format!("x-{number}"), "y");
        }
        let long = edge.get(format!("/app/{}/api", "x".repeat(60_000)));
        let bytes = edge.get("/healthz").header("x-a", b"\xff\xfe");
        for (what, request) in [("many headers", many), ("a long path", long), ("bytes", bytes)] {
            let answer = request.send().await;
            assert!(answer.is_ok(), "{what}: {answer:?}");
        }
        assert_eq!(edge.get("/healthz").await.status, 200);
    }

    async fn a_herd_is_answered_by_the_host_itself(edge: Edge) {
        let report = edge.static_herd(500).run().await;
        assert!(report.all(200), "{report:?}");
        assert_eq!(report.bodies.get("static"), Some(&500), "{report:?}");
        assert!(report.p50 <= report.p99 && report.p99 <= report.max, "{report:?}");
    }

    async fn the_first_of_a_herd_may_hang_up(edge: Edge) {
        let request = edge.get("/healthz");
        let report = edge.herd(50, &request).hang_up(10, std::time::Duration::from_millis(50)).run().await;
        assert_eq!((report.hung_up, report.answered()), (10, 40), "{report:?}");
    }
}

#[test]
fn what_is_missing_is_named_with_the_command_that_makes_it() {
    let failure = needed("target/nowhere/thing.wasm", "make thing").unwrap_err();
    assert_eq!(failure.to_string(), "missing: target/nowhere/thing.wasm. Run `make thing` in the repository's root.");
}
