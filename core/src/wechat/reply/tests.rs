use alloc::format;

use super::*;
use crate::wechat::message::Ids;

const NEWS: &[u8] = br#"{"type":"news","articles":[{"title":"1"},{"title":"2"},{"title":"3"}]}"#;

fn push(fields: &str) -> String {
    format!("<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName>{fields}</xml>")
}

fn reply(body: &[u8], fields: &str, format: Format) -> String {
    let push = push(fields);
    let push = Message::read(&push, Ids::Text).unwrap();
    let Answer::Reply(reply) = read(body) else { panic!("no reply") };
    reply.write(&Address::of(&push, Time::from_ms(1_700_000_000_000)), format)
}

#[test]
fn what_a_user_wrote_is_answered_with_one_article_and_an_event_with_more() {
    for (fields, count) in [
        ("<MsgType>text</MsgType>", 1),
        ("<MsgType>location</MsgType>", 1),
        ("<MsgType>event</MsgType><Event>CLICK</Event>", 3),
        ("<MsgType>text</MsgType><AgentID>1</AgentID>", 3),
    ] {
        let reply = reply(NEWS, fields, Format::Xml);
        assert!(reply.contains(&format!("<ArticleCount>{count}</ArticleCount>")), "{reply}");
        assert_eq!(reply.matches("<item>").count(), count, "{reply}");
    }
}

#[test]
fn a_push_in_json_is_answered_in_json() {
    let body = br#"{"type":"transfer_customer_service"}"#;
    let json =
        r#"{"ToUserName":"oA","FromUserName":"gh_1","CreateTime":1700000000,"MsgType":"transfer_customer_service"}"#;
    assert_eq!(reply(body, "<MsgType>text</MsgType>", Format::Json), json);
}

#[test]
fn an_answer_in_wechats_own_format_passes_as_it_is() {
    let envelope = "<?xml version=\"1.0\"?><xml><Encrypt>x</Encrypt></xml>";
    for body in ["<xml><MsgType>new</MsgType></xml>", "{\"MsgType\":1}", envelope, "{\"encrypt\":\"x\"}"] {
        assert_eq!(raw(format!(" {body}\n").as_bytes()), Answer::Reply(body));
    }
    for body in ["", "success", " success\n", "null"] {
        assert_eq!(raw(body.as_bytes()), Answer::Nothing);
    }
    for body in [
        "ok",
        "<xml>",
        "<xml>hi</xml>",
        "[1]",
        "\"a\"",
        "<!DOCTYPE a><a><b/></a>",
        "{\"error\":1}",
        "<html><p/></html>",
    ] {
        assert!(matches!(raw(body.as_bytes()), Answer::Unusable(_)), "{body}");
    }
}

#[test]
fn a_channels_shop_is_answered_with_what_msg_says() {
    assert_eq!(channels(br#"{"msg":"<any> text"}"#), Answer::Reply("<any> text".into()));
    for body in ["", "success", "{}", "{\"msg\":\"\"}", "{\"type\":\"text\"}"] {
        assert_eq!(channels(body.as_bytes()), Answer::Nothing, "{body}");
    }
    for body in ["ok", "{\"msg\":{}}", "<xml/>"] {
        assert!(matches!(channels(body.as_bytes()), Answer::Unusable(_)), "{body}");
    }
}

#[test]
fn what_is_too_long_or_no_text_is_unusable() {
    let long = format!("{{\"msg\":\"{}\"}}", "x".repeat(crate::limits::JSON));
    assert_eq!(read(long.as_bytes()), Answer::Unusable("it is too long"));
    assert_eq!(read(b"{\"msg\":\"\xff\"}"), Answer::Unusable("it is not UTF-8"));
    assert_eq!(raw(b"\xff"), Answer::Unusable("it is not UTF-8"));
}

#[test]
fn a_reply_names_its_kind() {
    let Answer::Reply(reply) = read(NEWS) else { panic!("no reply") };
    assert_eq!(reply.kind(), "news");
}
