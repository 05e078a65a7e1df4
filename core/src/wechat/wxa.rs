//! What a mini program's client hands over about its user: signed, or encrypted, with the session key that `code2session` gave.
//!
//! * `signature` is the SHA-1 of `rawData` and the session key, one after the other, in lower-case hexadecimal.
//! * `encryptedData` is AES-128 in CBC mode, padded as in PKCS #7; key, `iv` and data are written in base64. Nothing in it proves
//!   where it comes from but `watermark.appid`, which must be looked at: another program's data opens as well, if its key is used.
//!
//! Source: the page on signatures and encrypted data of the mini programs' documentation.

use alloc::string::String;
use alloc::vec::Vec;

use aes::Aes128;
use aes::cipher::{Array, BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::Decryptor;
use subtle::ConstantTimeEq;

use crate::json;
use crate::secret::Secret;
use crate::wechat::envelope::{Broken, unpadded};
use crate::wechat::signature;

/// What the padding fills up.
const BLOCK: usize = 16;

/// `signature` of `raw_data`, as `getUserInfo` gives both.
#[must_use]
pub fn signature(raw_data: &str, session_key: &Secret) -> String {
    signature::joined(&[raw_data, session_key.expose()])
}

/// Whether `given` is that signature, in a time that does not depend on where it differs.
#[must_use]
pub fn verifies(raw_data: &str, session_key: &Secret, given: &str) -> bool {
    signature(raw_data, session_key).as_bytes().ct_eq(given.as_bytes()).into()
}

/// The text in `encrypted`, whoever it is for.
///
/// # Errors
/// [`Broken`]: a session key that has been renewed meanwhile looks like wrong padding.
pub fn decrypt(session_key: &Secret, iv: &str, encrypted: &str) -> Result<String, Broken> {
    let half = |text: &str| <[u8; BLOCK]>::try_from(decode(text)?).map_err(|_| Broken::Length);
    let (key, iv) = (half(session_key.expose())?, half(iv)?);
    let mut bytes = decode(encrypted)?;
    let (blocks, rest) = Array::slice_as_chunks_mut(&mut bytes);
    if blocks.is_empty() || !rest.is_empty() {
        return Err(Broken::Length);
    }
    Decryptor::<Aes128>::new(&key.into(), &iv.into()).decrypt_blocks(blocks);
    bytes.truncate(unpadded(&bytes, BLOCK).ok_or(Broken::Padding)?);
    String::from_utf8(bytes).map_err(|_| Broken::Text)
}

/// The JSON in `encrypted`, as it is written there, if its watermark says that it is for `appid`.
///
/// # Errors
/// [`Broken`]; [`Broken::ReceiveId`] for another program's.
pub fn open(session_key: &Secret, iv: &str, encrypted: &str, appid: &str) -> Result<String, Broken> {
    let text = decrypt(session_key, iv, encrypted)?;
    let tree = json::exact::parse(&text).map_err(|_| Broken::Text)?;
    match tree.get("watermark").and_then(|it| it.get("appid")).and_then(json::Value::as_str) {
        Some(it) if it == appid => Ok(text),
        _ => Err(Broken::ReceiveId),
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Broken> {
    STANDARD.decode(text).map_err(|_| Broken::Base64)
}

#[cfg(test)]
#[path = "wxa_tests.rs"]
mod tests;
