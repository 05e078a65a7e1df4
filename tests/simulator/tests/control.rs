//! The control API.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use wxedge_tests::simulator::Server;
use wxedge_tests::simulator::wechat::Which;

use crate::http::{STABLE, TOKEN, get, post, send, simulator, stable, used};

#[tokio::test]
async fn the_state_has_the_promised_shape() {
    let (server, _) = simulator().await;
    let token = get(&server, TOKEN).await.token();
    get(&server, "/cgi-bin/token?grant_type=client_credential&appid=wx9&secret=s1").await;
    stable(&server, true).await;
    let state = get(&server, "/_sim/state").await.json();
    assert!(state["now_ms"].as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(
        state["counters"]["token"],
        json!({
            "calls": 2, "issued": 1, "forced": 0, "errors": { "40013": 1 }, "faults": {},
            "aborted": 0, "in_flight": 0, "max_in_flight": 1
        })
    );
    assert_eq!(state["counters"]["stable_token"]["forced"], 1);
    assert_eq!(state["counters"]["custom_send"]["calls"], 0);
    let account = &state["accounts"]["wx1"];
    assert_eq!(account["classic"]["token"], Value::String(token));
    assert!(account["classic"]["expires_in"].as_u64().unwrap() >= 7190);
    assert_eq!((&account["stable"]["valid"], &account["forced_today"]), (&json!(true), &json!(1)));
    assert_eq!(account["previous"], Value::Null);
}

#[tokio::test]
async fn reset_sets_the_counters_to_zero_and_keeps_the_accounts() {
    let (server, control) = simulator().await;
    let token = get(&server, TOKEN).await.token();
    control.reset().await.unwrap();
    let state = control.state().await.unwrap();
    assert_eq!(state.counters["token"].calls, 0);
    assert_eq!(state.counters["token"].max_in_flight, 0);
    assert!(control.requests().await.unwrap().is_empty());
    assert_eq!(state.accounts["wx1"].classic.as_ref().unwrap().token, token);
}

#[tokio::test]
async fn killed_tokens_are_refused_at_once() {
    let (server, control) = simulator().await;
    for (which, codes) in [(Which::Classic, (40001, 0)), (Which::Stable, (0, 40001)), (Which::All, (40001, 40001))] {
        let (classic, steady) = (get(&server, TOKEN).await.token(), stable(&server, false).await.token());
        control.invalidate("wx1", which).await.unwrap();
        assert_eq!((used(&server, &classic).await, used(&server, &steady).await), codes, "{which:?}");
    }
    let dead = stable(&server, false).await.token();
    control.invalidate_sticky("wx1", Which::Stable).await.unwrap();
    assert_eq!(stable(&server, false).await.token(), dead);
    assert_ne!(stable(&server, true).await.token(), dead);
}

#[tokio::test]
async fn the_clock_goes_where_it_is_told() {
    let (server, control) = simulator().await;
    let before = control.state().await.unwrap();
    control.advance(Duration::from_secs(3600)).await.unwrap();
    let after = control.state().await.unwrap();
    assert!(after.now_ms >= before.now_ms + 3_600_000);
    assert_eq!(after.offset_ms, 3_600_000);
    post(&server, "/_sim/clock", json!({ "offset_ms": -1000 })).await;
    assert_eq!(control.state().await.unwrap().offset_ms, -1000);
}

#[tokio::test]
async fn a_bad_order_is_refused_with_a_sentence_that_names_the_field() {
    let (server, _) = simulator().await;
    for (name, body, field) in [
        ("accounts", r#"{"secret":"s"}"#, "appid"),
        ("accounts", r#"{"appid":"wx2"}"#, "secret"),
        ("accounts", r#"{"appid":"wx1","ip_allow":["localhost"]}"#, "ip_allow[0]"),
        ("accounts", r#"{"appid":"wx1","token_life_s":"long"}"#, "token_life_s"),
        ("accounts", r#"{"appid":"wx1","colour":"red"}"#, "colour"),
        ("accounts", r#"{"appid":"wx1""#, "the body"),
        ("accounts", "", "the body"),
        ("invalidate", r#"{"appid":"wx2","which":"all"}"#, "appid"),
        ("invalidate", r#"{"appid":"wx1","which":"some"}"#, "which"),
        ("clock", "{}", "advance_ms"),
        ("clock", r#"{"advance_ms":-1}"#, "advance_ms"),
        ("clock", r#"{"advance_ms":1,"offset_ms":1}"#, "advance_ms"),
        ("faults", r#"{"endpoint":"tokens","fault":"cut"}"#, "endpoint"),
        ("faults", r#"{"endpoint":"*","fault":"fire"}"#, "fault"),
        ("faults", r#"{"endpoint":"*","fault":"delay"}"#, "ms"),
    ] {
        let answer = send(&server, "POST", &format!("/_sim/{name}"), body).await.unwrap();
        assert_eq!(answer.status, 400, "{name} {body}");
        assert!(answer.body.starts_with(&format!("{field}: ")), "{name} {body} -> {}", answer.body);
        assert!(answer.body.ends_with(".\n"), "{}", answer.body);
    }
    assert_eq!(get(&server, "/_sim/nothing").await.status, 404);
    assert_eq!(get(&server, "/_sim/reset").await.status, 405);
}

#[tokio::test]
async fn the_client_passes_the_sentence_on() {
    let (_server, control) = simulator().await;
    let error = control.invalidate("wx9", Which::All).await.unwrap_err().to_string();
    assert!(error.contains("400 appid: there is no account wx9."), "{error}");
}

#[tokio::test]
async fn the_log_shows_what_arrived() {
    let (server, control) = simulator().await;
    get(&server, TOKEN).await;
    send(&server, "POST", &format!("{STABLE}?a=%2F"), "{\"half\":").await;
    let requests = control.requests().await.unwrap();
    assert_eq!(requests.len(), 2, "control requests are not logged");
    let (first, second) = (&requests[0], &requests[1]);
    assert_eq!((first.endpoint.as_str(), first.method.as_str(), first.target.as_str()), ("token", "GET", TOKEN));
    assert_eq!((first.header("host"), first.header("x-trace")), (Some("api.weixin.qq.com"), Some("7")));
    assert_eq!((second.target.as_str(), second.body.as_str()), ("/cgi-bin/stable_token?a=%2F", "{\"half\":"));
    assert!(second.at_ms >= first.at_ms);
}

#[tokio::test]
async fn only_loopback_addresses_are_listened_on() {
    assert!(Server::start(SocketAddr::from(([0, 0, 0, 0], 0))).is_err());
}
