//! From a text to a [`Value`], as RFC 8259 has it: strictly, in one pass, and no deeper than the stack is safe.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::Value;
use super::value::plain;
use crate::limits;

/// Why a text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where, in bytes from the beginning.
    pub(crate) at: usize,
    /// What was expected there, or what is wrong with what stands there.
    pub(crate) why: &'static str,
}

/// Reads `text`, which holds one value and blanks at the most.
///
/// # Errors
/// [`Fault`].
pub(crate) fn parse(text: &str) -> Result<Value<'_>, Fault> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(limits::JSON_DEPTH)?;
    match reader.next() {
        None => Ok(value),
        Some(_) => Err(reader.fault("something stands behind the value")),
    }
}

/// Whether `text` is a number, with nothing around it.
pub(crate) fn is_number(text: &str) -> bool {
    let mut reader = Reader { text, at: 0 };
    reader.number().is_ok() && reader.at == text.len()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    const fn fault(&self, why: &'static str) -> Fault {
        Fault { at: self.at, why }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    const fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// The next byte that is no blank; it stays where it is.
    fn next(&mut self) -> Option<u8> {
        let blanks = self.rest().iter().take_while(|it| matches!(it, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.skip(blanks);
        self.peek()
    }

    /// Whether `byte` comes next; then it is behind us.
    fn takes(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.skip(usize::from(there));
        there
    }

    /// What stands from `start` to here. Both are where an ASCII character begins or ends.
    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Fault> {
        match self.next() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(|it| Value::Number(Cow::Borrowed(it))),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.fault("a value is expected")),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Fault> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.fault("a value is expected"));
        }
        self.skip(word.len());
        Ok(value)
    }

    fn deeper(&self, depth: usize) -> Result<usize, Fault> {
        depth.checked_sub(1).ok_or_else(|| self.fault("it is nested too deeply"))
    }

    fn list(&mut self, depth: usize) -> Result<Value<'a>, Fault> {
        let depth = self.deeper(depth)?;
        let mut items = Vec::new();
        self.skip(1);
        if self.next() == Some(b']') {
            self.skip(1);
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.ends(b']')? {
                return Ok(Value::List(items));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, Fault> {
        let depth = self.deeper(depth)?;
        let mut fields = Vec::new();
        self.skip(1);
        if self.next() == Some(b'}') {
            self.skip(1);
            return Ok(Value::Object(fields));
        }
        loop {
            if self.next() != Some(b'"') {
                return Err(self.fault("a key in quotes is expected"));
            }
            let name = self.string()?;
            self.next();
            if !self.takes(b':') {
                return Err(self.fault("a colon is expected"));
            }
            fields.push((name, self.value(depth)?));
            if self.ends(b'}')? {
                return Ok(Value::Object(fields));
            }
        }
    }

    /// Whether `end` comes next, and not a comma.
    fn ends(&mut self, end: u8) -> Result<bool, Fault> {
        self.next();
        if self.takes(b',') {
            return Ok(false);
        }
        let why = if end == b'}' { "a comma or a } is expected" } else { "a comma or a ] is expected" };
        self.takes(end).then_some(true).ok_or_else(|| self.fault(why))
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let count = self.rest().iter().take_while(|it| it.is_ascii_digit()).count();
        self.skip(count);
        if count == 0 { Err(self.fault("a digit is expected")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        self.takes(b'-');
        if !self.takes(b'0') {
            self.digits()?;
        }
        if self.takes(b'.') {
            self.digits()?;
        }
        if self.takes(b'e') || self.takes(b'E') {
            let _signed = self.takes(b'+') || self.takes(b'-');
            self.digits()?;
        }
        Ok(self.since(start))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.skip(1);
        let plain = self.plain();
        if self.takes(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut out = String::from(plain);
        loop {
            if !self.takes(b'\\') {
                return Err(self.fault("the end of a text is expected, or the escape of a control character"));
            }
            out.push(self.escape()?);
            out.push_str(self.plain());
            if self.takes(b'"') {
                return Ok(Cow::Owned(out));
            }
        }
    }

    /// What stands before the next quote, backslash or control character.
    fn plain(&mut self) -> &'a str {
        let start = self.at;
        self.skip(plain(self.rest()));
        self.since(start)
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let it = match self.peek() {
            Some(it @ (b'"' | b'\\' | b'/')) => char::from(it),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.fault("there is no such escape")),
        };
        self.skip(1);
        Ok(it)
    }

    /// One character, from one escape or from the two of a surrogate pair.
    fn unicode(&mut self) -> Result<char, Fault> {
        let first = self.unit()?;
        let code = if (0xd800..0xdc00).contains(&first) && self.takes(b'\\') {
            let second = self.unit()?;
            let low = second.checked_sub(0xdc00).filter(|it| *it < 0x400);
            let code = low.map(|it| (first & 0x3ff) << 10 | it);
            code.and_then(|it| it.checked_add(0x1_0000)).unwrap_or(first)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.fault("half a surrogate pair is no character"))
    }

    /// `u` and four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, Fault> {
        let digits = self.rest().strip_prefix(b"u").and_then(|it| it.first_chunk::<4>());
        let digits = digits.map(|it| it.map(|it| char::from(it).to_digit(16)));
        let Some([Some(a), Some(b), Some(c), Some(d)]) = digits else {
            return Err(self.fault("four hexadecimal digits are expected"));
        };
        self.skip(5);
        Ok(a << 12 | b << 8 | c << 4 | d)
    }
}
