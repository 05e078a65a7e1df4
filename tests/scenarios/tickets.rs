//! Tickets: one record per account and kind, fetched with a token that works, and kept when the token is replaced.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::wechat::Which;

use crate::support::*;

/// What each way of asking for the demo account's `jsapi` ticket says.
async fn every_way(edge: &Edge) -> Vec<String> {
    vec![
        ticket(&edge.get("/app/demo/jsapi").bearer(OWNER_KEY).await),
        ticket(&edge.get("/app/demo/ticket?type=jsapi").bearer(READER_KEY).await),
        bare(&edge.get("/ticket/demo").bearer(TICKETS_KEY).await),
        bare(&edge.get("/ticket?type=jsapi").bearer(OWNER_KEY).await),
        bare(&edge.get("/ticket?type=jsapi&rotate_ticket=another").bearer(OWNER_KEY).await),
    ]
}

async fn jsapi(edge: &Edge) -> String {
    ticket(&edge.get("/app/demo/jsapi").bearer(OWNER_KEY).await)
}

on_every_host! {
    async fn every_route_gives_the_same_ticket_for_one_fetch(start: Start) {
        let edge = whole(start).start().await;
        let said = every_way(&edge).await;
        assert!(said.iter().all(|it| *it == said[0]), "{said:?}");
        assert_eq!((calls(&edge, "getticket").await, fetches(&edge).await), (1, 1));
    }

    async fn cold_callers_of_all_routes_at_once_cause_one_fetch(start: Start) {
        let edge = whole(start).start().await;
        edge.simulator().fault(json!({ "endpoint": "getticket", "fault": "delay", "ms": 300 })).await.unwrap();
        let said = join_all((0..8).map(|_| every_way(&edge)).collect()).await.concat();
        assert!(said.len() == 40 && said.iter().all(|it| *it == said[0]), "{said:?}");
        assert_eq!((calls(&edge, "getticket").await, fetches(&edge).await), (1, 1));
    }

    async fn each_kind_of_ticket_is_another_one(start: Start) {
        let edge = whole(start).start().await;
        let asked = [
            ("/app/demo/ticket?type=jsapi", DEMO_APPID.to_owned(), "jsapi"),
            ("/app/demo/ticket?type=wx_card", DEMO_APPID.to_owned(), "wx_card"),
            ("/app/classic/jsapi", CLASSIC_APPID.to_owned(), "jsapi"),
            ("/app/corp/jsapi", format!("{CORPID}:{CORP_SECRET}"), "jsapi"),
            ("/app/corp/ticket?type=agent_config", format!("{CORPID}:{CORP_SECRET}"), "agent_config"),
            ("/app/desk/ticket?type=agent_config", format!("{CORPID}:{DESK_SECRET}"), "agent_config"),
        ];
        for (path, account, kind) in asked {
            let (given, life) = ticket_and_life(&edge.get(path).bearer(TICKETS_KEY).await);
            let known = edge.simulator().state().await.unwrap().accounts[&account].tickets[kind].clone();
            assert_eq!(given, known.ticket, "{path}");
            assert!((7_190..=7_200).contains(&life), "{path} {life}");
            assert_eq!(ticket(&edge.get(path).bearer(OWNER_KEY).await), given, "{path}");
        }
        let counts = ["getticket", "get_jsapi_ticket", "agent_ticket", "gettoken"];
        let counters = edge.simulator().state().await.unwrap().counters;
        assert_eq!(counts.map(|it| counters[it].calls), [3, 1, 2, 2]);
    }

    async fn a_ticket_fetch_with_a_stale_token_renews_that_and_asks_once_more(start: Start) {
        let edge = whole(start).start().await;
        let dead = read(&edge).await;
        edge.simulator().invalidate(DEMO_APPID, Which::Stable).await.unwrap();
        let herd = join_all((0..20).map(|_| jsapi(&edge)).collect()).await;
        assert!(herd.iter().all(|it| *it == herd[0]), "{herd:?}");
        let counters = edge.simulator().state().await.unwrap().counters;
        assert_eq!(counters["getticket"].errors, [(40001, 1)].into());
        assert_eq!((counters["getticket"].calls, counters["stable_token"].calls), (2, 2));
        assert_eq!(counters["stable_token"].forced, 0);
        // A Worker's isolate believes for a while what it was told, so who holds the dead one says so: that fetches nothing.
        let alive = token(&edge.get(format!("/app/demo/api/new?old={dead}")).bearer(OWNER_KEY).await);
        assert_eq!(calls(&edge, "stable_token").await, 2);
        assert_ne!(alive, dead);
        let known = edge.simulator().state().await.unwrap().accounts[DEMO_APPID].stable.clone().unwrap();
        assert!(known.valid && known.token == alive);
    }

    async fn a_stale_token_of_an_application_is_renewed_as_well(start: Start) {
        let edge = whole(start).start().await;
        let dead = token(&edge.get("/app/corp/api").bearer(OWNER_KEY).await);
        let account = format!("{CORPID}:{CORP_SECRET}");
        edge.simulator().invalidate(&account, Which::WeCom).await.unwrap();
        ticket(&edge.get("/app/corp/ticket?type=agent_config").bearer(OWNER_KEY).await);
        let alive = token(&edge.get(format!("/app/corp/api/new?old={dead}")).bearer(OWNER_KEY).await);
        assert_ne!(alive, dead);
        assert_eq!((calls(&edge, "agent_ticket").await, calls(&edge, "gettoken").await), (2, 2));
    }

    async fn a_token_that_goes_on_failing_is_told_after_one_repetition(start: Start) {
        let edge = whole(start).start().await;
        let fault = json!({ "endpoint": "getticket", "fault": "errcode", "errcode": 40001 });
        edge.simulator().fault(fault).await.unwrap();
        for _ in 0..5 {
            let (code, _) = error(&edge.get("/app/demo/jsapi").bearer(OWNER_KEY).await, 502);
            assert_eq!(code, 40001);
        }
        assert_eq!(calls(&edge, "getticket").await, 2);
        assert!(fetches(&edge).await <= 3);
    }

    async fn a_ticket_stays_when_the_token_is_replaced(start: Start) {
        let edge = classic(whole(start)).start().await;
        let before = jsapi(&edge).await;
        for _ in 0..3 {
            let old = read(&edge).await;
            let new = token(&edge.get("/app/demo/api/new").bearer(OWNER_KEY).await);
            assert_ne!(old, new);
            assert_eq!(jsapi(&edge).await, before);
        }
        assert_eq!((calls(&edge, "getticket").await, fetches(&edge).await), (1, 4));
    }

    async fn what_cannot_be_a_ticket_is_refused(start: Start) {
        let edge = whole(start).start().await;
        let shop = format!("/app/{SHOP}/jsapi");
        let wrong = [
            ("/app/demo/ticket", OWNER_KEY, 400, "parameter type is missing"),
            ("/app/demo/ticket?type=", OWNER_KEY, 400, "parameter type is missing"),
            ("/app/demo/ticket?type=JSAPI", OWNER_KEY, 400, "parameter type must be jsapi, wx_card or agent_config"),
            ("/app/demo/ticket?type=access", OWNER_KEY, 400, "parameter type must be jsapi, wx_card or agent_config"),
            ("/app/demo/ticket?type=jsapi%26a", OWNER_KEY, 400, "parameter type must be jsapi, wx_card or agent_config"),
            ("/app/demo/ticket?type=jsapi&type=jsapi", OWNER_KEY, 400, "parameter type is given more than once"),
            ("/app/demo/ticket?type=agent_config", OWNER_KEY, 400, "parameter agent_config is not for an account of kind official"),
            ("/app/corp/ticket?type=wx_card", OWNER_KEY, 400, "parameter wx_card is not for an account of kind wecom"),
            (&shop, OWNER_KEY, 400, "parameter jsapi is not for an account of kind miniprogram"),
            ("/app/nobody/jsapi", OWNER_KEY, 404, "there is no app nobody"),
            ("/app/demo/jsapi", TOKENS_KEY, 403, "this caller has no permission ticket for app demo"),
            ("/app/demo/jsapi", CRM_KEY, 403, "this caller has no permission ticket for app demo"),
            ("/app/demo/ticket?type=jsapi", RENEWER_KEY, 403, "this caller has no permission ticket for app demo"),
            ("/app/demo/ticket?type=jsapi", SHOP_KEY, 403, "this caller has no permission ticket for app demo"),
            ("/app/demo/api", TICKETS_KEY, 403, "this caller has no permission token for app demo"),
            ("/app/demo/jsapi", "nobodys-key-0123456789", 401, "an API key or a JWT is required"),
        ];
        for (path, key, status, text) in wrong {
            let (code, said) = error(&edge.get(path).bearer(key).await, status);
            assert!(code == -10_001 && said.starts_with(text), "{path} {code} {said}");
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            for path in ["/app/demo/jsapi", "/app/demo/ticket?type=jsapi"] {
                let answer = edge.request(method, path).bearer(OWNER_KEY).await;
                assert_eq!(error(&answer, 405).1, "this route takes GET, HEAD", "{method} {path}");
            }
        }
        assert_eq!((calls(&edge, "getticket").await, fetches(&edge).await), (0, 0));
    }

    async fn what_wechat_says_to_a_ticket_fetch_is_passed_on(start: Start) {
        let edge = whole(start).start().await;
        let fault = json!({ "endpoint": "getticket", "fault": "errcode", "errcode": 45009, "errmsg": "quota" });
        edge.simulator().fault(fault).await.unwrap();
        for _ in 0..3 {
            let (code, said) = error(&edge.get("/app/demo/jsapi").bearer(OWNER_KEY).await, 502);
            assert!(code == 45009 && said.starts_with("quota"), "{code} {said}");
        }
        assert_eq!(calls(&edge, "getticket").await, 1);
        // The other kind has a record of its own, and the token is not to blame.
        token(&edge.get("/app/demo/api").bearer(OWNER_KEY).await);
        assert_eq!(fetches(&edge).await, 1);
    }
}
