//! From elements to JSON: the names stay, an element with children is an object, one with siblings of its name is a list.

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

use super::{Ids, shape};
use crate::json::Value;
use crate::wechat::xml::Element;

/// The value of a document's root.
pub(in crate::wechat) fn value(root: Element<'_>, ids: Ids) -> Value<'_> {
    convert(Element { name: "", ..root }, ids)
}

fn convert(element: Element<'_>, ids: Ids) -> Value<'_> {
    let parent = element.name;
    if element.children.is_empty() {
        return shape::leaf(parent, element.text, ids);
    }
    let mut fields: Vec<(Cow<'_, str>, Value<'_>)> = Vec::with_capacity(element.children.len());
    for child in element.children {
        let name = child.name;
        let value = convert(child, ids);
        match fields.iter_mut().find(|it| it.0 == name) {
            Some((_, known)) => join(known, value),
            None if shape::is_list(parent, name) => fields.push((name.into(), Value::List(vec![value]))),
            None => fields.push((name.into(), value)),
        }
    }
    if !element.text.is_empty() {
        fields.push(("#text".into(), Value::Text(element.text)));
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
