//! From a text to its elements, in one pass. Whoever makes something of them asks for one after the other.

use alloc::borrow::Cow;
use alloc::string::String;
use core::mem;

use memchr::{memchr, memchr_iter};

use super::{Fault, allowed, begins_name, in_name};
use crate::limits;

/// Reads a document: `root` gets the name of its root and makes something of what is in it.
pub(crate) fn read<'a, T>(text: &'a str, root: impl FnOnce(&mut Reader<'a>, &'a str) -> T) -> Result<T, Fault> {
    let returns = memchr(b'\r', text.as_bytes()).is_some();
    let mut reader = Reader { text, at: 0, returns, empty: false, depth: 0, elements: 0, fault: None };
    reader.skips("\u{feff}");
    reader.outside()?;
    if reader.bytes().is_empty() {
        return Err(reader.fault("there is no element"));
    }
    let name = reader.start()?;
    let it = root(&mut reader, name);
    if let Some(fault) = reader.fault {
        return Err(fault);
    }
    reader.outside()?;
    if !reader.bytes().is_empty() {
        return Err(reader.fault("there is a second root"));
    }
    Ok(it)
}

/// A place in a document.
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Whether there are carriage returns at all: hardly ever.
    returns: bool,
    /// Whether the element that began last has ended in the same tag.
    empty: bool,
    /// How many elements are open.
    depth: usize,
    elements: usize,
    /// What is wrong: behind it there is nothing to read.
    fault: Option<Fault>,
}

impl<'a> Reader<'a> {
    /// Reads on in the element `name`: its text into `text`, up to the next element in it, whose name this gives, or to its end.
    /// Where something is wrong the document ends.
    pub(crate) fn child(&mut self, name: &str, text: &mut Text<'a>) -> Option<&'a str> {
        if self.fault.is_some() {
            return None;
        }
        self.next(name, text).unwrap_or_else(|fault| {
            self.fault = Some(fault);
            None
        })
    }

    fn next(&mut self, name: &str, text: &mut Text<'a>) -> Result<Option<&'a str>, Fault> {
        if mem::take(&mut self.empty) {
            self.depth = self.depth.saturating_sub(1);
            return Ok(None);
        }
        loop {
            self.characters(text)?;
            match self.bytes() {
                [] => return Err(self.fault("an element is not closed")),
                [_, b'/', ..] => return self.end(name).map(|()| None),
                [_, b'!', ..] if self.skips("<![CDATA[") => {
                    let piece = self.until(b']', "]>")?;
                    text.push(self.lines(piece));
                    text.fixed = text.it.len();
                }
                [_, b'!' | b'?', ..] => self.aside()?,
                _ => return self.start().map(Some),
            }
        }
    }

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
        let blanks = bytes.iter().position(|it| !it.is_ascii_whitespace()).unwrap_or(bytes.len());
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
    fn until(&mut self, first: u8, others: &str) -> Result<&'a str, Fault> {
        let rest = self.rest();
        // To look for one byte is much faster than to look for three.
        for end in memchr_iter(first, rest.as_bytes()) {
            let after = end.saturating_add(1);
            if rest.get(after..).is_some_and(|it| it.starts_with(others)) {
                self.skip(after.saturating_add(others.len()));
                return Ok(rest.get(..end).unwrap_or_default());
            }
        }
        Err(self.fault("it is not closed"))
    }

    /// Skips what may stand before and behind the root.
    fn outside(&mut self) -> Result<(), Fault> {
        loop {
            match (self.blanks(), self.bytes()) {
                (_, [b'<', b'/', ..]) => return Err(self.fault("an element ends that is not open")),
                (_, [b'<', b'!' | b'?', ..]) => self.aside()?,
                (None | Some(b'<'), _) => return Ok(()),
                _ => return Err(self.fault("a text stands outside the root")),
            }
        }
    }

    /// Skips what is neither an element nor a text.
    fn aside(&mut self) -> Result<(), Fault> {
        if self.skips("<!--") {
            return self.until(b'-', "->").map(|_| ());
        }
        if self.skips("<?") {
            return self.until(b'?', ">").map(|_| ());
        }
        Err(self.fault("a document type is not taken"))
    }

    /// Takes the text before the next markup.
    fn characters(&mut self, text: &mut Text<'a>) -> Result<(), Fault> {
        // What begins with blanks begins behind them.
        if text.it.is_empty() && text.fixed == 0 {
            self.blanks();
        }
        let rest = self.rest();
        if rest.starts_with('<') {
            return Ok(());
        }
        let piece = rest.get(..memchr(b'<', rest.as_bytes()).unwrap_or(rest.len())).unwrap_or_default();
        let expanded = expand(self.lines(piece)).ok_or(Fault { at: self.at, why: "it refers to no character" })?;
        text.push(expanded);
        self.skip(piece.len());
        Ok(())
    }

    /// `text` with every end of a line as one character (XML 1.0, 2.11).
    fn lines(&self, text: &'a str) -> Cow<'a, str> {
        if self.returns { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
    }

    fn name(&mut self) -> Result<&'a str, Fault> {
        let bytes = self.bytes();
        if !bytes.first().is_some_and(|it| begins_name(*it)) {
            return Err(self.fault("a name is expected"));
        }
        let length = bytes.iter().position(|it| !in_name(*it)).unwrap_or(bytes.len());
        let name = self.rest().get(..length).unwrap_or_default();
        self.skip(length);
        Ok(name)
    }

    fn start(&mut self) -> Result<&'a str, Fault> {
        self.expect(b'<')?;
        let name = self.name()?;
        self.elements = self.elements.saturating_add(1);
        self.depth = self.depth.saturating_add(1);
        if self.elements > limits::XML_ELEMENTS {
            return Err(self.fault("there are too many elements"));
        }
        if self.depth > limits::XML_DEPTH {
            return Err(self.fault("it is nested too deeply"));
        }
        self.empty = self.attributes()? == b'/';
        self.skip(usize::from(self.empty));
        self.expect(b'>').map(|()| name)
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
                Some(it @ (b'"' | b'\'')) if equals => self.quoted(it)?,
                _ => return Err(self.fault("an attribute's value is expected")),
            };
            if value.contains('<') {
                return Err(self.fault("an attribute holds markup"));
            }
        }
    }

    fn quoted(&mut self, quote: u8) -> Result<&'a str, Fault> {
        self.skip(1);
        self.until(quote, "")
    }

    fn end(&mut self, name: &str) -> Result<(), Fault> {
        self.skip(2);
        if !self.skips(name) || self.bytes().first().is_some_and(|it| in_name(*it)) {
            return Err(self.fault("another element ends than the one that is open"));
        }
        self.depth = self.depth.saturating_sub(1);
        self.blanks();
        self.expect(b'>')
    }
}

/// The text of an element: what stands in CDATA as it is, what stands outside without the blanks around it.
#[derive(Default)]
pub(crate) struct Text<'a> {
    it: Cow<'a, str>,
    /// How much of it stands, blanks and all: it ends in CDATA.
    fixed: usize,
}

impl<'a> Text<'a> {
    fn push(&mut self, piece: Cow<'a, str>) {
        if self.it.is_empty() {
            self.it = piece;
        } else {
            self.it.to_mut().push_str(&piece);
        }
    }

    /// The whole of it.
    pub(crate) fn end(self) -> Cow<'a, str> {
        let length = self.it.trim_ascii_end().len().max(self.fixed);
        match self.it {
            Cow::Borrowed(it) => Cow::Borrowed(it.get(..length).unwrap_or_default()),
            Cow::Owned(mut it) => {
                it.truncate(length);
                Cow::Owned(it)
            }
        }
    }
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
