//! Replies: what back-ends say, and what WeChat is told.

use wxedge::host::Time;
use wxedge::wechat::message::{Format, Ids, Message};
use wxedge::wechat::reply::{self, Address, Answer};

use crate::{Case, cases};

const EVENT: &str = "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><MsgType>event</MsgType></xml>";

/// What WeChat is told, as the files have it.
fn told(answer: Answer<reply::Reply<'_>>, push: &str) -> (&'static str, String) {
    let push = Message::read(push, Ids::Text).unwrap();
    match answer {
        Answer::Reply(reply) => {
            ("reply", reply.write(&Address::of(&push, Time::from_ms(1_700_000_005_999)), Format::Xml))
        }
        Answer::Nothing => ("nothing", String::new()),
        Answer::Unusable(why) => ("unusable", why.into()),
    }
}

#[track_caller]
fn check(file: &'static str, count: usize) {
    let cases = cases(file);
    assert_eq!(cases.len(), count);
    for Case { name, input, outputs } in cases {
        let [(kind, text)] = outputs[..] else { panic!("{name}") };
        let told = told(reply::read(input.as_bytes()), EVENT);
        assert_eq!((told.0, &*told.1), (kind, text), "{name}");
    }
}

#[test]
fn replies_in_wechats_own_words() {
    check(include_str!("replies.txt"), 24);
}

#[test]
fn replies_in_the_words_of_go_wx_gateway() {
    check(include_str!("short_replies.txt"), 20);
}

#[test]
fn answers_that_are_no_reply() {
    check(include_str!("no_replies.txt"), 40);
}

#[test]
fn the_built_in_answers() {
    let cases = cases(include_str!("echo.txt"));
    assert_eq!(cases.len(), 14);
    for Case { name, input, outputs } in cases {
        let [(kind, text)] = outputs[..] else { panic!("{name}") };
        let push = Message::read(input, Ids::Text).unwrap();
        let answer = reply::echo(&push).map_or(Answer::Nothing, Answer::Reply);
        let told = told(answer, input);
        assert_eq!((told.0, &*told.1), (kind, text), "{name}");
    }
}
