//! What a push or a reply says, whichever way it is written: fields that hold texts, numbers, fields and lists.
//!
//! In XML a list is one element after the other of the same name, a text stands in CDATA and a number does not.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number, as it is spelled.
    Number(String),
    /// Fields, in their order.
    Fields(Vec<(String, Value)>),
    /// A list.
    List(Vec<Value>),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number.
    pub fn number(number: impl fmt::Display) -> Self {
        Self::Number(number.to_string())
    }

    /// Fields.
    pub fn fields<const N: usize>(fields: [(&str, Self); N]) -> Self {
        Self::Fields(fields.into_iter().map(|(name, it)| (name.to_owned(), it)).collect())
    }

    /// The field of that name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Fields(fields) => fields.iter().find(|it| it.0 == name).map(|it| &it.1),
            _ => None,
        }
    }

    /// The field at the end of a path such as `Image/MediaId`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |it, name| it.get(name))
    }

    /// What it says, if it is a text or a number.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(it) | Self::Number(it) => Some(it),
            _ => None,
        }
    }

    /// What the field at the end of a path says; empty if there is none.
    pub fn text_at(&self, path: &str) -> &str {
        self.at(path).and_then(Self::as_text).unwrap_or_default()
    }

    /// Sets a field, in its place if it is there already.
    pub fn set(&mut self, name: &str, value: Self) {
        let Self::Fields(fields) = self else { return };
        match fields.iter_mut().find(|it| it.0 == name) {
            Some(it) => it.1 = value,
            None => fields.push((name.to_owned(), value)),
        }
    }

    /// The document of that root.
    pub fn xml(&self, root: &str) -> String {
        let mut out = String::new();
        self.write_xml(root, &mut out);
        out
    }

    fn write_xml(&self, name: &str, out: &mut String) {
        if let Self::List(items) = self {
            return items.iter().for_each(|it| it.write_xml(name, out));
        }
        out.push_str(&format!("<{name}>"));
        match self {
            Self::Text(text) => out.push_str(&format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))),
            Self::Number(number) => out.push_str(number),
            Self::Fields(fields) => fields.iter().for_each(|(name, it)| it.write_xml(name, out)),
            Self::List(_) => {}
        }
        out.push_str(&format!("</{name}>"));
    }

    /// The same as JSON.
    pub fn json(&self) -> String {
        // Texts, numbers and text keys: that always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::number(number)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::Number(number) => match (number.parse::<u64>(), number.parse::<f64>()) {
                (Ok(it), _) => to.serialize_u64(it),
                (_, Ok(it)) => to.serialize_f64(it),
                _ => to.serialize_str(number),
            },
            Self::Fields(fields) => to.collect_map(fields.iter().map(|(name, it)| (name, it))),
            Self::List(items) => to.collect_seq(items),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Json)
    }
}

/// Reads JSON and keeps the order of its keys.
struct Json;

impl<'de> Visitor<'de> for Json {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, an object or a list")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::number(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::number(number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(it) = from.next_element()? {
            items.push(it);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        while let Some((name, it)) = from.next_entry::<String, Value>()? {
            if fields.iter().any(|known| known.0 == name) {
                return Err(serde::de::Error::custom(format!("{name} is there twice")));
            }
            fields.push((name, it));
        }
        Ok(Value::Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        let item = |text: &str| Value::fields([("PicMd5Sum", Value::text(text))]);
        Value::fields([
            ("MsgType", Value::text("event")),
            ("MsgId", Value::number(9_007_199_254_740_993_u64)),
            ("PicList", Value::fields([("item", Value::List(vec![item("a"), item("]]>")]))])),
        ])
    }

    #[test]
    fn xml_repeats_the_elements_of_a_list_and_splits_what_would_end_cdata() {
        assert_eq!(
            sample().xml("xml"),
            "<xml><MsgType><![CDATA[event]]></MsgType><MsgId>9007199254740993</MsgId><PicList>\
             <item><PicMd5Sum><![CDATA[a]]></PicMd5Sum></item>\
             <item><PicMd5Sum><![CDATA[]]]]><![CDATA[>]]></PicMd5Sum></item></PicList></xml>"
        );
    }

    #[test]
    fn json_keeps_the_order_and_every_digit() {
        let text = r#"{"MsgType":"event","MsgId":9007199254740993,"PicList":{"item":[{"PicMd5Sum":"a"},{"PicMd5Sum":"]]>"}]}}"#;
        assert_eq!(sample().json(), text);
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), sample());
        assert!(serde_json::from_str::<Value>(r#"{"a":1,"a":2}"#).is_err());
    }

    #[test]
    fn a_field_is_found_by_its_path_and_set_in_its_place() {
        let mut value = Value::fields([("Image", Value::fields([("MediaId", Value::text("m"))]))]);
        assert_eq!(
            (value.text_at("Image/MediaId"), value.text_at("Image/None"), value.text_at("Image")),
            ("m", "", "")
        );
        value.set("Image", Value::number(1));
        value.set("More", Value::text("t"));
        assert_eq!(value.json(), r#"{"Image":1,"More":"t"}"#);
    }
}
