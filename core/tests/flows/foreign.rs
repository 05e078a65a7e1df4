//! Somebody else who fetches tokens for the same account.

use crate::world::{Api, Edge, Settings, Sim, first_token, seeds};

#[test]
fn a_token_that_died_early_is_noted_once_when_wechat_has_another() {
    for api in Api::BOTH {
        seeds(100, |sim| {
            let threads = sim.threads(3, &Settings::new(api));
            let token = first_token(&sim, &threads[0]);
            sim.run_for(sim.random().below(3_600_000));
            sim.wechat(|it| it.foreigner(api, sim.now()));
            sim.run_for(310_000);
            assert!(!sim.works(&token));
            let callers: Vec<_> = (0..9).map(|it| threads[it % 3].ask(Some(&token))).collect();
            sim.settle();
            assert!(callers.iter().all(|it| it.answer().is_ok_and(|it| sim.works(&it))));
            assert_eq!((sim.noted("foreign_refresher"), sim.record(&Edge::cell()).foreign), (1, 1));
            assert_eq!(sim.fetches(), 2);
        });
    }
}

#[test]
fn a_war_with_a_foreign_refresher_is_counted() {
    seeds(50, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Classic));
        let mut token = first_token(&sim, &threads[0]);
        for round in 1..=5 {
            sim.wechat(|it| it.foreigner(Api::Classic, sim.now()));
            sim.run_for(301_000);
            let caller = threads[1].ask(Some(&token));
            sim.settle();
            token = caller.answer().unwrap();
            assert_eq!(sim.noted("foreign_refresher"), round);
        }
    });
}

#[test]
fn our_own_doing_is_not_blamed_on_others() {
    let quiet = |sim: &Sim, what: &str| assert_eq!(sim.noted("foreign_refresher"), 0, "{what}");
    for api in Api::BOTH {
        seeds(50, |sim| {
            let threads = sim.threads(3, &Settings::new(api));
            first_token(&sim, &threads[0]);
            sim.run_for(6_950_000);
            first_token(&sim, &threads[1]);
            sim.settle();
            quiet(&sim, "a renewal in the soft window");
            sim.run_for(8_000_000);
            first_token(&sim, &threads[2]);
            quiet(&sim, "a renewal after the end");
            threads[0].rotate();
            sim.settle();
            quiet(&sim, "a wish for another one");
            sim.run_for(7_000_000);
            let old = sim.wechat(|it| it.newest(api).unwrap().token.clone());
            threads[1].ask(Some(&old));
            sim.settle();
            quiet(&sim, "a report so late that WeChat may have renewed it");
        });
    }
}

#[test]
fn a_forced_refresh_is_our_own_doing() {
    seeds(50, |sim| {
        let threads = sim.threads(3, &Settings::new(Api::Stable));
        let token = first_token(&sim, &threads[0]);
        sim.run_for(1_000_000);
        // WeChat has ended it, and knows of no other.
        let caller = threads[1].ask(Some(&token));
        sim.settle();
        assert!(caller.answer().is_ok_and(|it| it != token && sim.works(&it)));
        assert_eq!((sim.noted("foreign_refresher"), sim.noted("refreshed")), (0, 2));
    });
}
