//! Whatever comes back from WeChat's side, the caller gets an honest error, and nothing breaks.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::raw_wechat::{Raw, RawWeChat};
use crate::support::*;

const GOOD: &str = r#"{"access_token":"SIM_raw","expires_in":7200}"#;

/// An answer with a length.
fn whole(head: &str, body: &str) -> Raw {
    Raw::new(format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

fn chunked(body: &str) -> Raw {
    Raw::new(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}"))
}

/// Answers that hold a good token in an odd dress: it is given out.
fn odd() -> Vec<Raw> {
    let no_text = [b"HTTP/1.1 200 OK\r\nx-a: \xff\xfe\r\ncontent-length: 44\r\n\r\n", GOOD.as_bytes()].concat();
    let mut drops = vec![b"HTTP/1.1 200 OK\r\ncontent-length: 44\r\n\r\n".to_vec()];
    drops.extend(GOOD.bytes().map(|it| vec![it]));
    let headers: String = (0..90).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let (first, second) = GOOD.split_at(20);
    vec![
        Raw::new(no_text),
        whole("200 OK\r\nset-cookie: a=\u{4f60}\r\nset-cookie: b=2\r\nempty:", GOOD),
        whole(&format!("200 OK\r\n{headers}x: y"), GOOD),
        whole("200 \u{597d}\r\ncontent-type: text/html; charset=gb2312", GOOD),
        chunked(&format!("14\r\n{first}\r\n18\r\n{second}\r\n0\r\n\r\n")),
        Raw::new(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{GOOD}")),
        Raw { pieces: drops, reset: false },
        Raw::new(format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 44\r\n\r\n{GOOD}")),
        whole("200 OK", r#"{"errcode":0,"errmsg":"ok","access_token":"SIM_raw","expires_in":7200,"more":[{}]}"#),
    ]
}

/// Answers that hold none.
fn broken() -> Vec<Raw> {
    let large = format!("{{\"access_token\":\"{}\",\"expires_in\":7200}}", "x".repeat(5_000_000));
    vec![
        Raw::new(""),
        Raw::new("\0\0\0\0\0"),
        Raw::new("HTTP/1.1"),
        Raw::new("SSH-2.0-OpenSSH_9.6\r\n"),
        Raw::new("HTTP/1.1 200 OK\r\ncontent-le"),
        Raw::new(format!("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{GOOD}")),
        Raw::reset(format!("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{GOOD}")),
        Raw::reset(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2c\r\n{GOOD}\r\n")),
        Raw::reset("HTTP/1.1 200 OK\r\ncontent-length: 44\r\n\r\n"),
        Raw::reset(""),
        chunked(&format!("zz\r\n{GOOD}\r\n0\r\n\r\n")),
        chunked(&format!("ffffffffffffffff\r\n{GOOD}\r\n0\r\n\r\n")),
        Raw::new(format!("HTTP/1.1 999 What\r\ncontent-length: 44\r\n\r\n{GOOD}")),
        Raw::new(format!("HTTP/1.1 0 OK\r\ncontent-length: 44\r\n\r\n{GOOD}")),
        Raw::new(format!("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{GOOD}")),
        Raw::new([&b"HTTP/1.1 200 OK\r\n\x01\xff: b\r\n\r\n"[..], GOOD.as_bytes()].concat()),
        Raw::new("HTTP/1.1 204 No Content\r\n\r\n"),
        Raw::new("HTTP/1.1 304 Not Modified\r\n\r\n"),
        whole("200 OK", ""),
        whole("301 Moved\r\nlocation: http://127.0.0.1:1/", GOOD),
        whole("201 Created", GOOD),
        whole("200 OK\r\ncontent-encoding: gzip", "\x1f\u{8b}no gzip"),
        whole("200 OK", "<html>\u{0}</html>"),
        whole("200 OK", "[[[[[[[[[[[[[[[[[[[["),
        whole("200 OK", &"[".repeat(200_000)),
        whole("200 OK", r#"[0,"ok","SIM_raw",7200]"#),
        whole("200 OK", r#"{"access_token":"SIM_\u0000","expires_in":7200}"#),
        whole("200 OK", r#"{"access_token":"SIM_raw","expires_in":1e400}"#),
        whole("200 OK", r#"{"access_token":"SIM_raw","expires_in":99999999999999999999999}"#),
        whole("200 OK", r#"{"errcode":9999999999999999999999,"errmsg":"x"}"#),
        whole("200 OK", r#"{"errcode":"40013","errmsg":"x"}"#),
        whole("200 OK", &large),
    ]
}

/// One app for each answer, its token fetched the classic way: there the appid stands in the path.
async fn with_answers(start: Start, answers: Vec<Raw>) -> (Edge, RawWeChat) {
    let appid = |n: usize| format!("wxraw{n:03}");
    let count = answers.len();
    let answers: BTreeMap<_, _> = answers.into_iter().enumerate().map(|(n, it)| (appid(n), it)).collect();
    let wechat = RawWeChat::start(answers).await;
    let start = start.config(|config| {
        for n in 0..count {
            config["apps"][format!("raw{n}")] = app(&appid(n), "raw-secret", "classic");
        }
        config["callers"] = json!([{ "name": "reader", "key": READER_KEY }]);
    });
    (start.wechat([WeChat::At(wechat.url())]).start().await, wechat)
}

async fn ask_all(edge: &Edge, count: usize) -> Vec<Answer> {
    let ask = |n| edge.get(format!("/app/raw{n}/api")).bearer(READER_KEY).into_future();
    join_all((0..count).map(ask).collect()).await
}

on_every_host! {
    async fn a_good_token_in_an_odd_answer_is_given_out(start: Start) {
        let count = odd().len();
        let (mut edge, wechat) = with_answers(start, odd()).await;
        for (n, answer) in ask_all(&edge, count).await.iter().enumerate() {
            assert_eq!(answer.status, 200, "answer {n}: {}", answer.text());
            assert_eq!(token(answer), "SIM_raw", "answer {n}");
        }
        assert_eq!(wechat.calls(), count);
        unharmed(&mut edge).await;
    }

    async fn an_answer_that_holds_no_token_is_an_honest_error(start: Start) {
        let count = broken().len();
        let (mut edge, wechat) = with_answers(start, broken()).await;
        let begin = Instant::now();
        for (n, answer) in ask_all(&edge, count).await.iter().enumerate() {
            assert!(matches!(answer.status, 502 | 504), "answer {n}: {} {}", answer.status, answer.text());
            let (code, text) = error(answer, answer.status);
            assert!(code == -10_001 && text.starts_with("WeChat "), "answer {n}: {code} {text}");
        }
        assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
        let calls = wechat.calls();
        assert!(calls <= 3 * count, "{calls} calls for {count} callers");
        // Once more, at once: nobody is stormed.
        ask_all(&edge, count).await;
        assert!(wechat.calls() <= 4 * count, "{} calls", wechat.calls());
        unharmed(&mut edge).await;
    }
}

/// Envoy reports an answer over its limit, and a reset after the head, by no headers at all.
#[test]
fn an_answer_over_envoys_limit_is_an_honest_error() {
    block_on(async {
        let start = Start::on(HostKind::Envoy).envoy_yaml(|yaml| {
            let layer = json!({ "name": "small", "static_layer": { "http.async_response_buffer_limit": 10_000 } });
            yaml.at("")?["layered_runtime"] = json!({ "layers": [layer] });
            Ok(())
        });
        let body = |length: usize| whole("200 OK", &format!("{}{}", " ".repeat(length), GOOD));
        let (mut edge, _wechat) = with_answers(start, vec![body(5_000), body(50_000)]).await;
        let answers = ask_all(&edge, 2).await;
        assert_eq!(token(&answers[0]), "SIM_raw");
        let (_, text) = error(&answers[1], 502);
        assert_eq!(text, "WeChat cannot be reached");
        unharmed(&mut edge).await;
    });
}
