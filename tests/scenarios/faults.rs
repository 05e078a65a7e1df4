//! WeChat's token endpoints break, each in its own way: who has no token gets an honest error, who has one keeps it, WeChat is
//! not stormed, and when it works again so does the gateway.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::counters::Counter;

use crate::support::*;

/// One way of breaking.
struct Case {
    fault: Value,
    /// What the gateway's own route says: the status and the code, and how the text begins. `None`: a token.
    honest: Option<(u16, i64, &'static str)>,
    /// What the route like WeChat's says.
    like_wechat: Option<(u16, i64)>,
    /// The most calls until somebody is told.
    calls: u64,
    /// How soon after the end of the fault there is a token. `None`: it asked for quiet.
    recovers: Option<Duration>,
}

const OURS: i64 = -10_001;

/// Three tries, a second and then two apart, and then the truth.
fn transient(fault: Value, text: &'static str) -> Case {
    let recovers = Some(Duration::from_secs(6));
    Case { fault, honest: Some((502, OURS, text)), like_wechat: Some((503, -1)), calls: 3, recovers }
}

/// WeChat's own word, at once.
fn refused(code: i64, text: &'static str, recovers: Option<Duration>) -> Case {
    let fault = json!({ "fault": "errcode", "errcode": code, "errmsg": text });
    Case { fault, honest: Some((502, code, text)), like_wechat: Some((200, code)), calls: 1, recovers }
}

fn cases() -> Vec<Case> {
    let garbled = "WeChat gave an answer that cannot be used: ";
    let slow = |fault: &str| Case {
        fault: json!({ "fault": fault, "ms": 1_200 }),
        honest: None,
        like_wechat: None,
        calls: 1,
        recovers: Some(Duration::from_secs(1)),
    };
    let ip = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist";
    vec![
        slow("delay"),
        slow("slow_body"),
        Case {
            honest: Some((504, OURS, "WeChat did not answer in time")),
            like_wechat: Some((504, -1)),
            // The call under way hangs to its own end.
            recovers: Some(Duration::from_secs(12)),
            ..transient(json!({ "fault": "hang" }), "")
        },
        transient(json!({ "fault": "http_500" }), "WeChat gave an answer that cannot be used: its status is 500"),
        transient(json!({ "fault": "html" }), garbled),
        transient(json!({ "fault": "cut" }), "WeChat "),
        transient(json!({ "fault": "cut_body" }), "WeChat cannot be reached"),
        transient(json!({ "fault": "accepted_reply_lost" }), "WeChat "),
        transient(json!({ "fault": "garbage" }), garbled),
        Case {
            honest: Some((502, -1, "system error")),
            like_wechat: Some((200, -1)),
            ..transient(json!({ "fault": "errcode", "errcode": -1 }), "")
        },
        refused(40164, ip, Some(Duration::from_secs(12))),
        refused(45009, "reach max api daily quota limit", None),
    ]
}

/// One case on one host: `demo` is cold, `warm` has a token.
async fn play_case(start: Start, token_api: &str, case: &Case) {
    let name = format!("{token_api} {}", case.fault);
    let edge = start.config(|config| {
        config["apps"]["demo"]["token_api"] = json!(token_api);
        config["apps"]["warm"] = app("wxwarm", "warm-secret", token_api);
        config["callers"] = json!([{ "name": "reader", "key": READER_KEY }]);
    });
    let edge = edge.start().await;
    let ask = |app: &str| edge.get(format!("/app/{app}/api")).bearer(READER_KEY);
    let warm = token(&ask("warm").await);
    break_tokens(&edge, case.fault.clone()).await;
    edge.simulator().reset().await.unwrap();

    let query = format!("grant_type=client_credential&appid={DEMO_APPID}&secret={DEMO_SECRET}");
    let like_wechat = || edge.get(format!("/cgi-bin/token?{query}"));
    let reads = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            let begin = Instant::now();
            assert_eq!(token(&ask("warm").await), warm, "{name}");
            slowest = slowest.max(begin.elapsed());
        }
        slowest
    };
    let cold = (0..20).map(|_| ask("demo").into_future()).collect();
    let (cold, other, slowest) = tokio::join!(join_all(cold), like_wechat(), reads);
    for answer in cold {
        told(&name, &answer, case.honest);
    }
    told(&name, &other, case.like_wechat.map(|it| (it.0, it.1, "")));
    let calls = fetches(&edge).await;
    // workerd itself repeats a GET once, when a connection that it uses again turns out to be closed.
    let most = case.calls + u64::from(edge.kind() == HostKind::Workerd && token_api == "classic");
    assert!((1..=most).contains(&calls), "{name}: {calls} calls");
    // A warm caller waits for nothing; the machine may be busy.
    assert!(slowest < Duration::from_millis(1_100), "{name}: {slowest:?}");

    discreet(&edge);
    edge.simulator().clear_faults().await.unwrap();
    match case.recovers {
        Some(soon) => {
            let works = async || ask("demo").await.status == 200;
            until("it works again", soon, works).await;
            token(&ask("demo").await);
            assert!(fetches(&edge).await <= calls + 2, "{name}");
        }
        None => {
            told(&name, &ask("demo").await, case.honest);
            assert_eq!(fetches(&edge).await, calls, "{name}: quiet was asked for");
        }
    }
}

#[track_caller]
fn told(name: &str, answer: &Answer, expected: Option<(u16, i64, &str)>) {
    let Some((status, code, text)) = expected else {
        token(answer);
        return;
    };
    assert_eq!(answer.status, status, "{name}: {}", answer.text());
    let (said, message) = error(answer, status);
    assert!(said == code && message.starts_with(text), "{name}: {said} {message}");
}

async fn all_at_once(start: Start, token_api: &str) {
    let cases = cases();
    join_all(cases.iter().map(|case| play_case(start.clone(), token_api, case)).collect()).await;
}

on_every_host! {
    async fn each_fault_of_stable_token_is_told_honestly_and_outlived(start: Start) {
        all_at_once(start, "stable").await;
    }

    async fn each_fault_of_the_classic_token_is_told_honestly_and_outlived(start: Start) {
        all_at_once(start, "classic").await;
    }

    async fn one_lost_reply_is_asked_for_again_and_nobody_learns_of_it(edge: Edge) {
        break_tokens(&edge, json!({ "fault": "accepted_reply_lost", "times": 1 })).await;
        let begin = Instant::now();
        let token = read(&edge).await;
        assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
        let state = edge.simulator().state().await.unwrap();
        let Counter { calls, issued, forced, .. } = state.counters["stable_token"];
        assert_eq!((calls, issued, forced), (2, 1, 0));
        assert_eq!(state.accounts[DEMO_APPID].stable.as_ref().map(|it| &it.token), Some(&token));
    }

    async fn the_address_that_wechat_refuses_is_named(edge: Edge) {
        let refused = json!({ "appid": DEMO_APPID, "ip_allow": [], "seen_ip": "198.51.100.4" });
        edge.simulator().account(refused).await.unwrap();
        let (code, text) = error(&edge.get("/app/demo/api").bearer(CRM_KEY).await, 502);
        assert!(code == 40164 && text.contains("198.51.100.4"), "{code} {text}");
        let herd = edge.herd(100, &edge.get("/app/demo/api").bearer(CRM_KEY)).run().await;
        assert!(herd.all(502) && herd.answered() == 100, "{herd:?}");
        assert_eq!(fetches(&edge).await, 1);
    }

    async fn a_wechat_that_is_not_there_is_said_to_be_unreachable(start: Start) {
        let edge = start.wechat([WeChat::Closed]).start().await;
        let (code, text) = error(&edge.get("/app/demo/api").bearer(CRM_KEY).await, 502);
        assert!(code == OURS && text.starts_with("WeChat "), "{code} {text}");
    }
}
