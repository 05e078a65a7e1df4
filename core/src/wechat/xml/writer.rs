//! From a value to a document: texts as CDATA, numbers as they are, a list as its element again and again.

use alloc::borrow::Cow;
use alloc::string::String;

use super::{allowed, begins_name, in_name};
use crate::json::Value;

/// The document `<root>..</root>` of `value`, on one line.
pub(crate) fn write(root: &str, value: &Value<'_>) -> String {
    let mut out = String::new();
    element(root, value, &mut out);
    out
}

/// Whether every key in `value` can be an element's name.
pub(crate) fn fits(value: &Value<'_>) -> bool {
    match value {
        Value::List(items) => items.iter().all(fits),
        Value::Object(fields) => fields.iter().all(|(name, it)| is_name(name) && fits(it)),
        _ => true,
    }
}

fn is_name(it: &str) -> bool {
    it.bytes().next().is_some_and(begins_name) && it.bytes().all(in_name)
}

fn element(name: &str, value: &Value<'_>, out: &mut String) {
    if let Value::List(items) = value {
        return items.iter().for_each(|it| element(name, it, out));
    }
    tag("<", name, out);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, it)| element(name, it, out)),
        Value::Text(it) => cdata(it, out),
        Value::Number(it) => out.push_str(it),
        Value::Bool(it) => out.push_str(if *it { "true" } else { "false" }),
        Value::Null | Value::List(_) => {}
    }
    tag("</", name, out);
}

fn tag(open: &str, name: &str, out: &mut String) {
    for it in [open, name, ">"] {
        out.push_str(it);
    }
}

/// `text` as CDATA: without the characters that no document may hold, and as two sections where it would end one.
fn cdata(text: &str, out: &mut String) {
    // First the one, then the other: what is left out must not bring together what ends a section.
    let text = if text.chars().all(allowed) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|it| allowed(*it)).collect::<String>())
    };
    out.push_str("<![CDATA[");
    for (at, piece) in text.split("]]>").enumerate() {
        out.push_str(if at == 0 { "" } else { "]]]]><![CDATA[>" });
        out.push_str(piece);
    }
    out.push_str("]]>");
}
