//! Callers that bring an AppSecret: another one than the configured, a wrong one, one of an account that nobody configured.

use std::time::Duration;

use serde_json::json;

use crate::world::{APPID, Api, Edge, Fault, Plan, SECRET, Settings, Sim, error_of, first_token, seeds, token_of};

const NEW: &str = "the-app-secret-after-the-reset";
const WRONG: &str = "somebodys-guess";
const STRANGER: &str = "wxffffffffffffffff";

fn threads(sim: &Sim, api: Api) -> Vec<Edge> {
    // Every other world has copies, as the isolates of a Worker have.
    let copying = if sim.random().one_in(2) { Duration::from_secs(10) } else { Duration::ZERO };
    sim.threads(3, &Settings { copying, ..Settings::new(api) })
}

#[test]
fn an_app_secret_that_was_reset_is_learned_from_whoever_has_the_new_one() {
    for api in Api::BOTH {
        seeds(100, |sim| {
            let threads = threads(&sim, api);
            first_token(&sim, &threads[0]);
            sim.wechat(|it| it.secrets = vec![NEW.into()]);
            let callers: Vec<_> = (0..30).map(|it| threads[it % 3].with_secret(APPID, NEW)).collect();
            sim.run();
            callers.iter().for_each(|it| assert!(sim.works(&token_of(&it.answer()))));
            assert_eq!(sim.attempts().iter().filter(|it| it.secret == NEW).count(), 1, "one proof for all of them");
            // From now on the gateway itself uses it, and the old one opens nothing any more.
            sim.run_for(7_300_000);
            assert!(sim.works(&first_token(&sim, &threads[1])));
            let late = threads[2].classic_token();
            sim.run();
            assert_eq!(error_of(&late.answer()).1, 40_125);
        });
    }
}

#[test]
fn a_wrong_app_secret_gets_wechats_word_and_changes_nothing() {
    for api in Api::BOTH {
        seeds(100, |sim| {
            let threads = threads(&sim, api);
            let token = first_token(&sim, &threads[0]);
            let callers: Vec<_> = (0..30).map(|it| threads[it % 3].with_secret(APPID, WRONG)).collect();
            sim.run();
            callers.iter().for_each(|it| assert_eq!(error_of(&it.answer()).1, 40_125));
            assert_eq!(sim.attempts().iter().filter(|it| it.secret == WRONG).count(), 1, "asked once");
            assert_eq!(first_token(&sim, &threads[1]), token);
            let right = threads[2].classic_token();
            sim.run();
            assert_eq!(token_of(&right.answer()), token);
            assert_eq!((sim.noted("proof_failed"), sim.noted("learned")), (1, 0));
        });
    }
}

#[test]
fn guesses_reach_wechat_no_more_often_than_once_a_second() {
    seeds(5, |sim| {
        let edge = &sim.threads(1, &Settings::new(Api::Stable))[0];
        let callers: Vec<_> = (0..500).map(|it| edge.with_secret(APPID, &format!("guess-{it}"))).collect();
        sim.run();
        let limited = callers.iter().map(|it| it.answer()).filter(|it| it.status == 429).collect::<Vec<_>>();
        assert!(sim.fetches() <= 61, "{}", sim.fetches());
        assert_eq!(limited.len() + sim.fetches(), 500);
        assert!(limited[0].headers.iter().any(|it| it.0 == "retry-after"));
        // Who has the right one is not kept waiting by them.
        let right = edge.classic_token();
        sim.run();
        token_of(&right.answer());
    });
}

#[test]
fn what_wechat_could_not_say_is_asked_again_in_a_moment() {
    seeds(50, |sim| {
        let threads = threads(&sim, Api::Stable);
        sim.wechat(|it| it.secrets = vec![NEW.into()]);
        sim.plan(|_, it| if it.nth == 1 { Plan::fault(100, Fault::Broken) } else { Plan::well(100) });
        let first = threads[0].with_secret(APPID, NEW);
        sim.run();
        assert_eq!(error_of(&first.answer()).0, 503);
        sim.run_for(2_000);
        let second = threads[1].with_secret(APPID, NEW);
        sim.run();
        assert!(sim.works(&token_of(&second.answer())));
    });
}

#[test]
fn the_configurations_next_word_counts_more_than_what_was_learned() {
    seeds(50, |sim| {
        let threads = threads(&sim, Api::Stable);
        sim.wechat(|it| it.secrets = vec![NEW.into(), "the-third".into()]);
        let learned = threads[0].with_secret(APPID, NEW);
        sim.run();
        token_of(&learned.answer());
        let third = Settings { secret: "the-third".into(), epoch: 2, ..Settings::new(Api::Stable) };
        let edge = threads[0].another(1, &third);
        sim.wechat(|it| it.secrets = vec!["the-third".into()]);
        sim.run_for(7_300_000);
        assert!(sim.works(&first_token(&sim, &edge)));
        assert_eq!(sim.attempts().last().map(|it| it.secret.clone()).as_deref(), Some("the-third"));
    });
}

#[test]
fn an_account_that_nobody_configured_is_served_only_where_that_is_allowed() {
    for (unknown, served) in
        [(json!("refuse"), false), (json!("any"), true), (json!([STRANGER]), true), (json!(["wx1"]), false)]
    {
        seeds(30, |sim| {
            let threads = sim.threads(3, &Settings { unknown: unknown.clone(), ..Settings::new(Api::Stable) });
            let callers: Vec<_> = (0..30).map(|it| threads[it % 3].with_secret(STRANGER, SECRET)).collect();
            sim.run();
            for caller in &callers {
                match served {
                    true => assert!(sim.works(&token_of(&caller.answer()))),
                    false => assert_eq!(error_of(&caller.answer()).1, 40_013),
                }
            }
            assert_eq!(sim.fetches(), usize::from(served), "one fetch for all of them, or none");
        });
    }
}

#[test]
fn the_token_of_an_account_that_nobody_configured_is_renewed_by_its_readers() {
    seeds(30, |sim| {
        let threads = sim.threads(3, &Settings { unknown: json!("any"), ..Settings::new(Api::Stable) });
        for _ in 0..4 {
            let caller = threads[1].with_secret(STRANGER, SECRET);
            sim.run();
            assert!(sim.works(&token_of(&caller.answer())));
            sim.run_for(7_000_000);
        }
        assert!(sim.fetches() <= 8, "{}", sim.fetches());
        let wrong = threads[2].with_secret(STRANGER, WRONG);
        sim.run();
        assert_eq!(error_of(&wrong.answer()).1, 40_125);
    });
}

#[test]
fn what_cannot_be_an_account_never_reaches_wechat() {
    let sim = Sim::new(1);
    let edge = &sim.threads(1, &Settings { unknown: json!("any"), ..Settings::new(Api::Stable) })[0];
    let long = "w".repeat(65);
    for appid in ["wx 1", "wx/1", "../wx1", "wx1%00", "w%C3%BC", long.as_str(), "registry%2F1"] {
        let caller = edge.with_secret(appid, SECRET);
        sim.run();
        assert_eq!(error_of(&caller.answer()).1, 40_013, "{appid}");
    }
    let (blank, long) = ("a secret", "s".repeat(513));
    for secret in [blank, &long, "\u{1f600}", "a\u{0}"] {
        let caller = edge.with_secret(STRANGER, secret);
        sim.run();
        assert_eq!(error_of(&caller.answer()).1, 40_125, "{secret}");
    }
    assert_eq!(sim.fetches(), 0);
}

#[test]
fn no_storm_keeps_a_proof_from_its_end() {
    seeds(150, |sim| {
        let threads = sim.threads(3, &Settings { unknown: json!("any"), ..Settings::new(Api::Stable) });
        sim.wechat(|it| it.secrets = vec![NEW.into()]);
        let dice = sim.clone();
        sim.contest(move |_| dice.random().one_in(4));
        let dice = sim.clone();
        sim.lose(move |_, _| dice.random().one_in(4));
        let appid = if sim.random().one_in(2) { APPID } else { STRANGER };
        for _ in 0..20 {
            sim.random().pick(&threads).with_secret(appid, NEW);
            sim.run_for(sim.random().below(3_000));
        }
        sim.settle();
        sim.lose(|_, _| false);
        sim.contest(|_| false);
        sim.run_for(120_000);
        let caller = threads[0].with_secret(appid, NEW);
        sim.run();
        assert!(sim.works(&token_of(&caller.answer())));
    });
}
