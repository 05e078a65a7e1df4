//! Programs that believe to speak with WeChat and bring an AppSecret that the gateway does not know: after a reset, by mistake, or
//! of an account that nobody configured.

use serde_json::{Value, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::wechat::Which;

use crate::support::*;

const STRANGER: &str = "wxffffffffffffffff";
const NEW: &str = "the-app-secret-after-the-reset";

fn path(appid: &str, secret: &str) -> String {
    format!("/cgi-bin/token?grant_type=client_credential&appid={appid}&secret={secret}")
}

/// The AppSecret of the demo account is reset at WeChat.
async fn reset(edge: &Edge) {
    edge.simulator().account(json!({ "appid": DEMO_APPID, "secret": NEW })).await.unwrap();
}

/// Accounts that no configuration names.
async fn strangers(edge: &Edge) {
    let wecom = json!({ "appid": "wwstranger", "secret": "corp-secret-of-a-stranger", "kind": "wecom" });
    for account in [json!({ "appid": STRANGER, "secret": "strange-secret" }), wecom] {
        edge.simulator().account(account).await.unwrap();
    }
}

fn serving(start: Start, unknown: Value) -> Start {
    whole(start).config(|config| config["unknown_accounts"] = unknown)
}

on_every_host! {
    async fn whoever_brings_the_new_appsecret_teaches_it_to_the_gateway(edge: Edge) {
        read(&edge).await;
        reset(&edge).await;
        let asked = path(DEMO_APPID, NEW);
        let callers = join_all((0..40).map(|_| async { token(&edge.get(&asked).await) }).collect()).await;
        let now = &callers[0];
        assert!(callers.iter().all(|it| it == now), "{callers:?}");
        assert_eq!(token(&edge.post_json("/cgi-bin/stable_token", &json!({
            "grant_type": "client_credential", "appid": DEMO_APPID, "secret": NEW
        })).await), *now);
        until("every reader has it", PATIENCE, async || read(&edge).await == *now).await;
        // Without the new one a renewal would be refused from here on.
        token(&edge.get("/app/demo/api/new").bearer(CRM_KEY).await);
        // The old one opens nothing any more, though it stands in the configuration.
        until("the old AppSecret is refused", PATIENCE, async || {
            let answer = edge.get(path(DEMO_APPID, DEMO_SECRET)).await;
            answer.json()["errcode"] == 40125
        })
        .await;
        assert!(edge.log().contains("event=learned account=official/wx1234567890abcdef"));
        assert!(!edge.log().contains(NEW));
    }

    async fn a_wrong_appsecret_is_wechats_to_refuse_and_changes_nothing(edge: Edge) {
        let before = read(&edge).await;
        for _ in 0..5 {
            assert_eq!(error(&edge.get(path(DEMO_APPID, "wrong")).await, 200).0, 40125);
        }
        assert_eq!((refusals(&edge).await, read(&edge).await), (1, before.clone()));
        assert_eq!(token(&edge.get(path(DEMO_APPID, DEMO_SECRET)).await), before);
        assert!(!edge.log().contains("wrong"), "{}", edge.log());
    }

    async fn an_account_that_nobody_configured_is_refused_by_default(start: Start) {
        let edge = whole(start).start().await;
        strangers(&edge).await;
        assert_eq!(error(&edge.get(path(STRANGER, "strange-secret")).await, 200).0, 40013);
        let wecom = "/cgi-bin/gettoken?corpid=wwstranger&corpsecret=corp-secret-of-a-stranger";
        assert_eq!(error(&edge.get(wecom).await, 200).0, 40013);
        assert_eq!(edge.simulator().state().await.unwrap().counters.values().map(|it| it.calls).sum::<u64>(), 0);
    }

    async fn an_account_that_nobody_configured_is_served_where_that_is_allowed(start: Start) {
        let edge = serving(start, json!("any")).start().await;
        strangers(&edge).await;
        let asked = path(STRANGER, "strange-secret");
        let given = join_all((0..40).map(|_| async { token(&edge.get(&asked).await) }).collect()).await;
        assert!(given.iter().all(|it| *it == given[0]), "{given:?}");
        assert_eq!(fetches(&edge).await, 1, "one fetch for all of them");
        assert_eq!(error(&edge.get(path(STRANGER, "wrong")).await, 200).0, 40125);
        assert_eq!(error(&edge.get(path("wxnobody00000000", "x")).await, 200).0, 40013);
        let wecom = |secret: &str| edge.get(format!("/cgi-bin/gettoken?corpid=wwstranger&corpsecret={secret}"));
        let answer = wecom("corp-secret-of-a-stranger").await;
        assert_eq!(answer.json()["errcode"], 0, "{}", answer.text());
        assert_eq!(error(&wecom("wrong").await, 200).0, 40001);
        // Its token opens what a token opens, and nothing of other accounts.
        let ticket_path = format!("/cgi-bin/ticket/getticket?type=jsapi&access_token={}", given[0]);
        let (_, life) = ticket_and_life(&edge.get(ticket_path).await);
        assert!(life > 7_000);
    }

    async fn only_the_accounts_that_are_listed_are_served(start: Start) {
        let edge = serving(start, json!([STRANGER])).start().await;
        strangers(&edge).await;
        token(&edge.get(path(STRANGER, "strange-secret")).await);
        let other = "/cgi-bin/gettoken?corpid=wwstranger&corpsecret=corp-secret-of-a-stranger";
        assert_eq!(error(&edge.get(other).await, 200).0, 40013);
    }

    async fn a_flood_of_guesses_is_limited_and_keeps_nobody_out(start: Start) {
        let edge = serving(start, json!("any")).start().await;
        let before = read(&edge).await;
        let mut limited = 0;
        for some in (0..300).collect::<Vec<u32>>().chunks(50) {
            let asked = some.iter().map(|it| {
                let appid = if it % 2 == 0 { DEMO_APPID.to_owned() } else { format!("wx{it:016}") };
                edge.get(path(&appid, &format!("guess-{it}"))).send()
            });
            for answer in join_all(asked.collect()).await {
                let answer = answer.unwrap();
                if answer.status == 429 {
                    assert!(answer.header("retry-after").is_some());
                    limited += 1;
                }
                assert!(answer.json()["errcode"].as_i64().unwrap() != 0);
            }
        }
        // 10 a minute of the account that is known, 60 of all others together, and what a minute's fraction adds.
        assert!(limited > 0 && refusals(&edge).await <= 10 + 60 + 20, "{limited} {}", refusals(&edge).await);
        assert_eq!(token(&edge.get(path(DEMO_APPID, DEMO_SECRET)).await), before);
    }
}

#[test]
fn a_killed_workerd_still_knows_what_was_proved() {
    block_on(async {
        let mut edge = serving(Start::on(HostKind::Workerd), json!("any")).start().await;
        strangers(&edge).await;
        let given = token(&edge.get(path(STRANGER, "strange-secret")).await);
        reset(&edge).await;
        let learned = token(&edge.get(path(DEMO_APPID, NEW)).await);
        edge.kill();
        edge.restart().await;
        assert_eq!(token(&edge.get(path(STRANGER, "strange-secret")).await), given);
        assert_eq!(token(&edge.get(path(DEMO_APPID, NEW)).await), learned);
        assert_eq!(fetches(&edge).await, 2);
    });
}

#[test]
fn what_was_learned_reaches_kv_at_once() {
    block_on(async {
        let mut edge = Start::on(HostKind::Workerd).start().await;
        let before = read(&edge).await;
        let written = async |writes| {
            until("KV has a copy", PATIENCE, async || edge.kv().unwrap().counts().stored >= writes).await;
        };
        written(1).await;
        // A reset at WeChat ends the token too.
        reset(&edge).await;
        edge.simulator().invalidate(DEMO_APPID, Which::Stable).await.unwrap();
        let learned = token(&edge.get(path(DEMO_APPID, NEW)).await);
        assert_ne!(learned, before);
        written(2).await;
        edge.kill();
        edge.restart().await;
        assert_eq!(read(&edge).await, learned);
    });
}
