//! Each reply, as wechatpy understands it.

use serde_json::{Value, json};
use wxedge::host::Time;
use wxedge::wechat::message::{Format, Ids, Message};
use wxedge::wechat::reply::{self, Address, Answer};

use crate::ask;
use crate::random::Random;

const PUSH: &str = "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><MsgType>event</MsgType></xml>";

/// A text that is easily broken on its way through XML.
const TEXT: &str = "你好 <&> ]]> ]]>\n\"q\" &amp; 😀";

/// What WeChat is told of what a back-end says, for the judge to read.
fn told(how: &str, answer: &Value) -> Value {
    let push = Message::read(PUSH, Ids::Text).expect("a push");
    let answer = answer.to_string();
    let Answer::Reply(reply) = reply::read(answer.as_bytes()) else { panic!("no reply: {answer}") };
    let body = reply.write(&Address::of(&push, Time::from_ms(1_700_000_000_000)), Format::Xml);
    json!({ "do": how, "body": body })
}

#[test]
fn replies_of_every_type_are_understood() {
    let cases = [
        (json!({ "MsgType": "text", "Content": TEXT }), json!({ "content": TEXT })),
        (json!({ "MsgType": "image", "Image": { "MediaId": "m-1" } }), json!({ "image": "m-1" })),
        (json!({ "MsgType": "voice", "Voice": { "MediaId": "m-1" } }), json!({ "voice": "m-1" })),
        (
            json!({ "MsgType": "video", "Video": { "MediaId": "m-1", "Title": TEXT, "Description": "d" } }),
            json!({ "video": { "media_id": "m-1", "title": TEXT, "description": "d" } }),
        ),
        (
            json!({ "MsgType": "music", "Music": {
                "ThumbMediaId": "m-1", "Title": TEXT, "Description": "d", "MusicUrl": "http://m?a=1&b=2", "HQMusicUrl": "http://h",
            } }),
            json!({ "music": {
                "thumb_media_id": "m-1", "title": TEXT, "description": "d", "music_url": "http://m?a=1&b=2",
                "hq_music_url": "http://h",
            } }),
        ),
        (
            json!({ "MsgType": "news", "Articles": [
                { "Title": TEXT, "Description": "d", "PicUrl": "http://p?a=1&b=2", "Url": "http://u" }, { "Title": "2" },
            ] }),
            json!({ "articles": [
                { "title": TEXT, "description": "d", "image": "http://p?a=1&b=2", "url": "http://u" },
                { "title": "2", "description": null, "image": null, "url": null },
            ] }),
        ),
        (json!({ "MsgType": "transfer_customer_service" }), json!({})),
    ];
    let answers = ask(&cases.each_ref().map(|it| told("read_reply", &it.0)));
    for ((said, mut expected), understood) in cases.into_iter().zip(answers) {
        expected["type"] = said["MsgType"].clone();
        expected["source"] = "gh_1".into();
        expected["target"] = "oA".into();
        expected["time"] = 1_700_000_000.into();
        assert_eq!(understood, expected);
    }
}

#[test]
fn cards_and_transfers_to_an_account_are_well_formed() {
    let card = json!({ "CardType": "button_interaction", "Source": { "Desc": TEXT } });
    let cases = [
        ("transfer_customer_service", "TransInfo", json!({ "KfAccount": "kf@gh_1" })),
        ("update_button", "Button", json!({ "ReplaceName": TEXT })),
        ("update_taskcard", "TaskCard", json!({ "ReplaceName": TEXT })),
        ("update_template_card", "TemplateCard", card),
    ];
    let answer = |(kind, element, it): &(&str, &str, Value)| json!({ "MsgType": kind, *element: it });
    let answers = ask(&cases.each_ref().map(|it| told("read_elements", &answer(it))));
    for (case, understood) in cases.iter().zip(answers) {
        let mut expected = answer(case);
        expected["ToUserName"] = "oA".into();
        expected["FromUserName"] = "gh_1".into();
        expected["CreateTime"] = "1700000000".into();
        assert_eq!(understood, expected);
    }
}

#[test]
fn a_thousand_texts_arrive_as_they_were_written() {
    let mut random = Random::new(0x5eed_000a);
    // The judge drops the blanks around a text.
    let texts: Vec<String> = (0..1_000).map(|_| format!("[{}]", random.text())).collect();
    let tasks: Vec<Value> =
        texts.iter().map(|it| told("read_reply", &json!({ "MsgType": "text", "Content": it }))).collect();
    for (text, understood) in texts.iter().zip(ask(&tasks)) {
        assert_eq!(understood["content"], text.as_str());
    }
}
