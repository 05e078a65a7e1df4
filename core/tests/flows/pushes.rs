//! Messages: which back-end's answer WeChat gets, and when.

use serde_json::{Value, json};
use wxedge::host::Response;
use wxedge::limits;

use crate::world::{Api, Asked, Edge, Saying, Settings, Sim, Ticket, seeds};

pub(crate) const TOKEN: &str = "token4push";

/// Messages go to these back-ends, in this order, as JSON.
pub(crate) fn settings(to: &[&str]) -> Settings {
    Settings { callback: json!({ "token": TOKEN, "form": "json", "to": to }), ..Settings::new(Api::Stable) }
}

/// The same with other settings of the callback.
fn with(to: &[&str], more: Value) -> Settings {
    let mut settings = settings(to);
    settings.callback.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings
}

/// WeChat pushes a text message.
pub(crate) fn push(edge: &Edge, content: &str) -> Ticket<Response> {
    let timestamp = (edge.sim.wall().as_ms() / 1_000).to_string();
    let token = wxedge::secret::Secret::new(TOKEN.into());
    let signature = wxedge::wechat::signature::signature(&token, &timestamp, "n1");
    let target = format!("/app/shop/msg?signature={signature}&timestamp={timestamp}&nonce=n1&openid=oUser");
    let body = format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oUser</FromUserName><CreateTime>1</CreateTime>\
         <MsgType>text</MsgType><Content>{content}</Content><MsgId>1</MsgId></xml>"
    );
    edge.send(wxedge::host::Method::Post, &target, &[], &body)
}

/// What the user is shown: the text of the reply, or nothing.
#[track_caller]
pub(crate) fn shown(response: &Response) -> String {
    assert_eq!(response.status, 200);
    let text = String::from_utf8(response.body.clone()).unwrap();
    if text == "success" {
        return String::new();
    }
    assert!(text.contains("<ToUserName><![CDATA[oUser]]></ToUserName>"), "{text}");
    let (_, rest) = text.split_once("<Content><![CDATA[").unwrap_or_else(|| panic!("no text: {text}"));
    rest.split_once("]]>").unwrap().0.into()
}

/// One push with these back-ends: what is shown, and after how many ms.
fn one_push(sim: &Sim, script: impl FnMut(&Sim, &Asked) -> Saying + 'static) -> (String, u64) {
    sim.script(script);
    let edge = sim.threads(1, &settings(&["one", "two", "three"])).remove(0);
    let begin = sim.now();
    let caller = push(&edge, "hi");
    sim.run();
    let took = sim.now() - begin;
    (shown(&caller.answer()), took)
}

#[test]
fn the_second_is_heard_when_the_first_has_nothing_to_say_and_the_third_hangs() {
    seeds(50, |sim| {
        let (text, took) = one_push(&sim, |_, it| match &*it.who {
            "one" => Saying::nothing(3),
            "two" => Saying::text(1_000, "second"),
            _ => Saying::Hangs,
        });
        assert_eq!((&*text, took), ("second", 1_000));
    });
}

#[test]
fn an_answer_waits_200_ms_for_those_before_it() {
    seeds(50, |sim| {
        let (text, took) =
            one_push(&sim, |_, it| if it.who == "one" { Saying::Hangs } else { Saying::text(10, &it.who) });
        assert_eq!((&*text, took), ("two", 210));
    });
    seeds(50, |sim| {
        let (text, took) = one_push(&sim, |_, it| Saying::text(if it.who == "one" { 150 } else { 50 }, &it.who));
        assert_eq!((&*text, took), ("one", 150));
    });
    seeds(50, |sim| {
        let (text, took) = one_push(&sim, |_, it| match &*it.who {
            "one" => Saying::text(300, "one"),
            "two" => Saying::text(120, "two"),
            _ => Saying::text(50, "three"),
        });
        assert_eq!((&*text, took), ("two", 250), "the 200 ms count from the first answer of all");
    });
}

#[test]
fn wechat_is_answered_before_the_deadline_whoever_hangs() {
    seeds(50, |sim| {
        let (text, took) = one_push(&sim, |_, _| Saying::Hangs);
        assert_eq!((&*text, took), ("", 4_500));
    });
    seeds(50, |sim| {
        let (text, took) =
            one_push(&sim, |_, it| if it.who == "three" { Saying::text(4_450, "late") } else { Saying::Hangs });
        assert_eq!((&*text, took), ("late", 4_500));
    });
    let sim = Sim::new(1);
    sim.script(|_, _| Saying::Hangs);
    let edge = sim.threads(1, &with(&["one"], json!({ "deadline_ms": 800 }))).remove(0);
    let caller = push(&edge, "hi");
    sim.run();
    assert_eq!((shown(&caller.answer()), sim.now()), (String::new(), 800));
}

#[test]
fn failures_and_words_that_mean_nothing_are_passed_over() {
    let nothing = [
        Saying::nothing(1),
        Saying::Breaks,
        Saying::After(1, 200, "success".into()),
        Saying::After(1, 200, "{}".into()),
        Saying::After(1, 200, "[1".into()),
        Saying::After(1, 200, "<html>".into()),
        Saying::After(1, 200, r#"{"type":"dance","msg":"x"}"#.into()),
        Saying::After(1, 500, r#"{"msg":"no"}"#.into()),
        Saying::After(1, 302, r#"{"msg":"no"}"#.into()),
        Saying::After(1, 204, r#"{"msg":"no"}"#.into()),
    ];
    for saying in nothing {
        let sim = Sim::new(1);
        let first = saying.clone();
        let (text, _) = one_push(&sim, move |_, it| match &*it.who {
            "one" => first.clone(),
            "two" => Saying::text(30, "second"),
            _ => Saying::text(500, "third"),
        });
        assert_eq!(text, "second", "{saying:?}");
        let sim = Sim::new(1);
        let all = saying.clone();
        assert_eq!(one_push(&sim, move |_, _| all.clone()).0, "", "{saying:?}");
    }
}

#[test]
fn a_late_answer_is_heard_in_the_background_and_counted() {
    let sim = Sim::new(1);
    let (text, _) = one_push(&sim, |_, it| match &*it.who {
        "one" => Saying::text(1, "first"),
        "two" => Saying::text(8_000, "late"),
        _ => Saying::Hangs,
    });
    assert_eq!((&*text, sim.noted("backend_late")), ("first", 0));
    sim.settle();
    assert_eq!((sim.noted("backend_late"), sim.noted("backend_failed"), sim.now()), (1, 1, 10_000));
}

#[test]
fn who_hangs_up_takes_no_back_end_its_message() {
    seeds(50, |sim| {
        sim.script(|_, _| Saying::text(300, "hi"));
        let edge = sim.threads(1, &settings(&["one", "two", "three"])).remove(0);
        drop(push(&edge, "hi"));
        sim.settle();
        assert_eq!(sim.asked().len(), 3);
    });
}

#[test]
fn a_back_end_that_is_down_is_left_alone_for_half_a_minute() {
    let sim = Sim::new(1);
    let well = std::rc::Rc::new(std::cell::Cell::new(false));
    let is_well = well.clone();
    sim.script(move |_, it| match &*it.who {
        "one" if is_well.get() => Saying::text(5, "back"),
        "one" => Saying::After(5, 503, String::new()),
        _ => Saying::text(1, "two"),
    });
    let edge = sim.threads(1, &settings(&["one", "two"])).remove(0);
    let shows = |number: usize| {
        let caller = push(&edge, &format!("message {number}"));
        sim.settle();
        shown(&caller.answer())
    };
    for number in 0..20 {
        assert_eq!(shows(number), "two");
    }
    assert_eq!((sim.asked_of("one"), sim.asked_of("two"), sim.noted("backend_down")), (5, 20, 1));
    assert_eq!(sim.noted("backend_failed"), 20, "what it does not get is told too");
    sim.run_for(30_000);
    shows(100);
    shows(101);
    assert_eq!(sim.asked_of("one"), 6, "one request tries");
    well.set(true);
    sim.run_for(30_000);
    assert_eq!((shows(102), shows(103)), ("back".into(), "back".into()));
}

#[test]
fn a_back_end_that_nobody_stands_in_for_gets_every_message_though_it_is_down() {
    let sim = Sim::new(1);
    sim.script(|sim, _| if sim.asked().len() <= 10 { Saying::Breaks } else { Saying::text(5, "back") });
    let edge = sim.threads(1, &settings(&["one"])).remove(0);
    let shows = |number: usize| {
        let caller = push(&edge, &format!("message {number}"));
        sim.settle();
        shown(&caller.answer())
    };
    let all: Vec<String> = (0..12).map(shows).collect();
    assert_eq!((sim.asked_of("one"), sim.noted("backend_down")), (12, 1));
    assert_eq!((&*all[9], &*all[10], &*all[11]), ("", "back", "back"));
}

#[test]
fn a_back_end_that_says_no_is_not_down() {
    let sim = Sim::new(1);
    sim.script(|_, _| Saying::After(5, 404, String::new()));
    let edge = sim.threads(1, &settings(&["one"])).remove(0);
    for number in 0..20 {
        push(&edge, &format!("message {number}"));
        sim.settle();
    }
    assert_eq!((sim.asked_of("one"), sim.noted("backend_down")), (20, 0));
}

#[test]
fn who_wrote_is_asked_once_a_minute_and_told_with_the_message() {
    let sim = Sim::new(1);
    sim.user(r#"{"subscribe":1,"openid":"oUser","remark":"r"}"#);
    let edge = sim.threads(1, &with(&["one"], json!({ "form": "gateway" }))).remove(0);
    for number in 0..3 {
        push(&edge, &format!("message {number}"));
        sim.settle();
    }
    assert_eq!(sim.users().len(), 1);
    let asked = sim.asked();
    assert!(asked.iter().all(|it| it.target == "/msg/text"));
    let body: Value = serde_json::from_str(&asked[2].body).unwrap();
    assert_eq!((&body["userInfo"]["openid"], &body["userInfo"]["remark"]), (&json!("oUser"), &json!("r")));
    assert_eq!((&body["userInfo"]["nickname"], &body["userInfoError"]), (&json!(""), &json!("")));
    sim.run_for(60_000);
    push(&edge, "message 4");
    sim.settle();
    assert_eq!(sim.users().len(), 2);
}

#[test]
fn a_wechat_that_does_not_say_who_wrote_costs_a_second_and_a_half_and_tells_no_token() {
    let sim = Sim::new(1);
    sim.script(|_, _| Saying::text(1, "hello"));
    let edge = sim.threads(1, &with(&["one"], json!({ "form": "gateway" }))).remove(0);
    let caller = push(&edge, "hi");
    sim.run();
    assert_eq!(shown(&caller.answer()), "hello");
    assert!(sim.now() <= 1_501 + 500, "{}", sim.now());
    let body: Value = serde_json::from_str(&sim.asked()[0].body).unwrap();
    assert_eq!(body["userInfo"], Value::Null);
    assert_eq!(body["userInfoError"], "WeChat did not answer in time");
    let token = sim.wechat(|it| it.issued[0].token.clone());
    assert!(sim.users()[0].contains(&token) && !sim.asked()[0].body.contains(&token));
}

#[test]
fn the_deadline_holds_while_wechat_does_not_say_who_wrote() {
    let sim = Sim::new(1);
    sim.script(|_, _| Saying::text(1, "hello"));
    let edge = sim.threads(1, &with(&["one"], json!({ "form": "gateway", "deadline_ms": 900 }))).remove(0);
    let caller = push(&edge, "hi");
    sim.run();
    assert_eq!((shown(&caller.answer()), sim.now() <= 900), ("hello".into(), true), "{} ms", sim.now());
}

#[test]
fn a_stale_token_is_rotated_once_to_learn_who_wrote() {
    let sim = Sim::new(1);
    let answer = r#"{"errcode":40001,"errmsg":"invalid credential"}"#;
    sim.user(answer);
    let edge = sim.threads(1, &with(&["one"], json!({ "form": "gateway" }))).remove(0);
    push(&edge, "hi");
    sim.settle();
    assert_eq!(sim.users().len(), 2);
    assert_ne!(sim.users()[0], sim.users()[1], "the second time with another token");
    let body: Value = serde_json::from_str(&sim.asked()[0].body).unwrap();
    assert_eq!(body["userInfoError"], "WeChat says 40001: invalid credential");
}

#[test]
fn strangers_cannot_keep_the_registry_busy_with_names_that_nobody_has() {
    let sim = Sim::new(1);
    sim.allow(120_000);
    let edge = sim.threads(1, &Settings { admin: true, ..settings(&["one"]) }).remove(0);
    let status = |name: &str| {
        let caller = edge.get(&format!("/app/{name}/msg?signature=0&timestamp=1&nonce=n&echostr=e"));
        sim.settle();
        caller.answer().status
    };
    let answers: Vec<u16> = (0..6_100).map(|it| status(&format!("nobody{it}"))).collect();
    assert_eq!((answers[0], answers[5_999], answers[6_099]), (404, 404, 429));
    assert_eq!(status("shop"), 401, "who stands in the configuration is not concerned");
}

#[test]
fn the_deadline_is_wechats() {
    assert!(limits::DEADLINE_MOST.as_millis() < 5_000 && limits::DEADLINE <= limits::DEADLINE_MOST);
}
