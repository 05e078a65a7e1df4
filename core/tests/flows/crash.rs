//! Tasks and threads that vanish in the middle of their work.

use wxedge::error::{Error, Unavailable};
use wxedge::limits;

use crate::world::{Api, Attempt, Fault, Plan, Settings, Sim, Ticket, first_token, ms, seeds};

/// The first refresh vanishes before its kth poll; what does that cost?
fn lose_first(sim: &Sim, k: u32) {
    sim.spurious(0);
    sim.lose(move |nth, poll| nth == 1 && poll == k);
}

#[test]
fn a_refresh_lost_at_any_await_costs_one_lease_and_one_fetch_at_most() {
    for (api, k) in [(Api::Classic, 1), (Api::Classic, 2), (Api::Stable, 1), (Api::Stable, 2)] {
        seeds(150, |sim| {
            lose_first(&sim, k);
            let threads = sim.threads(3, &Settings::new(api));
            let callers: Vec<_> = (0..12).map(|it| threads[it % 3].ask(None)).collect();
            sim.run();
            let tokens: Vec<_> = callers.iter().map(|it| it.answer().unwrap()).collect();
            assert!(tokens.iter().all(|it| *it == tokens[0] && sim.works(it)));
            // Before the first poll nothing was sent; after it the first fetch is lost.
            assert_eq!(sim.fetches(), if k == 1 { 1 } else { 2 });
            assert!(sim.now() <= ms(limits::LEASE) + 500, "it took {} ms", sim.now());
        });
    }
}

#[test]
fn a_forced_refresh_lost_at_any_await_costs_one_lease_after_its_last_fetch() {
    for k in 1..=3 {
        seeds(100, |sim| {
            let threads = sim.threads(3, &Settings::new(Api::Stable));
            let stale = first_token(&sim, &threads[0]);
            sim.run_for(60_000);
            let began = sim.now();
            sim.spurious(0);
            sim.lose(move |nth, poll| nth == 2 && poll == k);
            let callers: Vec<_> = (0..12).map(|it| threads[it % 3].ask(Some(&stale))).collect();
            sim.run();
            let answers: Vec<_> = callers.iter().map(Ticket::answer).collect();
            assert!(answers.iter().all(|it| *it == answers[0]));
            // Lost on its way after it was sent: WeChat has another token already.
            assert!(answers[0].as_ref().is_ok_and(|it| *it != stale && sim.works(it)), "{answers:?}");
            assert!(sim.now() - began <= ms(limits::LEASE) + 1_500);
            assert!(sim.wechat(|it| it.forced.len()) == 1);
        });
    }
}

#[test]
fn refreshes_lost_again_and_again_leave_nobody_waiting() {
    seeds(300, |sim| {
        sim.spurious(0);
        let k = u32::try_from(sim.random().between(1, 2)).unwrap();
        sim.lose(move |_, poll| poll == k);
        let threads = sim.threads(3, &Settings::new(*sim.random().pick(&Api::BOTH)));
        let callers: Vec<_> = (0..9).map(|it| threads[it % 3].ask(None)).collect();
        sim.run();
        let timeout = Error::from(Unavailable::Timeout { who: "WeChat".into() });
        assert!(callers.iter().all(|it| it.answer() == Err(timeout.clone())));
        sim.lose(|_, _| false);
        let caller = threads[0].ask(None);
        sim.run();
        assert!(caller.answer().is_ok_and(|it| sim.works(&it)));
    });
}

#[test]
fn a_thread_that_dies_with_its_waiters_leaves_the_others_served() {
    for api in Api::BOTH {
        seeds(300, |sim| {
            let threads = sim.threads(3, &Settings::new(api));
            let callers: Vec<_> = (0..15).map(|it| threads[it % 3].ask(None)).collect();
            let dead = usize::try_from(sim.random().below(3)).unwrap();
            sim.after(sim.random().below(600), move |sim| sim.kill_thread(dead));
            sim.run();
            let left = callers.iter().enumerate().filter(|it| it.0 % 3 != dead);
            let tokens: Vec<_> = left.map(|it| it.1.answer().unwrap()).collect();
            assert!(tokens.iter().all(|it| *it == tokens[0] && sim.works(it)));
            assert!(sim.fetches() <= 2);
            assert!(sim.now() <= ms(limits::LEASE) + 1_000, "it took {} ms", sim.now());
        });
    }
}

#[test]
fn a_thread_that_dies_in_the_soft_window_delays_nobody() {
    seeds(200, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Classic));
        let token = first_token(&sim, &threads[0]);
        sim.run_for(6_950_000);
        threads[0].ask(None);
        sim.after(1, |sim| sim.kill_thread(0));
        sim.allow(0);
        for _ in 0..8 {
            let caller = threads[1].ask(None);
            sim.run();
            assert!(caller.answer().is_ok_and(|it| sim.works(&it)));
            sim.run_for(1_000);
        }
        let caller = threads[1].ask(None);
        sim.run();
        assert_ne!(caller.answer(), Ok(token), "the dead thread's lease has ended and another has renewed it");
    });
}

#[test]
fn a_slow_answer_that_comes_after_its_lease_ruins_nothing() {
    for api in Api::BOTH {
        seeds(250, |sim| {
            sim.allow(20_000);
            let threads = sim.threads(3, &Settings::new(api));
            // Thread 0 claims, sends, and stands still until others have taken over, at any point of their work.
            threads[0].ask(None);
            sim.plan(|sim, _| Plan::well(sim.random().between(100, 4_000)));
            sim.after(1, |sim| sim.freeze(0, sim.random().between(4_000, 11_000)));
            sim.run_for(1);
            let callers: Vec<_> = (0..6).map(|it| threads[1 + it % 2].ask(None)).collect();
            sim.settle();
            assert!(sim.fetches() <= 3, "{:?}", sim.attempts());
            for caller in callers {
                let token = caller.answer().unwrap();
                assert!(sim.works(&token), "retired tokens live on for a while");
            }
            assert!(sim.works(&first_token(&sim, &threads[0])));
        });
    }
}

#[test]
fn a_late_answer_is_kept_if_nobody_has_a_better_one_and_noted_if_somebody_has() {
    let run = |second: Plan| {
        let sim = Sim::new(1);
        sim.spurious(0);
        sim.allow(20_000);
        let threads = sim.threads(2, &Settings::new(Api::Classic));
        sim.plan(move |_, it: &Attempt| if it.nth == 1 { Plan::well(100) } else { second });
        threads[0].ask(None);
        sim.run_for(1);
        sim.freeze(0, 8_000);
        let caller = threads[1].ask(None);
        sim.settle();
        (sim, caller.answer())
    };
    let (sim, answer) = run(Plan::well(300));
    assert_eq!((sim.noted("late"), sim.fetches()), (1, 2));
    assert!(answer.is_ok_and(|it| it.starts_with("Classic-2")), "the late one is not stored over it");
    let (sim, answer) = run(Plan::fault(4_000, Fault::Broken));
    assert_eq!((sim.noted("late"), sim.fetches()), (0, 2));
    assert!(answer.is_ok_and(|it| it.starts_with("Classic-1")), "the late one is better than none");
}
