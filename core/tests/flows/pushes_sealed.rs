//! Messages in envelopes, and one that is sent again to another door than WeChat's.

use serde_json::json;
use wxedge::host::{Method, Response};
use wxedge::secret::Secret;
use wxedge::wechat::envelope::{AesKey, encrypt};
use wxedge::wechat::signature::msg_signature;

use crate::pushes::TOKEN;
use crate::world::{APPID, Api, Edge, Saying, Settings, Sim};

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// One message in its envelope, which somebody can send to any door.
struct Sealed {
    query: String,
    body: String,
}

impl Sealed {
    fn new(sim: &Sim, content: &str) -> Self {
        let text = format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>oUser</FromUserName><CreateTime>1</CreateTime>\
             <MsgType>text</MsgType><Content>{content}</Content><MsgId>1</MsgId></xml>"
        );
        let encrypted = encrypt(&AesKey::parse(KEY).unwrap(), [7; 16], text.as_bytes(), APPID);
        let timestamp = (sim.wall().as_ms() / 1_000).to_string();
        let signature = msg_signature(&Secret::new(TOKEN.into()), &timestamp, "n1", &encrypted);
        let query = format!("timestamp={timestamp}&nonce=n1&encrypt_type=aes&msg_signature={signature}");
        Self { query, body: format!("<xml><Encrypt>{encrypted}</Encrypt></xml>") }
    }

    fn send(&self, edge: &Edge, door: &str) -> Response {
        let caller = edge.send(Method::Post, &format!("{door}{}", self.query), &[], &self.body);
        edge.sim.settle();
        caller.answer()
    }
}

fn settings() -> Settings {
    Settings { callback: json!({ "token": TOKEN, "aes_key": KEY, "to": ["one"] }), ..Settings::new(Api::Stable) }
}

fn text(response: &Response) -> &str {
    assert_eq!(response.status, 200);
    core::str::from_utf8(&response.body).unwrap()
}

const SEALED: &str = "/app/shop/msg/json?";
const VERBATIM: &str = "/any?call=one&";

#[test]
fn a_reply_that_was_encrypted_at_one_door_is_not_told_in_the_open_at_another() {
    let sim = Sim::new(1);
    sim.script(|_, _| Saying::text(5, "between us"));
    let edge = sim.threads(1, &settings()).remove(0);
    let message = Sealed::new(&sim, "hi");
    let (first, again) = (message.send(&edge, SEALED), message.send(&edge, SEALED));
    assert!([&first, &again].iter().all(|it| text(it).contains("<Encrypt>") && !text(it).contains("between us")));
    assert_eq!(text(&message.send(&edge, VERBATIM)), "success");
    assert_eq!(sim.asked().len(), 1, "nor is the back-end asked again");
}

#[test]
fn a_message_that_was_caught_reaches_no_back_end_as_long_as_its_timestamp_is_taken() {
    let sim = Sim::new(1);
    sim.allow(400_000);
    let edge = sim.threads(1, &settings()).remove(0);
    let message = Sealed::new(&sim, "hi");
    message.send(&edge, SEALED);
    sim.run_for(290_000);
    for door in [SEALED, VERBATIM, "/app/shop/msg?call=two&"] {
        assert_eq!(text(&message.send(&edge, door)), "success");
    }
    assert_eq!(sim.asked().len(), 1);
    sim.run_for(20_000);
    assert_eq!(message.send(&edge, SEALED).status, 403);
}

#[test]
fn an_envelope_of_a_back_ends_own_is_put_into_no_second_one() {
    const OWN: &str = "<xml><Encrypt>its own</Encrypt></xml>";
    let sim = Sim::new(1);
    sim.script(|_, _| Saying::After(5, 200, OWN.into()));
    let edge = sim.threads(1, &settings()).remove(0);
    let message = Sealed::new(&sim, "hi");
    assert_eq!((text(&message.send(&edge, VERBATIM)), text(&message.send(&edge, VERBATIM))), (OWN, OWN));
    assert_eq!(text(&message.send(&edge, SEALED)), "success");
    assert_eq!(sim.asked().len(), 1);
}

#[test]
fn nobody_has_a_channels_shops_message_decrypted_for_him() {
    let sim = Sim::new(1);
    let mut settings = settings();
    settings.kind = "channels";
    settings.callback["form"] = json!("decrypted");
    let edge = sim.threads(1, &settings).remove(0);
    for door in ["/app/shop/msg?", "/app/shop/msg?call=/echo&", "/any?call=/echo&"] {
        assert_eq!(text(&Sealed::new(&sim, door).send(&edge, door)), "success", "{door}");
    }
}
