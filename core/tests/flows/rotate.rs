//! Callers that saw a token fail, and callers that want another one.

use std::time::Duration;

use wxedge::error::{Error, Reject};

use crate::world::{Api, Edge, Plan, Settings, Sim, Ticket, error_of, first_token, seeds, token_of};

const NEW: &str = "/app/shop/api/new";

/// `force` of each call so far.
fn forces(sim: &Sim) -> Vec<bool> {
    sim.attempts().iter().map(|it| it.force).collect()
}

/// Three threads, and a token that is a minute old.
fn with_token(sim: &Sim, api: Api) -> (Vec<Edge>, String) {
    let threads = sim.threads(3, &Settings::new(api));
    let token = first_token(sim, &threads[0]);
    sim.run_for(60_000);
    (threads, token)
}

#[track_caller]
fn all_get_the_same_new_one(sim: &Sim, callers: &[Ticket<Result<String, Error>>], old: &str) {
    let new = callers[0].answer().unwrap();
    assert!(callers.iter().all(|it| it.answer().as_ref() == Ok(&new)));
    assert!(new != old && sim.works(&new));
}

#[test]
fn a_thousand_callers_with_the_same_stale_token_cause_one_refresh() {
    for (api, calls) in [(Api::Classic, vec![false, false]), (Api::Stable, vec![false, false, true])] {
        seeds(1, |sim| {
            let (threads, stale) = with_token(&sim, api);
            let callers: Vec<_> = (0..1_000).map(|it| threads[it % 3].ask(Some(&stale))).collect();
            sim.run();
            all_get_the_same_new_one(&sim, &callers, &stale);
            assert_eq!(forces(&sim), calls);
        });
    }
}

#[test]
fn callers_with_the_same_stale_token_that_come_bit_by_bit_cause_one_refresh() {
    for api in Api::BOTH {
        seeds(200, |sim| {
            let (threads, stale) = with_token(&sim, api);
            let mut callers = Vec::new();
            for _ in 0..12 {
                callers.push(sim.random().pick(&threads).ask(Some(&stale)));
                sim.run_for(sim.random().below(200));
            }
            sim.run();
            all_get_the_same_new_one(&sim, &callers, &stale);
            assert_eq!(sim.wechat(|it| it.issued.len()), 2);
        });
    }
}

#[test]
fn a_report_of_a_token_that_is_already_replaced_fetches_nothing() {
    for api in Api::BOTH {
        seeds(50, |sim| {
            let (threads, stale) = with_token(&sim, api);
            threads[1].ask(Some(&stale));
            sim.run();
            let fetches = sim.fetches();
            let callers: Vec<_> = (0..9).map(|it| threads[it % 3].ask(Some(&stale))).collect();
            sim.allow(0);
            sim.run();
            all_get_the_same_new_one(&sim, &callers, &stale);
            assert_eq!(sim.fetches(), fetches);
        });
    }
}

#[test]
fn many_wishes_for_another_token_at_once_are_one_refresh() {
    for api in Api::BOTH {
        seeds(30, |sim| {
            let (threads, old) = with_token(&sim, api);
            let callers: Vec<_> = (0..60).map(|it| threads[it % 3].get(NEW)).collect();
            sim.run();
            let new = token_of(&callers[0].answer());
            assert!(callers.iter().all(|it| token_of(&it.answer()) == new));
            assert!(new != old && sim.works(&new));
            assert_eq!(sim.wechat(|it| it.issued.len()), 2);
        });
    }
}

#[test]
fn a_wish_for_another_token_when_there_is_none_is_a_first_fetch() {
    seeds(50, |sim| {
        let threads = sim.threads(3, &Settings::new(Api::Stable));
        let callers: Vec<_> = (0..9).map(|it| threads[it % 3].rotate()).collect();
        sim.run();
        assert!(callers.iter().all(|it| it.answer() == callers[0].answer() && it.answer().is_ok()));
        assert_eq!(forces(&sim), [false]);
    });
}

#[test]
fn a_stable_token_is_forced_only_if_the_very_one_that_failed_comes_back() {
    seeds(50, |sim| {
        let (threads, stale) = with_token(&sim, Api::Stable);
        sim.wechat(|it| it.foreigner(Api::Stable, sim.now()));
        let caller = threads[0].ask(Some(&stale));
        sim.run();
        assert!(caller.answer().is_ok_and(|it| sim.works(&it)));
        assert_eq!(forces(&sim), [false, false]);
    });
}

#[test]
fn a_second_force_within_half_a_minute_is_told_to_wait_and_others_get_the_current_token() {
    seeds(50, |sim| {
        let (threads, _) = with_token(&sim, Api::Stable);
        let first = threads[0].get(NEW);
        sim.settle();
        let current = token_of(&first.answer());
        let waits = [
            threads[1].get(NEW),
            threads[2].get(&format!("{NEW}?old={current}")),
            threads[0].get(&format!("{NEW}?old=")),
        ];
        let served = [threads[1].get("/app/shop/api"), threads[2].classic_token(), threads[0].stable_token(true)];
        sim.settle();
        for it in waits.map(|it| it.answer()) {
            let (status, code, message) = error_of(&it);
            assert_eq!((status, code), (429, -10_001));
            let after = it.headers.iter().find(|it| it.0 == "retry-after").map(|it| it.1.parse::<u64>().unwrap());
            let after = after.expect("Retry-After");
            assert!((29..=30).contains(&after), "{after}");
            assert_eq!(message, format!("the credential cannot be renewed again yet: try in {after} s"));
        }
        assert!(served.iter().all(|it| token_of(&it.answer()) == current));
        assert_eq!(sim.wechat(|it| it.forced.len()), 1);
        sim.run_for(30_000);
        let next = threads[1].get(NEW);
        sim.settle();
        assert_ne!(token_of(&next.answer()), current);
    });
}

#[test]
fn the_budget_of_a_day_is_kept_to_the_second() {
    seeds(20, |sim| {
        let (threads, mut current) = with_token(&sim, Api::Stable);
        // A call that was long under way, and then a fast one: at WeChat they come closer together than they were sent.
        sim.plan(|sim, _| Plan::well(*sim.random().pick(&[2, 4_000])));
        let mut wait = 0;
        // As soon as it may, again and again.
        while sim.wechat(|it| it.forced.len()) < 20 {
            let caller = sim.random().pick(&threads).ask(Some(&current));
            sim.settle();
            match caller.answer() {
                Ok(it) => current = it,
                Err(Error::Rejected(Reject::TooSoon { retry_after })) => {
                    wait = retry_after;
                    sim.run_for(retry_after * 1_000);
                }
                Err(other) => panic!("{other:?}"),
            }
            assert!(wait <= 30, "told to wait for {wait} s after {} of 20", sim.wechat(|it| it.forced.len()));
        }
        assert_eq!(sim.wechat(|it| it.overdone), 0, "WeChat had to refuse");
        sim.run_for(3_600_000);
        let (over, forced) = (threads[0].ask(Some(&current)), threads[1].stable_token(true));
        sim.settle();
        let Err(Error::Rejected(Reject::TooSoon { retry_after })) = over.answer() else {
            panic!("{:?}", over.answer());
        };
        assert!((80_000..86_400).contains(&retry_after), "{retry_after}");
        assert_eq!(token_of(&forced.answer()), current);
        assert_eq!(sim.wechat(|it| (it.forced.len(), it.overdone)), (20, 0));
    });
}

#[test]
fn a_copy_is_believed_for_a_while_and_never_answers_a_report() {
    seeds(50, |sim| {
        let settings = Settings { copying: Duration::from_secs(10), ..Settings::new(Api::Stable) };
        let isolates: Vec<_> = sim.threads(3, &settings).iter().map(|it| it.at_home(9)).collect();
        let ask = |at: usize, target: &str| {
            let caller = isolates[at].get(target);
            sim.run();
            token_of(&caller.answer())
        };
        let old = ask(0, "/app/shop/api");
        assert_eq!(ask(1, "/app/shop/api"), old);
        sim.run_for(5_000);
        let new = ask(1, &format!("{NEW}?old={old}"));
        assert_ne!(new, old);
        assert_eq!(ask(1, "/app/shop/api"), new, "who saw it change knows it");
        assert_eq!(ask(0, &format!("{NEW}?old={old}")), new, "who reports it is not answered from a copy");
        assert_eq!(ask(2, "/app/shop/api"), new);
        sim.run_for(10_000);
        assert_eq!(ask(0, "/app/shop/api"), new);
    });
}

#[test]
fn a_spent_budget_does_not_hide_what_another_program_has_fetched() {
    seeds(10, |sim| {
        let (threads, mut token) = with_token(&sim, Api::Stable);
        for _ in 0..20 {
            sim.run_for(31_000);
            let caller = threads[0].ask(Some(&token));
            sim.run();
            token = caller.answer().unwrap();
        }
        sim.run_for(31_000);
        let refused = threads[1].ask(Some(&token));
        sim.run();
        assert!(matches!(refused.answer(), Err(Error::Rejected(Reject::TooSoon { .. }))));
        sim.wechat(|it| it.foreigner(Api::Stable, sim.now()));
        sim.run_for(31_000);
        let healed = threads[2].ask(Some(&token));
        sim.run();
        let new = healed.answer().unwrap();
        assert!(new != token && sim.works(&new));
    });
}
