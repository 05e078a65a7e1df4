//! A secret that is being changed: one text, or a list of the current one and those before it.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// See above.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(untagged))]
pub(crate) enum Rotated {
    /// One.
    One(String),
    /// The current one first.
    Many(Vec<String>),
}

impl Rotated {
    /// All of them, the current one first.
    pub(super) fn all(self) -> Vec<String> {
        match self {
            Self::One(it) => vec![it],
            Self::Many(all) => all,
        }
    }
}

impl<'de> Deserialize<'de> for Rotated {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Rotated;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Rotated, E> {
                Ok(Rotated::One(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Rotated, A::Error> {
                let mut all = Vec::new();
                while let Some(it) = items.next_element()? {
                    all.push(it);
                }
                Ok(Rotated::Many(all))
            }
        }
        from.deserialize_any(Reader)
    }
}
