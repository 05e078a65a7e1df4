//! From a text to its elements, in one pass and without recursion.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Element, Fault, allowed, begins_name, in_name};
use crate::limits;

/// Reads a document and gives its root.
///
/// # Errors
/// [`Fault`].
pub fn parse(text: &str) -> Result<Element<'_>, Fault> {
    let returns = text.contains('\r');
    let mut reader = Reader { text, at: 0, returns, open: Vec::with_capacity(4), root: None, elements: 0 };
    reader.skips("\u{feff}");
    while reader.at < text.len() {
        reader.characters()?;
        reader.markup()?;
    }
    match reader.root.take() {
        Some(root) if reader.open.is_empty() => Ok(root),
        _ => Err(reader.fault("an element is not closed, or there is none")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Whether there are carriage returns at all: hardly ever.
    returns: bool,
    /// The elements around this place, from the root inwards.
    open: Vec<Open<'a>>,
    root: Option<Element<'a>>,
    elements: usize,
}

struct Open<'a> {
    element: Element<'a>,
    /// How much of the text stands, blanks and all: it ends in CDATA.
    fixed: usize,
}

impl<'a> Reader<'a> {
    const fn fault(&self, why: &'static str) -> Fault {
        Fault { at: self.at, why }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    const fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// Whether `piece` comes next; then it is behind us.
    fn skips(&mut self, piece: &str) -> bool {
        let there = self.bytes().starts_with(piece.as_bytes());
        self.skip(if there { piece.len() } else { 0 });
        there
    }

    /// Skips blanks and gives the byte behind them.
    fn blanks(&mut self) -> Option<u8> {
        let bytes = self.bytes();
        let blanks = bytes.iter().take_while(|it| it.is_ascii_whitespace()).count();
        self.skip(blanks);
        bytes.get(blanks).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.bytes().first() != Some(&byte) {
            return Err(self.fault("the end of a tag is expected"));
        }
        self.skip(1);
        Ok(())
    }

    /// What stands before `first` and `others`, which are skipped as well.
    fn until(&mut self, first: char, others: &str) -> Result<&'a str, Fault> {
        let rest = self.rest();
        let mut from = 0_usize;
        // To look for one byte is much faster than to look for three.
        while let Some(at) = rest.get(from..).and_then(|it| it.find(first)) {
            let end = from.saturating_add(at);
            from = end.saturating_add(1);
            if rest.get(from..).is_some_and(|it| it.starts_with(others)) {
                self.skip(from.saturating_add(others.len()));
                return Ok(rest.get(..end).unwrap_or_default());
            }
        }
        Err(self.fault("it is not closed"))
    }

    /// Takes the text before the next markup.
    fn characters(&mut self) -> Result<(), Fault> {
        // What begins with blanks begins behind them.
        if self.open.last().is_none_or(|it| it.fixed == 0 && it.element.text.is_empty()) {
            self.blanks();
        }
        if self.bytes().first().is_none_or(|it| *it == b'<') {
            return Ok(());
        }
        let rest = self.rest();
        let text = rest.get(..rest.find('<').unwrap_or(rest.len())).unwrap_or_default();
        let Some(open) = self.open.last_mut() else { return Err(self.fault("a text stands outside the root")) };
        let piece = if self.returns { lines(text) } else { Cow::Borrowed(text) };
        let piece = expand(piece).ok_or(Fault { at: self.at, why: "it refers to no character" })?;
        append(&mut open.element.text, piece);
        self.skip(text.len());
        Ok(())
    }

    /// Takes the markup that begins here, if anything does.
    fn markup(&mut self) -> Result<(), Fault> {
        match self.bytes() {
            [] => Ok(()),
            [_, b'/', ..] => {
                self.skip(2);
                self.end()
            }
            [_, b'!', ..] if self.skips("<![CDATA[") => self.cdata(),
            [_, b'!', ..] if self.skips("<!--") => self.until('-', "->").map(|_| ()),
            [_, b'!', ..] => Err(self.fault("a document type is not taken")),
            [_, b'?', ..] => self.until('?', ">").map(|_| ()),
            _ => {
                self.skip(1);
                self.start()
            }
        }
    }

    fn cdata(&mut self) -> Result<(), Fault> {
        let text = self.until(']', "]>")?;
        let Some(open) = self.open.last_mut() else { return Err(self.fault("a text stands outside the root")) };
        append(&mut open.element.text, if self.returns { lines(text) } else { Cow::Borrowed(text) });
        open.fixed = open.element.text.len();
        Ok(())
    }

    fn name(&mut self) -> Result<&'a str, Fault> {
        let bytes = self.bytes();
        if !bytes.first().is_some_and(|it| begins_name(*it)) {
            return Err(self.fault("a name is expected"));
        }
        let length = bytes.iter().take_while(|it| in_name(**it)).count();
        let name = self.rest().get(..length).unwrap_or_default();
        self.skip(length);
        Ok(name)
    }

    fn start(&mut self) -> Result<(), Fault> {
        let name = self.name()?;
        self.elements = self.elements.saturating_add(1);
        if self.elements > limits::XML_ELEMENTS {
            return Err(self.fault("there are too many elements"));
        }
        if self.open.len() >= limits::XML_DEPTH {
            return Err(self.fault("it is nested too deeply"));
        }
        if self.root.is_some() {
            return Err(self.fault("there is a second root"));
        }
        let mut element = Element { name, ..Element::default() };
        if self.attributes()? == b'/' {
            self.skip(1);
            self.close(element);
        } else {
            // Most that WeChat sends is right below the root.
            element.children.reserve(if self.open.is_empty() { 16 } else { 0 });
            self.open.push(Open { element, fixed: 0 });
        }
        self.expect(b'>')
    }

    /// Skips what stands between a name and the end of its tag, and gives the byte that stands there.
    fn attributes(&mut self) -> Result<u8, Fault> {
        loop {
            let before = self.at;
            match self.blanks() {
                Some(it @ (b'>' | b'/')) => return Ok(it),
                _ if self.at == before => return Err(self.fault("a blank or the end of a tag is expected")),
                _ => {}
            }
            self.name()?;
            let equals = self.blanks() == Some(b'=');
            self.skip(usize::from(equals));
            let value = match self.blanks() {
                Some(b'"') if equals => self.quoted('"')?,
                Some(b'\'') if equals => self.quoted('\'')?,
                _ => return Err(self.fault("an attribute's value is expected")),
            };
            if value.contains('<') {
                return Err(self.fault("an attribute holds markup"));
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<&'a str, Fault> {
        self.skip(1);
        self.until(quote, "")
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(Open { mut element, fixed }) = self.open.pop() else {
            return Err(self.fault("an element ends that is not open"));
        };
        if !self.skips(element.name) || self.bytes().first().is_some_and(|it| in_name(*it)) {
            return Err(self.fault("another element ends than the one that is open"));
        }
        self.blanks();
        self.expect(b'>')?;
        trim_end(&mut element.text, fixed);
        self.close(element);
        Ok(())
    }

    fn close(&mut self, element: Element<'a>) {
        match self.open.last_mut() {
            Some(parent) => parent.element.children.push(element),
            None => self.root = Some(element),
        }
    }
}

/// Leaves out the blanks at the end of `text`, but for its first `fixed` bytes.
fn trim_end(text: &mut Cow<'_, str>, fixed: usize) {
    if text.len() == fixed {
        return;
    }
    let length = text.trim_ascii_end().len().max(fixed);
    match text {
        Cow::Borrowed(it) => *it = it.get(..length).unwrap_or_default(),
        Cow::Owned(it) => it.truncate(length),
    }
}

fn append<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    if text.is_empty() {
        *text = piece;
    } else if !piece.is_empty() {
        text.to_mut().push_str(&piece);
    }
}

/// Every end of a line as one character (XML 1.0, 2.11).
fn lines(text: &str) -> Cow<'_, str> {
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// `text` with what it refers to; `None` if that is none of the five entities and no character.
fn expand(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(text);
    }
    let mut pieces = text.split('&');
    let mut out = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, after) = piece.split_once(';')?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => numeric(name.strip_prefix('#')?)?,
        });
        out.push_str(after);
    }
    Some(Cow::Owned(out))
}

fn numeric(text: &str) -> Option<char> {
    let (digits, radix) = text.strip_prefix('x').map_or((text, 10), |it| (it, 16));
    let code = digits.chars().try_fold(0_u32, |sum, it| sum.checked_mul(radix)?.checked_add(it.to_digit(radix)?))?;
    char::from_u32(code).filter(|it| allowed(*it) && !digits.is_empty())
}
