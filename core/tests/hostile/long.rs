//! The longest inputs there may be, made of what could take long: each is done in about the time that it takes to read it.

#![allow(clippy::disallowed_methods)] // the clock of this machine measures

use std::time::{Duration, Instant};

use wxedge::limits;
use wxedge::wechat::message::{Ids, Message};
use wxedge::wechat::{reply, xml};

/// Far more than any of them needs without optimisation on a busy machine. Work that grows with the square of the length takes
/// minutes.
const PATIENCE: Duration = Duration::from_secs(10);

fn filled(start: &str, piece: &str, end: &str) -> String {
    let count = (limits::BODY - start.len() - end.len()) / piece.len();
    format!("{start}{}{end}", piece.repeat(count))
}

#[track_caller]
fn quick(text: &str) {
    let begin = Instant::now();
    let _ = xml::parse(text);
    if let Ok(message) = Message::read(text, Ids::Number) {
        let _ = (message.json(), message.gateway(), message.path());
    }
    let _ = (reply::read(text.as_bytes()), reply::raw(text.as_bytes()), reply::channels(text.as_bytes()));
    let (shown, took) = (&text[..40], begin.elapsed());
    assert!(took < PATIENCE, "{took:?} for {shown}");
}

#[test]
fn no_document_takes_long() {
    for piece in [
        "<a>",
        "<a/>",
        "</a>",
        "<!--",
        "<!---->",
        "<![CDATA[",
        "<![CDATA[]]>",
        "]]",
        "]",
        "-",
        "&amp;",
        "&",
        "&#x41;",
        "\r",
        "<",
        " ",
    ] {
        for start in ["<xml>", "<xml><a>", "<xml><![CDATA[", "<xml><!--", "<xml a='", ""] {
            quick(&filled(start, piece, ""));
            quick(&filled(start, piece, "]]>--></a></xml>"));
        }
    }
    quick(&filled("<xml ", "a='b' ", "></xml>"));
    quick(&filled("<xml", " ", "></xml>"));
    quick(&filled("<", "a", "></a>"));
    quick(&filled("<xml><a>", "<![CDATA[x]]> &lt;<!---->", "</a></xml>"));
}

#[test]
fn no_json_takes_long() {
    for piece in ["[", "{\"a\":", "[1,", "1", "\\u0041", "\\ud83d\\ude00", "\\", "\"", "a", " ", "\"\",", "0.", "{},"] {
        for start in ["{\"a\":", "{\"a\":\"", "{\"a\":[", "{\"msg\":\"", ""] {
            quick(&filled(start, piece, ""));
            quick(&filled(start, piece, "0]}"));
            quick(&filled(start, piece, "\"}"));
        }
    }
    let fields: String = (0..20_000).map(|it| format!("\"k{it}\":1,")).collect();
    quick(&format!("{{{fields}\"MsgType\":\"event\"}}"));
    quick(&format!("{{{fields}\"msg\":\"hi\"}}"));
    let articles = filled("{\"type\":\"news\",\"articles\":[", "{\"title\":\"t\"},", "{\"title\":\"t\"}]}");
    quick(&articles);
}

#[test]
fn nesting_of_a_hundred_thousand_is_refused() {
    for piece in ["<a>", "[", "{\"a\":", "{\"Articles\":[", "<Articles><item>"] {
        let deep = piece.repeat(100_000);
        assert!(xml::parse(&deep).is_err());
        assert!(Message::read(&deep, Ids::Text).is_err());
        assert!(matches!(reply::read(deep.as_bytes()), reply::Answer::Unusable(_)));
    }
    // Within the length of a body, it is the depth that is refused.
    let why = |text: &str| Message::read(text, Ids::Text).unwrap_err().to_string();
    assert!(why(&filled("<xml>", "<a>", "")).contains("nested too deeply"));
    assert!(why(&filled("{\"a\":", "[", "")).contains("nested too deeply"));
}
