//! The tickets of both platforms.

use std::time::Duration;

use serde_json::json;
use wxedge_tests::simulator::Server;
use wxedge_tests::simulator::wechat::Which;

use crate::http::{TOKEN, get, post, send, stable};
use crate::wecom::{corp, gettoken};

/// Short name, target without the token, whether it is WeCom's.
const TICKETS: [(&str, &str, bool); 4] = [
    ("getticket", "/cgi-bin/ticket/getticket?type=jsapi", false),
    ("getticket", "/cgi-bin/ticket/getticket?type=wx_card", false),
    ("get_jsapi_ticket", "/cgi-bin/get_jsapi_ticket?", true),
    ("agent_ticket", "/cgi-bin/ticket/get?type=agent_config", true),
];

async fn token(of: &Server, wecom: bool) -> String {
    let answer = if wecom { gettoken(of, "a").await } else { stable(of, false).await };
    answer.token()
}

#[tokio::test]
async fn a_ticket_comes_with_its_life_and_stays_the_same() {
    let (server, control) = corp().await;
    let mut seen = Vec::new();
    for (name, target, wecom) in TICKETS {
        let target = format!("{target}&access_token={}", token(&server, wecom).await);
        let first = get(&server, &target).await.json();
        let ticket = first["ticket"].as_str().unwrap().to_owned();
        assert_eq!(first, json!({ "errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": 7200 }), "{name}");
        control.advance(Duration::from_secs(60)).await.unwrap();
        let again = get(&server, &target).await.json();
        let left = again["expires_in"].as_u64().unwrap();
        assert!(again["ticket"] == *ticket && (7130..=7140).contains(&left), "{again}");
        assert!(!seen.contains(&ticket));
        seen.push(ticket);
    }
    let counters = control.state().await.unwrap().counters;
    for (name, calls, issued) in [("getticket", 4, 2), ("get_jsapi_ticket", 2, 1), ("agent_ticket", 2, 1)] {
        assert_eq!((counters[name].calls, counters[name].issued), (calls, issued), "{name}");
    }
    assert_eq!(control.requests().await.unwrap().last().unwrap().endpoint, "agent_ticket");
}

#[tokio::test]
async fn a_token_that_does_not_do_gets_no_ticket() {
    for (name, target, wecom) in TICKETS {
        let (server, control) = corp().await;
        let killed = token(&server, wecom).await;
        control.invalidate(if wecom { "ww1" } else { "wx1" }, Which::All).await.unwrap();
        let (good, foreign) = (token(&server, wecom).await, token(&server, !wecom).await);
        for (token, code) in [("", 41001), ("garbage", 40014), (&killed, 40001), (&foreign, 40014), (&good, 0)] {
            let answer = get(&server, &format!("{target}&access_token={token}")).await;
            assert_eq!((answer.status, answer.errcode()), (200, code), "{name}");
            let trace = if wecom { ", hint: [" } else { " rid: " };
            assert_eq!(answer.body.contains(trace), code != 0, "{}", answer.body);
        }
        assert_eq!(get(&server, target).await.errcode(), 41001, "{name}");
        control.advance(Duration::from_secs(7200)).await.unwrap();
        let target = format!("{target}&access_token={good}");
        assert_eq!(get(&server, &target).await.errcode(), 42001, "{name}");
        assert_eq!(post(&server, &target, json!({})).await.errcode(), 43001, "{name}");
        assert_eq!(control.state().await.unwrap().counters[name].errors[&40014], 2, "{name}");
    }
}

#[tokio::test]
async fn an_endpoint_knows_only_its_own_types() {
    let (server, _) = corp().await;
    let (official, corp) = (token(&server, false).await, token(&server, true).await);
    for (target, token) in [
        ("/cgi-bin/ticket/getticket?type=agent_config", &official),
        ("/cgi-bin/ticket/getticket?type=", &official),
        ("/cgi-bin/ticket/getticket?", &official),
        ("/cgi-bin/ticket/get?type=jsapi", &corp),
        ("/cgi-bin/ticket/get?", &corp),
    ] {
        let answer = get(&server, &format!("{target}&access_token={token}")).await;
        assert_eq!(answer.errcode(), 40097, "{target}");
        assert!(answer.json()["errmsg"].as_str().unwrap().starts_with("invalid args"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_ticket_outlives_its_token_and_a_killed_one_is_replaced() {
    let (server, control) = corp().await;
    control.account(json!({ "appid": "wx1", "grace_s": 0, "ticket_life_s": 600 })).await.unwrap();
    let fetch = async || {
        let token = get(&server, TOKEN).await.token();
        let target = format!("/cgi-bin/ticket/getticket?type=jsapi&access_token={token}");
        let answer = get(&server, &target).await.json();
        (answer["ticket"].as_str().unwrap().to_owned(), answer["expires_in"].as_u64().unwrap())
    };
    let (first, life) = fetch().await;
    assert_eq!((life, fetch().await.0), (600, first.clone()));
    let shown = control.state().await.unwrap().accounts["wx1"].tickets["jsapi"].clone();
    assert!(shown.ticket == first && shown.valid, "{shown:?}");
    control.invalidate("wx1", Which::Ticket).await.unwrap();
    assert!(control.state().await.unwrap().accounts["wx1"].tickets.is_empty());
    let (second, _) = fetch().await;
    assert_ne!(second, first);
    control.advance(Duration::from_secs(600)).await.unwrap();
    assert_ne!(fetch().await.0, second);
}

#[tokio::test]
async fn tickets_have_quotas() {
    let (server, control) = corp().await;
    for (name, target, wecom) in TICKETS {
        let mut settings = json!({ "appid": "wx1", "quotas": { name: 1 } });
        if wecom {
            settings = json!({ "appid": "ww1", "secret": "a", "kind": "wecom", "quotas": { name: 1 } });
        }
        control.account(settings).await.unwrap();
        control.advance(Duration::from_secs(24 * 60 * 60)).await.unwrap();
        let target = format!("{target}&access_token={}", token(&server, wecom).await);
        assert_eq!(get(&server, &target).await.errcode(), 0, "{name}");
        assert_eq!(get(&server, &target).await.errcode(), 45009, "{name}");
    }
}

#[tokio::test]
async fn faults_play_on_the_endpoints_of_tickets_and_of_wecom() {
    let (server, control) = corp().await;
    let targets = TICKETS.map(|(name, target, _)| (name, target)).into_iter();
    for (name, target) in targets.chain([("gettoken", "/cgi-bin/gettoken?corpid=ww1&corpsecret=a")]) {
        for (fault, code) in [("cut", None), ("errcode", Some(-1))] {
            control.fault(json!({ "endpoint": name, "fault": fault, "times": 1 })).await.unwrap();
            let answer = send(&server, "GET", target, "").await;
            assert_eq!(answer.map(|answer| answer.errcode()), code, "{name} {fault}");
        }
        let counter = control.state().await.unwrap().counters[name].clone();
        assert!(counter.faults["cut"] > 0 && counter.errors[&-1] > 0 && counter.issued == 0, "{name}");
    }
    control.fault(json!({ "endpoint": "gettoken", "fault": "accepted_reply_lost", "times": 1 })).await.unwrap();
    assert!(send(&server, "GET", "/cgi-bin/gettoken?corpid=ww1&corpsecret=a", "").await.is_none());
    let lost = control.state().await.unwrap().accounts["ww1:a"].wecom.clone().unwrap().token;
    assert_eq!(gettoken(&server, "a").await.token(), lost);
}
