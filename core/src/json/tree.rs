//! Between a text and its tree.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Json, Value};

impl From<Value<'_>> for Json {
    fn from(it: Value<'_>) -> Self {
        match it {
            Value::Null => Self::Null,
            Value::Bool(it) => Self::Bool(it),
            Value::Number(it) => number(&it),
            Value::Text(it) => Self::Text(it.into_owned()),
            Value::List(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(fields) => {
                Self::Object(fields.into_iter().map(|(name, it)| (name.into_owned(), it.into())).collect())
            }
        }
    }
}

fn number(text: &str) -> Json {
    if let Ok(it) = text.parse() {
        return Json::Unsigned(it);
    }
    text.parse().map_or_else(|_| Json::Float(float(text)), Json::Signed)
}

/// What `text`, a number, comes to: near enough for the times in a JWT, which are all that is read as such. The exact way is 14 kB.
fn float(text: &str) -> f64 {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let fraction = digits.split_once('.').map_or(0, |it| it.1.len());
    let digits = digits.bytes().filter(u8::is_ascii_digit).map(|it| f64::from(it & 15));
    let value: f64 = digits.fold(0.0, |sum, it| sum * 10.0 + it);
    let beyond = if exponent.starts_with('-') { i32::MIN } else { i32::MAX };
    let shift = exponent.parse().unwrap_or(beyond);
    let shift = shift.saturating_sub(i32::try_from(fraction).unwrap_or(i32::MAX));
    let step = |it: f64, _| if shift < 0 { it / 10.0 } else { it * 10.0 };
    let value = (0..shift.unsigned_abs().min(700)).fold(value.min(f64::MAX), step).min(f64::MAX);
    if text.starts_with('-') { -value } else { value }
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
