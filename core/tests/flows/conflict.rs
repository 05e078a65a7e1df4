//! Other writers that are faster.

use crate::world::{Api, Settings, first_token, ms, seeds, working_token};
use wxedge::{error::Error, error::Unavailable, limits};

#[test]
fn a_conflict_on_every_nth_swap_costs_nothing_but_the_swap() {
    for api in Api::BOTH {
        seeds(200, |sim| {
            let n = sim.random().between(2, 5);
            sim.contest(move |nth| nth % n == 0);
            let threads = sim.threads(2, &Settings::new(api));
            let callers: Vec<_> = (0..10).map(|it| threads[it % 2].ask(None)).collect();
            sim.settle();
            assert!(callers.iter().all(|it| it.answer() == callers[0].answer()));
            let token = callers[0].answer().unwrap();
            assert_eq!((sim.works(&token), sim.fetches(), sim.noted("late")), (true, 1, 0));
            sim.run_for(60_000);
            let callers: Vec<_> = (0..10).map(|it| threads[it % 2].ask(Some(&token))).collect();
            sim.settle();
            assert!(callers.iter().all(|it| it.answer().is_ok_and(|it| sim.works(&it))));
            assert_eq!((sim.wechat(|it| it.issued.len()), sim.noted("late")), (2, 0));
        });
    }
}

#[test]
fn a_conflict_on_every_swap_for_a_while_is_outlasted() {
    for api in Api::BOTH {
        seeds(100, |sim| {
            let (from, span) = (sim.random().between(1, 3), sim.random().between(1, 60));
            sim.contest(move |nth| (from..from + span).contains(&nth));
            let threads = sim.threads(3, &Settings::new(api));
            let callers: Vec<_> = (0..12).map(|it| threads[it % 3].ask(None)).collect();
            sim.settle();
            assert!(callers.iter().all(|it| it.answer() == callers[0].answer()));
            assert!(callers[0].answer().is_ok_and(|it| sim.works(&it)));
            assert_eq!(sim.fetches(), 1);
            assert_eq!(sim.noted("late"), 0);
        });
    }
}

#[test]
fn endless_conflicts_are_told_and_end_nobodys_token() {
    seeds(50, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        sim.contest(|_| true);
        let cold = threads[0].ask(None);
        sim.run();
        let busy = Unavailable::Busy { what: "too many writers".into() };
        assert_eq!(cold.answer(), Err(Error::from(busy)));
        assert!(sim.noted("conflict") as u64 <= u64::from(limits::CONFLICTS));
        sim.contest(|_| false);
        let token = first_token(&sim, &threads[0]);
        sim.contest(|_| true);
        sim.run_for(7_000_000);
        assert_eq!(first_token(&sim, &threads[1]), token, "the soft window needs no writer");
        assert_eq!(sim.fetches(), 1);
    });
}

#[test]
fn an_answer_that_could_not_be_stored_is_fetched_again_after_the_lease() {
    for api in Api::BOTH {
        seeds(25, |sim| {
            // The claim succeeds, and then nobody can write for as long as a fetch takes.
            sim.contest(|nth| nth > 1);
            let threads = sim.threads(3, &Settings::new(api));
            let callers: Vec<_> = (0..6).map(|it| threads[it % 3].ask(None)).collect();
            sim.after(2_000, |sim| sim.contest(|_| false));
            sim.run();
            assert!(callers.iter().all(|it| it.answer().is_ok_and(|it| sim.works(&it))));
            assert_eq!((sim.fetches(), sim.noted("late")), (2, 1));
            assert!(sim.now() < ms(limits::LEASE) + 1_000);
            assert!(sim.works(&working_token(&sim, &threads[0])));
        });
    }
}
