//! go-wx-gateway's form: a path that names the message or event, and flat fields, all there and each of one type, before
//! what WeChat sent.

use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::Message;
use crate::json::{Value, exact};
use crate::query::escape;

/// A flat field.
struct Flat {
    name: &'static str,
    kind: Kind,
    /// The element around the one it is taken from. Where that is missing, it is looked for at the top.
    within: &'static str,
    /// What it is taken from.
    from: &'static str,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    /// The items of a list.
    Items,
    /// This field of the items of a list.
    Each(&'static str),
}

const fn text(name: &'static str) -> Flat {
    Flat { name, kind: Kind::Text, within: "", from: name }
}

const fn number(name: &'static str) -> Flat {
    Flat { kind: Kind::Number, ..text(name) }
}

const fn within(within: &'static str, flat: Flat) -> Flat {
    Flat { within, ..flat }
}

/// The longest name of a message or event that becomes a part of a path, in bytes. WeChat's have up to forty.
const NAME: usize = 128;

const BASE: &[Flat] = &[text("ToUserName"), text("FromUserName"), number("CreateTime"), text("MsgType")];
const ID: &[Flat] = &[text("MsgId")];
const EVENT: &[Flat] = &[text("Event")];

const TEXT: &[Flat] = &[text("Content")];
const IMAGE: &[Flat] = &[text("PicUrl"), text("MediaId")];
const VOICE: &[Flat] = &[text("MediaId"), text("Format"), text("Recognition")];
const VIDEO: &[Flat] = &[text("MediaId"), text("ThumbMediaId")];
const LOCATION: &[Flat] = &[text("Location_X"), text("Location_Y"), number("Scale"), text("Label")];
const LINK: &[Flat] = &[text("Title"), text("Description"), text("Url")];

const KEY: &[Flat] = &[text("EventKey")];
const MENU: &[Flat] = &[text("EventKey"), text("MenuId")];
const TICKET: &[Flat] = &[text("EventKey"), text("Ticket")];
const POSITION: &[Flat] = &[text("Latitude"), text("Longitude"), text("Precision")];
const SELECT: &[Flat] = &[
    text("EventKey"),
    within("SendLocationInfo", text("Location_X")),
    within("SendLocationInfo", text("Location_Y")),
    within("SendLocationInfo", number("Scale")),
    within("SendLocationInfo", text("Label")),
    within("SendLocationInfo", text("Poiname")),
    text("MsgId"),
];
const PICTURES: &[Flat] = &[
    text("EventKey"),
    within("SendPicsInfo", number("Count")),
    within("SendPicsInfo", Flat { kind: Kind::Each("PicMd5Sum"), ..text("PicList") }),
];
const SCAN: &[Flat] =
    &[text("EventKey"), within("ScanCodeInfo", text("ScanType")), within("ScanCodeInfo", text("ScanResult"))];
const MASS: &[Flat] = &[
    text("MsgID"),
    text("Status"),
    number("TotalCount"),
    number("FilterCount"),
    number("SentCount"),
    number("ErrorCount"),
    within("CopyrightCheckResult", Flat { name: "ResultCount", ..number("Count") }),
    within("CopyrightCheckResult", Flat { kind: Kind::Items, ..text("ResultList") }),
];
const TEMPLATE: &[Flat] = &[Flat { name: "MsgId", ..text("MsgID") }, text("Status")];

/// The fields that a message of this type has beside those that all have.
fn of_message(kind: &str) -> Option<&'static [Flat]> {
    Some(match kind {
        "text" => TEXT,
        "image" => IMAGE,
        "voice" => VOICE,
        "video" | "shortvideo" => VIDEO,
        "location" => LOCATION,
        "link" => LINK,
        _ => return None,
    })
}

fn of_event(event: &str) -> &'static [Flat] {
    match event {
        "CLICK" => KEY,
        "VIEW" => MENU,
        "subscribe" | "unsubscribe" | "SCAN" => TICKET,
        "LOCATION" => POSITION,
        "location" | "location_select" => SELECT,
        "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin" => PICTURES,
        "scancode_waitmsg" | "scancode_push" => SCAN,
        "MASSSENDJOBFINISH" => MASS,
        "TEMPLATESENDJOBFINISH" => TEMPLATE,
        _ => &[],
    }
}

/// What is appended to the back-end's URL.
pub(super) fn path(message: &Message<'_>) -> String {
    let (first, name) = if message.is_event() { ("/event", message.event()) } else { ("/msg", message.kind()) };
    // Dots alone would be taken for steps through the folders of the back-end, escaped or not; and no path is that long.
    if name.len() > NAME || name.bytes().all(|it| it == b'.') {
        return first.to_owned();
    }
    format!("{first}/{}", escape(name))
}

/// The body.
pub(super) fn body<'a>(message: &Message<'a>) -> Value<'a> {
    let tables = match of_message(message.kind()) {
        _ if message.is_event() => [BASE, EVENT, of_event(message.event())],
        Some(own) => [BASE, ID, own],
        None => [BASE, &[], &[]],
    };
    let root = &message.root;
    let mut fields: Vec<(Cow<'a, str>, Value<'a>)> = Vec::with_capacity(16);
    for flat in tables.into_iter().flatten() {
        fields.push((flat.name.into(), flat.value(root)));
    }
    let flat = fields.len();
    for (name, it) in root.fields() {
        if fields.iter().take(flat).all(|known| known.0 != *name) {
            fields.push((name.clone(), it.clone()));
        }
    }
    Value::Object(fields)
}

impl Flat {
    fn value<'a>(&self, root: &Value<'a>) -> Value<'a> {
        let place = if self.within.is_empty() { None } else { root.get(self.within) }.unwrap_or(root);
        let found = place.get(self.from).cloned();
        match self.kind {
            Kind::Text => match found {
                Some(Value::Number(it)) => Value::Text(it),
                Some(Value::Bool(it)) => Value::text(if it { "true" } else { "false" }),
                None | Some(Value::Null) => Value::text(""),
                Some(it) => it,
            },
            Kind::Number => match found {
                Some(Value::Text(it)) if exact::is_number(&it) => Value::Number(it),
                Some(it @ Value::Number(_)) => it,
                _ => Value::Number("0".into()),
            },
            Kind::Items => Value::List(items(found)),
            Kind::Each(name) => {
                let each = |it: Value<'a>| it.get(name).cloned().unwrap_or_else(|| Value::text(""));
                Value::List(items(found).into_iter().map(each).collect())
            }
        }
    }
}

/// The items of a list, however it is written: as a list, as an object of items, as a single one.
fn items(list: Option<Value<'_>>) -> Vec<Value<'_>> {
    match list {
        Some(Value::List(items)) => items,
        Some(Value::Object(fields)) => match fields.into_iter().find(|it| it.0 == "item") {
            Some((_, Value::List(items))) => items,
            Some((_, one)) => vec![one],
            None => vec![],
        },
        _ => vec![],
    }
}
