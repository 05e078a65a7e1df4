//! Tokens that are renewed before anybody has to wait for them.

use crate::world::{Api, Edge, Fault, Plan, Settings, Sim, account, first_token, ms, seeds};

const DAY: u64 = 86_400_000;
/// From one soft expiry to the next, but for the time that fetches take.
const CYCLE: u64 = 6_900_000;

/// Asks now and then for a day; every one must get a token that works, at once.
fn a_day_of_few_callers(sim: &Sim, threads: &[Edge]) {
    sim.allow(0);
    let end = sim.now() + DAY;
    while sim.now() < end {
        let caller = sim.random().pick(threads).ask(None);
        sim.run();
        assert!(caller.answer().is_ok_and(|it| sim.works(&it)));
        sim.run_for(sim.random().between(1_000, 4 * 3_600_000).min(end - sim.now()));
    }
}

#[test]
fn threads_that_watch_renew_once_per_soft_expiry_and_nobody_waits() {
    for api in Api::BOTH {
        seeds(20, |sim| {
            let threads = sim.threads(3, &Settings::new(api));
            threads.iter().for_each(Edge::watch);
            first_token(&sim, &threads[0]);
            a_day_of_few_callers(&sim, &threads);
            let cycles = usize::try_from(DAY / CYCLE).unwrap();
            assert_eq!((sim.fetches(), cycles), (cycles + 1, 12));
            assert_eq!(sim.wechat(|it| it.issued.len()), sim.fetches());
            let times: Vec<u64> = sim.attempts().iter().map(|it| it.at).collect();
            assert!(times.windows(2).all(|it| (CYCLE..CYCLE + 1_000).contains(&(it[1] - it[0]))), "{times:?}");
        });
    }
}

#[test]
fn a_watch_over_an_account_that_nobody_asks_for_fetches_nothing() {
    seeds(10, |sim| {
        let threads = sim.threads(3, &Settings::new(Api::Stable));
        threads.iter().for_each(Edge::watch);
        sim.run_for(DAY);
        assert_eq!(sim.fetches(), 0);
        first_token(&sim, &threads[2]);
        sim.run_for(CYCLE + 10_000);
        assert_eq!(sim.fetches(), 2, "the first caller's token has been renewed since");
    });
}

#[test]
fn a_day_of_faults_and_lost_refreshes_leaves_the_token_warm() {
    seeds(20, |sim| {
        let api = *sim.random().pick(&Api::BOTH);
        let threads = sim.threads(3, &Settings::new(api));
        threads.iter().for_each(Edge::watch);
        first_token(&sim, &threads[0]);
        sim.plan(|sim, _| {
            let latency = sim.random().between(2, 900);
            if sim.random().one_in(3) {
                Plan::fault(latency, *sim.random().pick(&Fault::PASSING))
            } else {
                Plan::well(latency)
            }
        });
        let dice = sim.clone();
        sim.lose(move |_, _| dice.random().one_in(10));
        a_day_of_few_callers(&sim, &threads);
        assert!(sim.fetches() < 60, "{} fetches", sim.fetches());
    });
}

#[test]
fn a_token_that_lives_for_a_minute_is_renewed_in_its_last_quarter() {
    for api in Api::BOTH {
        seeds(10, |sim| {
            sim.wechat(|it| it.life = 60);
            let threads = sim.threads(2, &Settings::new(api));
            threads.iter().for_each(Edge::watch);
            first_token(&sim, &threads[0]);
            sim.allow(0);
            for _ in 0..600 {
                let caller = sim.random().pick(&threads).ask(None);
                sim.run();
                assert!(caller.answer().is_ok_and(|it| sim.works(&it)));
                sim.run_for(1_000);
            }
            assert!((12..=15).contains(&sim.fetches()), "{} in ten minutes", sim.fetches());
        });
    }
}

/// The alarm of a Durable Object: set to what `due` says, and again after each time it rang. The object's memory may be lost.
fn alarms(sim: &Sim, object: &Edge, span: u64, mut between: impl FnMut(&Sim)) {
    let end = sim.now() + span;
    while sim.now() < end {
        let due = object.keeper().due(&account());
        let wait = due.map_or(3_600_000, |it| ms(sim.wall().until(it)));
        assert!(wait >= 1_000, "an alarm at once would ring for ever");
        sim.run_for(wait.min(3_600_000).min(end - sim.now()));
        if due.is_some_and(|it| it <= sim.wall()) {
            object.tend();
        }
        between(sim);
        sim.settle();
    }
}

#[test]
fn alarms_renew_once_per_soft_expiry() {
    for api in Api::BOTH {
        seeds(20, |sim| {
            let object = &sim.threads(1, &Settings::new(api))[0];
            first_token(&sim, object);
            alarms(&sim, object, DAY, |_| {});
            assert_eq!(sim.fetches(), 13);
            sim.allow(0);
            first_token(&sim, object);
        });
    }
}

#[test]
fn alarms_go_on_after_an_object_has_lost_its_memory() {
    seeds(50, |sim| {
        let object = &sim.threads(1, &Settings::new(Api::Stable))[0];
        first_token(&sim, object);
        alarms(&sim, object, DAY, |sim| {
            if sim.random().one_in(2) {
                sim.after(sim.random().below(600), |sim| sim.kill_thread(0));
                sim.run_for(700);
            }
        });
        assert!((12..=60).contains(&sim.fetches()), "{}", sim.fetches());
        sim.allow(0);
        let token = first_token(&sim, object);
        assert!(sim.works(&token));
    });
}

#[test]
fn alarms_over_a_wechat_that_stays_down_do_not_ring_for_ever() {
    seeds(5, |sim| {
        let object = &sim.threads(1, &Settings::new(Api::Stable))[0];
        first_token(&sim, object);
        sim.plan(|sim, _| Plan::fault(10, *sim.random().pick(&Fault::PASSING)));
        alarms(&sim, object, DAY / 4, |_| {});
        // Four hours and a minute between two tries.
        assert!(sim.fetches() < 260, "{}", sim.fetches());
    });
}
