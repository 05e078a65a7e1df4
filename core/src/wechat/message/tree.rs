//! From elements to JSON: the names stay, an element with children is an object, one with siblings of its name is a list.

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

use super::{Ids, shape};
use crate::json::Value;
use crate::wechat::xml::{self, Fault, Reader, Text};

/// What a document says.
pub(in crate::wechat) fn elements(text: &str, ids: Ids) -> Result<Value<'_>, Fault> {
    xml::read(text, |reader, root| element(reader, root, "", ids))
}

/// What the element `name` says. `known` is its name for [`shape`]: the root's makes no difference there.
fn element<'a>(reader: &mut Reader<'a>, name: &str, known: &str, ids: Ids) -> Value<'a> {
    let mut text = Text::default();
    let mut fields: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
    while let Some(child) = reader.child(name, &mut text) {
        // Most elements hold none, and most that do hold some.
        if fields.is_empty() {
            fields.reserve(8);
        }
        let value = element(reader, child, child, ids);
        match fields.iter_mut().find(|it| it.0 == child) {
            Some((_, other)) => join(other, value),
            None if shape::is_list(known, child) => fields.push((child.into(), Value::List(vec![value]))),
            None => fields.push((child.into(), value)),
        }
    }
    let text = text.end();
    if fields.is_empty() {
        return shape::leaf(known, text, ids);
    }
    if !text.is_empty() {
        fields.push(("#text".into(), Value::Text(text)));
    }
    Value::Object(fields)
}

/// Puts another element of the same name beside `known`.
fn join<'a>(known: &mut Value<'a>, mut value: Value<'a>) {
    if let Value::List(items) = known {
        return items.push(value);
    }
    // WeCom repeats the list around each of its items: that is one list.
    if let (Some(items), Some(more)) = (only_items(known), only_items(&mut value)) {
        return items.append(more);
    }
    *known = Value::List(vec![core::mem::take(known), value]);
}

fn only_items<'v, 'a>(value: &'v mut Value<'a>) -> Option<&'v mut Vec<Value<'a>>> {
    match value {
        Value::Object(fields) => match fields.as_mut_slice() {
            [(name, Value::List(items))] if name.eq_ignore_ascii_case("item") => Some(items),
            _ => None,
        },
        _ => None,
    }
}
