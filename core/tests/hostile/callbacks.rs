//! Callbacks: nothing is taken that WeChat did not sign, and what is taken says what WeChat said.

use wxedge::account::Family;
use wxedge::host::Time;
use wxedge::secret::Secret;
use wxedge::wechat::callback::{Guard, Mode, Signed};
use wxedge::wechat::envelope::{self, AesKey};
use wxedge::wechat::signature;

use crate::mutate::{Random, mutate, mutate_text};

const PUSH: &str = "<xml><FromUserName>oA</FromUserName><MsgType>text</MsgType><Content>hello</Content></xml>";
const NOW: Time = Time::from_ms(1_700_000_000_000);
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn guard(family: Family) -> Guard {
    Guard {
        family,
        mode: Mode::Encrypted,
        tokens: vec![Secret::new("TOKEN".into()), Secret::new("OLD".into())],
        keys: vec![AesKey::parse(&KEY.replace('a', "z")).unwrap(), AesKey::parse(KEY).unwrap()],
        receive_ids: vec!["wx1".into()],
        max_age: 300,
    }
}

#[test]
fn what_wechat_did_not_sign_is_never_taken() {
    let (mut random, mut taken) = (Random::new(0x5eed_0003), 0);
    let encrypted = envelope::encrypt(&AesKey::parse(KEY).unwrap(), random.bytes(), PUSH.as_bytes(), "wx1");
    let signature = signature::msg_signature(&Secret::new("OLD".into()), "1700000000", "N1", &encrypted);
    let query =
        format!("timestamp=1700000000&nonce=N1&encrypt_type=aes&msg_signature={signature}&signature=x&openid=oA");
    let bodies = [
        format!("<xml>\n<ToUserName><![CDATA[gh_1]]></ToUserName>\n<Encrypt><![CDATA[{encrypted}]]></Encrypt>\n</xml>"),
        format!("{{\"ToUserName\":\"gh_1\",\"Encrypt\":\"{encrypted}\"}}"),
    ];
    let guards = [guard(Family::Official), guard(Family::Wecom)];
    for round in 0..100_000 {
        let body = mutate(bodies[round % 2].as_bytes(), &mut random);
        let query = if random.below(3) == 0 { mutate_text(&query, &mut random) } else { query.clone() };
        let Ok(signed) = Signed::read(&query) else { continue };
        let _ = guards[1].check(&signed, NOW);
        if let Ok(push) = guards[round / 2 % 2].take(&signed, body, NOW) {
            assert_eq!(push.text, PUSH, "{query}");
            taken += 1;
        }
    }
    // Not all that is changed matters: a blank more, another ToUserName.
    assert!((1_000..50_000).contains(&taken), "{taken}");
}

#[test]
fn an_envelope_holds_what_was_put_in_and_a_changed_one_breaks_nothing() {
    let mut random = Random::new(0x5eed_0004);
    for round in 0..100_000 {
        let text: String = (0..43).map(|_| char::from(b"ABCxyz0189+/"[random.below(12)])).collect();
        let key = AesKey::parse(&text).unwrap();
        let message: Vec<u8> = (0..random.below(70)).map(|_| random.next() as u8).collect();
        let receive_id = ["", "wx1", "ww0123456789abcdef"][random.below(3)];
        let start = random.bytes();
        let encrypted = envelope::encrypt(&key, start, &message, receive_id);
        if round % 4 == 0 {
            let frame = envelope::decrypt(&key, &encrypted).unwrap();
            assert_eq!((frame.random, &frame.message, &*frame.receive_id), (start, &message, receive_id.as_bytes()));
        }
        let changed = mutate_text(&encrypted, &mut random);
        if let Ok(frame) = envelope::decrypt(&key, &changed) {
            assert!(frame.message.len() + frame.receive_id.len() <= changed.len());
        }
        let _ = envelope::open(&[key], &["wx1".into()], &changed);
    }
}
