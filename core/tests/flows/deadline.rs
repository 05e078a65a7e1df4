//! Every await has a deadline.

use wxedge::limits;

use crate::world::{Api, Fault, Plan, Settings, error_of, ms, seeds};

#[test]
fn with_a_silent_wechat_and_a_host_that_wakes_nobody_every_caller_is_answered() {
    for api in Api::BOTH {
        seeds(80, |sim| {
            sim.spurious(0);
            sim.deafen();
            sim.plan(|_, _| Plan::fault(0, Fault::Silent));
            let threads = sim.threads(3, &Settings::new(api));
            let mut callers = Vec::new();
            for _ in 0..9 {
                callers.push(sim.random().pick(&threads).get("/app/shop/api"));
                sim.run_for(sim.random().below(2_000));
            }
            // That nobody waits for longer than limits::PATIENCE is checked as the clock goes.
            sim.run();
            for caller in callers {
                let error = error_of(&caller.answer());
                assert_eq!(error, (504, -10_001, "WeChat did not answer in time".into()));
            }
        });
    }
}

#[test]
fn a_host_that_wakes_nobody_only_makes_callers_wait_for_their_lease() {
    seeds(100, |sim| {
        sim.deafen();
        sim.spurious(0);
        sim.allow(ms(limits::LEASE));
        let threads = sim.threads(3, &Settings::new(Api::Stable));
        let callers: Vec<_> = (0..9).map(|it| threads[it % 3].ask(None)).collect();
        sim.run();
        assert!(callers.iter().all(|it| it.answer().is_ok()));
        assert_eq!(sim.fetches(), 1);
    });
}

#[test]
fn a_rotation_of_a_silent_wechat_ends_too() {
    seeds(200, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        let first = threads[0].ask(None);
        sim.run();
        sim.plan(|_, _| Plan::fault(0, Fault::Silent));
        let callers = [threads[0].rotate(), threads[1].ask(Some(&first.answer().unwrap()))];
        let forced = threads[1].stable_token(true);
        let reader = threads[1].ask(None);
        sim.run();
        assert!(callers.iter().all(|it| it.answer().is_err()));
        assert_eq!(error_of(&forced.answer()).0, 504);
        assert_eq!(reader.answer(), first.answer());
    });
}
