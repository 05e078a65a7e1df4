//! Envelopes and the callbacks around them: what WeChat did not sign is not taken, and nothing breaks.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wxedge::account::Family;
use wxedge::host::Time;
use wxedge::secret::Secret;
use wxedge::wechat::callback::{Guard, Mode, Signed};
use wxedge::wechat::envelope::{self, AesKey};
use wxedge::wechat::signature;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn guard() -> Guard {
    let key = AesKey::parse(KEY).expect("a key");
    Guard {
        family: Family::Wecom,
        mode: Mode::Encrypted,
        tokens: vec![Secret::new("TOKEN".into())],
        keys: vec![key],
        receive_ids: vec!["ww1".into()],
        max_age: 0,
    }
}

// The first byte chooses what the rest is.
fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let guard = guard();
    let text = String::from_utf8_lossy(rest);
    let now = Time::from_ms(0);
    match choice % 4 {
        // An envelope, well signed: whatever is in it.
        0 => {
            let token = &guard.tokens[0];
            let signature = signature::msg_signature(token, "1", "2", &text);
            let signed = Signed {
                msg_signature: Some(signature.into()),
                timestamp: Some("1".into()),
                nonce: Some("2".into()),
                echostr: Some(text.as_ref().into()),
                ..Signed::default()
            };
            let _ = guard.check(&signed, now);
        }
        // A query and a body, as anybody may send them.
        1 => {
            let (query, body) = text.split_once('\n').unwrap_or((&text, ""));
            let Ok(signed) = Signed::read(query) else { return };
            assert!(guard.take(&signed, body.into(), now).is_err());
        }
        // A frame, as a broken WeChat may send it.
        2 => {
            let encrypted = envelope::encrypt(&guard.keys[0], [7; 16], rest, "ww1");
            let frame = envelope::decrypt(&guard.keys[0], &encrypted).expect("our own");
            assert_eq!(frame.message, rest);
        }
        _ => drop(AesKey::parse(&text)),
    }
});
