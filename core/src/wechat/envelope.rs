//! The envelope of encrypted pushes and replies: AES-256 in CBC mode, and a frame inside.
//!
//! * The key is the 43 characters of the EncodingAESKey, read as base64 without its `=`. They are random text, so the last one may
//!   carry two bits that belong to no byte: a strict decoder refuses such keys, WeChat does not.
//! * The initialisation vector is the first half of the key; it is not sent.
//! * The frame is 16 random bytes, the length of the message as four bytes in network order, the message, and the id of whom it is
//!   for (AppID, corpid or suite id). It is padded as in PKCS #7, but to blocks of 32 bytes, which is why a library's own
//!   unpadding of 16 will not do.
//!
//! The cipher proves nothing: who opens an envelope has verified its `msg_signature` before.
//!
//! Source: the page on message push of the official accounts' and mini programs' documentation; WeCom's on callbacks.

use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, mem};

use aes::Aes256;
use aes::cipher::consts::U16;
use aes::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use cbc::{Decryptor, Encryptor};

/// What the padding fills up: one to so many bytes of it.
const BLOCK: usize = 32;

/// What stands before the message: the random bytes and the length.
const HEAD: usize = 20;

/// An EncodingAESKey, decoded. `Debug` redacts it.
#[derive(Clone)]
pub struct AesKey {
    bytes: [u8; 32],
    /// The rounds' keys: made once, not for every push.
    cipher: Aes256,
}

impl AesKey {
    /// The key that `text` spells; `None` if it is not 43 characters of base64.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const LENIENT: GeneralPurpose =
            GeneralPurpose::new(&alphabet::STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));
        let bytes: [u8; 32] = LENIENT.decode(text).ok()?.try_into().ok()?;
        Some(Self { bytes, cipher: Aes256::new(&bytes.into()) })
    }

    /// Its bytes. The place that calls this is responsible for where they go.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn iv(&self) -> Array<u8, U16> {
        self.bytes.first_chunk().copied().unwrap_or_default().into()
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What is wrong with an envelope. For the log only: to the outside one envelope that does not open is like another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is not base64.
    #[error("it is not base64")]
    Base64,
    /// Its length is no multiple of the cipher's block, or zero.
    #[error("its length is none that the cipher makes")]
    Length,
    /// The padding is none: usually another key.
    #[error("its padding is wrong: another key, or changed on the way")]
    Padding,
    /// The message is longer than the frame.
    #[error("its frame is shorter than it says")]
    Frame,
    /// It is for somebody else.
    #[error("it is for another account: the receive id is not this one's")]
    ReceiveId,
    /// The message is no text.
    #[error("its message is not UTF-8")]
    Text,
}

/// What an envelope holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    /// The random bytes at its beginning.
    pub random: [u8; 16],
    /// The message.
    pub message: Vec<u8>,
    /// Whom it is for.
    pub receive_id: Vec<u8>,
}

/// What an envelope held, and what opened it.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    /// The message.
    pub message: String,
    /// Which of the keys: the reply is encrypted with it.
    pub key: usize,
    /// Which of the receive ids: the reply carries it.
    pub receive_id: usize,
}

/// Encrypts `message` for `receive_id`. `random` must be fresh.
#[must_use]
pub fn encrypt(key: &AesKey, random: [u8; 16], message: &[u8], receive_id: &str) -> String {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut frame = [&random, &length[..], message, receive_id.as_bytes()].concat();
    let padding = BLOCK.saturating_sub(frame.len() % BLOCK);
    frame.resize(frame.len().saturating_add(padding), u8::try_from(padding).unwrap_or_default());
    let (blocks, _) = Array::slice_as_chunks_mut(&mut frame);
    Encryptor::inner_iv_init(&key.cipher, &key.iv()).encrypt_blocks(blocks);
    STANDARD.encode(frame)
}

/// Decrypts what `encrypted` spells in base64, whoever it is for.
///
/// # Errors
/// [`Broken`], but never [`Broken::ReceiveId`] or [`Broken::Text`].
pub fn decrypt(key: &AesKey, encrypted: &str) -> Result<Frame, Broken> {
    let plain = Plain::of(key, decode(encrypted)?)?;
    let random = plain.bytes.first_chunk().copied().unwrap_or_default();
    Ok(Frame { random, receive_id: plain.receive_id().to_vec(), message: plain.message() })
}

/// Opens an envelope with the first of `keys` that fits: the current one, then the one before it. It must be for one of
/// `receive_ids`, and a text.
///
/// # Errors
/// [`Broken`], of the key that came nearest.
pub fn open(keys: &[AesKey], receive_ids: &[String], encrypted: &str) -> Result<Opened, Broken> {
    let mut bytes = decode(encrypted)?;
    let mut why = Broken::Padding;
    for (key, it) in keys.iter().enumerate() {
        // The last key may work on the only copy.
        let last = keys.len().saturating_sub(1) == key;
        let bytes = if last { mem::take(&mut bytes) } else { bytes.clone() };
        match Plain::of(it, bytes) {
            Ok(plain) => match receive_ids.iter().position(|it| it.as_bytes() == plain.receive_id()) {
                Some(receive_id) => {
                    let message = String::from_utf8(plain.message()).map_err(|_| Broken::Text)?;
                    return Ok(Opened { message, key, receive_id });
                }
                None => why = Broken::ReceiveId,
            },
            Err(it) if why == Broken::Padding => why = it,
            Err(_) => {}
        }
    }
    Err(why)
}

fn decode(encrypted: &str) -> Result<Vec<u8>, Broken> {
    STANDARD.decode(encrypted).map_err(|_| Broken::Base64)
}

/// A frame without its padding.
struct Plain {
    bytes: Vec<u8>,
    /// Where the message ends and the receive id begins.
    end: usize,
}

impl Plain {
    fn of(key: &AesKey, mut bytes: Vec<u8>) -> Result<Self, Broken> {
        let (blocks, rest) = Array::slice_as_chunks_mut(&mut bytes);
        if blocks.is_empty() || !rest.is_empty() {
            return Err(Broken::Length);
        }
        Decryptor::inner_iv_init(&key.cipher, &key.iv()).decrypt_blocks(blocks);
        bytes.truncate(unpadded(&bytes, BLOCK).ok_or(Broken::Padding)?);
        let end = message_end(&bytes).ok_or(Broken::Frame)?;
        Ok(Self { bytes, end })
    }

    fn receive_id(&self) -> &[u8] {
        self.bytes.get(self.end..).unwrap_or_default()
    }

    fn message(mut self) -> Vec<u8> {
        self.bytes.truncate(self.end);
        self.bytes.drain(..HEAD.min(self.end));
        self.bytes
    }
}

/// How long `bytes` are without their padding to blocks of so many: 1 to `block` bytes, each of which is their number.
pub(super) fn unpadded(bytes: &[u8], block: usize) -> Option<usize> {
    let last = *bytes.last()?;
    let count = usize::from(last);
    if !(1..=block).contains(&count) {
        return None;
    }
    let length = bytes.len().checked_sub(count)?;
    bytes.get(length..)?.iter().all(|it| *it == last).then_some(length)
}

/// Where the message ends, as its length says; not behind the end of the frame.
fn message_end(bytes: &[u8]) -> Option<usize> {
    let length = bytes.get(..HEAD)?.last_chunk()?;
    // What does not fit into 32 bits of address does not fit into the frame either.
    let end = usize::try_from(u32::from_be_bytes(*length)).ok()?.checked_add(HEAD)?;
    (end <= bytes.len()).then_some(end)
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
