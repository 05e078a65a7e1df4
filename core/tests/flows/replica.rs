//! Copies near the readers: each refresh is written once, in order, whatever fails; no reader goes back in time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::world::{Api, Edge, Put, Settings, Sim, first_token, seeds, token_of};

fn settings(api: Api) -> Settings {
    Settings { copying: Duration::from_secs(10), ..Settings::new(api) }
}

/// Has the token renewed: the new one.
fn renewed(sim: &Sim, edge: &Edge, token: &str) -> String {
    let caller = edge.ask(Some(token));
    sim.run();
    caller.answer().unwrap()
}

#[test]
fn a_refresh_is_written_once_however_many_replicate() {
    seeds(200, |sim| {
        let threads = sim.threads(3, &settings(Api::Classic));
        let all = || (0..5).for_each(|_| sim.random().pick(&threads).replicate());
        all();
        sim.run_for(10_000);
        assert!(sim.writes().is_empty() && threads[0].behind().is_none(), "there is nothing to write");
        let mut token = first_token(&sim, &threads[0]);
        for round in 1..=3 {
            all();
            sim.run_for(sim.random().below(5_000));
            all();
            sim.run_for(10_000);
            assert_eq!((sim.writes().len(), threads[0].behind()), (round, None));
            assert_eq!(threads[0].copy().unwrap().value.expose(), token);
            token = renewed(&sim, &threads[1], &token);
            assert!(threads[0].behind().is_some());
        }
    });
}

#[test]
fn a_refresh_during_a_write_is_written_after_it() {
    seeds(200, |sim| {
        let threads = sim.threads(2, &settings(Api::Classic));
        let mut token = first_token(&sim, &threads[0]);
        for _ in 0..4 {
            threads[0].replicate();
            sim.run_for(sim.random().below(1_000));
            token = renewed(&sim, &threads[1], &token);
            threads[1].replicate();
        }
        sim.run_for(30_000);
        assert_eq!((threads[0].behind(), threads[0].copy().unwrap().value.expose()), (None, &*token));
    });
}

#[test]
fn a_write_that_fails_is_tried_again_after_a_pause() {
    seeds(200, |sim| {
        let edge = &sim.threads(1, &settings(Api::Classic))[0];
        let token = first_token(&sim, edge);
        let fates = [Put::Failed, Put::Unheard, Put::Failed, Put::Failed];
        sim.trouble(&fates);
        // Hundreds of asks per pause, each of which would write.
        for _ in 0..4_000 {
            edge.replicate();
            sim.run_for(10);
        }
        let writes = sim.writes();
        let gaps: Vec<_> = writes.windows(2).map(|it| (it[1] - it[0]) / 1_000).collect();
        assert_eq!(gaps.len(), 4, "{writes:?}");
        for (gap, pause) in gaps.iter().zip([1, 2, 4, 8]) {
            // The pause begins when the write has failed.
            assert!((pause..=pause + 4).contains(gap), "{gaps:?}");
        }
        assert_eq!((edge.behind(), edge.copy().unwrap().value.expose()), (None, &*token));
        assert_eq!(sim.noted("replica_failed"), 4);
    });
}

#[test]
fn a_writer_that_dies_is_replaced_when_its_claim_ends() {
    seeds(100, |sim| {
        let threads = sim.threads(2, &settings(Api::Classic));
        let token = first_token(&sim, &threads[1]);
        threads[0].replicate();
        while sim.writes().is_empty() {
            sim.run_for(1);
        }
        sim.kill_thread(0);
        sim.forget_write();
        if threads[1].behind().is_none() {
            // It had just arrived.
            return;
        }
        let until = threads[1].behind().unwrap();
        threads[1].replicate();
        sim.run_for(100);
        assert_eq!(sim.writes().len(), 1, "the claim holds");
        sim.run_for(until.as_ms().saturating_sub(sim.wall().as_ms()));
        threads[1].replicate();
        sim.run_for(5_000);
        assert_eq!((sim.writes().len(), threads[1].copy().unwrap().value.expose()), (2, &*token));
    });
}

#[test]
fn readers_never_go_back_and_a_report_is_never_answered_from_a_copy() {
    seeds(150, |sim| {
        let threads = sim.threads(4, &settings(Api::Classic));
        let isolates: Vec<_> = threads.iter().map(|it| it.at_home(9)).collect();
        sim.replica_lag(sim.random().below(60_000));
        let order = |token: &str| sim.wechat(|it| it.issued.iter().position(|it| it.token == token)).unwrap();
        let mut told = BTreeMap::new();
        // When the nth token was given out.
        let mut born: Vec<u64> = Vec::new();
        for _ in 0..150 {
            sim.break_reads(sim.random().one_in(5));
            let at = usize::try_from(sim.random().below(4)).unwrap();
            let caller = isolates[at].get("/app/shop/api");
            sim.run();
            let mut token = token_of(&caller.answer());
            if sim.random().one_in(8) {
                let caller = isolates[at].get(&format!("/app/shop/api/new?old={token}"));
                sim.run();
                let other = token_of(&caller.answer());
                assert_ne!(other, token, "a report is answered with the same one");
                token = other;
            }
            born.resize(sim.wechat(|it| it.issued.len()), sim.now());
            let (nth, before) = (order(&token), told.insert(at, order(&token)));
            assert!(before.is_none_or(|it| it <= nth), "isolate {at} goes back from {before:?} to {nth}");
            if let Some(replaced) = born.get(nth + 1) {
                let age = sim.now() - replaced;
                assert!(age <= 60_000 + 10_000 + 2 * 4_000 + 1_000, "given {age} ms after it was replaced");
            }
            isolates[at].replicate();
            sim.run_for(sim.random().below(8_000));
        }
        assert!(sim.writes().len() > 3);
    });
}

#[test]
fn a_cold_herd_looks_once_and_makes_one_fetch() {
    seeds(50, |sim| {
        let isolate = sim.threads(1, &settings(Api::Stable))[0].at_home(9);
        sim.break_reads(true);
        let callers: Vec<_> = (0..100).map(|_| isolate.get("/app/shop/api")).collect();
        sim.run();
        let first = token_of(&callers[0].answer());
        assert!(callers.iter().all(|it| token_of(&it.answer()) == first));
        assert_eq!((sim.fetches(), sim.noted("replica_failed")), (1, 1));
    });
}

#[test]
fn a_cold_isolate_is_served_by_the_replica_whatever_the_keeper_has_forgotten() {
    seeds(50, |sim| {
        let threads = sim.threads(3, &settings(Api::Stable));
        let token = first_token(&sim, &threads[0].at_home(9));
        threads[0].at_home(9).replicate();
        sim.run_for(5_000);
        sim.write(&Edge::cell(), b"");
        let isolate = threads[1].at_home(9);
        for _ in 0..20 {
            let caller = isolate.get("/app/shop/api");
            sim.run();
            // What it has read it keeps, as it keeps what the keeper says.
            assert_eq!((token_of(&caller.answer()), sim.fetches()), (token.clone(), 1));
        }
    });
}
