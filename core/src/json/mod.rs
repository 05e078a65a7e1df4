//! JSON from outside, through one reader: a text becomes a tree, and the tree becomes whatever type is asked for. Of what WeChat and
//! back-ends say to each other no type is asked for: there [`Value`] keeps every digit.
//!
//! serde makes the code of every type anew for each reader that it is read with, and for each way in which a reader might give
//! it. So there is one reader, which gives objects as objects and nothing as a list of a struct's values; it names the place of
//! what is wrong, and never repeats a value, which may be a secret.

pub(crate) mod exact;
mod reader;
mod tree;
mod value;

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use self::value::Value;
use crate::limits;

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Json {
    #[default]
    Null,
    Bool(bool),
    Unsigned(u64),
    /// A negative one.
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Self>),
    /// In the order of the text; a key that is there twice is here twice.
    Object(Vec<(String, Self)>),
}

/// Why a text is no JSON.
#[derive(Debug, thiserror::Error)]
#[error("{why} at line {line}, column {column}")]
pub(crate) struct NoJson {
    why: &'static str,
    line: usize,
    column: usize,
}

/// Reads a text of any length: one that is trusted.
///
/// # Errors
/// What is wrong with it, with line and column.
pub(crate) fn parse(text: &[u8]) -> Result<Json, NoJson> {
    let text = core::str::from_utf8(text).map_err(|it| no_json(text, it.valid_up_to(), "it is not UTF-8"))?;
    exact::parse(text).map(Json::from).map_err(|it| no_json(text.as_bytes(), it.at, it.why))
}

fn no_json(text: &[u8], at: usize, why: &'static str) -> NoJson {
    let before = text.get(..at).unwrap_or_default();
    let line = before.iter().filter(|it| **it == b'\n').count().saturating_add(1);
    let column = before.iter().rev().take_while(|it| **it != b'\n').count().saturating_add(1);
    NoJson { why, line, column }
}

/// Reads a text of anybody's. A field that is known and there twice makes it unreadable.
pub(crate) fn read<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    // A tree takes up to twenty times the room of its text.
    let tree = (text.len() <= limits::JSON).then(|| parse(text).ok()).flatten()?;
    T::deserialize(tree).ok()
}

/// Writes what cannot fail to be written: it has no keys but texts.
pub(crate) fn write<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// `value` as it may stand in a script, and in a page around that: nothing in it ends either.
pub(crate) fn script(value: &Value<'_>) -> String {
    let mut text = String::new();
    value.write(&mut text);
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            // Outside of texts JSON has none of these.
            '<' | '>' | '&' | '\'' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&alloc::format!("\\u{:04x}", u32::from(it)));
            }
            _ => out.push(it),
        }
    }
    out
}

#[cfg(test)]
mod exact_tests;
#[cfg(test)]
mod tests;
