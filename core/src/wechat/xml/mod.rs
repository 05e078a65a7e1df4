//! XML as WeChat writes it: elements, texts, CDATA. Attributes, comments and processing instructions are skipped.
//!
//! What a document of a stranger could do harm with is not taken: no document type, so no entities but the five and the numeric
//! ones; and no more depth and elements than [`crate::limits`] has.
//!
//! A library would do as well, but it needs `std` and weighs several times as much in the filter. It judges this reader in the
//! tests instead.

mod reader;
mod writer;

use alloc::borrow::Cow;
use alloc::vec::Vec;

pub(crate) use reader::{Reader, Text, read};
pub(crate) use writer::{fits, write};

/// An element of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its name, with the prefix if it has one.
    pub name: &'a str,
    /// Its text: what stands in CDATA as it is, what stands outside without the blanks around it.
    pub text: Cow<'a, str>,
    /// The elements in it, in their order.
    pub children: Vec<Self>,
}

/// Reads a document and gives its root.
///
/// # Errors
/// [`Fault`].
pub fn parse(text: &str) -> Result<Element<'_>, Fault> {
    read(text, Element::read)
}

impl<'a> Element<'a> {
    fn read(reader: &mut Reader<'a>, name: &'a str) -> Self {
        let (mut text, mut children) = (Text::default(), Vec::new());
        while let Some(child) = reader.child(name, &mut text) {
            children.push(Self::read(reader, child));
        }
        Self { name, text: text.end(), children }
    }

    /// The text of its child `name`, if there is exactly one: which of two would win differs from program to program.
    #[must_use]
    pub fn only(&self, name: &str) -> Option<&Cow<'a, str>> {
        let mut named = self.children.iter().filter(|it| it.name == name);
        named.next().filter(|_| named.next().is_none()).map(|it| &it.text)
    }
}

/// Why a text is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}, at byte {at}")]
pub struct Fault {
    /// Where, in bytes from the beginning.
    pub at: usize,
    /// What is wrong there.
    pub why: &'static str,
}

/// Whether `it` may stand in a document at all (XML 1.0, 2.2).
const fn allowed(it: char) -> bool {
    !matches!(it, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether a name (XML 1.0, 2.3) may begin with `it`. All that is not ASCII may stand in one here.
const fn begins_name(it: u8) -> bool {
    matches!(it, b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | 0x80..)
}

/// Whether a name may hold `it`.
const fn in_name(it: u8) -> bool {
    begins_name(it) || matches!(it, b'0'..=b'9' | b'-' | b'.')
}

#[cfg(test)]
mod tests;
