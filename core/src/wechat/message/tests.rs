use alloc::format;
use alloc::string::{String, ToString};

use super::*;

fn message(text: &str) -> Message<'_> {
    Message::read(text, Ids::Text).unwrap()
}

fn event(name: &str) -> String {
    format!("<xml><MsgType>event</MsgType><Event><![CDATA[{name}]]></Event></xml>")
}

#[test]
fn ids_are_numbers_for_who_wants_them_so() {
    let xml = "<xml><MsgId>22277834746191186</MsgId><MsgID> 1 </MsgID><OuterId>9007199254740993</OuterId><a><MsgId>2</MsgId></a></xml>";
    let json = r#"{"MsgId":"22277834746191186","MsgID":1,"OuterId":9007199254740993,"a":[{"MsgId":"2"}]}"#;
    let numbers = r#"{"MsgId":22277834746191186,"MsgID":1,"OuterId":9007199254740993,"a":{"MsgId":2}}"#;
    assert_eq!(Message::read(xml, Ids::Number).unwrap().json(), numbers);
    let numbers = r#"{"MsgId":22277834746191186,"MsgID":1,"OuterId":9007199254740993,"a":[{"MsgId":2}]}"#;
    assert_eq!(Message::read(json, Ids::Number).unwrap().json(), numbers);
    let texts = r#"{"MsgId":"22277834746191186","MsgID":"1","OuterId":"9007199254740993","a":[{"MsgId":"2"}]}"#;
    assert_eq!(message(json).json(), texts);
    let no_number = r#"{"MsgId":"49d7_1555684067"}"#;
    assert_eq!(Message::read(no_number, Ids::Number).unwrap().json(), no_number);
    let no_number = "<xml><MsgId>007</MsgId></xml>";
    assert_eq!(Message::read(no_number, Ids::Number).unwrap().json(), r#"{"MsgId":"007"}"#);
}

#[test]
fn a_number_that_is_none_stays_a_text() {
    let json = |text: &str| message(&format!("<xml><Scale>{text}</Scale></xml>")).json();
    assert_eq!(json(" 15 "), r#"{"Scale":15}"#);
    assert_eq!(json("-1.50"), r#"{"Scale":-1.50}"#);
    assert_eq!(json(""), r#"{"Scale":0}"#);
    for text in ["NaN", "0x10", "015", "1,5", "+1", ".5", "1 2"] {
        assert_eq!(json(text), format!(r#"{{"Scale":"{text}"}}"#));
    }
}

#[test]
fn in_the_form_of_go_wx_gateway_the_flat_fields_have_their_types() {
    let xml = "<xml><MsgType>location</MsgType><Scale>far</Scale><Location_X>1.0</Location_X></xml>";
    let body = r#"{"ToUserName":"","FromUserName":"","CreateTime":0,"MsgType":"location","MsgId":"","Location_X":"1.0","Location_Y":"","Scale":0,"Label":""}"#;
    assert_eq!(message(xml).gateway(), body);
    let json = r#"{"":{"Content":"no"},"MsgType":"text","CreateTime":"7","Content":5,"MsgId":null,"ToUserName":true,"FromUserName":{"a":1}}"#;
    let body = r#"{"ToUserName":"true","FromUserName":{"a":1},"CreateTime":7,"MsgType":"text","MsgId":"","Content":"5","":{"Content":"no"}}"#;
    assert_eq!(message(json).gateway(), body);
}

#[test]
fn lists_are_found_however_json_writes_them() {
    let body = |list: &str| {
        let json = format!(r#"{{"MsgType":"event","Event":"pic_weixin","SendPicsInfo":{{"PicList":{list}}}}}"#);
        message(&json).gateway()
    };
    for list in [r#"[{"PicMd5Sum":"a"}]"#, r#"{"item":[{"PicMd5Sum":"a"}]}"#, r#"{"item":{"PicMd5Sum":"a"}}"#] {
        assert!(body(list).contains(r#""PicList":["a"],"#), "{list}");
    }
    for list in ["[]", "{}", "null", "7", r#""""#] {
        assert!(body(list).contains(r#""PicList":[],"#), "{list}");
    }
    assert!(body("[7]").contains(r#""PicList":[""],"#));
}

#[test]
fn no_name_leads_to_another_path() {
    for (name, path) in [
        ("CLICK", "/event/CLICK"),
        ("a/../../b", "/event/a%2F..%2F..%2Fb"),
        ("..", "/event"),
        (".", "/event"),
        ("...", "/event"),
        ("", "/event"),
        ("a?b#c d%2e\\", "/event/a%3Fb%23c%20d%252e%5C"),
        ("事件", "/event/%E4%BA%8B%E4%BB%B6"),
        (&"a".repeat(129), "/event"),
    ] {
        assert_eq!(message(&event(name)).path(), path, "{name}");
    }
    assert_eq!(message("<xml><MsgType>..</MsgType></xml>").path(), "/msg");
    assert_eq!(message("<xml><a/></xml>").path(), "/msg");
    assert_eq!(message("<xml><InfoType>authorized</InfoType></xml>").path(), "/event/authorized");
    assert_eq!(message("<xml><MsgType>text</MsgType><Event>CLICK</Event></xml>").path(), "/msg/text");
}

#[test]
fn what_is_no_push_is_told_so() {
    let why = |text: &str| Message::read(text, Ids::Text).map(|_| ()).unwrap_err().to_string();
    assert_eq!(why("<xml>hi</xml>"), "it is no XML: there are no elements in the root, at byte 0");
    assert_eq!(why("hi"), "it is no XML: a text stands outside the root, at byte 0");
    assert_eq!(why("[{}]"), "it is no XML: a text stands outside the root, at byte 0");
    assert_eq!(why("{\"a\":}"), "it is no JSON: a value is expected, at byte 5");
    assert_eq!(why("{\"a\":1,\"b\":{\"c\":1,\"c\":1}}"), "it is no JSON: a key is there twice, at byte 0");
    assert_eq!(why("{\"a\":[{\"c\":1,\"\\u0063\":1}]}"), "it is no JSON: a key is there twice, at byte 0");
    assert_eq!(why(&" ".repeat(limits::BODY.saturating_add(1))), "it is too long");
}

#[test]
fn who_wrote_has_nine_fields_and_what_else_there_is() {
    let answer =
        br#"{"subscribe":1,"openid":"o1","nickname":"a\"b","sex":1,"tagid_list":[128,2],"subscribe_time":1382694957}"#;
    let user = user_info(answer).unwrap();
    let json = r#"{"openid":"o1","nickname":"a\"b","sex":1,"province":"","city":"","country":"","headimgurl":"","privilege":[],"unionid":"","subscribe":1,"tagid_list":[128,2],"subscribe_time":1382694957}"#;
    assert_eq!(user, json);
    let body = with_user(r#"{"a":{}}"#.into(), Ok(&user));
    assert_eq!(body, format!(r#"{{"a":{{}},"userInfo":{json},"userInfoError":""}}"#));
    let body = with_user(r#"{"a":1}"#.into(), Err("no \"time\""));
    assert_eq!(body, r#"{"a":1,"userInfo":null,"userInfoError":"no \"time\""}"#);
    for answer in [&b"{\"errcode\":40003,\"errmsg\":\"invalid openid\"}"[..], b"<html>", b"\xff", b"[]", b""] {
        assert_eq!(user_info(answer), None);
    }
}

#[test]
fn a_document_of_many_names_is_not_slow() {
    // The most that XML may have, each under another name: every one is compared with all before it.
    let fields: String = (2..limits::XML_ELEMENTS).map(|it| format!("<n{it}/>")).collect();
    let document = format!("<xml><MsgType>event</MsgType>{fields}</xml>");
    let names = message(&document).gateway().matches("\"n").count();
    assert_eq!(names, limits::XML_ELEMENTS.saturating_sub(2));
}
