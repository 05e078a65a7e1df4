//! A wall clock that jumps.

use wxedge::error::{Error, Unavailable};
use wxedge::limits;

use crate::world::{Api, Fault, Plan, Settings, Sim, first_token, ms, seeds, working_token};

const HOUR: i64 = 3_600_000;

/// A jump of any size, small ones as often as large ones.
fn any_jump(sim: &Sim) -> i64 {
    let most = *sim.random().pick(&[5, 2_000, 10_000, 120_000, HOUR, 30 * HOUR]);
    let size = i64::try_from(sim.random().below(most.unsigned_abs() + 1)).unwrap();
    if sim.random().one_in(2) { -size } else { size }
}

#[test]
fn jumps_at_random_moments_leave_nobody_stuck_and_start_no_storm() {
    for api in Api::BOTH {
        seeds(150, |sim| {
            sim.allow(3 * ms(limits::PATIENCE));
            let threads = sim.threads(3, &Settings::new(api));
            threads.iter().for_each(super::world::Edge::watch);
            let (mut callers, mut jumps) = (Vec::new(), 0);
            for _ in 0..12 {
                (0..3).for_each(|it| callers.push(threads[it].ask(None)));
                sim.run_for(sim.random().below(400));
                if sim.random().one_in(2) {
                    sim.jump(any_jump(&sim));
                    jumps += 1;
                }
                sim.run_for(*sim.random().pick(&[0, 100, 5_000, 600_000]));
            }
            sim.settle();
            // A jump ahead ends a caller's patience at once.
            let timeout = Error::from(Unavailable::Timeout { who: "WeChat".into() });
            let told = |it: &Result<String, Error>| it.as_ref().map_or_else(|it| *it == timeout, |_| true);
            assert!(callers.iter().all(|it| told(&it.answer())));
            // One for the cold start, one per soft expiry that a jump or two hours bring about.
            let most = 2 * jumps + 4;
            assert!(sim.fetches() <= most, "{} fetches after {jumps} jumps: {:?}", sim.fetches(), sim.attempts());
            assert!(sim.works(&working_token(&sim, &threads[0])));
        });
    }
}

#[test]
fn a_clock_that_steps_back_by_a_few_ms_while_a_refresh_runs_starts_no_second_one() {
    seeds(100, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Classic));
        sim.plan(|_, _| Plan::well(1_000));
        let mut callers = vec![threads[0].ask(None)];
        sim.after(sim.random().between(1, 900), |sim| sim.jump(-3));
        for _ in 0..10 {
            sim.run_for(100);
            callers.push(threads[1].ask(None));
        }
        sim.settle();
        assert!(callers.iter().all(|it| it.answer() == callers[0].answer()));
        assert_eq!(sim.fetches(), 1);
    });
}

#[test]
fn a_lease_of_a_dead_refresher_holds_no_longer_because_the_clock_jumped_back() {
    seeds(100, |sim| {
        sim.allow(ms(limits::LEASE) + 1_000);
        sim.spurious(0);
        sim.lose(|nth, poll| nth == 1 && poll == 2);
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        let callers = [threads[0].ask(None), threads[1].ask(None)];
        sim.run_for(1_000);
        sim.jump(-HOUR);
        sim.run();
        assert!(callers.iter().all(|it| it.answer().is_ok()));
    });
}

#[test]
fn a_pause_after_a_failure_holds_no_longer_because_the_clock_jumped_back() {
    for fault in [Fault::Broken, Fault::Code(40_164)] {
        seeds(100, |sim| {
            let threads = sim.threads(2, &Settings::new(Api::Stable));
            sim.plan(move |_, _| Plan::fault(50, fault));
            let first = threads[0].ask(None);
            sim.run_for(100);
            sim.jump(-HOUR);
            sim.plan(|_, _| Plan::well(50));
            // Longer than the pause as it was meant: 1 s for a broken connection, 10 s for a wrong address.
            sim.run_for(11_000);
            let second = threads[1].ask(None);
            sim.run();
            assert!(second.answer().is_ok(), "{:?}", second.answer());
            drop(first);
        });
    }
}

#[test]
fn a_caller_who_waits_while_the_clock_jumps_back_waits_for_no_more_than_its_patience_again() {
    seeds(100, |sim| {
        sim.allow(2 * ms(limits::PATIENCE));
        sim.spurious(0);
        // Nobody ever hears of the refresh again.
        sim.lose(|_, poll| poll == 2);
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        let caller = threads[0].ask(None);
        sim.run_for(sim.random().between(1, 12_000));
        sim.jump(-HOUR);
        sim.run();
        assert_eq!(caller.answer(), Err(Error::from(Unavailable::Timeout { who: "WeChat".into() })));
    });
}

#[test]
fn a_token_stored_by_a_clock_that_was_ahead_is_renewed_once() {
    seeds(100, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Classic));
        first_token(&sim, &threads[0]);
        sim.jump(-24 * HOUR);
        for _ in 0..20 {
            threads[0].ask(None);
            threads[1].ask(None);
            sim.settle();
            sim.run_for(30_000);
        }
        assert_eq!(sim.fetches(), 2);
    });
}

#[test]
fn a_slow_answer_makes_no_token_live_longer_than_wechat_said() {
    for api in Api::BOTH {
        seeds(100, |sim| {
            let threads = sim.threads(1, &Settings::new(api));
            sim.plan(|_, _| Plan::well(4_000));
            first_token(&sim, &threads[0]);
            sim.plan(|_, _| Plan::fault(10, Fault::Broken));
            // That no token is served after its end is checked with every answer.
            sim.run_for(7_190_000);
            for _ in 0..70 {
                threads[0].ask(None);
                sim.run_for(100 + sim.random().below(100));
            }
        });
    }
}
