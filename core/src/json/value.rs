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
    loop {
        let (plain, after) = rest.split_at_checked(plain(rest.as_bytes())).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut chars = after.chars();
        let Some(it) = chars.next() else { break };
        escape(it, out);
        rest = chars.as_str();
    }
    out.push('"');
}

/// How many bytes stand before the first that a text in quotes must escape: a quote, a backslash, a control character.
pub(super) fn plain(bytes: &[u8]) -> usize {
    // Eight at a time: most texts are long and have none of them.
    let (words, _) = bytes.as_chunks();
    let words = words.iter().take_while(|it| !has_special(u64::from_le_bytes(**it))).count().saturating_mul(8);
    let rest = bytes.get(words..).unwrap_or_default();
    let special = |it: &u8| *it < 0x20 || *it == b'"' || *it == b'\\';
    words.saturating_add(rest.iter().position(special).unwrap_or(rest.len()))
}

/// Whether one of eight bytes is such a one.
const fn has_special(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    // The highest bit of each byte that is less than `limit`.
    const fn less(word: u64, limit: u64) -> u64 {
        word.wrapping_sub(ONES.wrapping_mul(limit)) & !word & ONES.wrapping_mul(0x80)
    }
    let quote = word ^ ONES.wrapping_mul(0x22);
    let backslash = word ^ ONES.wrapping_mul(0x5c);
    less(word, 0x20) | less(quote, 1) | less(backslash, 1) != 0
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
