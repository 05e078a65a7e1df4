//! Envelopes that are signed well and still hold no message for this account: as if a key had leaked, or WeChat had gone mad.

use wxedge_tests::harness::*;
use wxedge_tests::simulator::push::{Account, Push, Sealed, crypto};

use super::attempts::Attempt;
use crate::callback_support::*;

/// A frame, sealed with the account's key and signed with its token.
fn around(envelope: &str) -> Sealed {
    let account = sealed();
    let stamp = hi().seal();
    let part = |name: &str| stamp.query.iter().find(|it| it.0 == name).unwrap().1.clone();
    let signature = crypto::sign(&[Account::TOKEN, &part("timestamp"), &part("nonce"), envelope]);
    stamp.with("msg_signature", signature).body(account.around(envelope, None))
}

fn frame_of(message: &[u8], id: &str) -> Vec<u8> {
    crypto::frame(*b"0123456789abcdef", message, id)
}

fn seal(frame: Vec<u8>) -> String {
    sealed().key.unwrap().seal_frame(frame)
}

/// A frame whose padding is this byte, again and again, where seven of it are needed.
fn padded_with(value: u8) -> Vec<u8> {
    let message = Push::text("hi").plain();
    // So long that seven bytes are missing.
    let room = (32 + 25 - (20 + message.len() + Account::ID.len()) % 32) % 32;
    let mut frame = frame_of(format!("{message}{}", " ".repeat(room)).as_bytes(), Account::ID);
    assert_eq!(frame.len() % 32, 25);
    frame.resize(frame.len() + 7, value);
    frame
}

/// All of them.
pub fn all(edge: &Edge) -> Vec<Attempt> {
    let mut all = Vec::new();
    let mut add = |name: String, envelope: &str, statuses| {
        all.push(Attempt::new(name, &edge.sealed(&around(envelope), "/app/demo/msg/json"), statuses));
    };
    for value in (0..=255).filter(|it| *it != 7) {
        add(format!("padding {value}"), &seal(padded_with(value)), &[401]);
    }
    let whole = seal(crypto::pad(frame_of(Push::text("hi").plain().as_bytes(), Account::ID)));
    // Cut anywhere: most are no base64, the others no whole number of blocks, or a frame without its end.
    for length in (0..whole.len()).step_by(5).chain([whole.len() - 1, whole.len() - 2]) {
        add(format!("cut to {length}"), &whole[..length], &[400, 401, 403]);
    }
    for blocks in [1, 2, 3, 5] {
        let mut frame = frame_of(Push::text("hi").plain().as_bytes(), Account::ID);
        frame.truncate(blocks * 16);
        add(format!("{blocks} blocks of a frame"), &seal(frame), &[401]);
    }
    for length in [0, 1, 26, 27, 28, 1_000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_ffec] {
        let mut frame = frame_of(b"<xml>a message of 27 bytes", Account::ID);
        frame[16..20].copy_from_slice(&u32::to_be_bytes(length));
        if length != 26 {
            add(format!("a message of {length} bytes"), &seal(crypto::pad(frame)), &[401]);
        }
    }
    for id in [
        "",
        "wx",
        "wx1234567890abcde",
        "wx1234567890abcdef ",
        "WX1234567890ABCDEF",
        "wx1234567890abcdef\0",
        "ww1234567890abcdef",
    ] {
        let frame = crypto::pad(frame_of(Push::text("hi").plain().as_bytes(), id));
        add(format!("for {id:?}"), &seal(frame), &[401]);
    }
    for odd in [&b"\xff\xfe<xml/>"[..], b"<xml>\xc3</xml>"] {
        add(format!("the message {odd:?}"), &seal(crypto::pad(frame_of(odd, Account::ID))), &[401]);
    }
    // Signed, for this account, and no message.
    let deep = format!("{}{}", "<a>".repeat(40_000), "</a>".repeat(10));
    for odd in [
        "",
        "hello",
        "<xml>",
        "<xml></xml><xml></xml>",
        "<!DOCTYPE xml [<!ENTITY a \"b\">]><xml><MsgType>&a;</MsgType></xml>",
        "<!DOCTYPE xml SYSTEM \"http://127.0.0.1/x.dtd\"><xml><MsgType>text</MsgType></xml>",
        "<xml><MsgType>&nobody;</MsgType></xml>",
        "[]",
        "{\"MsgType\":\"text\",\"MsgType\":\"event\"}",
        &deep,
        &"[".repeat(100_000),
    ] {
        let short: String = odd.chars().take(40).collect();
        add(format!("the message {short:?}"), &seal(crypto::pad(frame_of(odd.as_bytes(), Account::ID))), &[400]);
    }
    for text in ["", "=", "====", "AAAA", "!!!!", "AAAAAAAAAAAAAAAAAAAAAA==", "你好", &"A".repeat(43), &"A".repeat(64)]
    {
        add(format!("the envelope {text:?}"), text, &[400, 401, 403]);
    }
    // Base64 that other readers take: without its end, in another alphabet, with blanks in it.
    let spellings = [
        whole.trim_end_matches('=').to_owned(),
        whole.replace('+', "-").replace('/', "_"),
        format!("{} {}", &whole[..8], &whole[8..]),
    ];
    for spelling in spellings.into_iter().filter(|it| *it != whole) {
        add(format!("the envelope {spelling:?}"), &spelling, &[401]);
    }
    all
}
