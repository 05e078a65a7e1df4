//! Pushes, XML and JSON: back-ends get JSON, at the path that was meant, and it reads back as itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wxedge::host::Time;
use wxedge::wechat::message::{Format, Ids, Message, with_user};
use wxedge::wechat::reply::{self, Address};
use wxedge::wechat::xml;

fuzz_target!(|text: &str| {
    for ids in [Ids::Text, Ids::Number] {
        let Ok(message) = Message::read(text, ids) else { return };
        let json = message.json();
        assert_json(&json);
        assert_json(&with_user(message.gateway(), Err("why")));
        assert_eq!(Message::read(&json, ids).expect("our own").json(), json);
        let path = message.path();
        let name = path.strip_prefix("/msg").or_else(|| path.strip_prefix("/event")).expect("one of the two");
        assert!(name.bytes().all(|it| it.is_ascii_alphanumeric() || b"/-._~%".contains(&it)));
        assert!(name.rfind('/').is_none_or(|it| it == 0));
        if let Some(reply) = reply::echo(&message) {
            let told = reply.write(&Address::of(&message, Time::from_ms(0)), Format::Xml);
            assert!(xml::parse(&told).is_ok());
        }
    }
});

fn assert_json(text: &str) {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(it) => assert!(it.is_object(), "{text}"),
        // A number that is no f64 is a number all the same.
        Err(it) => assert!(it.to_string().contains("out of range"), "{it}: {text}"),
    }
}
