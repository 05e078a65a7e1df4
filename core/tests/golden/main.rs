//! Every message and event that WeChat documents, as it comes in and as back-ends get it; and every reply, as back-ends give it
//! and as WeChat gets it. The files are read like this: `=== name`, what comes in, `--- form`, what goes out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod replies;

use wxedge::wechat::message::{Ids, Message};

/// One case of a file: its name, what comes in, and what goes out by form.
struct Case {
    name: &'static str,
    input: &'static str,
    outputs: Vec<(&'static str, &'static str)>,
}

fn cases(file: &'static str) -> Vec<Case> {
    let cases = file.strip_prefix("=== ").unwrap().split("\n=== ");
    cases.map(case).collect()
}

fn case(text: &'static str) -> Case {
    let (name, text) = text.split_once('\n').unwrap();
    let mut parts = text.split("\n--- ");
    let input = parts.next().unwrap();
    let output = |it: &'static str| it.split_once('\n').unwrap_or((it, ""));
    Case { name, input, outputs: parts.map(|it| output(it.trim_end())).collect() }
}

#[track_caller]
fn check(file: &'static str, count: usize) {
    let cases = cases(file);
    assert_eq!(cases.len(), count);
    for Case { name, input, outputs } in cases {
        let message = Message::read(input, Ids::Text).unwrap_or_else(|it| panic!("{name}: {it}"));
        let [("json", json), (gateway, body)] = outputs[..] else { panic!("{name}") };
        assert_eq!(message.json(), json, "{name}");
        assert_eq!(format!("gateway {}", message.path()), gateway, "{name}");
        assert_eq!(message.gateway(), body, "{name}");
    }
}

#[test]
fn messages_of_users() {
    check(include_str!("messages.txt"), 12);
}

#[test]
fn events_of_users() {
    check(include_str!("events.txt"), 22);
}

#[test]
fn results_of_jobs() {
    check(include_str!("jobs.txt"), 13);
}

#[test]
fn events_of_cards_and_shops() {
    check(include_str!("cards.txt"), 12);
}

#[test]
fn mini_programs_and_channels() {
    check(include_str!("mini.txt"), 10);
}

#[test]
fn wecom() {
    check(include_str!("wecom.txt"), 12);
}

#[test]
fn third_party_platforms() {
    check(include_str!("platform.txt"), 3);
}
