//! WeChat sends a message again if it was not answered in time: the back-ends hear of it once, and the user gets the reply all the same.

use serde_json::json;
use tokio::time::Instant;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::push::{Account, Outcome, Push, Value};

use crate::callback_support::*;
use crate::support::*;

/// The demo app with one back-end, on as many threads as make repeats meet on different ones.
async fn begin(start: Start) -> (Edge, Backend) {
    let [backend] = backends().await;
    let edge = safe(start, std::slice::from_ref(&backend)).threads(4).start().await;
    (edge, backend)
}

/// The same push so many times at once.
async fn at_once(edge: &Edge, push: &Push, times: usize) -> Vec<Outcome> {
    join_all((0..times).map(|_| edge.push(push.clone()).into_future()).collect()).await
}

/// The plain replies that users see.
fn replies(seen: &[Outcome]) -> Vec<&Value> {
    seen.iter().map(|it| &it.reply().body).collect()
}

on_every_host! {
    async fn a_message_that_comes_three_times_at_once_is_delivered_once(start: Start) {
        let (mut edge, backend) = begin(start).await;
        backend.always(text("hello").after(ms(300)));
        for times in [3, 3, 3, 40] {
            let before = backend.received().len();
            let seen = at_once(&edge, &hi(), times).await;
            let replies = replies(&seen);
            assert!(seen.iter().all(|it| it.text() == "hello" && it.attempts.len() == 1), "{seen:?}");
            assert!(replies.iter().all(|it| *it == replies[0]), "{replies:?}");
            assert_eq!(backend.received().len(), before + 1, "{times} times");
            let envelopes: std::collections::BTreeSet<_> = seen.iter().map(|it| it.answer().text()).collect();
            assert_eq!(envelopes.len(), times, "each delivery is encrypted anew");
        }
        unharmed(&mut edge).await;
    }

    async fn a_message_that_comes_again_is_answered_as_before(start: Start) {
        let (mut edge, backend) = begin(start).await;
        backend.next([text("the first")]);
        backend.always(text("another"));
        let push = hi();
        let first = edge.push(push.clone()).await;
        assert_eq!(first.text(), "the first");
        for _ in 0..12 {
            let again = edge.push(push.clone()).await;
            assert_eq!(again.reply(), first.reply());
        }
        assert_eq!(backend.received().len(), 1);
        // Whatever door it comes through.
        let elsewhere = edge.push(push.to("/app/demo/msg/json?call=/echo")).await;
        assert_eq!(elsewhere.reply(), first.reply());
        assert_eq!(edge.push(hi()).await.text(), "another");
        unharmed(&mut edge).await;
    }

    async fn what_had_no_reply_has_none_again(start: Start) {
        let (mut edge, backend) = begin(start).await;
        for nothing in [says(""), says("success"), says("sorry").status(500)] {
            backend.next([nothing]);
            backend.always(text("another"));
            let before = backend.received().len();
            let push = hi();
            assert!(edge.push(push.clone()).await.is_nothing());
            assert!(edge.push(push).await.is_nothing());
            assert_eq!(backend.received().len(), before + 1);
        }
        unharmed(&mut edge).await;
    }

    async fn who_hung_up_gets_the_reply_when_he_comes_again(start: Start) {
        let (mut edge, backend) = begin(start).await;
        backend.always(text("hello").after(ms(600)));
        let push = hi();
        edge.knock(&push).hang_up_after(ms(100)).await.unwrap();
        let begin = Instant::now();
        assert_eq!(edge.push(push.clone()).await.text(), "hello");
        assert!(begin.elapsed() >= ms(300), "it waits for the call that is under way");
        assert_eq!(edge.push(push).await.text(), "hello");
        assert_eq!(backend.received().len(), 1);
        unharmed(&mut edge).await;
    }

    async fn an_answer_that_is_late_for_the_first_is_in_time_for_the_second(start: Start) {
        let (mut edge, backend) = begin(start).await;
        backend.always(text("hello").after(ms(1_500)));
        // A WeChat that waits a second only: its second delivery meets the first one's answer.
        let seen = edge.push(hi()).patience(ms(1_000)).await;
        assert_eq!(seen.text(), "hello");
        assert_eq!((seen.attempts.len(), backend.received().len()), (2, 1), "{seen:?}");
        unharmed(&mut edge).await;
    }

    async fn a_back_end_that_is_too_slow_for_wechat_shows_no_error(start: Start) {
        let (mut edge, backend) = begin(start).await;
        backend.always(text("hello").after(ms(6_000)));
        let push = hi();
        let seen = edge.push(push.clone()).await;
        assert!(seen.is_nothing() && seen.attempts.len() == 1, "{seen:?}");
        assert!(edge.push(push).await.is_nothing());
        assert_eq!(backend.received().len(), 1);
        unharmed(&mut edge).await;
    }

    async fn what_a_user_does_within_a_second_is_all_delivered(start: Start) {
        let (mut edge, backend) = begin(start).await;
        let mut pushes: Vec<Push> = (0..5).map(|_| hi()).collect();
        pushes.extend((0..5).map(|number| Push::named("CLICK").with("EventKey", format!("K{number}").as_str())));
        pushes.extend((0..5).map(|number| Push::named("LOCATION").with("Latitude", format!("23.{number}").as_str())));
        pushes.extend(["subscribe", "SCAN", "VIEW"].map(Push::named));
        pushes.extend((0..3).map(|number| Push::named("CLICK").from(&format!("oUser{number}"))));
        let time = Value::number(pushes[0].fields().unwrap().text_at("CreateTime").parse::<u64>().unwrap());
        let pushes: Vec<Push> = pushes
            .into_iter()
            .map(|it| it.with("CreateTime", time.clone()).by(&sealed()).to("/app/demo/msg/json"))
            .collect();
        let seen = join_all(pushes.iter().map(|it| edge.push(it.clone()).into_future()).collect()).await;
        assert!(seen.iter().all(Outcome::is_nothing), "{seen:?}");
        assert_eq!(backend.received().len(), pushes.len());
        let ids: std::collections::BTreeSet<_> =
            backend.received().iter().map(|it| it.header("webhook-id").unwrap().to_owned()).collect();
        assert_eq!(ids.len(), pushes.len());
        unharmed(&mut edge).await;
    }

    async fn the_same_words_to_another_account_are_another_message(start: Start) {
        let [backend] = backends().await;
        let start = safe(start, std::slice::from_ref(&backend)).config(|config| {
            config["apps"]["other"] = json!({ "kind": "official", "appid": "wxother", "secret": "other-secret" });
            config["apps"]["other"]["callback"] = config["apps"]["demo"]["callback"].clone();
        });
        let mut edge = start.start().await;
        backend.next([text("one"), text("two")]);
        let push = hi();
        let other = push.clone().by(&sealed().id("wxother")).to("/app/other/msg/json");
        assert_eq!(push.plain(), other.plain());
        assert_eq!((edge.push(push).await.text(), edge.push(other).await.text()), ("one", "two"));
        unharmed(&mut edge).await;
    }

    async fn a_long_reply_is_shown_once(start: Start) {
        let (mut edge, backend) = begin(start).await;
        let long = "你".repeat(3_000);
        backend.always(text(&long));
        let push = hi();
        assert_eq!(edge.push(push.clone()).await.text(), long);
        assert!(edge.push(push).await.is_nothing(), "it is too long to be remembered");
        assert_eq!(backend.received().len(), 1);
        let short = "你".repeat(1_000);
        backend.always(text(&short));
        let push = hi();
        assert_eq!(edge.push(push.clone()).await.text(), short);
        assert_eq!(edge.push(push).await.text(), short);
        assert_eq!(backend.received().len(), 2);
        unharmed(&mut edge).await;
    }

    async fn plain_messages_and_those_of_json_are_remembered_too(start: Start) {
        let [backend] = backends().await;
        let mut edge = plain(start, std::slice::from_ref(&backend)).threads(4).start().await;
        for account in [Account::default(), Account::default().json()] {
            backend.next([text("hello").after(ms(200))]);
            let before = backend.received().len();
            let seen = at_once(&edge, &hi().by(&account), 3).await;
            assert!(seen.iter().all(|it| it.text() == "hello"), "{seen:?}");
            assert_eq!(backend.received().len(), before + 1);
        }
        unharmed(&mut edge).await;
    }
}

#[test]
fn a_killed_workerd_still_knows_what_it_has_answered() {
    block_on(async {
        let (mut edge, backend) = begin(Start::on(HostKind::Workerd)).await;
        backend.next([text("the first")]);
        backend.always(text("another"));
        let push = hi();
        assert_eq!(edge.push(push.clone()).await.text(), "the first");
        // What is remembered is settled apart from the answer.
        assert_eq!(edge.push(push.clone()).await.text(), "the first");
        edge.kill();
        edge.restart().await;
        assert_eq!(edge.push(push).await.text(), "the first");
        assert_eq!(backend.received().len(), 1);
    });
}
