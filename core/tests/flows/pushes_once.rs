//! The same message, sent again: it is handled once, whichever thread it comes to.

use std::time::Duration;

use crate::pushes::{push, settings, shown};
use crate::world::{Edge, Saying, Settings, Sim, seeds};

/// Threads as on Envoy, or isolates with their Durable Object elsewhere.
fn hosts(sim: &Sim, settings: &Settings) -> Vec<Edge> {
    let threads = sim.threads(4, settings);
    if sim.random().one_in(2) { threads } else { threads.iter().take(3).map(|it| it.at_home(3)).collect() }
}

#[test]
fn repeats_on_any_thread_get_the_first_ones_answer_and_cost_no_call() {
    seeds(100, |sim| {
        sim.script(|sim, it| Saying::text(sim.random().between(1, 3_000), &format!("to {}", it.at)));
        let dice = sim.clone();
        sim.contest(move |_| dice.random().one_in(4));
        let threads = hosts(&sim, &settings(&["one"]));
        let callers: Vec<_> = (0..9).map(|it| push(&threads[it % 3], "hi")).collect();
        sim.settle();
        let first = shown(&callers[0].answer());
        assert!(!first.is_empty() && callers.iter().all(|it| shown(&it.answer()) == first));
        assert_eq!(sim.asked().len(), 1);
        // And a minute long.
        sim.run_for(50_000);
        let late = push(&threads[1], "hi");
        sim.settle();
        assert_eq!((shown(&late.answer()), sim.asked().len()), (first, 1));
    });
}

#[test]
fn different_messages_of_one_second_are_all_delivered() {
    seeds(20, |sim| {
        let threads = hosts(&sim, &settings(&["one"]));
        for number in 0..100 {
            drop(push(&threads[number % 3], &format!("message {number}")));
        }
        sim.settle();
        let ids: std::collections::BTreeSet<String> = sim.asked().into_iter().map(|it| it.id).collect();
        assert_eq!((sim.asked().len(), ids.len()), (100, 100));
    });
}

#[test]
fn a_repeat_waits_for_an_answer_until_its_own_deadline() {
    seeds(50, |sim| {
        sim.script(|_, _| Saying::text(4_400, "at last"));
        let threads = hosts(&sim, &settings(&["one"]));
        let first = push(&threads[0], "hi");
        sim.run_for(3_000);
        let repeat = push(&threads[1], "hi");
        sim.settle();
        assert_eq!((shown(&first.answer()), shown(&repeat.answer())), ("at last".into(), "at last".into()));
        assert_eq!(sim.asked().len(), 1);
    });
}

#[test]
fn a_first_one_that_died_is_replaced_when_its_claim_has_ended() {
    seeds(50, |sim| {
        sim.script(|_, it| if it.at < 1_000 { Saying::Hangs } else { Saying::text(5, "alive") });
        let threads = sim.threads(3, &settings(&["one"]));
        drop(push(&threads[0], "hi"));
        sim.run_for(1_000);
        sim.kill_thread(0);
        sim.run_for(4_000);
        let second = push(&threads[1], "hi");
        sim.settle();
        let third = push(&threads[2], "hi");
        sim.settle();
        assert_eq!((shown(&second.answer()), shown(&third.answer())), ("alive".into(), "alive".into()));
        assert_eq!(sim.asked().len(), 2);
    });
}

#[test]
fn with_little_time_a_first_one_that_died_is_replaced_before_wechat_asks_again() {
    let sim = Sim::new(1);
    sim.script(|_, it| if it.at < 500 { Saying::Hangs } else { Saying::text(5, "alive") });
    let mut settings = settings(&["one"]);
    settings.callback["deadline_ms"] = 800.into();
    let threads = sim.threads(2, &settings);
    drop(push(&threads[0], "hi"));
    sim.run_for(500);
    sim.kill_thread(0);
    sim.run_for(4_500);
    let second = push(&threads[1], "hi");
    sim.settle();
    assert_eq!(shown(&second.answer()), "alive");
}

#[test]
fn a_reply_that_is_too_long_to_be_remembered_is_not_asked_for_twice() {
    // The second is too long even to be told to a keeper that lives elsewhere.
    for long in ["long ".repeat(1_000), "\"".repeat(131_000)] {
        let sim = Sim::new(1);
        let said = long.clone();
        sim.script(move |_, _| Saying::text(5, &said));
        let threads = sim.threads(1, &settings(&["one"]));
        let first = push(&threads[0], "hi");
        sim.settle();
        sim.run_for(10_000);
        let repeat = push(&threads[0], "hi");
        sim.settle();
        assert!(shown(&first.answer()) == long && shown(&repeat.answer()).is_empty());
        assert_eq!(sim.asked().len(), 1);
    }
}

#[test]
fn the_memory_is_bounded_and_a_full_one_loses_no_message() {
    let sim = Sim::new(1);
    sim.allow(60_000);
    let slow = Duration::from_secs(4);
    sim.script(move |_, _| Saying::text(u64::try_from(slow.as_millis()).unwrap(), "hi"));
    let threads = sim.threads(1, &settings(&["one"]));
    let count = 1_900;
    for number in 0..count {
        drop(push(&threads[0], &format!("message {number}")));
    }
    sim.settle();
    assert_eq!(sim.asked().len(), count);
    assert!(sim.noted("push_forgotten") > 0, "a cell has room for four");
}
