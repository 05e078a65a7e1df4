//! Callers that bring an AppSecret: another one than the configured, a wrong one, one of an account that nobody configured.

use std::time::Duration;

use serde_json::json;
use wxedge::host::{Method, Response};
use wxedge::query::escape;

use crate::world::{
    ADMIN_KEY, APPID, Api, Edge, Fault, Plan, SECRET, Settings, Sim, Ticket, error_of, first_token, seeds, token_of,
};

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
fn guesses_reach_wechat_ten_times_a_minute_for_an_account_whatever_thread_they_come_to() {
    seeds(5, |sim| {
        let threads = sim.threads(3, &Settings::new(Api::Stable));
        for minute in 1..=3 {
            let guess = |it: usize| threads[it % 3].with_secret(APPID, &format!("guess-{minute}-{it}"));
            let callers: Vec<_> = (0..200).map(guess).collect();
            sim.run_for(60_000);
            let answers: Vec<_> = callers.iter().map(|it| it.answer()).collect();
            let limited = answers.iter().filter(|it| it.status == 429).collect::<Vec<_>>();
            assert!(limited.len() >= 189, "{}", limited.len());
            assert!(limited[0].headers.iter().any(|it| it.0 == "retry-after"));
            assert!(sim.fetches() <= 11 * minute, "{}", sim.fetches());
        }
    });
}

#[test]
fn guesses_at_one_account_keep_no_other_from_being_proved_nor_the_administrator_from_registering() {
    seeds(5, |sim| {
        let settings = Settings { unknown: json!("any"), admin: true, ..Settings::new(Api::Stable) };
        let threads = sim.threads(3, &settings);
        for it in 0..600 {
            let appid = if it % 2 == 0 { STRANGER.to_owned() } else { format!("wx{it:016}") };
            threads[it % 3].with_secret(&appid, &format!("guess-{it}"));
        }
        sim.run();
        let stranger = threads[0].with_secret("wx-another", SECRET);
        sim.run();
        assert_eq!(stranger.answer().status, 429, "strangers share one rate");
        // A reset of the configured account is learned.
        sim.wechat(|it| it.secrets = vec![NEW.into()]);
        let rotated = threads[1].with_secret(APPID, NEW);
        sim.run();
        let registered = register(&threads[2], "new", STRANGER, NEW);
        sim.run();
        token_of(&rotated.answer());
        assert_eq!(registered.answer().status, 200);
    });
}

fn register(edge: &Edge, key: &str, appid: &str, secret: &str) -> Ticket<Response> {
    let target = format!("/register?key={key}&appid={appid}&secret={secret}");
    edge.send(Method::Get, &target, &[("x-admin-key", ADMIN_KEY)], "")
}

#[test]
fn a_refresh_that_was_on_its_way_puts_no_dead_token_over_what_was_proved() {
    seeds(100, |sim| {
        let threads = threads(&sim, Api::Stable);
        let first = first_token(&sim, &threads[0]);
        // The answer to the one with the old AppSecret takes its time.
        sim.plan(|_, it| Plan::well(if it.secret == NEW { 20 } else { 3_000 }));
        threads[1].ask(Some(&first));
        sim.run_for(1_600);
        sim.wechat(|it| it.secrets = vec![NEW.into()]);
        sim.wechat(|it| it.foreigner(Api::Stable, sim.now()));
        let learned = threads[2].with_secret(APPID, NEW);
        sim.run_for(10_000);
        let token = token_of(&learned.answer());
        assert!(sim.works(&token));
        assert_eq!(first_token(&sim, &threads[0].another(0, &Settings::new(Api::Stable))), token);
    });
}

#[test]
fn an_appsecret_that_was_replaced_is_not_learned_again_from_an_older_proof() {
    seeds(100, |sim| {
        let threads = threads(&sim, Api::Stable);
        sim.wechat(|it| it.secrets = vec![NEW.into()]);
        sim.plan(|_, _| Plan::well(100));
        let one = threads[0].with_secret(APPID, NEW);
        sim.run();
        token_of(&one.answer());
        sim.wechat(|it| it.secrets = vec!["the-third".into()]);
        let two = threads[1].with_secret(APPID, "the-third");
        sim.run();
        token_of(&two.answer());
        let late = threads[2].with_secret(APPID, NEW);
        sim.run();
        assert_eq!(error_of(&late.answer()).1, 40_125);
        sim.run_for(7_300_000);
        assert!(sim.works(&first_token(&sim, &threads[0])));
    });
}

#[test]
fn registering_again_takes_back_no_token_that_was_renewed_since() {
    seeds(50, |sim| {
        let threads = sim.threads(2, &Settings { admin: true, ..Settings::new(Api::Stable) });
        let done = register(&threads[0], "new", STRANGER, &escape(SECRET));
        sim.run();
        assert_eq!(done.answer().status, 200);
        let before = threads[1].get("/app/new/api/new");
        sim.run();
        let renewed = token_of(&before.answer());
        register(&threads[0], "new", STRANGER, &escape(SECRET));
        sim.run();
        let after = threads[1].get("/app/new/api");
        sim.run();
        assert_eq!(token_of(&after.answer()), renewed);
        let ticket = |token: &str| format!("/cgi-bin/ticket/getticket?type=jsapi&access_token={token}");
        let refused = threads[0].get(&ticket("junk"));
        sim.run();
        assert_eq!(error_of(&refused.answer()).1, 40_001);
    });
}

#[test]
fn what_is_no_longer_admitted_is_no_longer_served() {
    seeds(20, |sim| {
        let any = Settings { unknown: json!("any"), admin: true, ..Settings::new(Api::Stable) };
        let edge = &sim.threads(1, &any)[0];
        let served = edge.with_secret(STRANGER, SECRET);
        sim.run();
        let registered = register(edge, "new", "wx-registered", &escape(SECRET));
        sim.run();
        token_of(&served.answer());
        assert_eq!(registered.answer().status, 200);
        let refusing = edge.another(1, &Settings { unknown: json!("refuse"), epoch: 2, ..any });
        let [stranger, ours] = [STRANGER, "wx-registered"].map(|it| refusing.with_secret(it, SECRET));
        sim.run();
        assert_eq!(error_of(&stranger.answer()).1, 40_013);
        token_of(&ours.answer());
        let key = [("x-admin-key", ADMIN_KEY)];
        let forgotten = refusing.send(Method::Delete, "/app/new", &key, "");
        sim.run();
        assert_eq!(forgotten.answer().status, 200);
        let late = refusing.with_secret("wx-registered", SECRET);
        sim.run();
        assert_eq!(error_of(&late.answer()).1, 40_013);
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
