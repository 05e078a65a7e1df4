//! WeChat is down, or says no.

use wxedge::error::Error;

use crate::world::{Api, Edge, Fault, Plan, Settings, Sim, error_of, first_token, ms, seeds};
use wxedge::limits;

/// Callers on all threads, one a second or so, for `span` ms; what they got.
fn traffic(sim: &Sim, threads: &[Edge], span: u64) -> Vec<Result<String, Error>> {
    let end = sim.now() + span;
    let mut callers = Vec::new();
    while sim.now() < end {
        callers.push(sim.random().pick(threads).ask(None));
        sim.run_for(sim.random().between(200, 2_000));
    }
    sim.run();
    callers.iter().map(super::world::Ticket::answer).collect()
}

/// The most calls that began within one minute.
fn busiest_minute(sim: &Sim) -> usize {
    let times: Vec<u64> = sim.attempts().iter().map(|it| it.at).collect();
    times.iter().map(|from| times.iter().filter(|it| (*from..from + 60_000).contains(it)).count()).max().unwrap_or(0)
}

#[test]
fn while_wechat_is_down_for_the_whole_soft_window_no_read_fails_or_waits() {
    for api in Api::BOTH {
        seeds(12, |sim| {
            let threads = sim.threads(3, &Settings::new(api));
            threads.iter().for_each(Edge::watch);
            first_token(&sim, &threads[0]);
            sim.run_for(6_890_000);
            let fault = *sim.random().pick(&Fault::ALL);
            sim.plan(move |sim, _| Plan::fault(sim.random().between(2, 900), fault));
            sim.allow(0);
            let (before, issued) = (sim.fetches(), sim.now());
            let answers = traffic(&sim, &threads, 300_000);
            assert!(answers.iter().all(Result::is_ok), "{fault:?}");
            assert!(sim.now() > issued + 300_000 && sim.fetches() > before);
            assert!(busiest_minute(&sim) <= 8, "{fault:?}: {} calls in a minute", busiest_minute(&sim));
        });
    }
}

#[test]
fn beyond_the_end_of_the_token_callers_are_told_and_a_wechat_that_is_back_is_found_within_the_pause() {
    seeds(30, |sim| {
        let api = *sim.random().pick(&Api::BOTH);
        let threads = sim.threads(3, &Settings::new(api));
        first_token(&sim, &threads[0]);
        let fault = *sim.random().pick(&Fault::PASSING);
        sim.run_for(7_201_000);
        sim.plan(move |sim, _| Plan::fault(sim.random().between(2, 900), fault));
        let answers = traffic(&sim, &threads, 240_000);
        assert!(answers.iter().all(Result::is_err), "{fault:?}");
        assert!(busiest_minute(&sim) <= 8, "{fault:?}: {} calls in a minute", busiest_minute(&sim));
        sim.plan(|_, _| Plan::well(100));
        // The longest pause between two tries, and the try that is still under way.
        sim.run_for(60_000 + ms(limits::LEASE));
        let caller = threads[1].ask(None);
        sim.run();
        assert!(caller.answer().is_ok_and(|it| sim.works(&it)), "{fault:?}");
    });
}

#[test]
fn a_short_outage_is_waited_for() {
    for api in Api::BOTH {
        seeds(150, |sim| {
            let fault = *sim.random().pick(&Fault::PASSING);
            sim.plan(
                move |_, it| {
                    if it.nth <= 2 && fault != Fault::Silent { Plan::fault(10, fault) } else { Plan::well(10) }
                },
            );
            let threads = sim.threads(3, &Settings::new(api));
            let callers: Vec<_> = (0..9).map(|it| threads[it % 3].ask(None)).collect();
            sim.run();
            let answers: Vec<_> = callers.iter().map(super::world::Ticket::answer).collect();
            if fault == Fault::Lost {
                // Two timeouts and their pauses leave no patience.
                return assert!(answers.iter().all(|it| *it == answers[0]));
            }
            assert!(answers.iter().all(|it| it.as_ref().is_ok_and(|it| sim.works(it))), "{fault:?} {answers:?}");
        });
    }
}

#[test]
fn after_a_recovery_the_next_outage_begins_with_short_pauses_again() {
    seeds(30, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        sim.plan(|_, _| Plan::fault(10, Fault::Broken));
        traffic(&sim, &threads, 30_000);
        sim.plan(|_, _| Plan::well(10));
        sim.run_for(60_000);
        first_token(&sim, &threads[0]);
        sim.run_for(7_201_000);
        let from = sim.fetches() as u64;
        sim.plan(move |_, it| if it.nth <= from + 2 { Plan::fault(10, Fault::Broken) } else { Plan::well(10) });
        sim.allow(4_000);
        first_token(&sim, &threads[1]);
    });
}

#[test]
fn what_only_a_person_can_mend_is_asked_for_rarely() {
    for code in [40_001, 40_013, 40_125, 40_164, 40_243, 89_506, 89_507, 45_009, 45_011] {
        seeds(2, |sim| {
            sim.plan(move |_, _| Plan::fault(50, Fault::Code(code)));
            let threads = sim.threads(3, &Settings::new(Api::Stable));
            let answers = traffic(&sim, &threads, 3_500_000);
            let refused = Error::Refused { code, message: "no, not you".into() };
            assert!(answers.iter().all(|it| *it == Err(refused.clone())));
            let most = match code {
                // 10, 20, 40, 80, 160, 300, 300 .. seconds.
                40_001..=40_243 => 17,
                89_506 | 89_507 => 1,
                45_009 => 6,
                _ => 60,
            };
            assert!(sim.fetches() <= most, "{code}: {} calls in an hour", sim.fetches());
        });
    }
}

#[test]
fn callers_of_a_permanent_failure_are_told_at_once() {
    seeds(50, |sim| {
        sim.plan(|_, _| Plan::fault(50, Fault::Code(40_164)));
        sim.wechat(|it| it.errmsg = "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist".into());
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        sim.allow(50);
        let callers: Vec<_> = (0..8).map(|it| threads[it % 2].get("/app/shop/api")).collect();
        sim.run();
        for it in callers {
            let (status, code, message) = error_of(&it.answer());
            assert_eq!((status, code), (502, 40_164));
            assert!(message.contains("203.0.113.9"), "the address that WeChat saw is told");
        }
        assert_eq!(sim.fetches(), 1);
    });
}

#[test]
fn errors_have_their_status_and_body_on_honest_routes_and_on_wechats() {
    let garbled = |why: &str| format!("WeChat gave an answer that cannot be used: {why}");
    let table = [
        (Fault::Silent, 504, -10_001, 504, -1, "WeChat did not answer in time".into()),
        (Fault::Broken, 502, -10_001, 503, -1, "WeChat cannot be reached".into()),
        (Fault::Refused, 503, -10_001, 503, -1, "the gateway is busy: the call to WeChat could not be started".into()),
        (Fault::Body(503, "no healthy upstream"), 502, -10_001, 503, -1, garbled("its status is 503")),
        (Fault::Body(200, "<html>"), 502, -10_001, 503, -1, garbled("it is not the JSON object that was expected")),
        (Fault::Body(200, "{}"), 502, -10_001, 503, -1, garbled("it holds no access_token")),
        (Fault::Code(-1), 502, -1, 200, -1, "no, not you".into()),
        (Fault::Code(40_125), 502, 40_125, 200, 40_125, "no, not you".into()),
        (Fault::Code(45_009), 502, 45_009, 200, 45_009, "no, not you".into()),
    ];
    for (fault, status, code, like_status, like_code, message) in table {
        seeds(3, |sim| {
            sim.plan(move |_, _| Plan::fault(5, fault));
            let threads = sim.threads(2, &Settings::new(Api::Stable));
            let honest = [threads[0].get("/app/shop/api"), threads[1].get("/app/shop/api/new")];
            let like = [threads[0].classic_token(), threads[1].stable_token(false), threads[0].stable_token(true)];
            sim.run();
            for it in honest {
                assert_eq!(error_of(&it.answer()), (status, code, message.clone()), "{fault:?}");
            }
            for it in like {
                assert_eq!(error_of(&it.answer()), (like_status, like_code, message.clone()), "{fault:?}");
            }
        });
    }
}

#[test]
fn replies_that_are_lost_after_wechat_acted_end_with_a_token_that_works() {
    for api in Api::BOTH {
        seeds(150, |sim| {
            let lost = sim.random().between(1, 4);
            let fault = *sim.random().pick(&[Fault::Lost, Fault::LostBroken]);
            let threads = sim.threads(3, &Settings::new(api));
            if sim.random().one_in(2) {
                first_token(&sim, &threads[0]);
                sim.run_for(6_950_000);
            }
            let from = sim.fetches() as u64;
            sim.plan(move |sim, it| {
                let latency = sim.random().between(2, 400);
                if it.nth <= from + lost { Plan::fault(latency, fault) } else { Plan::well(latency) }
            });
            for _ in 0..15 {
                sim.random().pick(&threads).ask(None);
                sim.run_for(4_000);
            }
            sim.settle();
            let token = first_token(&sim, &threads[1]);
            assert!(sim.works(&token), "{fault:?}, {lost} times");
            assert_eq!(Some(token), sim.wechat(|it| it.newest(api).map(|it| it.token.clone())));
        });
    }
}
