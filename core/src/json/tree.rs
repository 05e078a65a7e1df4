//! Between a text and its tree.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Json;

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Json, E> {
        Ok(Json::Bool(it))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Json, E> {
        Ok(Json::Unsigned(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Json, E> {
        Ok(Json::Signed(it))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Json, E> {
        Ok(Json::Float(it))
    }

    fn visit_str<E>(self, it: &str) -> Result<Json, E> {
        Ok(Json::Text(it.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(it) = items.next_element()? {
            all.push(it);
        }
        Ok(Json::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut all = Vec::new();
        while let Some(it) = fields.next_entry::<String, _>()? {
            all.push(it);
        }
        Ok(Json::Object(all))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(it) => to.serialize_bool(*it),
            Self::Unsigned(it) => to.serialize_u64(*it),
            Self::Signed(it) => to.serialize_i64(*it),
            Self::Float(it) => to.serialize_f64(*it),
            Self::Text(it) => to.serialize_str(it),
            Self::List(it) => to.collect_seq(it),
            Self::Object(it) => {
                let mut map = to.serialize_map(None)?;
                it.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
                map.end()
            }
        }
    }
}
