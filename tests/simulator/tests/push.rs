//! Pushes over a socket: WeChat's schedule, and what the user sees of it.

use std::time::Duration;

use tokio::time::Instant;
use wxedge_tests::harness::{Backend, Manners, says};
use wxedge_tests::simulator::push::*;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// WeChat's schedule ten times as fast.
const BUDGET: Duration = Duration::from_millis(500);

async fn gateway() -> (Backend, Target) {
    let backend = Backend::start().await.unwrap();
    let to = Target::parse(&backend.url("/wx?call=bot")).unwrap();
    (backend, to)
}

async fn push(to: &Target, push: &Push) -> Outcome {
    let schedule = Schedule::default().faster(10);
    assert_eq!(schedule.budget, BUDGET);
    deliver(to, push, schedule).await
}

fn reply(to: &Push, text: &str) -> String {
    let said = to.fields().unwrap();
    let [user, account] = ["FromUserName", "ToUserName"].map(|it| said.text_at(it).to_owned());
    Value::fields([
        ("ToUserName", Value::text(user)),
        ("FromUserName", Value::text(account)),
        ("CreateTime", Value::number(1_700_000_000)),
        ("MsgType", Value::text("text")),
        ("Content", Value::text(text)),
    ])
    .xml("xml")
}

#[tokio::test]
async fn the_user_sees_the_reply() {
    let (gateway, to) = gateway().await;
    let hi = Push::text("hi").from("oA");
    gateway.always(says(reply(&hi, "hello")));
    let outcome = push(&to, &hi).await;
    assert_eq!((outcome.text(), outcome.attempts.len()), ("hello", 1));
    let received = gateway.received();
    let it = &received[0];
    assert!(it.method == "POST" && it.target.starts_with("/wx?call=bot&signature="), "{}", it.target);
    assert!(it.target.ends_with("&openid=oA"), "{}", it.target);
    assert_eq!((it.header("content-type"), &it.body), (Some("text/xml"), &hi.plain().into_bytes()));
}

#[tokio::test]
async fn what_is_not_answered_in_time_is_pushed_three_times_and_then_the_user_is_told() {
    let (gateway, to) = gateway().await;
    gateway.always(Manners::Hangs);
    let begin = Instant::now();
    let outcome = push(&to, &Push::text("hi")).await;
    let took = begin.elapsed();
    assert!(outcome.is_toast() && (BUDGET * 3..BUDGET * 4).contains(&took), "{took:?} {outcome:?}");
    assert!(outcome.attempts.iter().all(|it| it.status.is_none() && it.time >= BUDGET), "{outcome:?}");
    let received = gateway.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|it| it.body == received[0].body));
    assert_ne!(received[0].target, received[1].target);
}

#[tokio::test]
async fn whatever_is_not_200_is_pushed_again() {
    let (gateway, to) = gateway().await;
    gateway.next([Manners::Says(502), Manners::Resets]);
    gateway.always(says("success"));
    let outcome = push(&to, &Push::text("hi")).await;
    let statuses: Vec<_> = outcome.attempts.iter().map(|it| it.status).collect();
    assert!(outcome.is_nothing() && statuses == [Some(502), None, Some(200)], "{outcome:?}");
    let (closed, _) = (Target::parse("http://127.0.0.1:9/").unwrap(), gateway);
    assert!(push(&closed, &Push::text("hi")).await.is_toast());
}

#[tokio::test]
async fn garbage_is_shown_as_what_it_is_at_once() {
    let (gateway, to) = gateway().await;
    gateway.always(says("<html>sorry</html>"));
    let outcome = push(&to, &Push::text("hi")).await;
    assert!(outcome.is_toast() && outcome.attempts.len() == 1, "{outcome:?}");
    assert!(outcome.last().why.contains("<html>"), "{outcome:?}");
}

#[tokio::test]
async fn the_result_says_what_the_user_sees() {
    let (gateway, to) = gateway().await;
    gateway.always(says(""));
    let mut json = serde_json::to_value(push(&to, &Push::named("VIEW")).await).unwrap();
    assert!(json["attempts"][0]["ms"].take().is_u64());
    let attempt = serde_json::json!({ "status": 200, "ms": null, "why": "the body is empty" });
    assert_eq!(json, serde_json::json!({ "user_sees": "nothing", "reply": null, "attempts": [attempt] }));
}

#[tokio::test]
async fn a_url_is_taken_if_the_echo_comes_back() {
    let (gateway, to) = gateway().await;
    let schedule = Schedule::default().faster(10);
    let plain = UrlCheck::of(&Account::default());
    gateway.next([says(&plain.echo), says("another echo"), says(&plain.echo).status(403)]);
    assert!(check(&to, &plain, schedule).await.taken);
    assert!(!check(&to, &plain, schedule).await.taken);
    assert!(!check(&to, &plain, schedule).await.taken);
    let received = gateway.received();
    let it = &received[0];
    assert!(it.method == "GET" && it.target.ends_with(&format!("&echostr={}", plain.echo)), "{}", it.target);

    let wecom = UrlCheck::of(&Account::of(Kind::Wecom).safe(KEY));
    gateway.next([says(&wecom.echo), says(&wecom.echo).after(BUDGET / 2)]);
    assert!(check(&to, &wecom, schedule).await.taken);
    let late = check(&to, &wecom, schedule).await;
    assert!(!late.taken && late.attempt.time < BUDGET / 2, "WeCom waits a second: {late:?}");
    let target = &gateway.received()[3].target;
    assert!(target.starts_with("/wx?call=bot&msg_signature=") && target.contains("%2B"), "{target}");
}
