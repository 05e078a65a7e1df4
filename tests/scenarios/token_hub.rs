//! token-hub's routes: the value as bare text for the one app that is meant, `rotate_..=` with the value that failed.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::wechat::Which;

use crate::support::*;

/// An error's text.
#[track_caller]
fn refusal(answer: &Answer, status: u16) -> String {
    let all = refused(answer, status);
    assert_eq!(answer.header("content-type").as_deref(), Some("text/plain; charset=utf-8"), "{all}");
    assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"), "{all}");
    answer.text()
}

const HUB_SHOP_KEY: &str = "hub-shop-0123456789";
const HUB_TOKENS_KEY: &str = "hub-tokens-0123456789";
const HUB_TICKETS_KEY: &str = "hub-tickets-0123456789";

/// Callers that mean one app, with one permission each.
fn hubs(start: Start) -> Start {
    whole(start).config(|config| {
        let more = [
            json!({ "name": "hub-shop", "key": HUB_SHOP_KEY, "app": "店 a/b" }),
            json!({ "name": "hub-tokens", "key": HUB_TOKENS_KEY, "app": "demo", "may": ["token"] }),
            json!({ "name": "hub-tickets", "key": HUB_TICKETS_KEY, "app": "demo", "may": ["ticket"] }),
        ];
        config["callers"].as_array_mut().unwrap().extend(more);
    })
}

async fn hub(edge: &Edge, target: &str) -> Answer {
    edge.get(target).bearer(OWNER_KEY).await
}

on_every_host! {
    async fn both_spellings_give_the_token_and_each_type_its_ticket(start: Start) {
        let edge = whole(start).start().await;
        let token = bare(&hub(&edge, "/access-token").await);
        assert_eq!(bare(&hub(&edge, "/access_token").await), token);
        assert_eq!(read(&edge).await, token);
        let (jsapi, card) = (hub(&edge, "/ticket?type=jsapi").await, hub(&edge, "/ticket?type=wx_card").await);
        assert_ne!(bare(&jsapi), bare(&card));
        assert_eq!((calls(&edge, "getticket").await, fetches(&edge).await), (2, 1));
    }

    async fn only_who_names_the_current_token_rotates_it(start: Start) {
        let edge = classic(whole(start)).start().await;
        let first = bare(&hub(&edge, "/access-token").await);
        for other in ["", "another", "%00"] {
            assert_eq!(bare(&hub(&edge, &format!("/access-token?rotate_token={other}")).await), first);
        }
        assert_eq!(fetches(&edge).await, 1);
        let rotate = format!("/access_token?rotate_token={first}");
        let second = bare(&hub(&edge, &rotate).await);
        assert_ne!(second, first);
        assert_eq!((bare(&hub(&edge, &rotate).await), fetches(&edge).await), (second, 2));
    }

    async fn only_who_names_the_current_ticket_rotates_it(start: Start) {
        let edge = whole(start).start().await;
        let first = bare(&hub(&edge, "/ticket?type=jsapi").await);
        let card = bare(&hub(&edge, "/ticket?type=wx_card").await);
        edge.simulator().invalidate(DEMO_APPID, Which::Ticket).await.unwrap();
        let rotate = format!("/ticket?type=jsapi&rotate_ticket={first}");
        let second = bare(&hub(&edge, &rotate).await);
        assert_ne!(second, first);
        assert_eq!(bare(&hub(&edge, &rotate).await), second);
        let other = format!("/ticket?type=wx_card&rotate_ticket={first}");
        assert_eq!(bare(&hub(&edge, &other).await), card);
        assert_eq!(calls(&edge, "getticket").await, 3);
    }

    async fn a_ticket_that_wechat_gives_again_is_given_again(start: Start) {
        let edge = whole(start).start().await;
        let first = bare(&hub(&edge, "/ticket?type=jsapi").await);
        let rotate = format!("/ticket?type=jsapi&rotate_ticket={first}");
        for _ in 0..3 {
            assert_eq!(bare(&hub(&edge, &rotate).await), first);
        }
        assert_eq!(calls(&edge, "getticket").await, 2);
    }

    async fn the_app_is_the_callers_or_the_only_one(start: Start) {
        let edge = hubs(start.clone()).start().await;
        let shop = bare(&edge.get("/access-token").bearer(HUB_SHOP_KEY).await);
        assert_eq!(bare(&edge.get(format!("/token/{SHOP}")).bearer(SHOP_KEY).await), shop);
        assert_ne!(bare(&hub(&edge, "/access-token").await), shop);
        let missing = edge.get("/ticket?type=jsapi").bearer(HUB_SHOP_KEY).await;
        assert_eq!(refusal(&missing, 400), "parameter jsapi is not for an account of kind miniprogram\n");
        let edge = start.start().await;
        assert_eq!(bare(&edge.get("/access-token").bearer(CRM_KEY).await), read(&edge).await);
    }

    async fn wechats_error_is_500_and_the_old_value_stays(start: Start) {
        let edge = classic(whole(start)).start().await;
        let first = bare(&hub(&edge, "/access-token").await);
        break_tokens(&edge, json!({ "fault": "errcode", "errcode": 40243, "errmsg": "frozen" })).await;
        let failed = hub(&edge, &format!("/access-token?rotate_token={first}")).await;
        let text = refusal(&failed, 500);
        assert!(text.starts_with("WeChat says 40243: frozen") && !text.ends_with('\n'), "{text}");
        assert_eq!(bare(&hub(&edge, "/access-token").await), first);
        edge.simulator().fault(json!({ "endpoint": "getticket", "fault": "errcode", "errcode": 45009, "errmsg": "q" })).await.unwrap();
        assert!(refusal(&hub(&edge, "/ticket?type=jsapi").await, 500).starts_with("WeChat says 45009: q"));
    }

    async fn over_the_budget_it_is_429(start: Start) {
        let edge = whole(start).start().await;
        let first = bare(&hub(&edge, "/access-token").await);
        edge.simulator().invalidate_sticky(DEMO_APPID, Which::Stable).await.unwrap();
        let second = bare(&hub(&edge, &format!("/access-token?rotate_token={first}")).await);
        let over = hub(&edge, &format!("/access-token?rotate_token={second}")).await;
        let wait = over.header("retry-after").unwrap();
        let text = format!("the credential cannot be renewed again yet: try in {wait} s\n");
        assert_eq!(refusal(&over, 429), text);
    }

    async fn another_method_is_refused_before_anything_else(start: Start) {
        let edge = whole(start).start().await;
        for path in ["/access-token", "/access_token", "/ticket?type=jsapi", "/ticket"] {
            for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
                for request in [edge.request(method, path), edge.request(method, path).bearer(OWNER_KEY)] {
                    let answer = request.await;
                    assert_eq!(refusal(&answer, 405), "Method Not Allowed\n", "{method} {path}");
                    assert_eq!(answer.header("allow").as_deref(), Some("GET"));
                }
            }
            let head = edge.request("HEAD", path).bearer(OWNER_KEY).await;
            assert_eq!((head.status, head.body.len()), (405, 0));
        }
        assert_eq!((calls(&edge, "getticket").await, fetches(&edge).await), (0, 0));
    }

    async fn whoever_may_not_gets_a_line_of_text(start: Start) {
        let edge = hubs(start).start().await;
        let forbidden = |may: &str, app: &str| format!("this caller has no permission {may} for app {app}\n");
        let unknown = "an API key or a JWT is required: send Authorization: Bearer <it>, or X-Api-Key\n".to_owned();
        let unclear = "parameter app (of the caller or in its JWT) is missing\n".to_owned();
        let types = "parameter type must be jsapi, wx_card or agent_config\n".to_owned();
        let wrong = [
            ("/access-token", "", 401, unknown.clone()),
            ("/access_token", "nobodys-key-0123456789", 401, unknown.clone()),
            ("/ticket?type=jsapi", "", 401, unknown.clone()),
            ("/ticket?type=nothing", "", 401, unknown),
            ("/access-token", TOKENS_KEY, 400, unclear.clone()),
            ("/ticket?type=jsapi", TICKETS_KEY, 400, unclear),
            ("/access-token", HUB_TICKETS_KEY, 403, forbidden("token", "demo")),
            ("/ticket?type=jsapi", HUB_TOKENS_KEY, 403, forbidden("ticket", "demo")),
            ("/access-token?rotate_token=x", HUB_TOKENS_KEY, 403, forbidden("rotate", "demo")),
            ("/ticket?type=jsapi&rotate_ticket=x", HUB_TICKETS_KEY, 403, forbidden("rotate", "demo")),
            ("/ticket", OWNER_KEY, 400, "parameter type is missing\n".to_owned()),
            ("/ticket?type=", OWNER_KEY, 400, "parameter type is missing\n".to_owned()),
            ("/ticket?type=access", OWNER_KEY, 400, types.clone()),
            ("/ticket?type=jsapi%26b=c", OWNER_KEY, 400, types),
            ("/ticket?type=jsapi&type=wx_card", OWNER_KEY, 400, "parameter type is given more than once\n".to_owned()),
        ];
        for (path, key, status, text) in wrong {
            let request = edge.get(path);
            let answer = if key.is_empty() { request } else { request.bearer(key) }.await;
            assert_eq!(refusal(&answer, status), text, "{path}");
            assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{path}");
        }
        assert_eq!((calls(&edge, "getticket").await, fetches(&edge).await), (0, 0));
    }
}
