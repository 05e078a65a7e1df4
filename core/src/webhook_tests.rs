use alloc::rc::Rc;
use core::time::Duration;

use super::*;
use crate::host::Upstream;

/// The sample in the tests of the specification's reference libraries; Python's `hmac` gives the same.
#[test]
fn the_published_sample_is_signed_as_published() {
    let key = Key::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

fn sign(key: &str, id: &str, seconds: &str, body: &[u8]) -> String {
    Key::parse(key).unwrap().sign(id, seconds, body)
}

#[test]
fn whatever_is_changed_changes_the_signature() {
    let good = sign("a key of 16 bytes", "msg_1", "1", b"{}");
    let others = [
        sign("a key of 16 byteS", "msg_1", "1", b"{}"),
        sign("a key of 16 bytes", "msg_2", "1", b"{}"),
        sign("a key of 16 bytes", "msg_1", "2", b"{}"),
        sign("a key of 16 bytes", "msg_1", "1", b"{ }"),
        sign("a key of 16 bytes", "msg_1", "1", b""),
    ];
    assert!(others.iter().all(|it| *it != good));
}

#[test]
fn a_key_is_base64_after_its_prefix_and_the_text_itself_without_it() {
    let same = ["whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "0123456789abcdef"].map(|it| Key::parse(it).unwrap().0);
    assert_eq!(same[0], same[1]);
    assert_eq!(same[1], b"0123456789abcdef");
    let short = ["", "fifteen-bytes-x", "whsec_", "whsec_MDEyMzQ1Njc4OWFiY2Rl", "whsec_0123456789 abcdef01234567"];
    assert!(short.into_iter().all(|it| Key::parse(it).is_none()));
    let (long, chinese) = ("x".repeat(1000), "十六个字节的密钥");
    assert!(Key::parse(&long).is_some() && Key::parse(chinese).is_some());
}

#[test]
fn debug_shows_no_key() {
    assert_eq!(format!("{:?}", Key::parse("0123456789abcdef").unwrap()), "***");
}

fn target(key: Option<Key>) -> Rc<Target> {
    let to = Upstream { cluster: "c".into(), scheme: "https", authority: "a".into(), base: String::new() };
    Rc::new(Target {
        to,
        path: "/wx?a=b".into(),
        key,
        timeout: Duration::from_secs(3),
        confidential: true,
        breaker: Rc::default(),
    })
}

fn message() -> Message {
    let mut message = Message::of(&[0; 16], "店 a/b\r\nx: y", b"{\"a\":1}".to_vec());
    message.id = "msg_1".into();
    message
}

#[test]
fn each_attempt_has_the_same_id_and_its_own_time() {
    let target = target(Key::parse("0123456789abcdef"));
    let [one, two] = [1_999, 7_000].map(|it| message().to(&target, Time::from_ms(it)));
    let header = |it: &Request, name: &str| it.headers.iter().find(|it| it.0 == name).map(|it| it.1.clone()).unwrap();
    for (request, seconds) in [(&one, "1"), (&two, "7")] {
        assert_eq!((request.method, &*request.target, &*request.body), (Method::Post, "/wx?a=b", &b"{\"a\":1}"[..]));
        assert_eq!(header(request, "content-type"), "application/json");
        assert_eq!(header(request, "webhook-id"), "msg_1");
        assert_eq!(header(request, "webhook-timestamp"), seconds);
        assert_eq!(header(request, "webhook-signature"), sign("0123456789abcdef", "msg_1", seconds, b"{\"a\":1}"));
        assert_eq!(header(request, "x-wxedge-app"), "%E5%BA%97%20a%2Fb%0D%0Ax%3A%20y");
    }
}

#[test]
fn without_a_key_there_is_no_signature_and_without_a_request_no_request_id() {
    let names = |it: Request| it.headers.into_iter().map(|it| it.0).collect::<Vec<_>>();
    let plain = ["content-type", "x-wxedge-app", "webhook-id", "webhook-timestamp"];
    assert_eq!(names(message().to(&target(None), Time::from_ms(0))), plain);
    let named = Message { request_id: Some("r-1".into()), ..message() };
    let request = named.to(&target(None), Time::from_ms(0));
    assert_eq!(request.headers.last(), Some(&("x-request-id", "r-1".into())));
}
