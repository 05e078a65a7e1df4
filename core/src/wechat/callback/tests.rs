use alloc::string::ToString;
use alloc::vec;

use super::*;
use crate::error::Reject;
use crate::query::escape;
use crate::wechat::message::{Ids, Message};

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const OLD_KEY: &str = "0000000000000000000000000000000000000000000";
const NOW: Time = Time::from_ms(1_700_000_000_500);
const PUSH: &str = "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><MsgType>text</MsgType></xml>";
const RANDOM: [u8; 16] = *b"0123456789abcdef";

fn key(text: &str) -> AesKey {
    AesKey::parse(text).unwrap()
}

fn guard(family: Family, mode: Mode) -> Guard {
    Guard {
        family,
        mode,
        tokens: vec![Secret::new("TOKEN".into()), Secret::new("OLD".into())],
        keys: vec![key(KEY), key(OLD_KEY)],
        receive_ids: vec!["wx1".into(), "wx2".into()],
        max_age: 300,
    }
}

fn official() -> Guard {
    guard(Family::Official, Mode::Encrypted)
}

/// A query that this token signed, with more behind it.
fn query(token: &str, timestamp: &str, encrypted: Option<&str>, more: &str) -> Signed<'static> {
    let token = Secret::new(token.into());
    let plain = signature::signature(&token, timestamp, "N1");
    let mut query = format!("signature={plain}&timestamp={timestamp}&nonce=N1&openid=oA{more}");
    if let Some(encrypted) = encrypted {
        let signature = signature::msg_signature(&token, timestamp, "N1", encrypted);
        query.push_str(&format!("&msg_signature={signature}"));
    }
    Signed::read(query.leak()).unwrap()
}

fn sealed(key_text: &str, receive_id: &str) -> String {
    envelope::encrypt(&key(key_text), RANDOM, PUSH.as_bytes(), receive_id)
}

fn body(encrypted: &str) -> Vec<u8> {
    format!("<xml>\n<ToUserName><![CDATA[gh_1]]></ToUserName>\n<Encrypt><![CDATA[{encrypted}]]></Encrypt>\n</xml>")
        .into()
}

fn take(guard: &Guard, encrypted: &str, more: &str) -> Result<Taken, Refusal> {
    guard.take(&query("TOKEN", "1700000000", Some(encrypted), more), body(encrypted), NOW)
}

const AES: &str = "&encrypt_type=aes";

#[test]
fn the_url_check_gives_the_echo_back_only_to_whom_knows_the_token() {
    let echo = |token, timestamp| official().check(&query(token, timestamp, None, "&echostr=12%2b3+4"), NOW);
    assert_eq!(echo("TOKEN", "1700000000"), Ok("12+3+4".into()));
    assert_eq!(echo("OLD", "1699999700"), Ok("12+3+4".into()));
    assert_eq!(echo("token", "1700000000"), Err(Refusal::Signature));
    assert_eq!(echo("TOKEN", "1699999699"), Err(Refusal::Expired));
    let without = official().check(&query("TOKEN", "1700000000", None, ""), NOW);
    assert_eq!(without, Err(Refusal::Missing("echostr")));
}

#[test]
fn the_url_check_of_wecom_is_encrypted_however_its_plus_arrives() {
    let wecom = guard(Family::Wecom, Mode::Plain);
    // One of these has a plus in it.
    let echo = (0..99_u8)
        .map(|it| envelope::encrypt(&key(KEY), [it; 16], b"echo me", "wx2"))
        .find(|it| it.contains('+'))
        .unwrap();
    for spelling in [escape(&echo), echo.clone(), echo.replace('+', "%20")] {
        let mut signed = query("OLD", "1700000000", Some(&echo), &format!("&echostr={spelling}"));
        assert_eq!(wecom.check(&signed, NOW), Ok("echo me".into()), "{spelling}");
        signed.msg_signature = signed.signature.take();
        assert_eq!(wecom.check(&signed, NOW), Err(Refusal::Signature), "{spelling}");
    }
    let stranger = envelope::encrypt(&key(KEY), RANDOM, b"echo me", "wx3");
    let signed = query("TOKEN", "1700000000", Some(&stranger), &format!("&echostr={}", escape(&stranger)));
    assert_eq!(wecom.check(&signed, NOW), Err(Refusal::Envelope(Broken::ReceiveId)));
    let plain = query("TOKEN", "1700000000", Some("hello"), "&echostr=hello");
    assert_eq!(wecom.check(&plain, NOW), Err(Refusal::Envelope(Broken::Base64)));
}

#[test]
fn an_encrypted_push_is_taken_with_either_token_and_either_key() {
    for (token, key, receive_id, found) in [
        ("TOKEN", KEY, "wx1", (0, 0, 0)),
        ("OLD", KEY, "wx2", (1, 0, 1)),
        ("TOKEN", OLD_KEY, "wx1", (0, 1, 0)),
        ("OLD", OLD_KEY, "wx2", (1, 1, 1)),
    ] {
        let encrypted = sealed(key, receive_id);
        let taken = official().take(&query(token, "1700000000", Some(&encrypted), AES), body(&encrypted), NOW).unwrap();
        assert_eq!((taken.text.as_str(), taken.format), (PUSH, Format::Xml));
        assert_eq!((taken.token, taken.sealed), (found.0, Some((found.1, found.2))));
        assert_eq!(Message::read(&taken.text, Ids::Text).unwrap().text("FromUserName"), "oA");
    }
}

#[test]
fn a_compatible_push_is_believed_only_in_its_envelope() {
    let encrypted = sealed(KEY, "wx1");
    let both = format!("<xml><Content>forged</Content><Encrypt>{encrypted}</Encrypt></xml>");
    let taken = official().take(&query("TOKEN", "1700000000", Some(&encrypted), AES), both.into(), NOW).unwrap();
    assert_eq!(taken.text, PUSH);
}

#[test]
fn with_a_key_nothing_plain_is_taken_whatever_the_query_says() {
    let encrypted = sealed(KEY, "wx1");
    for more in
        ["", "&encrypt_type=", "&encrypt_type=raw", "&encrypt_type=AES", "&encrypt_type=aes%20", "&Encrypt_Type=aes"]
    {
        let signed = query("TOKEN", "1700000000", None, more);
        assert!(matches!(official().take(&signed, PUSH.into(), NOW), Err(Refusal::Mode(_))), "{more}");
        assert!(matches!(take(&official(), &encrypted, more), Err(Refusal::Mode(_))), "{more}");
    }
    // It says that it is encrypted, and is not.
    let signed = query("TOKEN", "1700000000", Some(""), AES);
    assert!(matches!(official().take(&signed, PUSH.into(), NOW), Err(Refusal::Mode(_))));
    // The plain signature is right, and proves nothing here.
    let mut signed = query("TOKEN", "1700000000", None, AES);
    assert_eq!(official().take(&signed, body(&encrypted), NOW), Err(Refusal::Missing("msg_signature")));
    signed.msg_signature = signed.signature.clone();
    assert_eq!(official().take(&signed, body(&encrypted), NOW), Err(Refusal::Signature));
    // No account without tokens takes anything.
    let nobody = Guard { tokens: vec![], ..official() };
    assert_eq!(take(&nobody, &encrypted, AES), Err(Refusal::Signature));
}

#[test]
fn a_plain_push_is_taken_where_the_mode_is_plain() {
    let plain = guard(Family::Official, Mode::Plain);
    for more in ["", "&encrypt_type=raw", "&encrypt_type="] {
        let taken = plain.take(&query("OLD", "1700000000", None, more), PUSH.into(), NOW).unwrap();
        assert_eq!((taken.text.as_str(), taken.token, taken.sealed), (PUSH, 1, None));
    }
    let json = plain.take(&query("TOKEN", "1700000000", None, ""), " {\"a\":1}".into(), NOW).unwrap();
    assert_eq!(json.format, Format::Json);
    let encrypted = sealed(KEY, "wx1");
    assert!(matches!(take(&plain, &encrypted, AES), Err(Refusal::Mode(_))));
    let mut signed = query("TOKEN", "1700000000", None, "");
    signed.nonce = Some("N2".into());
    assert_eq!(plain.take(&signed, PUSH.into(), NOW), Err(Refusal::Signature));
    signed.signature = None;
    assert_eq!(plain.take(&signed, PUSH.into(), NOW), Err(Refusal::Missing("signature")));
}

#[test]
fn what_is_missing_is_named() {
    let encrypted = sealed(KEY, "wx1");
    let full = query("TOKEN", "1700000000", Some(&encrypted), AES);
    for (name, signed) in [
        ("timestamp", Signed { timestamp: None, ..full.clone() }),
        ("timestamp", Signed { timestamp: Some("".into()), ..full.clone() }),
        ("nonce", Signed { nonce: None, ..full.clone() }),
        ("nonce", Signed { nonce: Some("".into()), ..full.clone() }),
        ("msg_signature", Signed { msg_signature: None, ..full.clone() }),
    ] {
        assert_eq!(official().take(&signed, body(&encrypted), NOW), Err(Refusal::Missing(name)));
    }
}

#[test]
fn an_old_push_and_one_from_the_future_are_refused() {
    let encrypted = sealed(KEY, "wx1");
    let at = |timestamp: &str| {
        let signed = query("TOKEN", timestamp, Some(&encrypted), AES);
        official().take(&signed, body(&encrypted), NOW).map(|_| ())
    };
    assert_eq!((at("1699999700"), at("1700000300")), (Ok(()), Ok(())));
    for timestamp in ["1699999699", "1700000301", "0", "soon", "1700000000x"] {
        assert_eq!(at(timestamp), Err(Refusal::Expired), "{timestamp}");
    }
    let any_time = Guard { max_age: 0, ..official() };
    let signed = query("TOKEN", "1", Some(&encrypted), AES);
    assert!(any_time.take(&signed, body(&encrypted), NOW).is_ok());
}

#[test]
fn what_was_changed_on_the_way_is_refused() {
    let encrypted = sealed(KEY, "wx1");
    let signed = query("TOKEN", "1700000000", Some(&encrypted), AES);
    for at in 0..encrypted.len() {
        let mut changed = encrypted.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(official().take(&signed, body(&changed), NOW), Err(Refusal::Signature), "{at}");
        let (cut, _) = encrypted.split_at(at);
        assert_eq!(official().take(&signed, body(cut), NOW), Err(Refusal::Signature), "{at}");
        // Signed by WeChat itself, it still opens only whole.
        assert!(matches!(take(&official(), cut, AES), Err(Refusal::Envelope(_))), "{at}");
    }
}

#[test]
fn an_envelope_of_another_account_or_key_is_refused() {
    let wrong = KEY.replace('a', "b");
    let forged = |key: &str, receive_id| take(&official(), &sealed(key, receive_id), AES).unwrap_err();
    assert_eq!(forged(KEY, "wx3"), Refusal::Envelope(Broken::ReceiveId));
    assert_eq!(forged(&wrong, "wx1"), Refusal::Envelope(Broken::Padding));
    for it in [Refusal::Signature, forged(KEY, ""), forged(&wrong, "wx1")] {
        assert!(it.is_forgery(), "{it}");
    }
    assert!(!Refusal::Expired.is_forgery());
}

#[test]
fn a_body_that_cannot_be_read_is_refused() {
    let encrypted = sealed(KEY, "wx1");
    let taken = |body: &[u8]| {
        official().take(&query("TOKEN", "1700000000", Some(&encrypted), AES), body.into(), NOW).unwrap_err()
    };
    let twice = format!("<xml><Encrypt>{encrypted}</Encrypt><Encrypt>x</Encrypt></xml>");
    let deep = format!("<xml><a><Encrypt>{encrypted}</Encrypt></a></xml>");
    for it in [twice.as_bytes(), deep.as_bytes(), b"{\"Encrypt\":[]}", b"<xml/>", b"{}"] {
        assert!(matches!(taken(it), Refusal::Mode(_)));
    }
    let json_twice = format!("{{\"Encrypt\":\"{encrypted}\",\"Encrypt\":\"{encrypted}\"}}");
    let bomb = "<!DOCTYPE x [<!ENTITY a \"b\">]><xml><Encrypt>&a;</Encrypt></xml>";
    for it in [json_twice.as_bytes(), bomb.as_bytes(), b"", b"\xff\xfe", b"{", b"hi"] {
        assert!(matches!(taken(it), Refusal::Body(_)));
    }
    let long = vec![b'a'; limits::BODY.saturating_add(1)];
    assert_eq!(taken(&long), Refusal::Body(Unreadable::TooLarge));
}

/// The fields of an encrypted answer, opened with the key and signed by the token that are told.
fn opened(guard: &Guard, answer: &str, names: [&str; 4], key: usize, token: usize) -> String {
    let root = if answer.starts_with('<') { tree(answer) } else { answer.to_string() };
    let root = message::json(&root).unwrap();
    let [encrypted, signature, timestamp, nonce] =
        names.map(|it| root.get(it).and_then(Value::as_str).unwrap().to_string());
    assert!(root.get(names[2]).is_some_and(|it| matches!(it, Value::Number(_))) || answer.starts_with('<'));
    assert_eq!(signature::msg_signature(&guard.tokens[token], &timestamp, &nonce, &encrypted), signature);
    assert_eq!((timestamp.as_str(), nonce.as_str()), ("1700000000", "N9"));
    let frame = envelope::decrypt(&guard.keys[key], &encrypted).unwrap();
    assert_eq!((frame.random, frame.receive_id.as_slice()), (RANDOM, &b"wx2"[..]));
    String::from_utf8(frame.message).unwrap()
}

fn tree(answer: &str) -> String {
    Message::read(answer, Ids::Text).unwrap().json()
}

#[test]
fn the_answer_is_sealed_with_what_opened_the_push() {
    let guard = official();
    let push = Taken { text: String::new(), format: Format::Xml, token: 1, sealed: Some((1, 1)) };
    let answer = guard.answer(&push, "<xml>hi</xml>".into(), NOW, "N9", RANDOM);
    assert!(answer.starts_with("<xml><Encrypt><![CDATA[") && answer.ends_with("<Nonce><![CDATA[N9]]></Nonce></xml>"));
    assert!(answer.contains("]]></MsgSignature><TimeStamp>1700000000</TimeStamp><Nonce>"), "{answer}");
    let names = ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"];
    assert_eq!(opened(&guard, &answer, names, 1, 1), "<xml>hi</xml>");
    let json = Taken { format: Format::Json, ..push };
    assert_eq!(opened(&guard, &guard.answer(&json, "{}".into(), NOW, "N9", RANDOM), names, 1, 1), "{}");
    let lower = Taken { format: Format::LowerJson, ..json };
    let names = ["encrypt", "msgsignature", "timestamp", "nonce"];
    assert_eq!(opened(&guard, &guard.answer(&lower, "{}".into(), NOW, "N9", RANDOM), names, 1, 1), "{}");
}

#[test]
fn nothing_to_say_stays_plain() {
    let push = Taken { text: String::new(), format: Format::Xml, token: 0, sealed: Some((0, 0)) };
    for reply in ["", "success"] {
        assert_eq!(official().answer(&push, reply.into(), NOW, "N9", RANDOM), reply);
    }
    let plain = Taken { sealed: None, ..push };
    assert_eq!(official().answer(&plain, "<xml/>".into(), NOW, "N9", RANDOM), "<xml/>");
}

#[test]
fn a_push_in_json_of_wecom_has_its_keys_in_lower_case() {
    let wecom = guard(Family::Wecom, Mode::Encrypted);
    let encrypted = sealed(KEY, "wx2");
    let body = format!("\u{feff}{{\"tousername\":\"ww1\",\"encrypt\":\"{encrypted}\",\"agentid\":\"1\"}}");
    let signed = query("TOKEN", "1700000000", Some(&encrypted), "");
    let taken = wecom.take(&signed, body.into(), NOW).unwrap();
    assert_eq!((taken.format, taken.text.as_str()), (Format::LowerJson, PUSH));
}

#[test]
fn a_parameter_that_is_there_twice_is_refused() {
    let repeated = Err(Reject::Repeated { name: "nonce".into() });
    assert_eq!(Signed::read("nonce=1&timestamp=2&nonce=1"), repeated);
    assert_eq!(Signed::read("nonce=1&%6eonce=1"), repeated);
    assert!(matches!(Signed::read("nonce=%ff"), Err(Reject::Invalid { .. })));
    let signed = Signed::read("call=a&call=b&nonce=a+b%2B&echostr&&=x").unwrap();
    assert_eq!((signed.nonce.as_deref(), signed.echostr.as_deref()), (Some("a+b+"), Some("")));
    assert_eq!(Signed::read(""), Ok(Signed::default()));
}
