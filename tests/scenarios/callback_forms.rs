//! What back-ends get of a message in each form, and what the user sees of their answers.

use serde_json::{Value as Json, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::push::{Account, Format, Outcome, Push, Value, crypto, read, templates};

use crate::callback_support::*;
use crate::support::*;

/// Each way in which an account may push, and what its app needs for it.
fn ways() -> [(Account, bool); 6] {
    let plain = Account::default;
    [
        (plain(), false),
        (plain().json(), false),
        (plain().compatible(AES_KEY), true),
        (plain().compatible(AES_KEY).json(), true),
        (sealed(), true),
        (sealed().json(), true),
    ]
}

/// Apps of one account: `demo` encrypts, `open` does not. Both pass messages to one back-end.
fn both(start: Start, backends: &[Backend]) -> Start {
    callback(safe(start, backends), "path", "/wx").config(|config| {
        let mut open = config["apps"]["demo"].clone();
        open["callback"].as_object_mut().unwrap().remove("aes_key");
        open["callback"]["path"] = json!("/open");
        config["apps"]["open"] = open;
        config["callback_hosts"] = json!({ "svc.example.com": ["demo"], "open.example.com": ["open"] });
    })
}

/// A push by each of the ways, to the door that `door` names of the app that takes it.
fn pushes(what: fn() -> Push, door: fn(app: &str) -> String) -> Vec<Push> {
    let push = |(account, safe): (Account, bool)| what().by(&account).to(door(if safe { "demo" } else { "open" }));
    ways().into_iter().map(push).collect()
}

/// Whether JSON holds all that a push says: texts and numbers as they are spelled, lists as lists.
fn holds(found: &Json, said: &Value) -> bool {
    match said {
        Value::Text(text) | Value::Number(text) => {
            let number = found.as_number().map(ToString::to_string);
            found.as_str() == Some(text) || number.as_ref() == Some(text)
        }
        Value::Fields(fields) => fields.iter().all(|(name, it)| holds(&found[name], it)),
        Value::List(items) => {
            let list = found.as_array();
            list.is_some_and(|it| it.len() == items.len() && it.iter().zip(items).all(|(found, it)| holds(found, it)))
        }
    }
}

/// The signature of a query is the one of a push that is not encrypted.
#[track_caller]
fn is_signed(it: &Received) {
    let pairs: Vec<(&str, &str)> = parts(it).1.split('&').filter_map(|it| it.split_once('=')).collect();
    let names: Vec<&str> = pairs.iter().map(|it| it.0).collect();
    assert_eq!(names, ["signature", "timestamp", "nonce", "openid"], "{}", it.target);
    assert_eq!(pairs[0].1, crypto::sign(&[Account::TOKEN, pairs[1].1, pairs[2].1]));
    assert_eq!(pairs[3].1, Push::USER);
}

on_every_host! {
    async fn verbatim_is_what_wechat_sent(start: Start) {
        let [backend] = backends().await;
        let mut edge = both(start, std::slice::from_ref(&backend)).start().await;
        let host = |app: &str| format!("/any/path?ids=number&call=b1&app={app}&x=%E4%BD%A0");
        for push in pushes(|| Push::text("<你好> & ]]>"), host) {
            let open = push.path.as_deref().is_some_and(|it| it.contains("app=open"));
            let push = push.host(if open { "open.example.com" } else { "svc.example.com" });
            let sealed = push.seal();
            // The back-end has an SDK of WeChat's: it opens what it gets, and what it says passes as it is.
            let account = &push.account;
            let answer = match (account.format, &account.key) {
                (Format::Xml, None) => reply(&push, "hello").xml("xml"),
                (Format::Json, None) => reply(&push, "hello").json(),
                (Format::Xml, Some(_)) => in_envelope(account, &reply(&push, "hello").xml("xml")).xml("xml"),
                (Format::Json, Some(_)) => in_envelope(account, &reply(&push, "hello").json()).json(),
            };
            backend.next([says(&answer)]);
            let before = backend.received().len();
            let path = push.path.clone().unwrap();
            let got = edge.sealed(&sealed, &path).header("host", push.host.as_deref().unwrap()).await;
            assert_eq!((got.status, got.text()), (200, answer));
            let it = &backend.received()[before];
            assert_eq!((it.method.as_str(), it.header("content-type")), ("POST", Some(sealed.content_type)));
            assert_eq!(it.body, sealed.body.as_bytes());
            let query = sealed.target("/any/path?app=x").replace("app=x", &path[path.find("app=").unwrap()..]);
            assert_eq!(it.target, query.replace("/any/path", "/wx"));
            // Repeated, it is answered with the same.
            assert_eq!(edge.push(push).await.text(), "hello");
            assert_eq!(backend.received().len(), before + 1);
        }
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn decrypted_is_what_wechat_would_send_without_encryption(start: Start) {
        let [backend] = backends().await;
        let mut edge = both(start, std::slice::from_ref(&backend)).start().await;
        for push in pushes(|| Push::text("<你好> & ]]>"), |app| format!("/app/{app}/msg")) {
            let (said, media) = match push.account.format {
                Format::Xml => (reply(&push, "hello & ]]> you").xml("xml"), "text/xml"),
                Format::Json => (reply(&push, "hello & ]]> you").json(), "application/json"),
            };
            backend.next([says(said)]);
            let before = backend.received().len();
            assert_eq!(edge.push(push.clone()).await.text(), "hello & ]]> you");
            let it = &backend.received()[before];
            assert!(it.header("content-type").unwrap().starts_with(media), "{it:?}");
            let (found, expected) = (String::from_utf8(it.body.clone()).unwrap(), push.plain());
            let [found, expected] = [&found, &expected].map(|it| read(it, push.account.format).unwrap());
            assert_eq!(found, expected);
            assert_eq!(parts(it).0, "/wx");
            is_signed(it);
        }
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn json_has_wechats_names(start: Start) {
        let [backend] = backends().await;
        let mut edge = both(start, std::slice::from_ref(&backend)).start().await;
        for push in pushes(|| Push::text("<你好> & ]]>"), |app| format!("/app/{app}/msg/json")) {
            backend.next([says(json!({ "MsgType": "text", "Content": "hello" }).to_string())]);
            let before = backend.received().len();
            assert_eq!(edge.push(push.clone()).await.text(), "hello");
            let it = &backend.received()[before];
            let said = push.fields().unwrap();
            let body = json!({
                "ToUserName": said.text_at("ToUserName"), "FromUserName": Push::USER, "MsgType": "text",
                "CreateTime": said.text_at("CreateTime").parse::<u64>().unwrap(), "Content": "<你好> & ]]>",
                "MsgId": said.text_at("MsgId"),
            });
            assert_eq!((it.header("content-type"), it.json()), (Some("application/json"), body));
            assert_eq!(parts(it).0, "/wx");
            is_signed(it);
        }
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn gateway_names_the_message_in_the_path(start: Start) {
        let [backend] = backends().await;
        let start = callback(both(start, std::slice::from_ref(&backend)), "userinfo", false);
        let mut edge = start.config(|it| it["apps"]["open"]["callback"]["userinfo"] = json!(false)).start().await;
        for push in pushes(|| Push::text("hi"), |app| if app == "demo" { "/wx".into() } else { "/open".into() }) {
            backend.next([says(json!({ "type": "video", "msg": "m1", "title": "t", "desc": "d" }).to_string())]);
            let before = backend.received().len();
            let seen = edge.push(push.clone()).await;
            let video = &seen.reply().body;
            assert_eq!([video.text_at("Video/MediaId"), video.text_at("Video/Title")], ["m1", "t"]);
            let it = &backend.received()[before];
            assert_eq!((it.target.as_str(), it.header("content-type")), ("/wx/msg/text", Some("application/json")));
            assert!(holds(&it.json(), &push.fields().unwrap()), "{}", it.json());
        }
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn every_message_and_event_arrives_whole(start: Start) {
        let [backend] = backends().await;
        let start = callback(callback(safe(start, std::slice::from_ref(&backend)), "path", "/wx"), "userinfo", false);
        let mut edge = start.start().await;
        let mut unknown = vec![Push::event("brand_new").with("Deep", Value::fields([("Er", "x".into())]))];
        unknown.push(Push::message("hologram").with("Beam", "b").with("Long", 9_007_199_254_740_993));
        let known = templates::names().map(Push::named);
        for push in known.chain(unknown) {
            let said = push.fields().unwrap();
            let (kind, event) = (said.text_at("MsgType"), said.text_at("Event"));
            let path = if kind == "event" { format!("/wx/event/{event}") } else { format!("/wx/msg/{kind}") };
            for (account, door, target) in [
                (sealed(), "/wx", path.as_str()),
                (sealed().json(), "/wx", &path),
                (sealed(), "/app/demo/msg/json", "/wx"),
                (sealed().json(), "/app/demo/msg/json", "/wx"),
            ] {
                let before = backend.received().len();
                // Another time for each, or it would be the same push again.
                let push = push.clone().by(&account).to(door).with("Trial", before as u64);
                let seen = edge.push(push.clone()).await;
                assert!(seen.is_nothing(), "{kind} {event}: {seen:?}");
                let it = &backend.received()[before];
                assert_eq!(parts(it).0, target, "{kind} {event}");
                let said = push.fields().unwrap();
                assert!(holds(&it.json(), &said), "{kind} {event}: {said:?} is not in {}", it.json());
            }
        }
        unharmed(&mut edge).await;
    }

    async fn every_reply_is_shown(start: Start) {
        let [backend] = backends().await;
        let mut edge = safe(start, std::slice::from_ref(&backend)).start().await;
        let article = json!({ "Title": "t", "Description": "d", "PicUrl": "p", "Url": "u" });
        let short = json!({ "title": "t", "desc": "d", "pic_url": "p", "url": "u" });
        let service = json!({ "MsgType": "transfer_customer_service", "TransInfo": { "KfAccount": "a@b" } });
        for (said, kind, path, expected) in [
            (json!({ "MsgType": "image", "Image": { "MediaId": "m" } }), "image", "Image/MediaId", "m"),
            (json!({ "MsgType": "voice", "Voice": { "MediaId": "m" } }), "voice", "Voice/MediaId", "m"),
            (json!({ "type": "image", "msg": "m" }), "image", "Image/MediaId", "m"),
            (json!({ "type": "music", "url": "u", "thumb": "h" }), "music", "Music/MusicUrl", "u"),
            (json!({ "MsgType": "news", "Articles": [{ "Item": article }] }), "news", "Articles/item/Url", "u"),
            (json!({ "type": "news", "articles": [short] }), "news", "Articles/item/Title", "t"),
            (service, "transfer_customer_service", "TransInfo/KfAccount", "a@b"),
            (json!({ "MsgType": "text", "Content": "a]]>b\n<c>" }), "text", "Content", "a]]>b\n<c>"),
        ] {
            backend.next([says(said.to_string())]);
            let click = Push::named("CLICK").with("EventKey", said.to_string().as_str());
            let seen = edge.push(click.by(&sealed()).to("/app/demo/msg/json")).await;
            assert_eq!((seen.reply().kind.as_str(), seen.reply().body.text_at(path)), (kind, expected), "{seen:?}");
        }
        let many = json!({ "type": "news", "articles": vec![json!({ "title": "t", "url": "u" }); 10] }).to_string();
        backend.next([says(&many), says(&many)]);
        let count = |seen: &Outcome| seen.reply().body.text_at("ArticleCount").to_owned();
        assert_eq!(count(&edge.push(hi()).await), "1");
        assert_eq!(count(&edge.push(Push::named("SCAN").by(&sealed()).to("/app/demo/msg/json")).await), "8");
        for nothing in ["", "success", "\"success\"", "{}", "null", r#"{"type":"success"}"#, r#"{"msg":""}"#] {
            backend.next([says(nothing)]);
            assert!(edge.push(hi()).await.is_nothing(), "{nothing}");
        }
        unharmed(&mut edge).await;
    }
}

/// An answer in an envelope, as an SDK of WeChat's makes it.
fn in_envelope(account: &Account, plain: &str) -> Value {
    let encrypted = account.envelope(plain);
    let signature = crypto::sign(&[&account.token, "1700000001", "n1", &encrypted]);
    Value::fields([
        ("Encrypt", Value::text(encrypted)),
        ("MsgSignature", Value::text(signature)),
        ("TimeStamp", Value::number(1_700_000_001)),
        ("Nonce", Value::text("n1")),
    ])
}
