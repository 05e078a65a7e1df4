//! What the scenarios about messages share: an app that takes them, the account that pushes them, the back-ends behind it.

use std::time::Duration;

use serde_json::{Value as Json, json};
use wxedge_tests::harness::*;
use wxedge_tests::simulator::push::{Account, Push, Value};

/// The EncodingAESKey of the demo app. The last character carries two bits that belong to no byte.
pub const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// The one that it had before.
pub const OLD_AES_KEY: &str = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyxwvut";
/// The token that it had before.
pub const OLD_TOKEN: &str = "oldtoken";
/// What the first back-end and the gateway share.
pub const BACKEND_KEY: &str = "callback-key-of-the-first-back-end";

/// What no answer, no log and no request to a back-end may hold.
pub const CALLBACK_SECRETS: [&str; 5] = [AES_KEY, OLD_AES_KEY, OLD_TOKEN, Account::TOKEN, BACKEND_KEY];

/// So many back-ends.
pub async fn backends<const N: usize>() -> [Backend; N] {
    let mut all = Vec::new();
    for _ in 0..N {
        all.push(Backend::start().await.unwrap());
    }
    all.try_into().unwrap()
}

/// The demo app takes messages in plain text. They go to these back-ends, which are called b1, b2 …
pub fn plain(start: Start, backends: &[Backend]) -> Start {
    start.config(|config| {
        let name = |at: usize| format!("b{}", at + 1);
        for (at, backend) in backends.iter().enumerate() {
            config["backends"][name(at)] = json!({ "url": backend.url("/wx"), "timeout_ms": 10_000 });
        }
        if !backends.is_empty() {
            config["backends"]["b1"]["key"] = json!(BACKEND_KEY);
        }
        let to: Vec<String> = (0..backends.len()).map(name).collect();
        config["apps"]["demo"]["callback"] = json!({ "token": Account::TOKEN, "to": to });
    })
}

/// The same, encrypted.
pub fn safe(start: Start, backends: &[Backend]) -> Start {
    callback(plain(start, backends), "aes_key", AES_KEY)
}

/// Another setting of the demo app's `callback`.
pub fn callback(start: Start, name: &str, value: impl Into<Json>) -> Start {
    start.config(|config| config["apps"]["demo"]["callback"][name] = value.into())
}

/// The demo app's account, which encrypts.
pub fn sealed() -> Account {
    Account::default().safe(AES_KEY)
}

/// A text of the demo app's, encrypted, to be answered by JSON.
pub fn hi() -> Push {
    Push::text("hi").by(&sealed()).to("/app/demo/msg/json")
}

/// What a back-end says that wants this text to be shown, where it gets JSON.
pub fn text(text: &str) -> Spoken {
    says(json!({ "msg": text }).to_string())
}

/// So many milliseconds.
pub const fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// How many requests all of these back-ends were sent.
pub fn called(backends: &[Backend]) -> usize {
    backends.iter().map(|it| it.received().len()).sum()
}

/// The one request that a back-end was sent.
#[track_caller]
pub fn only(backend: &Backend) -> Received {
    let received = backend.received();
    assert_eq!(received.len(), 1, "{received:?}");
    received.into_iter().next().unwrap()
}

/// The path and the query of a request.
pub fn parts(it: &Received) -> (&str, &str) {
    it.target.split_once('?').unwrap_or((&it.target, ""))
}

/// A reply to a push, as WeChat wants it.
pub fn reply(to: &Push, content: &str) -> Value {
    let said = to.fields().unwrap();
    Value::fields([
        ("ToUserName", Value::text(said.text_at("FromUserName"))),
        ("FromUserName", Value::text(said.text_at("ToUserName"))),
        ("CreateTime", Value::number(1_700_000_000)),
        ("MsgType", Value::text("text")),
        ("Content", Value::text(content)),
    ])
}

/// The host has kept the callback's secrets to itself.
#[track_caller]
pub fn silent(edge: &Edge) {
    let log = edge.log();
    for secret in CALLBACK_SECRETS {
        assert_eq!(log.lines().find(|it| it.contains(secret)), None);
    }
}
