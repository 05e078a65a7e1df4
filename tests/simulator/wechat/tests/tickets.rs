//! How tickets live and die.

use serde_json::json;

use super::wecom::{fetch, with_corp};
use super::{HOME, START, after, change, with};
use crate::simulator::wechat::{Grant, Owner, TicketType, Which};

fn wx1() -> Owner {
    Owner::Official("wx1".to_owned())
}

#[test]
fn a_ticket_stays_the_same_until_its_end() {
    let mut wechat = with(json!({ "ticket_life_s": 60 }));
    let first = wechat.ticket(&wx1(), TicketType::Jsapi, START).unwrap();
    assert_eq!((first.expires_in, first.issued), (60, true));
    for (secs, left) in [(0, 60), (59, 1)] {
        let again = wechat.ticket(&wx1(), TicketType::Jsapi, after(secs)).unwrap();
        assert_eq!(again, Grant { token: first.token.clone(), expires_in: left, issued: false });
    }
    let next = wechat.ticket(&wx1(), TicketType::Jsapi, after(60)).unwrap();
    assert!(next.issued && next.token != first.token);
}

#[test]
fn tickets_live_two_hours_whatever_the_tokens_do() {
    let mut wechat = with(json!({ "token_life_s": 30 }));
    assert_eq!(wechat.ticket(&wx1(), TicketType::Jsapi, START).unwrap().expires_in, 7200);
}

#[test]
fn each_account_and_type_has_a_ticket_of_its_own() {
    let mut wechat = with_corp(json!({}));
    let corp = |secret: &str| Owner::WeCom { corpid: "ww1".to_owned(), secret: secret.to_owned() };
    let mut texts: Vec<_> = [
        (wx1(), TicketType::Jsapi),
        (wx1(), TicketType::WxCard),
        (corp("a"), TicketType::Jsapi),
        (corp("a"), TicketType::AgentConfig),
        (corp("b"), TicketType::Jsapi),
    ]
    .into_iter()
    .map(|(owner, kind)| wechat.ticket(&owner, kind, START).unwrap().token)
    .collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 5);
    let report = wechat.report(START);
    assert_eq!(report["wx1"].tickets.keys().collect::<Vec<_>>(), ["jsapi", "wx_card"]);
    assert_eq!(report["ww1:a"].tickets.keys().collect::<Vec<_>>(), ["agent_config", "jsapi"]);
}

#[test]
fn a_ticket_outlives_the_token_that_fetched_it() {
    let mut wechat = with(json!({ "grace_s": 0 }));
    wechat.classic_token("wx1", START).unwrap();
    let ticket = wechat.ticket(&wx1(), TicketType::Jsapi, START).unwrap().token;
    wechat.classic_token("wx1", START).unwrap();
    wechat.invalidate("wx1", Which::All, false, START);
    let report = wechat.report(after(7199));
    let shown = &report["wx1"].tickets["jsapi"];
    assert_eq!((shown.ticket.as_str(), shown.valid, shown.expires_in), (ticket.as_str(), true, 1));
    assert!(!wechat.report(after(7200))["wx1"].tickets["jsapi"].valid);
}

#[test]
fn killed_tickets_are_gone_and_the_next_fetch_gives_another() {
    let mut wechat = with(json!({}));
    let kinds = [TicketType::Jsapi, TicketType::WxCard];
    let before = kinds.map(|kind| wechat.ticket(&wx1(), kind, START).unwrap().token);
    assert!(wechat.invalidate("wx1", Which::Ticket, false, START));
    assert!(wechat.report(START)["wx1"].tickets.is_empty());
    let after = kinds.map(|kind| wechat.ticket(&wx1(), kind, START).unwrap());
    assert!(after.iter().all(|grant| grant.issued && !before.contains(&grant.token)));
}

#[test]
fn a_sticky_dead_ticket_is_handed_out_until_its_end() {
    let mut wechat = with(json!({}));
    let first = wechat.ticket(&wx1(), TicketType::Jsapi, START).unwrap();
    wechat.invalidate("wx1", Which::Ticket, true, START);
    let report = wechat.report(START);
    assert_eq!((report["wx1"].tickets["jsapi"].valid, report["wx1"].tickets["jsapi"].expires_in), (false, 0));
    assert_eq!(wechat.ticket(&wx1(), TicketType::Jsapi, after(7199)).unwrap().token, first.token);
    let next = wechat.ticket(&wx1(), TicketType::Jsapi, after(7200)).unwrap();
    assert!(next.issued && wechat.report(after(7200))["wx1"].tickets["jsapi"].valid);
}

#[test]
fn killing_tickets_leaves_the_tokens_alone() {
    let mut wechat = with_corp(json!({}));
    let corp = fetch(&mut wechat, "a", START).unwrap().token;
    wechat.invalidate("ww1", Which::Ticket, false, START);
    assert_eq!(fetch(&mut wechat, "a", START).unwrap().token, corp);
}

#[test]
fn a_change_of_the_ticket_life_is_for_the_next_ticket() {
    let mut wechat = with_corp(json!({}));
    let owner = wechat.admit_wecom("gettoken", Some("ww1"), Some("a"), HOME, START).unwrap();
    wechat.ticket(&owner, TicketType::AgentConfig, START).unwrap();
    let shorter = json!({ "appid": "ww1", "secret": "a", "kind": "wecom", "ticket_life_s": 9 });
    wechat.put_account(change(shorter)).unwrap();
    assert_eq!(wechat.ticket(&owner, TicketType::AgentConfig, START).unwrap().expires_in, 7200);
    wechat.invalidate("ww1:a", Which::Ticket, false, START);
    assert_eq!(wechat.ticket(&owner, TicketType::AgentConfig, START).unwrap().expires_in, 9);
}
