//! `/readyz` over a day in the life of a credential: what it says, and that it asks WeChat nothing.

use serde_json::{Value, json};

use crate::world::{Api, Edge, Fault, Plan, Settings, Sim, first_token, seeds};

/// Status, and what is said of the app `shop`: at once, and without asking WeChat.
#[track_caller]
fn shop(sim: &Sim, edge: &Edge) -> (u16, Value) {
    let before = sim.fetches();
    let caller = edge.get("/readyz");
    sim.run_for(1);
    assert_eq!(sim.fetches(), before, "it has asked WeChat");
    let response = caller.answer();
    let mut body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(body["ready"], json!(response.status == 200));
    (response.status, body["apps"]["shop"].take())
}

#[track_caller]
fn says(sim: &Sim, edge: &Edge, status: u16, state: &str) -> Value {
    let (given, shop) = shop(sim, edge);
    assert_eq!((given, shop["state"].as_str()), (status, Some(state)), "{shop}");
    shop
}

#[test]
fn a_credential_that_nobody_has_asked_for_is_cold_and_makes_nobody_unready() {
    seeds(5, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        let cold = json!({ "state": "cold", "foreign": 0 });
        let all = json!({ "state": "cold", "foreign": 0, "tickets": { "jsapi": cold, "wx_card": cold } });
        assert_eq!(shop(&sim, &threads[0]), (200, all));
    });
}

#[test]
fn its_age_and_what_is_left_of_it_are_told_in_seconds() {
    for api in Api::BOTH {
        seeds(5, |sim| {
            let threads = sim.threads(2, &Settings::new(api));
            sim.plan(|_, _| Plan::well(2));
            first_token(&sim, &threads[0]);
            sim.settle();
            sim.run_for(100_000);
            let shop = says(&sim, &threads[1], 200, "ready");
            assert_eq!((shop["age"].as_u64(), shop["expires_in"].as_u64()), (Some(100), Some(7_099)));
            assert!(shop["failure"].is_null() && shop["foreign"] == 0, "{shop}");
            sim.run_for(7_200_000);
            // Its end has come and nobody has asked since: as if there had been none.
            says(&sim, &threads[1], 200, "cold");
        });
    }
}

#[test]
fn while_it_is_fetched_it_is_refreshing() {
    seeds(20, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        sim.plan(|_, _| Plan::well(1_000));
        threads[0].ask(None);
        sim.run_for(500);
        says(&sim, &threads[1], 200, "refreshing");
        sim.settle();
        says(&sim, &threads[1], 200, "ready");
        sim.run_for(6_950_000);
        threads[0].ask(None);
        sim.run_for(500);
        assert!(says(&sim, &threads[1], 200, "refreshing")["age"].as_u64() > Some(6_900));
    });
}

#[test]
fn a_refusal_is_told_with_its_reason_its_remedy_and_the_next_try() {
    seeds(20, |sim| {
        sim.plan(|_, _| Plan::fault(2, Fault::Code(40_164)));
        sim.wechat(|it| it.errmsg = "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist".into());
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        threads[0].ask(None);
        sim.settle();
        let failing = says(&sim, &threads[1], 503, "failing");
        let failure = json!({
            "errcode": 40_164,
            "errmsg": "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist",
            "remedy": "WeChat sees 203.0.113.9; add it to the IP list",
            "times": 1, "since": 0, "retry_in": 10
        });
        assert_eq!(failing["failure"], failure);
        assert!(failing["age"].is_null() && failing["expires_in"].is_null());
        sim.run_for(15_000);
        threads[1].ask(None);
        sim.settle();
        sim.run_for(1_000);
        let failure = &says(&sim, &threads[0], 503, "failing")["failure"];
        let told = [&failure["times"], &failure["since"], &failure["retry_in"]].map(Value::as_u64);
        assert_eq!(told, [Some(2), Some(16), Some(19)]);
        // The address is on the list now.
        sim.plan(|_, _| Plan::well(2));
        sim.run_for(30_000);
        first_token(&sim, &threads[0]);
        assert!(says(&sim, &threads[1], 200, "ready")["failure"].is_null());
    });
}

#[test]
fn while_the_old_one_lives_a_failure_makes_nobody_unready() {
    seeds(20, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        first_token(&sim, &threads[0]);
        sim.plan(|_, _| Plan::fault(10, Fault::Broken));
        sim.run_for(6_950_000);
        threads[0].ask(None);
        sim.settle();
        let shop = says(&sim, &threads[1], 200, "failing_but_serving");
        assert_eq!(shop["failure"]["errmsg"], "WeChat cannot be reached");
        assert!(shop["failure"]["errcode"] == -10_001 && shop["expires_in"].as_u64() > Some(200), "{shop}");
        sim.run_for(300_000);
        says(&sim, &threads[1], 503, "failing");
    });
}

#[test]
fn a_failure_with_another_secret_is_not_ours() {
    seeds(5, |sim| {
        let wrong = Settings { secret: "another-secret".into(), ..Settings::new(Api::Stable) };
        let threads = sim.threads(2, &wrong);
        threads[0].ask(None);
        sim.settle();
        says(&sim, &threads[1], 503, "failing");
        says(&sim, &threads[0].another(1, &Settings { epoch: 2, ..Settings::new(Api::Stable) }), 200, "cold");
    });
}

#[test]
fn a_foreign_refresher_is_counted() {
    seeds(5, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        let token = first_token(&sim, &threads[0]);
        sim.wechat(|it| it.foreigner(Api::Stable, sim.now()));
        sim.run_for(310_000);
        threads[0].ask(Some(&token));
        sim.settle();
        assert_eq!(says(&sim, &threads[1], 200, "ready")["foreign"], 1);
    });
}
