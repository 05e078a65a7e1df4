//! A back-end that is told of refreshes: once each, whatever else happens, and nobody waits for it.

use std::collections::BTreeMap;

use serde_json::json;
use wxedge::limits;

use crate::world::{APPID, Api, Fault, Manners, Plan, Settings, Sim, Told, first_token, seeds, token_of};

fn settings(api: Api) -> Settings {
    Settings { hooks: true, ..Settings::new(api) }
}

/// The tokens that the app was told of, each by the messages that brought it.
fn tokens(sim: &Sim, app: &str) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for it in sim.told().iter().filter(|it| it.body["appName"] == app) {
        let Some(token) = it.body["access_token"].as_str() else { continue };
        let ids = all.entry(token.into()).or_default();
        if !ids.contains(&it.id) {
            ids.push(it.id.clone());
        }
    }
    all
}

/// What was told, app by app.
fn sorted(sim: &Sim) -> Vec<Told> {
    let mut told = sim.told();
    told.sort_by_key(|it| it.body["appName"].to_string());
    told
}

#[test]
fn each_app_is_told_of_each_refresh_once_whichever_thread_made_it() {
    for api in Api::BOTH {
        seeds(100, |sim| {
            let threads = sim.threads(3, &settings(api));
            let dice = sim.clone();
            sim.contest(move |_| dice.random().one_in(4));
            for _ in 0..4 {
                let callers: Vec<_> = (0..9).map(|it| threads[it % 3].get("/app/shop/api/new")).collect();
                sim.settle();
                assert!(callers.iter().all(|it| it.answer().status == 200));
                sim.run_for(40_000);
            }
            sim.settle();
            let stored: Vec<String> = sim.wechat(|it| it.issued.iter().map(|it| it.token.clone()).collect());
            for app in ["shop", "twin"] {
                let told = tokens(&sim, app);
                assert!(told.len() == 4 && stored.iter().all(|it| told.get(it).is_some_and(|ids| ids.len() == 1)));
            }
            assert_eq!((sim.told().len(), sim.noted("refreshed"), sim.noted("hook_failed")), (8, 4, 0));
        });
    }
}

#[test]
fn the_body_is_weixin_tokens() {
    let sim = Sim::new(1);
    let threads = sim.threads(1, &settings(Api::Classic));
    let token = first_token(&sim, &threads[0]);
    sim.settle();
    let [shop, twin]: [Told; 2] = sorted(&sim).try_into().unwrap();
    for (told, app) in [(&shop, "shop"), (&twin, "twin")] {
        let body = json!({ "appName": app, "appId": APPID, "access_token": token, "expires_in": 7200 });
        assert_eq!(told.body, body);
        let headers = [("content-type", "application/json"), ("x-wxedge-app", app)];
        assert_eq!(told.headers, headers.map(|(name, value)| (name, value.to_owned())));
    }
    assert!(shop.id != twin.id && shop.id.starts_with("msg_") && shop.id.len() == 36);
}

#[test]
fn a_failure_is_told_with_wechats_word_for_it() {
    let sim = Sim::new(1);
    let threads = sim.threads(1, &settings(Api::Classic));
    sim.plan(|_, it| if it.nth == 1 { Plan::fault(9, Fault::Code(40_164)) } else { Plan::fault(9, Fault::Broken) });
    threads[0].ask(None);
    sim.settle();
    sim.run_for(400_000);
    threads[0].ask(None);
    sim.run_for(100);
    let told = sorted(&sim);
    assert_eq!(told[0].body, json!({"appName": "shop", "appId": APPID, "errcode": 40_164, "errmsg": "no, not you"}));
    let broken = json!({"appName": "twin", "appId": APPID, "errcode": -10_001, "errmsg": "WeChat cannot be reached"});
    assert_eq!((told.len(), &told[3].body), (4, &broken));
}

#[test]
fn a_back_end_that_takes_nothing_is_asked_three_times_and_delays_nobody() {
    let moods = [Manners::Says(500, 9), Manners::Says(302, 9), Manners::Silent, Manners::Breaks, Manners::Refused];
    for (mood, why) in
        moods.into_iter().zip(["status 500", "status 302", "in time", "no connection", "no such upstream"])
    {
        let sim = Sim::new(7);
        let threads = sim.threads(2, &settings(Api::Classic));
        sim.mood(move |_, _| mood);
        sim.allow(500);
        first_token(&sim, &threads[0]);
        let told = sim.now();
        assert!(told <= 500, "{told}");
        sim.settle();
        let shop: Vec<Told> = sim.told().into_iter().filter(|it| it.body["appName"] == "shop").collect();
        assert!(shop.len() == 3 && shop.iter().all(|it| it.id == shop[0].id && it.body == shop[0].body));
        let gaps = [shop[1].at - shop[0].at, shop[2].at - shop[1].at];
        // Both apps are told by the same connection, one after the other.
        let each = if matches!(mood, Manners::Silent) { 6_000 } else { 0 };
        assert!((each + 1_000..each + 1_050).contains(&gaps[0]), "{gaps:?}");
        assert!((each + 5_000..each + 5_050).contains(&gaps[1]), "{gaps:?}");
        assert_eq!((sim.told().len(), sim.noted("hook_failed")), (6, 2));
        let log = sim.log();
        let line = log.iter().find(|it| it.contains("hook_failed") && it.contains("app=shop")).unwrap();
        assert!(line.contains(why) && line.contains("account=official/"), "{line}");
    }
}

#[test]
fn a_back_end_that_recovers_is_told_by_the_next_attempt() {
    seeds(50, |sim| {
        let threads = sim.threads(2, &settings(Api::Stable));
        sim.mood(|sim, it| Manners::Says(if it.at > 1_200 { 204 } else { 503 }, sim.random().below(50)));
        first_token(&sim, &threads[0]);
        sim.settle();
        assert!((3..=6).contains(&sim.told().len()) && sim.noted("hook_failed") == 0, "{:?}", sim.told());
    });
}

#[test]
fn an_attempt_that_a_newer_token_has_overtaken_is_not_made() {
    seeds(50, |sim| {
        let threads = sim.threads(2, &settings(Api::Classic));
        sim.mood(|sim, it| Manners::Says(if it.at < 4_000 { 500 } else { 200 }, sim.random().below(50)));
        let old = first_token(&sim, &threads[0]);
        sim.run_for(3_000);
        let caller = threads[1].ask(Some(&old));
        sim.run();
        let new = caller.answer().unwrap();
        sim.settle();
        let last = sim.told().last().unwrap().clone();
        assert_eq!(last.body["access_token"], *new);
        let after = sim.told().into_iter().skip_while(|it| it.body["access_token"] != *new);
        assert!(after.into_iter().all(|it| it.body["access_token"] == *new));
        assert_eq!(sim.noted("hook_failed"), 0);
    });
}

#[test]
fn whoever_came_too_late_to_store_tells_nothing() {
    let sim = Sim::new(1);
    sim.spurious(0);
    sim.allow(20_000);
    let threads = sim.threads(2, &settings(Api::Classic));
    sim.plan(|_, it| Plan::well(if it.nth == 1 { 100 } else { 300 }));
    threads[0].ask(None);
    sim.run_for(1);
    sim.freeze(0, 8_000);
    let caller = threads[1].ask(None);
    sim.settle();
    assert_eq!((sim.noted("late"), sim.told().len()), (1, 2));
    assert!(sim.told().iter().all(|it| it.body["access_token"] == *caller.answer().unwrap()));
}

#[test]
fn a_token_that_came_with_the_proof_of_a_new_app_secret_is_told_once() {
    seeds(50, |sim| {
        let threads = sim.threads(3, &settings(Api::Stable));
        let old = first_token(&sim, &threads[0]);
        sim.wechat(|it| {
            it.foreigner(Api::Stable, sim.now());
            it.secrets = vec!["the-app-secret-after-the-reset".into()];
        });
        let callers: Vec<_> =
            (0..9).map(|it| threads[it % 3].with_secret(APPID, "the-app-secret-after-the-reset")).collect();
        sim.settle();
        let new = token_of(&callers[0].answer());
        for app in ["shop", "twin"] {
            let told = tokens(&sim, app);
            assert!(told.keys().eq([&old, &new]) || told.keys().eq([&new, &old]), "{told:?}");
            assert!(told.values().all(|ids| ids.len() == 1), "{told:?}");
        }
        assert_eq!(sim.told().len(), 4);
    });
}

#[test]
fn deliveries_under_way_are_bounded() {
    let sim = Sim::new(1);
    let threads = sim.threads(1, &settings(Api::Classic));
    sim.mood(|_, _| Manners::Silent);
    sim.plan(|_, _| Plan::well(2));
    for _ in 0..limits::DELIVERIES + 10 {
        threads[0].rotate();
        sim.run_for(5);
    }
    assert_eq!((sim.told().len(), sim.noted("hook_failed")), (limits::DELIVERIES, 20));
    assert!(sim.log().iter().any(|it| it.contains("too many others are under way")));
    sim.settle();
    // All but the newest were overtaken, and their places are free again.
    sim.mood(|_, _| Manners::Says(200, 1));
    let failed = sim.noted("hook_failed");
    threads[0].rotate();
    sim.settle();
    assert_eq!(sim.noted("hook_failed"), failed);
}
