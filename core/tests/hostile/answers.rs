//! Answers of back-ends: whatever they say, WeChat is told something well-formed, and to the right one.

use wxedge::host::Time;
use wxedge::wechat::message::{Format, Ids, Message};
use wxedge::wechat::reply::{self, Address, Answer};
use wxedge::wechat::xml;

use crate::mutate::{Random, mutate};

const PUSH: &str = "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><MsgType>event</MsgType></xml>";

fn corpus() -> Vec<&'static str> {
    let files = [
        include_str!("../golden/replies.txt"),
        include_str!("../golden/short_replies.txt"),
        include_str!("../golden/no_replies.txt"),
    ];
    let cases = files.into_iter().flat_map(|it| it.split("=== ").skip(1));
    cases.filter_map(|it| Some(it.split_once('\n')?.1.split_once("\n--- ")?.0)).collect()
}

#[test]
fn whatever_a_back_end_says_wechat_is_told_something_well_formed() {
    let (corpus, mut random, mut replies) = (corpus(), Random::new(0x5eed_0002), 0);
    assert!(corpus.len() > 60);
    let push = Message::read(PUSH, Ids::Text).unwrap();
    let address = Address::of(&push, Time::from_ms(1_700_000_000_000));
    for _ in 0..100_000 {
        let answer = mutate(random.pick(&corpus).as_bytes(), &mut random);
        let _ = (reply::raw(&answer), reply::channels(&answer));
        let Answer::Reply(reply) = reply::read(&answer) else { continue };
        replies += 1;
        let (kind, json) = (reply.kind(), reply.clone().write(&address, Format::Json));
        let told = reply.write(&address, Format::Xml);
        let shown = String::from_utf8_lossy(&answer);
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json} of {shown}");
        let root = xml::parse(&told).unwrap_or_else(|it| panic!("{it}: {told} of {shown}"));
        let names = ["ToUserName", "FromUserName", "CreateTime", "MsgType"];
        let found = names.map(|it| root.only(it).map(|it| &**it));
        assert_eq!(found, [Some("oA"), Some("gh_1"), Some("1700000000"), Some(kind)], "{told} of {shown}");
        assert!(!told.chars().any(|it| it < ' ' && !"\t\n\r".contains(it)), "{told} of {shown}");
        let articles = root.children.iter().find(|it| it.name == "Articles").map_or(0, |it| it.children.len());
        assert_eq!(articles > 0, kind == "news", "{told} of {shown}");
        assert!(articles <= 8, "{told} of {shown}");
    }
    assert!(replies > 3_000, "{replies}");
}
