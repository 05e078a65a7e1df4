use alloc::format;
use alloc::vec;

use super::*;

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const OTHER: &str = "0000000000000000000000000000000000000000000";
const RANDOM: [u8; 16] = *b"0123456789abcdef";

fn key() -> AesKey {
    AesKey::parse(KEY).unwrap()
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|it| (*it).into()).collect()
}

/// Encrypts bytes as they are: no frame, no padding.
fn raw(mut bytes: Vec<u8>) -> String {
    let (blocks, rest) = Array::slice_as_chunks_mut(&mut bytes);
    assert!(rest.is_empty());
    Encryptor::inner_iv_init(&key().cipher, &key().iv()).encrypt_blocks(blocks);
    STANDARD.encode(bytes)
}

/// A frame of this message, padded to `size` with what `padding` says.
fn padded(message: &[u8], size: usize, padding: &[u8]) -> String {
    let mut bytes = RANDOM.to_vec();
    bytes.extend((message.len() as u32).to_be_bytes());
    bytes.extend(message);
    bytes.extend(b"wxA");
    bytes.resize(size.checked_sub(padding.len()).unwrap(), b'x');
    bytes.extend(padding);
    raw(bytes)
}

#[test]
fn a_message_is_encrypted_as_wechat_does_it_and_reads_back() {
    let text = "Q3stYC6hdFzMh9T8HCvyDAY2hI8bwuk958peC5QFmomjUk41XxIXIi6Gsl7Nl22Ug1aqCG6HsyX3M6EQRM8YRg==";
    assert_eq!(encrypt(&key(), RANDOM, b"<xml>hi</xml>", "wxA"), text);
    let frame = Frame { random: RANDOM, message: b"<xml>hi</xml>".into(), receive_id: b"wxA".into() };
    assert_eq!(decrypt(&key(), text), Ok(frame));
}

#[test]
fn messages_of_every_length_read_back() {
    let long = "消息".repeat(100_000);
    let lengths = (0..=200).map(|it| "x".repeat(it)).chain([long]);
    for message in lengths {
        for id in ["", "wxA"] {
            let opened = open(&[key()], &ids(&[id]), &encrypt(&key(), RANDOM, message.as_bytes(), id)).unwrap();
            assert_eq!(opened, Opened { message: message.clone(), key: 0, receive_id: 0 });
        }
    }
}

#[test]
fn a_key_with_stray_bits_in_its_last_character_is_the_key_without_them() {
    for (text, same) in [("G", "E"), ("H", "E"), ("F", "E"), ("9", "8"), ("/", "8")] {
        let [given, plain] = [text, same].map(|it| AesKey::parse(&format!("{}{it}", &KEY[..42])).unwrap());
        assert_eq!(given.expose(), plain.expose(), "{text}");
    }
}

#[test]
fn what_is_not_43_characters_of_base64_is_no_key() {
    let long = format!("{KEY}A");
    let padded = format!("{KEY}=");
    let url = KEY.replace('a', "_");
    let inside = KEY.replace('a', "=");
    for text in ["", &KEY[..42], &long, &padded, &url, &inside, &KEY.replace('a', " "), &KEY.replace('a', "é")] {
        assert!(AesKey::parse(text).is_none(), "{text}");
    }
    assert_eq!(format!("{:?}", key()), "***");
}

#[test]
fn the_key_that_fits_is_told_and_so_is_the_receive_id() {
    let text = encrypt(&key(), RANDOM, b"hi", "ww1");
    let other = AesKey::parse(OTHER).unwrap();
    let opened = |key, receive_id| Ok(Opened { message: "hi".into(), key, receive_id });
    assert_eq!(open(&[key(), other.clone()], &ids(&["ww1"]), &text), opened(0, 0));
    assert_eq!(open(&[other.clone(), key()], &ids(&["ww0", "ww1"]), &text), opened(1, 1));
    assert_eq!(open(core::slice::from_ref(&other), &ids(&["ww1"]), &text), Err(Broken::Padding));
    assert_eq!(open(&[], &ids(&["ww1"]), &text), Err(Broken::Padding));
}

#[test]
fn an_envelope_for_somebody_else_does_not_open() {
    let text = encrypt(&key(), RANDOM, b"hi", "wxA");
    for wrong in [&["wxB"][..], &["wxAA"], &["wx"], &[""], &["WXA"], &[]] {
        assert_eq!(open(&[key()], &ids(wrong), &text), Err(Broken::ReceiveId), "{wrong:?}");
    }
    let other = AesKey::parse(OTHER).unwrap();
    assert_eq!(open(&[key(), other], &ids(&["wxB"]), &text), Err(Broken::ReceiveId));
}

#[test]
fn every_padding_that_is_none_is_refused() {
    for value in 0..=255_u8 {
        let count = usize::from(value);
        // Right: so many bytes of that value. 96 bytes hold the frame and 32 of padding.
        let whole = padded(b"hi", 96, &vec![value; count.min(64)]);
        assert_eq!(decrypt(&key(), &whole).is_ok(), (1..=32).contains(&count), "{value}");
        // One byte of it differs, wherever it stands.
        for wrong in 0..count.min(32).saturating_sub(1) {
            let mut padding = vec![value; count.min(32)];
            padding[wrong] ^= 1;
            assert_eq!(decrypt(&key(), &padded(b"hi", 96, &padding)), Err(Broken::Padding), "{value} {wrong}");
        }
    }
}

#[test]
fn a_frame_that_is_shorter_than_it_says_is_refused() {
    for length in [4, 5, 1_000, 0x7fff_ffff, 0xffff_ffec_u32, u32::MAX] {
        let mut bytes = RANDOM.to_vec();
        bytes.extend(length.to_be_bytes());
        bytes.extend(b"hi!");
        bytes.extend([9; 9]);
        assert_eq!(decrypt(&key(), &raw(bytes)), Err(Broken::Frame), "{length}");
    }
    // Nothing but padding, and a frame that ends within its length.
    assert_eq!(decrypt(&key(), &raw(vec![32; 32])), Err(Broken::Frame));
    assert_eq!(decrypt(&key(), &raw(vec![13; 32])), Err(Broken::Frame));
    // More padding than bytes.
    assert_eq!(decrypt(&key(), &raw(vec![17; 16])), Err(Broken::Padding));
}

#[test]
fn what_is_no_ciphertext_is_refused() {
    let text = encrypt(&key(), RANDOM, b"<xml>hi</xml>", "wxA");
    assert_eq!(decrypt(&key(), ""), Err(Broken::Length));
    assert_eq!(decrypt(&key(), "AAAA"), Err(Broken::Length));
    for wrong in ["!!!", "AAA", "A=AA", &format!("{text}\n"), &format!(" {text}"), &text.replace('4', " ")] {
        assert!(decrypt(&key(), wrong).is_err(), "{wrong}");
    }
    for cut in 0..text.len() {
        let opened = open(&[key()], &ids(&["wxA"]), &text[..cut]);
        assert!(opened.is_err(), "{cut}");
    }
}

#[test]
fn a_message_that_is_no_text_is_refused() {
    let text = encrypt(&key(), RANDOM, b"<xml>\xff</xml>", "wxA");
    assert_eq!(open(&[key()], &ids(&["wxA"]), &text), Err(Broken::Text));
}

#[test]
fn of_a_changed_envelope_the_frame_gives_nothing_but_a_garbled_message() {
    // The cipher proves nothing. What keeps the frame from being bent is the signature; this only shows that nothing breaks.
    let message = b"<xml><Content>hello, this is a message</Content></xml>";
    let bytes = STANDARD.decode(encrypt(&key(), RANDOM, message, "wxA")).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(opened) = open(&[key()], &ids(&["wxA"]), &STANDARD.encode(bytes)) {
            assert!(opened.message.len() <= message.len() + 32);
        }
    }
}
