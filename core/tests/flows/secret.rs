//! No secret in a log line or an error, whatever WeChat says. Every note and every error is searched as it is made, in all tests;
//! here WeChat does its worst.

use crate::world::{Api, Attempt, Fault, Plan, Settings, Sim, first_token, seeds, token_of};

/// Everything that can be asked, with and without a token there.
fn ask_everything(sim: &Sim, api: Api) {
    let threads = sim.threads(2, &Settings::new(api));
    let token = sim.wechat(|it| it.newest(api).map_or_else(String::new, |it| it.token.clone()));
    for target in
        ["/app/shop/api", "/app/shop/api/new", &format!("/app/shop/api/new?old={token}"), "/app/no/api", "/readyz"]
    {
        threads[0].get(target);
    }
    threads[1].classic_token();
    threads[1].stable_token(true);
    threads[0].ask(Some(&token));
    sim.settle();
}

#[test]
fn a_wechat_that_repeats_what_it_was_asked_betrays_nothing() {
    for api in Api::BOTH {
        seeds(100, |sim| {
            let padding = ".".repeat(usize::try_from(sim.random().below(320)).unwrap());
            sim.wechat(|it| it.errmsg = format!("{padding} you said {{}}"));
            let code = *sim.random().pick(&[40_125, -1, 45_009]);
            sim.plan(
                move |_, it: &Attempt| if it.nth % 2 == 1 { Plan::fault(5, Fault::Code(code)) } else { Plan::well(5) },
            );
            ask_everything(&sim, api);
            sim.run_for(7_000_000);
            ask_everything(&sim, api);
            assert!(sim.noted("refresh_failed") > 0);
        });
    }
}

#[test]
fn no_fault_betrays_anything() {
    for api in Api::BOTH {
        seeds(60, |sim| {
            sim.plan(|sim, _| {
                let fault = *sim.random().pick(&Fault::ALL);
                if sim.random().one_in(2) { Plan::fault(5, fault) } else { Plan::well(5) }
            });
            let dice = sim.clone();
            sim.contest(move |_| dice.random().one_in(4));
            for _ in 0..3 {
                ask_everything(&sim, api);
                sim.run_for(sim.random().below(7_200_000));
            }
        });
    }
}

#[test]
fn every_kind_of_event_is_one_line_that_names_the_account() {
    let sim = Sim::new(3);
    let edge = &sim.threads(1, &Settings::new(Api::Classic))[0];
    let token = first_token(&sim, edge);
    sim.contest(|nth| nth == 3);
    edge.ask(Some(&token));
    sim.settle();
    sim.plan(|_, _| Plan::fault(5, Fault::Code(40_164)));
    let caller = edge.get("/app/shop/api/new");
    sim.settle();
    assert_eq!(caller.answer().status, 502);
    let caller = edge.get("/app/shop/api");
    sim.run();
    assert_ne!(token_of(&caller.answer()), token);
    for name in ["refreshed", "conflict", "foreign_refresher", "refresh_failed", "failed"] {
        assert!(sim.noted(name) > 0, "{name}: {:?}", sim.log());
    }
    let ours = sim.log().into_iter().filter(|it| !it.starts_with("event=failed"));
    ours.for_each(|it| assert!(it.contains(" account=official/wx0123456789abcdef kind=access"), "{it}"));
}
