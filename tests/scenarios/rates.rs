//! Callers with a rate: over it they are told when to come back, in the words of the route.

use std::time::Duration;

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

const HASTY_KEY: &str = "hasty-key-0123456789";

fn hasty(start: Start, rate: &str) -> Start {
    let rate = rate.to_owned();
    // Each thread has its own count.
    whole(start).threads(1).config(move |config| {
        let caller = json!({ "name": "hasty", "key": HASTY_KEY, "app": "demo", "rate": rate });
        config["callers"].as_array_mut().unwrap().push(caller);
    })
}

#[track_caller]
fn wait(answer: &Answer) -> u64 {
    answer.header("retry-after").unwrap_or_else(|| panic!("no retry-after: {}", answer.text())).parse().unwrap()
}

on_every_host! {
    async fn over_its_rate_a_caller_is_told_when_to_come_back(start: Start) {
        let edge = hasty(start, "5/m").start().await;
        let ask = async |path: &str| edge.get(path).bearer(HASTY_KEY).await;
        for path in ["/app/demo/api", "/token/demo", "/access-token", "/app/demo/jsapi"] {
            assert_eq!(ask(path).await.status, 200, "{path}");
        }
        // What is refused later counts as well: it has been asked.
        error(&ask("/app/nobody/api").await, 404);
        let honest = ask("/app/demo/api").await;
        let seconds = wait(&honest);
        assert!((1..=12).contains(&seconds), "{seconds}");
        let text = |answer: &Answer| format!("too many requests: try in {} s", wait(answer));
        assert_eq!(error(&honest, 429), (-10_001, text(&honest)));
        let plain = ask("/token/demo").await;
        refused(&plain, 429);
        assert_eq!(plain.json(), json!({ "errmsg": text(&plain) }));
        let hub = ask("/ticket?type=jsapi").await;
        refused(&hub, 429);
        assert_eq!(hub.text(), text(&hub) + "\n");
        // Nobody else is slowed down, and who is nobody stays nobody.
        token(&edge.get("/app/demo/api").bearer(OWNER_KEY).await);
        error(&edge.get("/app/demo/api").bearer("nobodys-key-0123456789").await, 401);
    }

    async fn after_the_time_it_was_told_it_may_again(start: Start) {
        let edge = hasty(start, "3/s").start().await;
        let ask = async || edge.get("/app/demo/api").bearer(HASTY_KEY).await;
        token(&ask().await);
        let report = edge.herd(60, &edge.get("/app/demo/api").bearer(HASTY_KEY)).run().await;
        let passed = report.statuses.get(&200).copied().unwrap_or_default();
        assert!(passed <= 8 && report.statuses[&429] == 60 - passed, "{report:?}");
        let over = ask().await;
        if over.status == 429 {
            tokio::time::sleep(Duration::from_secs(wait(&over))).await;
        }
        token(&ask().await);
        assert_eq!(fetches(&edge).await, 1);
    }
}
