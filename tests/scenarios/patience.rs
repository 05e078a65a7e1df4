//! Who wants to hold the gateway up: a client that never finishes, a WeChat that repeats itself.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

on_every_host! {
    async fn a_body_that_comes_too_slowly_is_given_up(edge: Edge) {
        let head = format!("POST /cgi-bin/stable_token HTTP/1.1\r\nhost: {}\r\ncontent-length: 500\r\n\r\n{{\"appid\"", edge.address());
        let answer = edge.raw(head.as_bytes()).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["errcode"], 44002, "{}", answer.text());
        assert!(answer.text().contains("within 5 s"), "{}", answer.text());
    }

    async fn a_body_of_credentials_is_small(edge: Edge) {
        let long = json!({ "grant_type": "client_credential", "appid": "a".repeat(9_000), "secret": "b" });
        let answer = edge.post_json("/cgi-bin/stable_token", &long).await;
        assert_eq!((answer.status, answer.json()["errcode"].as_i64()), (200, Some(45002)), "{}", answer.text());
    }

    async fn a_wechat_that_gives_the_same_token_again_is_asked_once_and_not_a_hundred_times(start: Start) {
        let edge = start.config(|it| it["apps"]["demo"]["token_api"] = json!("classic")).start().await;
        let same = json!({ "access_token": "SAME", "expires_in": 7200 });
        edge.simulator().fault(json!({ "endpoint": "token", "fault": "garbage", "body": same })).await.unwrap();
        assert_eq!(edge.get("/app/demo/api").bearer(CRM_KEY).await.json()["access_token"], "SAME");
        for _ in 0..5 {
            let answer = edge.get("/app/demo/api/new").bearer(CRM_KEY).await;
            assert_eq!((answer.status, answer.header("retry-after").is_some()), (429, true), "{}", answer.text());
        }
        assert_eq!(edge.simulator().state().await.unwrap().counters["token"].calls, 2);
        assert_eq!(edge.get("/app/demo/api").bearer(CRM_KEY).await.json()["access_token"], "SAME");
    }
}
