//! One account, one record: whatever the route, the thread or the kind of account.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

/// What each way of asking for the demo account's token says: a token and what is left of its life.
async fn every_way(edge: &Edge) -> Vec<(String, u64)> {
    let body = json!({ "grant_type": "client_credential", "appid": DEMO_APPID, "secret": DEMO_SECRET });
    let query = format!("grant_type=client_credential&appid={DEMO_APPID}&secret={DEMO_SECRET}");
    let asked = [
        edge.get("/app/demo/api").bearer(CRM_KEY),
        edge.get("/app/twin/api").bearer(READER_KEY),
        edge.get(format!("/cgi-bin/token?{query}")),
        edge.post_json("/cgi-bin/stable_token", &body),
        edge.get("/app/demo/api/new?old=another").bearer(CRM_KEY),
    ];
    let mut said = Vec::new();
    for request in asked {
        said.push(token_and_life(&request.await));
    }
    said
}

fn with_twin(start: Start, token_api: &str) -> Start {
    several(start).config(|config| {
        config["apps"]["demo"]["token_api"] = json!(token_api);
        config["apps"]["twin"] = config["apps"]["demo"].clone();
    })
}

on_every_host! {
    async fn every_route_gives_the_same_stable_token_for_one_fetch(start: Start) {
        let edge = with_twin(start, "stable").start().await;
        let said = every_way(&edge).await;
        assert!(said.iter().all(|it| it.0 == said[0].0), "{said:?}");
        let counters = edge.simulator().state().await.unwrap().counters;
        assert_eq!((counters["token"].calls, counters["stable_token"].calls), (0, 1));
    }

    async fn every_route_gives_the_same_classic_token_for_one_fetch(start: Start) {
        let edge = with_twin(start, "classic").start().await;
        let said = every_way(&edge).await;
        assert!(said.iter().all(|it| it.0 == said[0].0), "{said:?}");
        let counters = edge.simulator().state().await.unwrap().counters;
        assert_eq!((counters["token"].calls, counters["stable_token"].calls), (1, 0));
    }

    async fn cold_callers_of_all_routes_at_once_cause_one_fetch(start: Start) {
        let edge = with_twin(start, "classic").start().await;
        break_tokens(&edge, json!({ "fault": "delay", "ms": 300 })).await;
        let asked: Vec<_> = (0..8).map(|_| every_way(&edge)).collect();
        let mut tokens = std::collections::BTreeSet::new();
        for said in join_all(asked).await {
            tokens.extend(said.into_iter().map(|it| it.0));
        }
        assert_eq!((tokens.len(), fetches(&edge).await), (1, 1));
    }

    async fn what_goes_to_wechat_is_the_documented_request_and_nothing_else(start: Start) {
        let edge = several(start).start().await;
        let nosy = |app: &str| edge.get(format!("/app/{app}/api")).bearer(CRM_KEY).header("cookie", "a=b");
        for app in ["demo", "classic"] {
            let request = nosy(app).header("x-forwarded-for", "203.0.113.9").header("x-own", "1").header("user-agent", "me");
            token(&request.await);
        }
        let requests = edge.simulator().requests().await.unwrap();
        assert_eq!(requests.len(), 2);
        for request in &requests {
            // What HTTP itself wants; workerd adds the last two.
            let plain = ["host", "content-type", "content-length", "transfer-encoding", "accept-encoding", "accept"];
            let other: Vec<_> = request.headers.iter().filter(|it| !plain.contains(&it.0.as_str())).collect();
            assert!(other.is_empty(), "{other:?}");
        }
        let classic = format!("/cgi-bin/token?grant_type=client_credential&appid={CLASSIC_APPID}&secret=classic-secret");
        assert_eq!((requests[1].method.as_str(), &requests[1].target, requests[1].body.as_str()), ("GET", &classic, ""));
        assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("POST", "/cgi-bin/stable_token"));
        assert_eq!(requests[0].header("content-type"), Some("application/json"));
        let body: serde_json::Value = serde_json::from_str(&requests[0].body).unwrap();
        let documented = json!({
            "grant_type": "client_credential", "appid": DEMO_APPID, "secret": DEMO_SECRET, "force_refresh": false,
        });
        assert_eq!(body, documented);
    }

    async fn accounts_do_not_share_a_token(start: Start) {
        let edge = several(start).start().await;
        let demo = read(&edge).await;
        let other = token(&edge.get("/app/classic/api").bearer(CRM_KEY).await);
        let shop = token(&edge.get(format!("/app/{SHOP}/api")).bearer(SHOP_KEY).await);
        let known = edge.simulator().state().await.unwrap().accounts;
        assert_eq!(Some(demo), known[DEMO_APPID].stable.as_ref().map(|it| it.token.clone()));
        assert_eq!(Some(other), known[CLASSIC_APPID].classic.as_ref().map(|it| it.token.clone()));
        assert_eq!(Some(shop), known[SHOP_APPID].stable.as_ref().map(|it| it.token.clone()));
    }

    async fn expires_in_is_what_is_left(edge: Edge) {
        short_lived(&edge, 100).await;
        let (first, life) = token_and_life(&edge.get("/app/demo/api").bearer(CRM_KEY).await);
        sleep(Duration::from_millis(2_100)).await;
        let (later, left) = token_and_life(&edge.get("/app/demo/api").bearer(CRM_KEY).await);
        assert_eq!(first, later);
        assert!((99..=100).contains(&life) && (life - 9..=life - 2).contains(&left), "{life} {left}");
        let known = edge.simulator().state().await.unwrap().accounts[DEMO_APPID].stable.clone().unwrap();
        assert!(left <= known.expires_in + 1, "{left} {known:?}");
    }

    async fn a_thousand_warm_reads_ask_wechat_nothing(edge: Edge) {
        let warm = read(&edge).await;
        let report = edge.herd(1_000, &edge.get("/app/demo/api").bearer(CRM_KEY)).run().await;
        assert!(report.all(200) && report.answered() == 1_000, "{report:?}");
        assert!(report.bodies.keys().all(|it| it.contains(&warm)), "{report:?}");
        assert_eq!(fetches(&edge).await, 1);
    }
}
