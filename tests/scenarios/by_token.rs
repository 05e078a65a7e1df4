//! WeChat's own paths of tickets, for programs that believe to speak with it: the access token is the proof.

use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

async fn of_app(edge: &Edge, app: &str) -> String {
    token(&edge.get(format!("/app/{app}/api")).bearer(OWNER_KEY).await)
}

fn official(token: &str, kind: &str) -> String {
    format!("/cgi-bin/ticket/getticket?access_token={token}&type={kind}")
}

on_every_host! {
    async fn a_token_opens_the_tickets_of_its_own_account(start: Start) {
        let edge = whole(start).start().await;
        let (demo, corp) = (of_app(&edge, "demo").await, of_app(&edge, "corp").await);
        let named = |app: &str, kind: &str| edge.get(format!("/app/{app}/ticket?type={kind}")).bearer(OWNER_KEY);
        let same = [
            (official(&demo, "jsapi"), named("demo", "jsapi")),
            (official(&demo, "wx_card"), named("demo", "wx_card")),
            (format!("/cgi-bin/get_jsapi_ticket?access_token={corp}"), named("corp", "jsapi")),
            (format!("/cgi-bin/ticket/get?access_token={corp}&type=agent_config"), named("corp", "agent_config")),
        ];
        for (path, by_app) in same {
            assert_eq!(ticket(&edge.get(&path).await), ticket(&by_app.await), "{path}");
        }
        assert_eq!((calls(&edge, "getticket").await, calls(&edge, "get_jsapi_ticket").await), (2, 1));
    }

    async fn no_other_token_does(start: Start) {
        let edge = whole(start).start().await;
        let (demo, corp) = (of_app(&edge, "demo").await, of_app(&edge, "corp").await);
        // Another family's, a part of one, another spelling, a ticket.
        let ticket = ticket(&edge.get("/app/demo/jsapi").bearer(OWNER_KEY).await);
        let lower = demo.to_lowercase();
        for wrong in [&corp, "SIM_", &demo[..demo.len() - 1], &format!("{demo}x"), &lower, &ticket, OWNER_KEY] {
            let (code, text) = error(&edge.get(official(wrong, "jsapi")).await, 200);
            assert_eq!(code, 40001, "{wrong} {text}");
        }
        assert_eq!(error(&edge.get(format!("/cgi-bin/get_jsapi_ticket?access_token={demo}")).await, 200).0, 40001);
        // A mini program has no tickets.
        let mini = token(&edge.get(format!("/app/{SHOP}/api")).bearer(OWNER_KEY).await);
        assert_eq!(error(&edge.get(official(&mini, "jsapi")).await, 200).0, 40035);
        assert_eq!(calls(&edge, "getticket").await, 1);
    }

    async fn a_token_that_was_replaced_opens_nothing(start: Start) {
        let edge = whole(start).start().await;
        let old = of_app(&edge, "classic").await;
        ticket(&edge.get(official(&old, "jsapi")).await);
        token(&edge.get("/app/classic/api/new").bearer(CRM_KEY).await);
        until("the old token is refused", PATIENCE, async || {
            edge.get(official(&old, "jsapi")).await.json()["errcode"] == 40001
        })
        .await;
    }

    async fn each_wrong_parameter_has_its_code(start: Start) {
        let edge = whole(start).start().await;
        let (demo, corp) = (of_app(&edge, "demo").await, of_app(&edge, "corp").await);
        let wrong = [
            ("/cgi-bin/ticket/getticket?type=jsapi".to_owned(), 41001),
            ("/cgi-bin/ticket/getticket?type=jsapi&access_token=".to_owned(), 41001),
            (format!("/cgi-bin/ticket/getticket?access_token={demo}"), 40035),
            (official(&demo, "sdk"), 40035),
            (official(&demo, "agent_config"), 40035),
            (official(&demo, &format!("jsapi&access_token={demo}")), 40035),
            ("/cgi-bin/get_jsapi_ticket".to_owned(), 41001),
            (format!("/cgi-bin/ticket/get?access_token={corp}"), 40035),
            (format!("/cgi-bin/ticket/get?access_token={corp}&type=jsapi"), 40035),
        ];
        for (path, code) in wrong {
            assert_eq!(error(&edge.get(&path).await, 200).0, code, "{path}");
        }
        assert_eq!(error(&edge.post(official(&demo, "jsapi")).await, 200).0, 43001);
        // A caller's key is nothing here.
        assert_eq!(error(&edge.get("/cgi-bin/ticket/getticket?type=jsapi").bearer(OWNER_KEY).await, 200).0, 41001);
    }
}
