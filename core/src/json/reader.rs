//! From a tree to a type.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::{format, vec};
use core::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::Json;

/// Why a tree is not what was asked for. It names no value.
#[derive(Debug)]
pub(crate) struct Fault(Box<Parts>);

#[derive(Debug)]
struct Parts {
    path: String,
    why: String,
}

impl Fault {
    /// Where it is, as in `apps.shop.secret` or `callers[0].key`; empty for the document itself.
    pub(crate) fn path(&self) -> &str {
        &self.0.path
    }

    /// What is wrong there.
    pub(crate) fn why(&self) -> &str {
        &self.0.why
    }

    fn new(why: String) -> Self {
        Self(Box::new(Parts { path: String::new(), why }))
    }

    fn wrong(kind: &str, found: &str, wanted: &dyn Expected) -> Self {
        Self::new(format!("invalid {kind}: {found}, expected {wanted}"))
    }

    /// The same, seen from one level further out: `step` is a name or `[index]`.
    fn under(mut self, step: &str) -> Self {
        let rest = core::mem::take(&mut self.0.path);
        let dot = if rest.is_empty() || rest.starts_with('[') { "" } else { "." };
        self.0.path = [step, dot, &rest].concat();
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

impl core::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self::new(why.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::wrong("type", sort(&found), wanted)
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::wrong("value", sort(&found), wanted)
    }
}

/// What `found` is, without its value.
const fn sort(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "integer",
        Unexpected::Float(_) => "floating point",
        Unexpected::Str(_) => "string",
        Unexpected::Unit => "null",
        Unexpected::Seq => "sequence",
        Unexpected::Map => "map",
        _ => "something else",
    }
}

impl Json {
    const fn sort(&self) -> &'static str {
        sort(&match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(it) => Unexpected::Bool(*it),
            Self::Unsigned(it) => Unexpected::Unsigned(*it),
            Self::Signed(it) => Unexpected::Signed(*it),
            Self::Float(it) => Unexpected::Float(*it),
            Self::Text(_) => Unexpected::Str(""),
            Self::List(_) => Unexpected::Seq,
            Self::Object(_) => Unexpected::Map,
        })
    }

    fn wrong(&self, wanted: &dyn Expected) -> Fault {
        Fault::wrong("type", self.sort(), wanted)
    }

    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Unsigned(it) => visitor.visit_u64(it),
            Self::Signed(it) => visitor.visit_i64(it),
            Self::Float(it) => visitor.visit_f64(it),
            other => Err(other.wrong(&visitor)),
        }
    }
}

/// Each method gives a visitor what it asks for, and nothing else.
impl<'de> Deserializer<'de> for Json {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(it) => visitor.visit_bool(it),
            Self::Text(it) => visitor.visit_string(it),
            Self::List(_) => self.deserialize_seq(visitor),
            Self::Object(_) => self.deserialize_map(visitor),
            number => number.number(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_none(),
            other => visitor.visit_some(other),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Bool(it) => visitor.visit_bool(it),
            other => Err(other.wrong(&visitor)),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.number(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.number(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.number(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.number(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.number(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.number(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Text(it) => visitor.visit_string(it),
            other => Err(other.wrong(&visitor)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::List(it) => visitor.visit_seq(Items { rest: it.into_iter(), at: 0 }),
            other => Err(other.wrong(&visitor)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Object(it) => visitor.visit_map(Fields { rest: it.into_iter(), current: None }),
            other => Err(other.wrong(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let (name, value) = match self {
            Self::Text(name) => (name, Self::Null),
            Self::Object(mut fields) if fields.len() == 1 => fields.pop().unwrap_or_default(),
            other => return Err(other.wrong(&visitor)),
        };
        visitor.visit_enum(Variant { name, value })
    }

    forward_to_deserialize_any! { i8 i16 i32 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier }
}

struct Items {
    rest: vec::IntoIter<Json>,
    at: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.rest.next() else { return Ok(None) };
        let at = self.at;
        self.at = at.saturating_add(1);
        seed.deserialize(item).map(Some).map_err(|it| it.under(&format!("[{at}]")))
    }
}

struct Fields {
    rest: vec::IntoIter<(String, Json)>,
    /// The field whose name was given out last.
    current: Option<(String, Json)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.rest.next();
        let Some((name, _)) = &self.current else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(name)).map(Some).map_err(|it: Fault| it.under(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, value) = self.current.take().unwrap_or_default();
        seed.deserialize(value).map_err(|it| it.under(&name))
    }
}

struct Variant {
    name: String,
    value: Json,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let variant = seed.deserialize(StrDeserializer::<Fault>::new(&self.name))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.value {
            Json::Null => Ok(()),
            other => Err(other.wrong(&"nothing").under(&self.name)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self.value).map_err(|it| it.under(&self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.value.deserialize_seq(visitor).map_err(|it| it.under(&self.name))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.value.deserialize_map(visitor).map_err(|it| it.under(&self.name))
    }
}
