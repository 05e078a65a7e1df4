//! A push, as WeChat sent it and as back-ends like it: XML or JSON in, JSON out.
//!
//! Two forms go out. `json` has the elements under their own names; `gateway` has in front of them the flat fields of go-wx-gateway,
//! and is told by its path. In both, nothing that WeChat sent is missing, whether this program knows it or not; ids are texts, since
//! a 64-bit number does not survive JavaScript; numbers have the digits they came with.
//!
//! Sources: the pages on receiving messages and events of the official accounts' documentation, and WeCom's.

mod gateway;
mod shape;
mod tree;
mod user;

use alloc::collections::BTreeSet;
use alloc::string::String;

pub(super) use tree::elements;
pub use user::{user_info, with_user};

use crate::json::{Value, exact};
use crate::limits;
use crate::wechat::xml;

/// How ids are written that are numbers in WeChat's documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ids {
    /// As texts.
    #[default]
    Text,
    /// As numbers, for a back-end that was written so.
    Number,
}

/// Why a text is no push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not the XML that is taken.
    #[error("it is no XML: {0}")]
    Xml(#[from] xml::Fault),
    /// It is not the JSON that is taken.
    #[error("it is no JSON: {0}")]
    Json(xml::Fault),
    /// It is too long to be looked at.
    #[error("it is too long")]
    TooLarge,
}

/// How a push, and the reply to it, is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// XML.
    Xml,
    /// JSON.
    Json,
    /// JSON whose envelope has its keys in lower case, as WeCom's.
    LowerJson,
}

impl Format {
    /// The format of a text, by its first character; its content type is not to be relied upon.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let first = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        if first.starts_with('{') { Self::Json } else { Self::Xml }
    }
}

/// A push that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<'a> {
    root: Value<'a>,
}

impl<'a> Message<'a> {
    /// Reads `text`, XML or JSON.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(text: &'a str, ids: Ids) -> Result<Self, Unreadable> {
        if text.len() > limits::BODY {
            return Err(Unreadable::TooLarge);
        }
        let root = match Format::of(text) {
            Format::Xml => elements(text, ids)?,
            _ => json(text).map(|it| shape::with_ids(it, ids)).map_err(Unreadable::Json)?,
        };
        match root {
            Value::Object(_) => Ok(Self { root }),
            _ => Err(xml::Fault { at: 0, why: "there are no elements in the root" }.into()),
        }
    }

    /// The text of the field `name`; empty if there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.root.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The text of the field `name` in the element `element`; empty if there is none.
    #[must_use]
    pub fn inside(&self, element: &str, name: &str) -> &str {
        self.root.get(element).and_then(|it| it.get(name)).and_then(Value::as_str).unwrap_or_default()
    }

    /// `MsgType`: text, event ..
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text("MsgType")
    }

    /// `Event` of an event. A push of a third-party platform has an `InfoType` instead of both.
    #[must_use]
    pub fn event(&self) -> &str {
        match self.text("Event") {
            "" => self.text("InfoType"),
            it => it,
        }
    }

    /// Whether it is an event, and no message of a user's.
    #[must_use]
    pub fn is_event(&self) -> bool {
        self.kind() == "event" || self.kind().is_empty() && !self.event().is_empty()
    }

    /// The form `json`.
    #[must_use]
    pub fn json(&self) -> String {
        write(&self.root, Format::Json)
    }

    /// The form `gateway`: the body.
    #[must_use]
    pub fn gateway(&self) -> String {
        write(&gateway::body(self), Format::Json)
    }

    /// The form `gateway`: what is appended to the back-end's URL, as in `/msg/text` or `/event/CLICK`.
    #[must_use]
    pub fn path(&self) -> String {
        gateway::path(self)
    }
}

/// Writes an object in a format.
pub(super) fn write(root: &Value<'_>, format: Format) -> String {
    if format == Format::Xml {
        return xml::write("xml", root);
    }
    // Room for most, so that it need not grow.
    let mut out = String::with_capacity(1_024);
    root.write(&mut out);
    out
}

/// Reads an object in which no key is there twice: which of two would win differs from program to program.
pub(super) fn json(text: &str) -> Result<Value<'_>, xml::Fault> {
    let text = text.trim_start_matches('\u{feff}');
    let root = exact::parse(text).map_err(|it| xml::Fault { at: it.at, why: it.why })?;
    match &root {
        Value::Object(_) if !repeats(&root) => Ok(root),
        Value::Object(_) => Err(xml::Fault { at: 0, why: "a key is there twice" }),
        _ => Err(xml::Fault { at: 0, why: "it is no object" }),
    }
}

fn repeats(value: &Value<'_>) -> bool {
    match value {
        Value::List(items) => items.iter().any(repeats),
        Value::Object(fields) => {
            let mut names = BTreeSet::new();
            fields.iter().any(|(name, it)| !names.insert(&**name) || repeats(it))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
