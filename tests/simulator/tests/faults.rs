//! Every fault, seen from the wire.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use wxedge_tests::simulator::counters::Counter;
use wxedge_tests::simulator::{Control, Server};

use crate::http::{TOKEN, get, open, send, simulator, stable};

async fn token_counter(control: Control) -> Counter {
    control.state().await.unwrap().counters["token"].clone()
}

/// A simulator whose token endpoint suffers that fault once.
async fn faulty(fault: &str) -> (Server, Control) {
    let (server, control) = simulator().await;
    control.fault(json!({ "endpoint": "token", "fault": fault, "times": 1 })).await.unwrap();
    (server, control)
}

#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn a_delay_holds_the_answer_back_but_the_call_takes_effect_at_once() {
    let (server, control) = simulator().await;
    control.fault(json!({ "endpoint": "token", "fault": "delay", "ms": 300 })).await.unwrap();
    let start = now();
    let call = async { get(&server, TOKEN).await };
    let look = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        token_counter(control).await
    };
    let (answer, meanwhile) = tokio::join!(call, look);
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(answer.errcode(), 0);
    assert_eq!((meanwhile.issued, meanwhile.in_flight), (1, 1));
    assert_eq!(token_counter(control).await.in_flight, 0);
}

#[tokio::test]
async fn a_hang_keeps_the_connection_open_and_silent_until_the_caller_hangs_up() {
    let (server, control) = faulty("hang").await;
    let mut stream = open(&server, "GET", TOKEN, "").await;
    let silence = timeout(Duration::from_millis(200), stream.read_u8()).await;
    assert!(silence.is_err(), "{silence:?}");
    let counter = token_counter(control).await;
    assert_eq!((counter.in_flight, counter.issued, counter.aborted), (1, 0, 0));
    drop(stream);
    while token_counter(control).await.in_flight > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let state = control.state().await.unwrap();
    assert_eq!((state.counters["token"].aborted, state.connections.aborted), (1, 1));
}

#[tokio::test]
async fn http_500_and_html_answer_pages_and_issue_nothing() {
    for (fault, status, media_type, text) in
        [("http_500", 500, "text/plain", "Internal Server Error"), ("html", 200, "text/html; charset=utf-8", "<h1>")]
    {
        let (server, control) = faulty(fault).await;
        let answer = get(&server, TOKEN).await;
        assert_eq!(answer.status, status);
        assert!(answer.head.contains(&format!("content-type: {media_type}\r\n")), "{}", answer.head);
        assert!(answer.body.contains(text), "{}", answer.body);
        let counter = token_counter(control).await;
        assert_eq!((counter.issued, counter.faults[fault]), (0, 1));
        assert_eq!(get(&server, TOKEN).await.errcode(), 0);
    }
}

#[tokio::test]
async fn a_page_can_be_chosen() {
    let (server, control) = simulator().await;
    control.fault(json!({ "endpoint": "*", "fault": "html", "body": "<p>captive" })).await.unwrap();
    assert_eq!(get(&server, TOKEN).await.body, "<p>captive");
    control.fault(json!({ "endpoint": "*", "fault": "garbage", "body": "{\"access_token\":" })).await.unwrap();
    assert_eq!(stable(&server, false).await.body, "{\"access_token\":");
    control.fault(json!({ "endpoint": "*", "fault": "garbage", "body": { "access_token": null } })).await.unwrap();
    assert_eq!(get(&server, TOKEN).await.body, "{\"access_token\":null}");
}

#[tokio::test]
async fn a_cut_ends_the_connection_and_the_call_takes_no_effect() {
    let (server, control) = faulty("cut").await;
    assert!(send(&server, "GET", TOKEN, "").await.is_none());
    let state = control.state().await.unwrap();
    let counter = &state.counters["token"];
    assert_eq!((counter.calls, counter.issued, counter.aborted, counter.in_flight), (1, 0, 0, 0));
    assert_eq!(state.connections.aborted, 1);
    assert!(state.accounts["wx1"].classic.is_none());
}

#[tokio::test]
async fn a_lost_reply_ends_the_connection_but_the_token_was_issued() {
    let (server, control) = faulty("accepted_reply_lost").await;
    assert!(send(&server, "GET", TOKEN, "").await.is_none());
    let state = control.state().await.unwrap();
    assert_eq!(state.counters["token"].issued, 1);
    let lost = state.accounts["wx1"].classic.clone().unwrap().token;
    let next = get(&server, TOKEN).await.token();
    let accounts = control.state().await.unwrap().accounts;
    assert_eq!(accounts["wx1"].previous.clone().unwrap().token, lost);
    assert_eq!(accounts["wx1"].classic.clone().unwrap().token, next);
}

#[tokio::test]
async fn a_cut_body_breaks_off_in_the_middle() {
    let (server, control) = faulty("cut_body").await;
    let answer = get(&server, TOKEN).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.len(), answer.content_length() / 2);
    assert!(answer.body.starts_with("{\"access_token\":\"SIM_"), "{}", answer.body);
    let state = control.state().await.unwrap();
    assert_eq!((state.counters["token"].issued, state.connections.aborted), (1, 1));
    assert_eq!((state.counters["token"].in_flight, state.counters["token"].aborted), (0, 0));
}

#[tokio::test]
async fn a_slow_body_comes_in_drops_and_is_whole_at_the_end() {
    let (server, control) = simulator().await;
    control.fault(json!({ "endpoint": "token", "fault": "slow_body", "ms": 300 })).await.unwrap();
    let start = now();
    let mut stream = open(&server, "GET", TOKEN, "").await;
    let (mut bytes, mut reads) = (Vec::new(), 0);
    while stream.read_buf(&mut bytes).await.unwrap() > 0 {
        reads += 1;
    }
    assert!(start.elapsed() >= Duration::from_millis(300) && reads > 5, "{:?}, {reads} reads", start.elapsed());
    assert!(bytes.ends_with(b",\"expires_in\":7200}"));
    let counter = token_counter(control).await;
    assert_eq!((counter.in_flight, counter.aborted), (0, 0));
}

#[tokio::test]
async fn garbage_is_json_of_the_wrong_shape() {
    let (server, _) = faulty("garbage").await;
    let answer = get(&server, TOKEN).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.json()["access_token"].is_string() && !answer.json()["expires_in"].is_number());
}

#[tokio::test]
async fn an_errcode_comes_with_wechats_text_or_a_chosen_one() {
    let (server, control) = simulator().await;
    for (fault, code, text) in [
        (json!({}), -1, "system error rid: "),
        (json!({ "errcode": 40125 }), 40125, "invalid appsecret, rid: "),
        (json!({ "errcode": 89503, "errmsg": "confirm please" }), 89503, "confirm please rid: "),
    ] {
        let mut order = json!({ "endpoint": "token", "fault": "errcode", "times": 1 });
        order.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        control.fault(order).await.unwrap();
        let answer = get(&server, TOKEN).await;
        assert_eq!((answer.status, answer.errcode()), (200, code));
        assert!(answer.json()["errmsg"].as_str().unwrap().starts_with(text), "{}", answer.body);
    }
    let counter = token_counter(control).await;
    assert_eq!((counter.issued, counter.errors[&-1], counter.errors[&89503]), (0, 1, 1));
}

#[tokio::test]
async fn any_fault_can_be_delayed_and_all_can_be_cleared() {
    let (server, control) = simulator().await;
    control.fault(json!({ "endpoint": "token", "fault": "cut", "ms": 200 })).await.unwrap();
    let start = now();
    assert!(send(&server, "GET", TOKEN, "").await.is_none());
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert_eq!(stable(&server, false).await.errcode(), 0);
    control.fault(json!({ "endpoint": "*", "fault": "hang" })).await.unwrap();
    control.clear_faults().await.unwrap();
    assert_eq!(get(&server, TOKEN).await.errcode(), 0);
}
