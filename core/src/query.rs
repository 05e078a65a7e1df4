//! Percent-encoding and the parameters of a query.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use crate::error::Reject;

/// `text` so that it stands as one value in a query or one segment of a path (RFC 3986, unreserved characters only).
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
            continue;
        }
        out.push('%');
        for digit in [byte >> 4, byte & 15] {
            out.extend(char::from_digit(digit.into(), 16).map(|it| it.to_ascii_uppercase()));
        }
    }
    out
}

/// The bytes that `text` stands for. A `%` that no two digits follow stands for itself, and so does `+`.
#[must_use]
pub fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = match (first, after) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        let (byte, used) = pair.map_or((first, 1), |(high, low)| (high << 4 | low, 3));
        out.push(byte);
        rest = rest.get(used..).unwrap_or_default();
    }
    out
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

/// The parameter `name` of `query`; `None` if it is not there. A value that is not UTF-8 is refused, and so is a second one:
/// which of two would win differs from program to program, and that difference is a hole.
///
/// # Errors
/// [`Reject::Repeated`], [`Reject::Invalid`].
pub fn parameter(query: &str, name: &str) -> Result<Option<String>, Reject> {
    let mut found = all(query, name)?.into_iter();
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Reject::Repeated { name: name.to_owned() }),
        (it, None) => Ok(it),
    }
}

/// Every value of the parameter `name`, in their order: for the few of which there may be several.
///
/// # Errors
/// [`Reject::Invalid`] for a value that is not UTF-8.
pub fn all(query: &str, name: &str) -> Result<Vec<String>, Reject> {
    let named = query.split('&').filter(|it| is_called(it, name)).map(|it| it.split_once('=').unwrap_or((it, "")));
    let invalid = |_| Reject::Invalid { name: name.to_owned(), why: "is not UTF-8".to_owned() };
    // A form writes a space as `+`; base64 is never a parameter of a caller's own.
    named.map(|(_, value)| String::from_utf8(unescape(&value.replace('+', " "))).map_err(invalid)).collect()
}

/// Whether `query` has a parameter `name`, whatever it says.
#[must_use]
pub fn has(query: &str, name: &str) -> bool {
    query.split('&').any(|it| is_called(it, name))
}

/// Whether `pair`, a part of a query, is the parameter `name`, however that is spelt.
#[must_use]
pub fn is_called(pair: &str, name: &str) -> bool {
    let key = pair.split_once('=').map_or(pair, |it| it.0);
    key == name || unescape(key) == name.as_bytes()
}

/// The parameter `name` of `query`, which must be there and not empty.
///
/// # Errors
/// [`Reject::Missing`] and those of [`parameter`].
pub fn required(query: &str, name: &str) -> Result<String, Reject> {
    parameter(query, name)?.filter(|it| !it.is_empty()).ok_or_else(|| Reject::Missing { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_escaped_reads_back() {
        let text = "a b/ü%2F+&=?é\u{1f600}";
        assert_eq!(unescape(&escape(text)), text.as_bytes());
        assert_eq!(escape("a b"), "a%20b");
    }

    #[test]
    fn a_broken_escape_stands_for_itself() {
        for text in ["%", "%4", "%zz", "a%", "%%41"] {
            let _ = unescape(text);
        }
        assert_eq!(unescape("%zz"), b"%zz");
        assert_eq!(unescape("%%41"), b"%A");
    }

    #[test]
    fn a_parameter_is_found_under_any_spelling_and_only_once() {
        let query = "a=1&%62=2&c&d=x+y%2B&a=3";
        assert_eq!(parameter(query, "b"), Ok(Some("2".into())));
        assert_eq!(parameter(query, "c"), Ok(Some(String::new())));
        assert_eq!(parameter(query, "d"), Ok(Some("x y+".into())));
        assert_eq!(parameter(query, "z"), Ok(None));
        assert_eq!(parameter(query, "a"), Err(Reject::Repeated { name: "a".into() }));
        assert_eq!(required("a=", "a"), Err(Reject::Missing { name: "a".into() }));
        assert!(matches!(parameter("a=%ff", "a"), Err(Reject::Invalid { .. })));
    }
}
