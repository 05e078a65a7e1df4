//! Callbacks: signatures, envelopes, keys.

use wxedge::account::Family;
use wxedge::host::Time;
use wxedge::secret::{Secret, hex};
use wxedge::wechat::callback::{self, Guard, Mode, Signed};
use wxedge::wechat::envelope::{self, AesKey};
use wxedge::wechat::message::Format;
use wxedge::wechat::{signature, xml};

use super::{Check, Vector};

pub fn judge(vector: &Vector) -> Option<Check> {
    Some(match vector.kind.as_str() {
        "callback_signature" => callback_signature(vector),
        "sha1_sorted_concat" => sorted(vector, ""),
        "sha1_sorted_join_amp" => sorted(vector, "&"),
        "msg_signature" => msg_signature(vector),
        "msg_encrypt" => encrypt(vector),
        "msg_decrypt" => decrypt(vector),
        "msg_decrypt_must_fail" => must_not_open(vector),
        "aes_key_decode" => key(vector).and_then(|it| vector.is(&hex(it.expose()))),
        "aes_key_must_fail" => must_be_no_key(vector),
        "encrypted_reply_xml" => reply_xml(vector),
        _ => return None,
    })
}

fn sorted(vector: &Vector, joint: &str) -> Check {
    let parts = vector.texts("parts")?;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    vector.is(&signature::sorted(&parts, joint))
}

/// The signature is made, and a callback that carries it is taken.
fn callback_signature(vector: &Vector) -> Check {
    let [token, timestamp, nonce] = stamp(vector)?;
    let token = Secret::new(token);
    let signature = signature::signature(&token, &timestamp, &nonce);
    vector.is(&signature)?;
    let guard = Guard {
        family: Family::Official,
        mode: Mode::Plain,
        tokens: vec![token],
        keys: vec![],
        receive_ids: vec![],
        max_age: 0,
    };
    let echo = vector.text("echostr").unwrap_or_else(|_| "echo".into());
    let signed = Signed {
        signature: Some(signature.into()),
        timestamp: Some(timestamp.into()),
        nonce: Some(nonce.into()),
        echostr: Some(echo.as_str().into()),
        ..Signed::default()
    };
    match guard.check(&signed, Time::from_ms(0)) {
        Ok(it) if it == echo => Ok(()),
        other => Err(format!("the URL check comes to {other:?}")),
    }
}

fn msg_signature(vector: &Vector) -> Check {
    let [token, timestamp, nonce] = stamp(vector)?;
    let (token, encrypted) = (Secret::new(token), vector.text("encrypt")?);
    let signature = signature::msg_signature(&token, &timestamp, &nonce, &encrypted);
    vector.is(&signature)?;
    match signature::msg_signer(&[token], &timestamp, &nonce, &encrypted, &signature) {
        Some(0) => Ok(()),
        _ => Err("it does not verify".into()),
    }
}

fn stamp(vector: &Vector) -> Result<[String; 3], String> {
    Ok([vector.text("token")?, vector.text("timestamp")?, vector.text("nonce")?])
}

fn key(vector: &Vector) -> Result<AesKey, String> {
    AesKey::parse(&vector.text("encoding_aes_key")?).ok_or_else(|| "its key is none".into())
}

fn encrypt(vector: &Vector) -> Check {
    let (key, message, receive_id) = (key(vector)?, vector.text("msg")?, vector.text("receive_id")?);
    let random = vector.text("random")?.into_bytes().try_into().map_err(|_| "its random part has not 16 bytes")?;
    vector.is(&envelope::encrypt(&key, random, message.as_bytes(), &receive_id))
}

/// The frame is what is expected, and it opens for its receive id.
fn decrypt(vector: &Vector) -> Check {
    let (key, encrypted) = (key(vector)?, vector.text("encrypt")?);
    let frame = envelope::decrypt(&key, &encrypted).map_err(|it| it.to_string())?;
    let parts = [("random", &frame.random[..]), ("msg", &frame.message), ("receive_id", &frame.receive_id)];
    for (name, found) in parts {
        let found = String::from_utf8_lossy(found);
        let expected = &vector.expected[name];
        if !expected.is_null() && expected != &*found {
            return Err(format!("{name}: expected {expected}, found {found:?}"));
        }
    }
    let receive_ids = [String::from_utf8_lossy(&frame.receive_id).into_owned()];
    envelope::open(&[key], &receive_ids, &encrypted).map(|_| ()).map_err(|it| it.to_string())
}

fn must_not_open(vector: &Vector) -> Check {
    let (key, encrypted) = (key(vector)?, vector.text("encrypt")?);
    let opened = match vector.text("receive_id") {
        Ok(it) => envelope::open(&[key], &[it], &encrypted).map(|it| it.message.into_bytes()),
        Err(_) => envelope::decrypt(&key, &encrypted).map(|it| it.message),
    };
    opened.map_or(Ok(()), |it| Err(format!("it opens: {:?}", String::from_utf8_lossy(&it))))
}

fn must_be_no_key(vector: &Vector) -> Check {
    let text = vector.text("encoding_aes_key")?;
    AesKey::parse(&text).map_or(Ok(()), |_| Err("it is taken for a key".into()))
}

/// Two documents are the same if they have the same elements, whatever is between them.
fn reply_xml(vector: &Vector) -> Check {
    let [encrypted, signature, timestamp, nonce] =
        ["encrypt", "msg_signature", "timestamp", "nonce"].map(|it| vector.text(it));
    let found = callback::seal(&encrypted?, &signature?, &timestamp?, &nonce?, Format::Xml);
    let expected = vector.expected.as_str().ok_or("what is expected is no text")?;
    let tree = |it| xml::parse(it).map_err(|why| format!("{why} of {it}"));
    if tree(&found)? == tree(expected)? { Ok(()) } else { Err(format!("expected {expected}, found {found}")) }
}
