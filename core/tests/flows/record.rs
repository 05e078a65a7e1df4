//! Records that another version or another configuration wrote.

use serde_json::{Value, json};

use wxedge::error::{Error, Unavailable};

use crate::world::{Api, Edge, Fault, Plan, SECRET, Settings, Sim, first_token, seeds};

/// Changes the record as a newer version would.
fn edit(sim: &Sim, change: impl FnOnce(&mut Value)) {
    let mut record = fields(sim);
    change(&mut record);
    sim.write(&Edge::cell(), record.to_string().as_bytes());
}

fn fields(sim: &Sim) -> Value {
    serde_json::from_slice(&sim.load(&Edge::cell()).0).unwrap()
}

fn superseded<T>() -> Result<T, Error> {
    Err(Unavailable::Superseded.into())
}

#[test]
fn a_record_of_a_newer_version_is_served_and_never_overwritten() {
    seeds(50, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        threads.iter().for_each(Edge::watch);
        let token = first_token(&sim, &threads[0]);
        edit(&sim, |it| it["v"] = json!(2));
        let before = sim.load(&Edge::cell());
        sim.allow(0);
        for at in [0, 3_600_000, 3_340_000, 200_000] {
            sim.run_for(at);
            assert_eq!(first_token(&sim, &threads[1]), token);
        }
        let reports = [threads[0].ask(Some(&token)), threads[1].rotate()];
        sim.run_for(100_000);
        let late = threads[0].ask(None);
        sim.run();
        assert!(reports.iter().all(|it| it.answer() == superseded()));
        assert_eq!(late.answer(), superseded());
        assert!(sim.load(&Edge::cell()) == before);
        assert_eq!(sim.fetches(), 1);
    });
}

#[test]
fn a_newer_version_that_takes_over_during_a_refresh_is_not_overwritten() {
    seeds(50, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Classic));
        sim.plan(|_, _| Plan::well(400));
        let caller = threads[0].ask(None);
        sim.run_for(200);
        // It leaves our lease where it is, or it knows of no lease.
        edit(&sim, |it| it["v"] = json!(2));
        if sim.random().one_in(2) {
            edit(&sim, |it| *it = json!({"v": 2, "generation": 9, "colour": "red"}));
        }
        let newer = fields(&sim);
        sim.settle();
        assert_eq!(caller.answer(), superseded());
        assert_eq!((fields(&sim), sim.noted("late")), (newer, 1));
    });
}

#[test]
fn a_newer_record_that_cannot_be_read_is_not_overwritten_either() {
    seeds(20, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Classic));
        let newer = br#"{"v":2,"value":["encrypted","since","version","2"],"forced":{}}"#;
        sim.write(&Edge::cell(), newer);
        let caller = threads[0].ask(None);
        sim.settle();
        assert_eq!(caller.answer(), superseded());
        assert_eq!(sim.load(&Edge::cell()).0, newer);
    });
}

#[test]
fn a_failure_that_only_a_newer_program_knows_hides_no_token() {
    seeds(20, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Classic));
        let token = first_token(&sim, &threads[0]);
        edit(&sim, |it| {
            let error = json!({"unavailable": {"overslept": {"who": "WeChat"}}});
            it["failure"] = json!({"error": error, "until": 0, "count": 1, "tag": "t"});
        });
        assert_eq!(first_token(&sim, &threads[1]), token);
        assert_eq!(sim.fetches(), 1);
    });
}

#[test]
fn a_cell_of_nonsense_is_replaced() {
    for nonsense in [&b"\xff\xfe"[..], b"null", b"[]", b"{\"v\":\"one\"}", b"{\"v\":1,\"value\":7}", b""] {
        seeds(5, |sim| {
            let threads = sim.threads(2, &Settings::new(Api::Stable));
            sim.write(&Edge::cell(), nonsense);
            let token = first_token(&sim, &threads[0]);
            assert!(sim.works(&token));
            assert_eq!(first_token(&sim, &threads[1]), token);
        });
    }
}

#[test]
fn unknown_fields_survive_every_kind_of_write() {
    seeds(50, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        let token = first_token(&sim, &threads[0]);
        edit(&sim, |it| it["colour"] = json!({"deep": [1, 2.5, "9007199254740993"]}));
        let colour = fields(&sim)["colour"].clone();
        sim.run_for(60_000);
        let still = |what: &str| {
            sim.settle();
            assert_eq!(fields(&sim)["colour"], colour, "after {what}");
        };
        threads[0].ask(Some(&token));
        still("a forced refresh");
        threads[1].rotate();
        still("a hold");
        sim.plan(|_, _| Plan::fault(5, Fault::Broken));
        sim.run_for(7_000_000);
        threads[1].ask(None);
        still("a failure");
        sim.plan(|_, _| Plan::well(5));
        sim.run_for(100_000);
        threads[1].ask(None);
        still("a renewal");
    });
}

/// One thread with the first configuration, which has an AppSecret that WeChat takes no more, and one with the second.
fn two_configurations(sim: &Sim) -> [Edge; 2] {
    let old = Settings { secret: "the-old-app-secret".into(), ..Settings::new(Api::Stable) };
    let new = Settings { epoch: 2, ..Settings::new(Api::Stable) };
    let edge = sim.threads(1, &old).remove(0);
    let other = edge.another(1, &new);
    [edge, other]
}

#[test]
fn an_old_configuration_with_another_secret_serves_and_leaves_the_renewing_to_its_successor() {
    seeds(50, |sim| {
        let [old, new] = two_configurations(&sim);
        let token = first_token(&sim, &new);
        old.watch();
        sim.run_for(6_950_000);
        for _ in 0..5 {
            assert_eq!(first_token(&sim, &old), token);
            sim.run_for(1_000);
        }
        assert_eq!(sim.fetches(), 1);
        first_token(&sim, &new);
        sim.settle();
        assert_eq!(sim.fetches(), 2);
        assert_ne!(first_token(&sim, &old), token);
        assert!(sim.attempts().iter().all(|it| it.secret == SECRET));
    });
}

#[test]
fn a_watch_ends_when_a_newer_configuration_has_taken_over() {
    seeds(50, |sim| {
        sim.wechat(|it| it.secrets.push("the-old-app-secret".into()));
        let [old, new] = two_configurations(&sim);
        old.watch();
        first_token(&sim, &old);
        sim.run_for(1_000_000);
        new.watch();
        sim.run_for(86_400_000);
        let secrets: Vec<String> = sim.attempts().into_iter().map(|it| it.secret).collect();
        assert_eq!(secrets.iter().filter(|it| *it != SECRET).count(), 1, "{secrets:?}");
        assert_eq!((secrets.len(), sim.watches()), (13, 1));
    });
}

#[test]
fn a_failure_with_one_secret_does_not_block_another() {
    seeds(100, |sim| {
        let [old, new] = two_configurations(&sim);
        let refused = old.ask(None);
        sim.run();
        assert!(matches!(refused.answer(), Err(Error::Refused { code: 40_125, .. })));
        sim.allow(500);
        let callers = [new.ask(None), old.ask(None), new.ask(None)];
        sim.run();
        assert!(callers[0].answer().is_ok_and(|it| sim.works(&it)));
        assert_eq!(callers[0].answer(), callers[2].answer());
        assert_eq!(sim.attempts().iter().filter(|it| it.secret != SECRET).count(), 1);
    });
}

#[test]
fn two_configurations_that_both_fail_are_no_storm() {
    for fault in [Fault::Broken, Fault::Code(40_164)] {
        seeds(20, |sim| {
            let both = two_configurations(&sim);
            sim.plan(move |_, _| Plan::fault(20, fault));
            for _ in 0..120 {
                both.iter().for_each(|it| drop(it.ask(None)));
                sim.run_for(500);
            }
            sim.run();
            assert!(sim.fetches() <= 16, "{} fetches in a minute", sim.fetches());
        });
    }
}
