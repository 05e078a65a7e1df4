//! Which accounts may be served that the configuration does not name, once a caller has proved to have their AppSecret.

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// See above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(untagged))]
pub enum Unknown {
    /// None: "refuse".
    #[default]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    Refuse,
    /// All: "any".
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    Any,
    /// Those with these AppIDs or corpids.
    These(BTreeSet<String>),
}

impl Unknown {
    /// Whether the account of `appid` may be served.
    #[must_use]
    pub fn admits(&self, appid: &str) -> bool {
        match self {
            Self::Refuse => false,
            Self::Any => true,
            Self::These(all) => all.contains(appid),
        }
    }
}

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Unknown;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"refuse\", \"any\" or a list of AppIDs")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Unknown, E> {
                match word {
                    "refuse" => Ok(Unknown::Refuse),
                    "any" => Ok(Unknown::Any),
                    _ => Err(E::custom("must be \"refuse\", \"any\" or a list of AppIDs")),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unknown, A::Error> {
                let mut all = BTreeSet::new();
                while let Some(it) = items.next_element()? {
                    all.insert(it);
                }
                Ok(Unknown::These(all))
            }
        }
        from.deserialize_any(Reader)
    }
}
