//! Many callers at once.

use crate::world::{Api, Settings, error_of, seeds, token_of};

#[test]
fn a_cold_herd_makes_one_fetch_and_gets_one_token() {
    for api in Api::BOTH {
        seeds(25, |sim| {
            let threads = sim.threads(3, &Settings::new(api));
            let callers: Vec<_> = (0..120).map(|it| threads[it % 3].get("/app/shop/api")).collect();
            sim.run();
            let tokens: Vec<_> = callers.iter().map(|it| token_of(&it.answer())).collect();
            assert!(tokens.iter().all(|it| *it == tokens[0] && sim.works(it)));
            let calls: Vec<_> = sim.attempts().iter().map(|it| (it.api, it.force)).collect();
            assert_eq!(calls, [(api, false)]);
        });
    }
}

#[test]
fn a_cold_herd_that_comes_bit_by_bit_makes_one_fetch() {
    for api in Api::BOTH {
        seeds(250, |sim| {
            let threads = sim.threads(3, &Settings::new(api));
            let mut callers = Vec::new();
            for _ in 0..8 {
                callers.push(sim.random().pick(&threads).ask(None));
                callers.push(sim.random().pick(&threads).ask(Some("a token of last week")));
                sim.run_for(sim.random().below(100));
            }
            sim.run();
            assert!(callers.iter().all(|it| it.answer() == callers[0].answer()));
            assert_eq!(sim.fetches(), 1);
        });
    }
}

#[test]
fn every_route_to_a_token_gives_the_same_one() {
    seeds(200, |sim| {
        let threads = sim.threads(2, &Settings::new(Api::Stable));
        let callers = [
            threads[0].get("/app/shop/api"),
            threads[1].classic_token(),
            threads[0].stable_token(false),
            threads[1].get("/app/shop/api/new?old=nonsense"),
        ];
        sim.run();
        let tokens = callers.map(|it| token_of(&it.answer()));
        assert!(tokens.iter().all(|it| *it == tokens[0]), "{tokens:?}");
        assert_eq!(sim.fetches(), 1);
    });
}

#[test]
fn who_is_nobody_starts_no_fetch() {
    seeds(20, |sim| {
        use wxedge::host::Method::Get;
        let edge = &sim.threads(1, &Settings::new(Api::Stable))[0];
        let key = ("x-api-key", crate::world::READER_KEY);
        let nobody = edge.send(Get, "/app/shop/api", &[("x-api-key", "key-of-a-stranger")], "");
        let reader = edge.send(Get, "/app/shop/api/new", &[key], "");
        let typo = edge.send(Get, "/app/shoq/api", &[key], "");
        let wrong = "/cgi-bin/token?grant_type=client_credential&appid=wx0123456789abcdef&secret=guess";
        let guess = edge.send(Get, wrong, &[], "");
        sim.run();
        let statuses = [nobody, reader, typo, guess].map(|it| error_of(&it.answer()));
        let codes = statuses.map(|it| (it.0, it.1));
        assert_eq!(codes, [(401, -10_001), (403, -10_001), (404, -10_001), (200, 40_125)]);
        // A guess at the AppSecret is a matter for WeChat, which is asked for no credential of the account's own.
        assert!(sim.attempts().iter().all(|it| it.secret == "guess"));
        assert_eq!(sim.fetches(), 1);
    });
}
