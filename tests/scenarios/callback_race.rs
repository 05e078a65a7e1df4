//! Several back-ends are asked at once: whose answer it is, and when. WeChat is answered in time, whatever they do.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::push::{Outcome, Push};

use crate::callback_support::*;
use crate::support::*;

/// The machine is shared: a time is met if one of so many attempts meets it. What is shown is right in each of them.
const ATTEMPTS: usize = 4;
/// How exact the clocks of the hosts are.
const TICK: Duration = ms(5);
/// How many pushes are timed with a back-end that is down, and without it.
const TIMED: usize = 60;

/// Three back-ends behind the demo app, and Envoy with one thread: what one has learnt of a back-end, all have.
async fn three(start: Start) -> (Edge, [Backend; 3]) {
    let backends = backends().await;
    let edge = safe(start, &backends).threads(1).start().await;
    (edge, backends)
}

/// Pushes until `right` holds of the outcome within this time. It must hold each time.
async fn in_time(edge: &Edge, from: Duration, to: Duration, right: impl Fn(&Outcome) -> bool) -> Duration {
    let mut times = Vec::new();
    for _ in 0..ATTEMPTS {
        let begin = Instant::now();
        let seen = edge.push(hi()).await;
        let time = begin.elapsed();
        assert!(right(&seen), "{seen:?}");
        assert!(time + TICK >= from, "{time:?} is before {from:?}");
        if time < to {
            return time;
        }
        times.push(time);
    }
    panic!("never within {to:?}: {times:?}");
}

fn shows(text: &str) -> impl Fn(&Outcome) -> bool {
    move |seen| seen.text() == text
}

on_every_host! {
    async fn who_has_nothing_to_say_is_not_waited_for(start: Start) {
        let (mut edge, [one, two, three]) = three(start).await;
        one.always(says(""));
        two.always(text("two").after(ms(1_000)));
        three.always(Manners::Hangs);
        let time = in_time(&edge, ms(1_000), ms(1_200), shows("two")).await;
        println!("figure: race_empty_then_1s_{:?}_ms={}", edge.kind(), time.as_millis());
        unharmed(&mut edge).await;
    }

    async fn who_comes_first_is_waited_for_a_moment(start: Start) {
        let (mut edge, [one, two, _three]) = three(start).await;
        one.always(Manners::Hangs);
        two.always(text("two"));
        let time = in_time(&edge, ms(200), ms(400), shows("two")).await;
        println!("figure: race_hangs_then_at_once_{:?}_ms={}", edge.kind(), time.as_millis());
        unharmed(&mut edge).await;
    }

    async fn the_first_in_the_list_is_preferred(start: Start) {
        let (mut edge, [one, two, three]) = three(start).await;
        one.always(text("one").after(ms(150)));
        two.always(text("two").after(ms(50)));
        three.always(text("three"));
        let time = in_time(&edge, ms(150), ms(350), shows("one")).await;
        println!("figure: race_first_100ms_later_{:?}_ms={}", edge.kind(), time.as_millis());
        // Nor does it wait for those behind it.
        one.always(text("one"));
        two.always(Manners::Hangs);
        in_time(&edge, ms(0), ms(200), shows("one")).await;
        unharmed(&mut edge).await;
    }

    async fn wechat_is_answered_before_it_gives_up(start: Start) {
        let (mut edge, backends) = three(start).await;
        backends.iter().for_each(|it| it.always(Manners::Hangs));
        let time = in_time(&edge, ms(4_500), ms(4_600), |it| it.answer().text() == "success").await;
        println!("figure: race_all_hang_{:?}_ms={}", edge.kind(), time.as_millis());
        assert!(called(&backends).is_multiple_of(3) && called(&backends) > 0);
        unharmed(&mut edge).await;
    }

    async fn an_earlier_deadline_is_kept_and_late_answers_are_noted(start: Start) {
        let backends: [Backend; 2] = backends().await;
        let mut edge = callback(safe(start, &backends), "deadline_ms", 700).start().await;
        backends[0].always(text("late").after(ms(1_100)));
        backends[1].always(Manners::Hangs);
        in_time(&edge, ms(700), ms(900), Outcome::is_nothing).await;
        until("the late answer is noted", ms(5_000), async || edge.log().contains("event=backend_late app=demo")).await;
        // What came in time is given, although the first has not spoken.
        backends[0].always(text("late").after(ms(690)));
        backends[1].always(text("in time").after(ms(600)));
        let seen = edge.push(hi()).await;
        assert!(["in time", "late"].contains(&seen.text()), "{seen:?}");
        unharmed(&mut edge).await;
    }

    async fn whatever_is_no_answer_makes_room_for_the_next(start: Start) {
        let (mut edge, [one, two, three]) = three(start).await;
        two.always(says("success"));
        three.always(text("three"));
        let large = json!({ "msg": "x".repeat(300_000) }).to_string();
        for (name, manners) in [
            ("404", text("no").status(404).into()),
            ("204", Manners::Says(204)),
            ("201", text("no").status(201).into()),
            ("500", text("no").status(500).into()),
            ("a redirect", Manners::Redirects(two.url("/elsewhere"))),
            ("a reset", Manners::Resets),
            ("HTML", says("<html><body>sorry</body></html>").into()),
            ("a text", says("sorry").into()),
            ("a number", says("{\"msg\":7,\"type\":[]}").into()),
            ("a list", says("[]").into()),
            ("no UTF-8", says(b"{\"msg\":\"\xff\"}").into()),
            ("100 000 lists", says("[".repeat(100_000)).into()),
            ("a document type", says("<!DOCTYPE xml [<!ENTITY a \"b\">]><xml><MsgType>&a;</MsgType></xml>").into()),
            ("an unknown type", says("{\"MsgType\":\"hologram\"}").into()),
            ("an image without media", says("{\"MsgType\":\"image\"}").into()),
            ("300 kB", says(large).into()),
            ("half of a body", text("half").stalls().into()),
        ] {
            one.next([manners]);
            let seen = edge.push(hi()).await;
            assert_eq!(seen.text(), "three", "{name}");
            assert!(seen.last().time < ms(1_500), "{name} {seen:?}");
            // One failure less in a row: what is down is another scenario.
            one.next([says("")]);
            assert_eq!(edge.push(hi()).await.text(), "three", "{name}");
        }
        assert_eq!(two.received().iter().filter(|it| it.target.contains("elsewhere")).count(), 0);
        // And if there is no next, WeChat hears nothing of it.
        for it in [&one, &two, &three] {
            it.next([Manners::Says(500)]);
        }
        assert_eq!(edge.push(hi()).await.answer().text(), "success");
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn a_back_end_may_have_less_time_than_wechat_gives(start: Start) {
        let [backend] = backends().await;
        let start = safe(start, std::slice::from_ref(&backend));
        let start = start.config(|it| it["backends"]["b1"]["timeout_ms"] = json!(300));
        let mut edge = start.start().await;
        backend.always(Manners::Hangs);
        in_time(&edge, ms(300), ms(500), Outcome::is_nothing).await;
        backend.always(text("half").stalls());
        in_time(&edge, ms(300), ms(500), Outcome::is_nothing).await;
        unharmed(&mut edge).await;
    }

    async fn every_back_end_gets_its_call_although_wechat_has_hung_up(start: Start) {
        let backends: [Backend; 3] = backends().await;
        let mut edge = callback(safe(start, &backends), "path", "/wx").start().await;
        backends.iter().for_each(|it| it.always(text("hello").after(ms(300))));
        read(&edge).await;
        // Until it is known who wrote, no back-end has been called; WeChat is gone long before.
        edge.simulator().fault(json!({ "endpoint": "user_info", "fault": "delay", "ms": 1_000 })).await.unwrap();
        let push = hi().to("/wx");
        edge.knock(&push).hang_up_after(ms(50)).await.unwrap();
        assert_eq!(called(&backends), 0);
        until("all have been called", ms(5_000), async || called(&backends) == 3).await;
        let bodies: Vec<_> = backends.iter().map(|it| only(it).body).collect();
        assert!(bodies.iter().all(|it| *it == bodies[0]));
        // What they said is not lost: WeChat comes again.
        assert_eq!(edge.push(push).await.text(), "hello");
        assert_eq!(called(&backends), 3);
        unharmed(&mut edge).await;
    }

    async fn a_back_end_that_is_down_is_not_waited_for(start: Start) {
        let backends: [Backend; 2] = backends().await;
        let start = safe(start, &backends).threads(1);
        let start = start.config(|it| it["backends"]["b1"]["timeout_ms"] = json!(400));
        let mut edge = start.start().await;
        let [down, up] = &backends;
        down.always(Manners::Hangs);
        up.always(text("up"));
        // While it counts, each push waits for it as long as an order is worth.
        let mut waited = 0;
        while !edge.log().contains("event=backend_down") {
            assert_eq!(edge.push(hi()).await.text(), "up");
            waited += 1;
            assert!(waited < 50, "its breaker never opens");
        }
        let before = down.received().len();
        assert!(before >= 5, "{before} calls were enough");
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..TIMED {
            for (calls, times) in [("call=b1&call=b2", &mut with), ("call=b2", &mut without)] {
                let begin = Instant::now();
                assert_eq!(edge.push(hi().to(format!("/app/demo/msg/json?{calls}"))).await.text(), "up");
                times.push(begin.elapsed());
            }
        }
        assert_eq!(down.received().len(), before, "it is left alone");
        let [with, without] = [with, without].map(p99);
        println!(
            "figure: breaker_open_{:?}_p99_us={} without_it_p99_us={}",
            edge.kind(),
            with.as_micros(),
            without.as_micros()
        );
        // Half of what waiting for it would cost.
        assert!(with < without + ms(100), "{with:?} {without:?}");
        // A single one that is down is no reason for an error.
        assert!(edge.push(hi().to("/app/demo/msg/json?call=b1")).await.is_nothing());
        unharmed(&mut edge).await;
    }

    async fn who_says_no_is_not_down(start: Start) {
        let (mut edge, [one, two, _three]) = three(start).await;
        two.always(text("two"));
        for manners in [Manners::Says(404), Manners::Says(403), Manners::from(says("no JSON")), Manners::from(says(""))] {
            one.always(manners);
            for _ in 0..8 {
                assert_eq!(edge.push(hi()).await.text(), "two");
            }
        }
        assert_eq!(one.received().len(), 32, "it is asked each time");
        // Failures that are not in a row do not count either.
        for round in 0..12 {
            one.next([if round % 4 == 3 { Manners::from(text("one")) } else { Manners::Says(502) }]);
            let expected = if round % 4 == 3 { "one" } else { "two" };
            assert_eq!(edge.push(hi()).await.text(), expected);
        }
        assert_eq!(one.received().len(), 44);
        assert!(!edge.log().contains("event=backend_down"));
        unharmed(&mut edge).await;
    }

    async fn as_many_messages_as_come_are_answered(start: Start) {
        let backends: [Backend; 2] = backends().await;
        let mut edge = safe(start, &backends).start().await;
        backends[0].always(text("one").after(ms(100)));
        let pushes = (0..150).map(|number| edge.push(Push::text(&number.to_string()).by(&sealed()).to("/app/demo/msg/json")));
        let seen = join_all(pushes.map(IntoFuture::into_future).collect()).await;
        assert!(seen.iter().all(|it| it.text() == "one"));
        assert_eq!(called(&backends), 300);
        unharmed(&mut edge).await;
    }
}

/// What all but one in a hundred needed.
fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[(times.len() * 99).div_ceil(100) - 1]
}
