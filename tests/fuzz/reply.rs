//! Answers of back-ends: WeChat is told something well-formed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wxedge::host::Time;
use wxedge::wechat::message::{Format, Ids, Message, user_info};
use wxedge::wechat::reply::{self, Address, Answer};
use wxedge::wechat::xml;

const PUSH: &str = "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><MsgType>event</MsgType></xml>";

fuzz_target!(|data: &[u8]| {
    let push = Message::read(PUSH, Ids::Text).expect("a push");
    let _ = (reply::raw(data), reply::channels(data), user_info(data));
    let Answer::Reply(reply) = reply::read(data) else { return };
    let kind = reply.kind();
    let told = reply.write(&Address::of(&push, Time::from_ms(0)), Format::Xml);
    let root = xml::parse(&told).expect("a document");
    assert_eq!(root.only("ToUserName").map(|it| &**it), Some("oA"));
    assert_eq!(root.only("MsgType").map(|it| &**it), Some(kind));
});
