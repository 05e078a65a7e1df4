//! WeChat's side of the envelope: it shares no code with the gateway's, which it judges.

use std::fmt;

use aes::Aes256;
use aes::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use cbc::{Decryptor, Encryptor};
use sha1::{Digest, Sha1};

/// What the padding fills up.
const BLOCK: usize = 32;

/// SHA-1 of the sorted parts, in lower-case hexadecimal.
pub fn sign(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    Sha1::digest(parts.concat()).iter().map(|it| format!("{it:02x}")).collect()
}

/// An EncodingAESKey.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// Reads its 43 characters. The last one carries two bits more than 32 bytes have.
    pub fn parse(text: &str) -> Option<Self> {
        let lenient = GeneralPurpose::new(&alphabet::STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));
        Some(Self(lenient.decode(text).ok()?.try_into().ok()?))
    }

    /// The envelope of a message, in base64.
    pub fn seal(&self, random: [u8; 16], message: &str, receive_id: &str) -> String {
        self.seal_frame(pad(frame(random, message.as_bytes(), receive_id)))
    }

    /// The envelope of a frame that is padded already, or made wrong on purpose. Its length must be a multiple of 16.
    pub fn seal_frame(&self, mut frame: Vec<u8>) -> String {
        let (blocks, rest) = Array::slice_as_chunks_mut(&mut frame);
        assert!(rest.is_empty(), "no block is {} bytes long", rest.len());
        Encryptor::<Aes256>::new(&self.0.into(), &self.iv().into()).encrypt_blocks(blocks);
        STANDARD.encode(frame)
    }

    /// The message in an envelope and whom it is for. The error is half a sentence.
    pub fn open(&self, envelope: &str) -> Result<(String, String), String> {
        let mut bytes = STANDARD.decode(envelope).map_err(|why| format!("its envelope is no base64: {why}"))?;
        if bytes.is_empty() || bytes.len() % BLOCK != 0 {
            return Err(format!("its envelope has {} bytes, which is no multiple of {BLOCK}", bytes.len()));
        }
        let (blocks, _) = Array::slice_as_chunks_mut(&mut bytes);
        Decryptor::<Aes256>::new(&self.0.into(), &self.iv().into()).decrypt_blocks(blocks);
        let padding = bytes.last().map_or(0, |it| usize::from(*it));
        let end = bytes.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding));
        let end = end.filter(|end| bytes[*end..].iter().all(|it| usize::from(*it) == padding));
        let frame = &bytes[..end.ok_or("its envelope is of another key, or its padding is wrong")?];
        let length = frame.get(16..20).ok_or("its frame is too short")?;
        let length = u32::from_be_bytes(length.try_into().unwrap_or_default()) as usize;
        let rest = &frame[20..];
        let (message, receive_id) = rest.split_at_checked(length).ok_or("its frame is shorter than it says")?;
        let text = |it: &[u8]| String::from_utf8(it.to_vec()).map_err(|_| "its message is not UTF-8".to_owned());
        Ok((text(message)?, text(receive_id)?))
    }

    fn iv(&self) -> [u8; 16] {
        self.0.first_chunk().copied().unwrap_or_default()
    }
}

/// What stands in an envelope.
pub fn frame(random: [u8; 16], message: &[u8], receive_id: &str) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&random[..], &length, message, receive_id.as_bytes()].concat()
}

/// Fills up to 32 bytes, as in PKCS #7.
pub fn pad(mut frame: Vec<u8>) -> Vec<u8> {
    let padding = BLOCK - frame.len() % BLOCK;
    frame.resize(frame.len() + padding, padding as u8);
    frame
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an older gateway was seen to make of these values.
    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    const SEALED: &str = "Q3stYC6hdFzMh9T8HCvyDAY2hI8bwuk958peC5QFmomjUk41XxIXIi6Gsl7Nl22Ug1aqCG6HsyX3M6EQRM8YRg==";

    #[test]
    fn known_answers_are_met() {
        let key = Key::parse(KEY).unwrap();
        assert_eq!(key.seal(*b"0123456789abcdef", "<xml>hi</xml>", "wxA"), SEALED);
        assert_eq!(key.open(SEALED), Ok(("<xml>hi</xml>".to_owned(), "wxA".to_owned())));
        assert_eq!(sign(&["TOKEN", "1500000000", "NN", SEALED]), "f314e6583965d4a1d2be385796545365e6044e64");
        assert_eq!(sign(&["TOK", "1500000000", "NN"]), "8120b3bc1ff78b4fe0981b5ce4e57f3d6da6ed73");
    }

    #[test]
    fn published_vectors_open() {
        let vectors: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../vectors/callback.json")).unwrap();
        let of = |kind: &'static str| vectors.iter().filter(move |it| it["kind"] == kind);
        let text = |it: &serde_json::Value, name: &str| it["input"][name].as_str().unwrap().to_owned();
        let mut opened = 0;
        for it in of("msg_decrypt") {
            let found = Key::parse(&text(it, "encoding_aes_key")).unwrap().open(&text(it, "encrypt"));
            assert_eq!(found.unwrap().0, it["expected"]["msg"].as_str().unwrap(), "{}", it["name"]);
            opened += 1;
        }
        for it in of("msg_signature") {
            let parts = ["token", "timestamp", "nonce", "encrypt"].map(|name| text(it, name));
            assert_eq!(sign(&parts.each_ref().map(String::as_str)), it["expected"].as_str().unwrap(), "{}", it["name"]);
            opened += 1;
        }
        assert!(opened > 10, "{opened}");
    }

    #[test]
    fn every_length_of_padding_opens_and_no_other() {
        let key = Key::parse(KEY).unwrap();
        for length in 0..64 {
            let message = "x".repeat(length);
            assert_eq!(key.open(&key.seal([7; 16], &message, "id")), Ok((message, "id".to_owned())));
        }
        for padding in (0..=255_u8).filter(|it| !(1..=32).contains(it)) {
            let mut whole = frame([7; 16], b"hello", "id7");
            whole.resize(64, padding);
            assert!(key.open(&key.seal_frame(whole)).is_err(), "{padding}");
        }
        assert_eq!(Key::parse(&KEY[1..]), None);
    }
}
