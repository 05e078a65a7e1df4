//! Reads XML and JSON as WeChat does: what it cannot read, a user gets no reply from. A reader of its own, for it judges the gateway's
//! writer.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

use super::account::Format;
use super::tree::Value;

/// Reads a document or an object. The error is half a sentence.
pub fn read(text: &str, format: Format) -> Result<Value, String> {
    match format {
        Format::Xml => xml(text),
        Format::Json => json(text),
    }
}

fn json(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(it @ Value::Fields(_)) => Ok(it),
        Ok(_) => Err("it is no JSON object".to_owned()),
        Err(why) => Err(format!("it is no JSON: {why}")),
    }
}

/// An element that is open: its name, its text, its children.
struct Open {
    name: String,
    text: String,
    children: Vec<(String, Value)>,
}

fn xml(text: &str) -> Result<Value, String> {
    let mut reader = Reader::from_str(text);
    let (mut open, mut root): (Vec<Open>, Option<Value>) = (Vec::new(), None);
    loop {
        let event = reader.read_event().map_err(|why| format!("it is no XML: {why}"))?;
        match event {
            Event::Start(it) => start(it.name().as_ref(), &mut open, &root)?,
            Event::Empty(it) => {
                start(it.name().as_ref(), &mut open, &root)?;
                end(&mut open, &mut root)?;
            }
            Event::End(_) => end(&mut open, &mut root)?,
            Event::Text(it) => characters(&it, &mut open)?,
            Event::CData(it) => characters(&it, &mut open)?,
            Event::GeneralRef(it) => characters(&character(&it)?, &mut open)?,
            Event::Decl(_) | Event::Comment(_) => {}
            Event::DocType(_) => return Err("it has a document type".to_owned()),
            Event::PI(_) => return Err("it has a processing instruction".to_owned()),
            Event::Eof if open.is_empty() => return root.ok_or_else(|| "it has no root".to_owned()),
            Event::Eof => return Err("an element is not closed".to_owned()),
        }
    }
}

fn start(name: &str, open: &mut Vec<Open>, root: &Option<Value>) -> Result<(), String> {
    if open.is_empty() && (root.is_some() || name != "xml") {
        return Err(format!("its root is not one <xml>, but <{name}>"));
    }
    open.push(Open { name: name.to_owned(), text: String::new(), children: Vec::new() });
    Ok(())
}

fn end(open: &mut Vec<Open>, root: &mut Option<Value>) -> Result<(), String> {
    let Some(Open { name, text, children }) = open.pop() else { return Err("it ends twice".to_owned()) };
    let value = match (children.is_empty(), text.trim().is_empty()) {
        (true, _) => Value::Text(text),
        (false, true) => Value::Fields(children),
        (false, false) => return Err(format!("<{name}> has elements and a text")),
    };
    match open.last_mut() {
        Some(parent) => parent.add(name, value),
        None => *root = Some(if value.as_text().is_some() { Value::Fields(Vec::new()) } else { value }),
    }
    Ok(())
}

impl Open {
    /// The second element of one name makes a list of both.
    fn add(&mut self, name: String, value: Value) {
        match self.children.iter_mut().find(|it| it.0 == name).map(|it| &mut it.1) {
            None => self.children.push((name, value)),
            Some(Value::List(items)) => items.push(value),
            Some(one) => {
                let first = std::mem::replace(one, Value::List(Vec::new()));
                *one = Value::List(vec![first, value]);
            }
        }
    }
}

fn characters(text: &str, open: &mut [Open]) -> Result<(), String> {
    match open.last_mut() {
        Some(it) => it.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("a text stands outside of the root".to_owned()),
    }
    Ok(())
}

fn character(of: &BytesRef<'_>) -> Result<String, String> {
    let number = of.resolve_char_ref().map_err(|why| format!("it is no XML: {why}"))?;
    let named = || quick_xml::escape::resolve_predefined_entity(of).map(str::to_owned);
    number.map(String::from).or_else(named).ok_or_else(|| format!("there is no entity {}", &**of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_same_however_they_are_written() {
        let document =
            "<?xml version=\"1.0\"?>\n<xml> <A><![CDATA[a]]>&amp;&#x62;</A><B/>\n<C><D>1</D><D>2</D></C></xml>\n";
        let list = Value::List(vec![Value::text("1"), Value::text("2")]);
        let expected =
            Value::fields([("A", Value::text("a&b")), ("B", Value::text("")), ("C", Value::fields([("D", list)]))]);
        assert_eq!(read(document, Format::Xml), Ok(expected));
        assert_eq!(read("<xml></xml>", Format::Xml), Ok(Value::Fields(vec![])));
    }

    #[test]
    fn what_is_no_document_is_refused_with_a_reason() {
        for (text, why) in [
            ("", "no root"),
            ("success", "outside"),
            ("<a/>", "<a>"),
            ("<xml/><xml/>", "not one"),
            ("<xml>", "not closed"),
            ("<xml></a></xml>", "no XML"),
            ("<xml><A>b<C/></A></xml>", "elements and a text"),
            ("<xml>&who;</xml>", "entity who"),
            ("<!DOCTYPE xml><xml/>", "document type"),
            ("{}", "outside"),
        ] {
            let error = read(text, Format::Xml).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        for text in ["", "[]", "<xml/>", "\"success\"", "{\"a\":1}x"] {
            assert!(read(text, Format::Json).is_err(), "{text}");
        }
    }
}
