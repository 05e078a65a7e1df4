use alloc::string::ToString;

use aes::cipher::BlockModeEncrypt;
use cbc::Encryptor;

use super::*;

const KEY: [u8; 16] = [7; 16];
const IV: [u8; 16] = [9; 16];

fn key() -> Secret {
    Secret::new(STANDARD.encode(KEY))
}

/// Encrypts blocks that are padded already.
fn sealed(mut blocks: Vec<u8>) -> String {
    let (all, rest) = Array::slice_as_chunks_mut(&mut blocks);
    assert!(rest.is_empty());
    Encryptor::<Aes128>::new(&KEY.into(), &IV.into()).encrypt_blocks(all);
    STANDARD.encode(blocks)
}

fn padded(text: &str) -> Vec<u8> {
    let count = BLOCK.checked_sub(text.len() % BLOCK).unwrap();
    [text.as_bytes(), &[u8::try_from(count).unwrap()].repeat(count)].concat()
}

fn decrypted(encrypted: &str) -> Result<String, Broken> {
    decrypt(&key(), &STANDARD.encode(IV), encrypted)
}

fn opened(text: &str) -> Result<String, Broken> {
    open(&key(), &STANDARD.encode(IV), &sealed(padded(text)), "wx1")
}

#[test]
fn what_was_encrypted_opens_whatever_its_length() {
    for length in 0..=48 {
        let text = "x".repeat(length);
        assert_eq!(decrypted(&sealed(padded(&text))), Ok(text));
    }
}

#[test]
fn no_padding_but_the_right_one_is_taken() {
    for last in [0, 17, 32, 255] {
        let mut blocks = [1; 32].to_vec();
        *blocks.last_mut().unwrap() = last;
        assert_eq!(decrypted(&sealed(blocks)), Err(Broken::Padding), "{last}");
    }
    let mut uneven = padded("0123456789");
    *uneven.iter_mut().rev().nth(2).unwrap() = 5;
    assert_eq!(decrypted(&sealed(uneven)), Err(Broken::Padding));
}

#[test]
fn what_is_no_such_data_is_refused() {
    let iv = STANDARD.encode(IV);
    for (data, why) in [("", Broken::Length), ("AAAA", Broken::Length), ("*", Broken::Base64)] {
        assert_eq!(decrypted(data), Err(why), "{data}");
    }
    let good = sealed(padded("text"));
    for key in ["", "AAAA", "not base64"] {
        assert!(decrypt(&Secret::new(key.to_string()), &iv, &good).is_err(), "{key}");
    }
    for iv in ["", "AAAA", "not base64"] {
        assert!(decrypt(&key(), iv, &good).is_err(), "{iv}");
    }
    let mut other = STANDARD.decode(&good).unwrap();
    *other.first_mut().unwrap() ^= 1;
    assert_ne!(decrypted(&STANDARD.encode(other)), Ok("text".to_string()));
    let latin = [&[0xe9; 15][..], &[1]].concat();
    assert_eq!(decrypted(&sealed(latin)), Err(Broken::Text));
}

#[test]
fn another_programs_data_does_not_open() {
    let ours = r#"{"openId":"o1","id":12345678901234567890,"watermark":{"timestamp":1,"appid":"wx1"}}"#;
    assert_eq!(opened(ours).as_deref(), Ok(ours));
    let others = [
        r#"{"watermark":{"appid":"wx2"}}"#,
        r#"{"watermark":{}}"#,
        r#"{"watermark":"wx1"}"#,
        r#"{"appid":"wx1"}"#,
        r#"[]"#,
        r#""wx1""#,
    ];
    for text in others {
        assert_eq!(opened(text), Err(Broken::ReceiveId), "{text}");
    }
    assert_eq!(opened("{"), Err(Broken::Text));
}

#[test]
fn a_signature_verifies_and_a_changed_text_does_not() {
    let key = Secret::new("HyVFkGl5F5OQWJZZaNzBBg==".to_string());
    let given = signature("{}", &key);
    assert!(verifies("{}", &key, &given));
    for (text, given) in [("{ }", &*given), ("{}", ""), ("{}", &given.to_uppercase())] {
        assert!(!verifies(text, &key, given), "{text} {given}");
    }
}
