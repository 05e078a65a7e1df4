//! JSON as it is written: no digit of a number is lost, and what needs no copy is not copied.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A JSON value that keeps its numbers as they are written: a 64-bit id does not survive a floating point number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value<'a> {
    #[default]
    Null,
    Bool(bool),
    /// A number as RFC 8259 writes one.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    List(Vec<Self>),
    /// In the order of the text; a key that is there twice is here twice.
    Object(Vec<(Cow<'a, str>, Self)>),
}

impl<'a> Value<'a> {
    /// A text.
    pub(crate) fn text(it: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(it.into())
    }

    /// An object of these fields.
    pub(crate) fn object<const N: usize>(fields: [(&'static str, Self); N]) -> Self {
        Self::Object(fields.into_iter().map(|(name, it)| (name.into(), it)).collect())
    }

    /// Its field `name`; `None` if it has none, or is no object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.fields().iter().find(|it| it.0 == name).map(|it| &it.1)
    }

    /// Its fields; none if it is no object.
    pub(crate) const fn fields(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Object(fields) => fields.as_slice(),
            _ => &[],
        }
    }

    /// What stands there, if it is a text or a number.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(it) | Self::Number(it) => Some(it),
            _ => None,
        }
    }

    /// The same, as it was read.
    pub(crate) fn as_text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(it) | Self::Number(it) => Some(it.clone()),
            _ => None,
        }
    }

    /// Appends it to `out`, without blanks.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(it) => out.push_str(it),
            Self::Text(it) => quote(it, out),
            Self::List(items) => {
                out.push('[');
                for (at, it) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    it.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (at, (name, it)) in fields.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    quote(name, out);
                    out.push(':');
                    it.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// `text` in quotes, with escapes where there must be some (RFC 8259, 7).
fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|it| it < 0x20 || it == b'"' || it == b'\\') {
        let (plain, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let mut chars = after.chars();
        out.push_str(plain);
        escape(chars.next().unwrap_or_default(), out);
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn escape(it: char, out: &mut String) {
    let short = match it {
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '"' | '\\' => it,
        _ => {
            out.push_str("\\u00");
            let code = u32::from(it);
            out.extend([code >> 4, code & 15].iter().filter_map(|it| char::from_digit(*it, 16)));
            return;
        }
    };
    out.push('\\');
    out.push(short);
}
