//! Mini programs: what their clients hand over, signed or encrypted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use wxedge::secret::Secret;
use wxedge::wechat::wxa;

use super::{Check, Vector};

pub fn judge(vector: &Vector) -> Option<Check> {
    Some(match vector.kind.as_str() {
        "wxa_data_decrypt" => decrypt(vector),
        "wxa_rawdata_signature" => raw_data(vector),
        "aes_cbc_pkcs7" => cipher(vector),
        _ => return None,
    })
}

/// It opens for the program that its watermark names, and for no other.
fn decrypt(vector: &Vector) -> Check {
    let [key, iv, data] = [vector.text("session_key")?, vector.text("iv")?, vector.text("encrypted_data")?];
    let key = Secret::new(key);
    let found = wxa::decrypt(&key, &iv, &data).map_err(|it| it.to_string())?;
    let tree = |text: &str| serde_json::from_str::<Value>(text).ok();
    let same = match &vector.expected {
        Value::String(expected) => *expected == found || (tree(expected).is_some() && tree(expected) == tree(&found)),
        Value::Object(fields) => tree(&found).is_some_and(|it| fields.iter().all(|field| it[field.0] == *field.1)),
        _ => false,
    };
    if !same {
        return Err(format!("expected {}, found {found:?}", vector.expected));
    }
    let Some(appid) = tree(&found).and_then(|it| it["watermark"]["appid"].as_str().map(str::to_owned)) else {
        return Ok(());
    };
    match (wxa::open(&key, &iv, &data, &appid), wxa::open(&key, &iv, &data, "wx0000000000000000")) {
        (Ok(it), Err(_)) if it == found => Ok(()),
        (ours, others) => Err(format!("for its own program: {ours:?}; for another: {others:?}")),
    }
}

fn raw_data(vector: &Vector) -> Check {
    let (raw, key) = (vector.text("raw_data")?, Secret::new(vector.text("session_key")?));
    let found = wxa::signature(&raw, &key);
    vector.is(&found)?;
    if wxa::verifies(&raw, &key, &found) { Ok(()) } else { Err("it does not verify".into()) }
}

/// The cipher alone, either way: there is one encryption of a text, so what decrypts to it is it.
fn cipher(vector: &Vector) -> Check {
    let (key, iv) = (encoded(&vector.text("key")?), encoded(&vector.text("iv")?));
    let decrypt = |data: &str| wxa::decrypt(&Secret::new(key), &iv, data).map_err(|it| it.to_string());
    let Ok(text) = vector.text("plaintext") else { return vector.is(&decrypt(&vector.text("ciphertext")?)?) };
    let expected = vector.expected.as_str().ok_or("what is expected is no text")?;
    match decrypt(expected) {
        Ok(it) if it == text => Ok(()),
        other => Err(format!("expected {text:?}, found {other:?}")),
    }
}

/// Sixteen bytes in base64: they come as they are, in hexadecimal, or in base64 already.
fn encoded(text: &str) -> String {
    let hex = |it: &[u8]| u8::from_str_radix(std::str::from_utf8(it).ok()?, 16).ok();
    match text.len() {
        16 => STANDARD.encode(text),
        32 => text
            .as_bytes()
            .chunks(2)
            .map(hex)
            .collect::<Option<Vec<u8>>>()
            .map_or(text.into(), |it| STANDARD.encode(it)),
        _ => text.into(),
    }
}
