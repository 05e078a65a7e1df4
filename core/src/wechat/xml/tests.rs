use alloc::format;
use alloc::string::String;
use alloc::vec;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;
use crate::json::Value;
use crate::limits;

fn why(text: &str) -> &'static str {
    parse(text).unwrap_err().why
}

fn text(document: &str) -> String {
    parse(document).unwrap().text.into_owned()
}

#[test]
fn elements_and_texts_are_read_in_their_order() {
    let document = "\u{feff}<?xml version=\"1.0\"?>\n<!-- hi --><xml a='1' b = \"2>\">\n  <A><![CDATA[ <x> & ]]></A>\n<B >1</B >\
                    <C/><C k=\"\" /><D><E>x</E></D></xml >\n<!-- end -->\n";
    let root = parse(document).unwrap();
    let found: Vec<(&str, &str)> = root.children.iter().map(|it| (it.name, &*it.text)).collect();
    assert_eq!(found, [("A", " <x> & "), ("B", "1"), ("C", ""), ("C", ""), ("D", "")]);
    assert_eq!((root.name, &*root.text), ("xml", ""));
    assert_eq!(root.children[4].children[0], Element { name: "E", text: "x".into(), children: vec![] });
    assert_eq!((root.only("B"), root.only("C"), root.only("Z")), (Some(&"1".into()), None, None));
}

#[test]
fn blanks_count_in_cdata_and_not_around_it() {
    assert_eq!(text("<x>\n <![CDATA[ a ]]>\n </x>"), " a ");
    assert_eq!(text("<x>\n a b \n</x>"), "a b");
    assert_eq!(text("<x> a <![CDATA[ b ]]> c </x>"), "a  b  c");
    assert_eq!(text("<x><![CDATA[a]]> <![CDATA[]]> </x>"), "a ");
    assert_eq!(text("<x><![CDATA[ ]]></x>"), " ");
    assert_eq!(text("<x> </x>"), "");
    assert_eq!(text("<x>a<!-- b -->c<?d e?>f</x>"), "acf");
}

#[test]
fn an_end_of_a_line_is_one_character() {
    assert_eq!(text("<x>a\r\nb\rc\nd</x>"), "a\nb\nc\nd");
    assert_eq!(text("<x><![CDATA[a\r\nb\r\r\nc]]></x>"), "a\nb\n\nc");
    assert_eq!(text("<x>a&#13;&#10;&amp;\r\nb</x>"), "a\r\n&\nb");
}

#[test]
fn the_five_entities_and_the_numeric_ones_are_known() {
    assert_eq!(text("<x>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;&#x6d88;</x>"), "<>&\"'A😀消");
    assert_eq!(text("<x><![CDATA[&lt;&nope;]]></x>"), "&lt;&nope;");
    for wrong in [
        "&nope;",
        "&",
        "&amp",
        "& amp;",
        "&#;",
        "&#x;",
        "&#0;",
        "&#x1;",
        "&#xd800;",
        "&#x110000;",
        "&#xfffe;",
        "&#+65;",
        "&#x+41;",
        "&#99999999999999999999;",
        "&&amp;;",
        "&AMP;",
    ] {
        assert_eq!(why(&format!("<x>{wrong}</x>")), "it refers to no character", "{wrong}");
    }
}

#[test]
fn a_document_type_is_not_taken() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><x>&b;</x>";
    let file = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><x>&f;</x>";
    for document in [bomb, file, "<!DOCTYPE x>", "<x><!DOCTYPE x></x>", "<!doctype x><x/>", "<!ENTITY a \"b\"><x/>"] {
        assert_eq!(why(document), "a document type is not taken", "{document}");
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for document in [
        "",
        " ",
        "hi",
        "{}",
        "<",
        "<x",
        "<x>",
        "<x/",
        "</x>",
        "<x></y>",
        "<x><y></x></y>",
        "<x/><y/>",
        "<x/>hi",
        "hi<x/>",
        "<x a></x>",
        "<x a=1></x>",
        "<x a=\"1></x>",
        "<x a=\"1\"b=\"2\"/>",
        "<x a=\"<\"/>",
        "<x / >",
        "< x/>",
        "<1/>",
        "<x></ x>",
        "<x/ >",
        "<x><![CDATA[</x>",
        "<x><![cdata[a]]></x>",
        "<![CDATA[a]]><x/>",
        "<x/><![CDATA[a]]>",
        "<x><!-- </x>",
        "<x><? </x>",
        "<x>&</x>",
        "<x:>",
        "<x y</x>",
        "<x\u{0}/>",
        "<!-- a --",
        "<x></x",
        "<-x/>",
    ] {
        assert!(parse(document).is_err(), "{document}");
    }
}

#[test]
fn depth_and_number_of_elements_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(parse(&nested(limits::XML_DEPTH)).is_ok());
    let (deep, many) = ("it is nested too deeply", "there are too many elements");
    assert_eq!(why(&nested(limits::XML_DEPTH.saturating_add(1))), deep);
    assert_eq!(why(&"<a>".repeat(100_000)), deep);
    let wide = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count));
    assert!(parse(&wide(limits::XML_ELEMENTS.saturating_sub(1))).is_ok());
    assert_eq!(why(&wide(limits::XML_ELEMENTS)), many);
    assert_eq!(why(&wide(100_000)), many);
}

#[test]
fn a_text_that_would_end_its_section_reads_back() {
    for it in ["]]>", "]]", ">", "a]]>b", "]]]]>>", "]]>]]>", "<x>&amp;</x>", "", " a\n", "]]]>", "<![CDATA[x]]>"] {
        let document = write("xml", &Value::object([("A", Value::text(it))]));
        assert_eq!(parse(&document).unwrap().only("A"), Some(&it.into()), "{document}");
        judge(&document);
    }
    let document = write("xml", &Value::text("a\u{1}\u{8}]]\u{b}>\u{1f}b\t\u{fffe}"));
    assert_eq!(document, "<xml><![CDATA[a]]]]><![CDATA[>b\t]]></xml>");
    assert_eq!(text(&document), "a]]>b\t");
}

#[test]
fn a_value_is_written_as_elements() {
    let item = |it: &'static str| Value::object([("T", Value::text(it))]);
    let list = Value::List(vec![item("a"), item("b")]);
    let number = Value::Number("12345678901234567890".into());
    let value = Value::object([
        ("N", number),
        ("L", Value::object([("item", list)])),
        ("Z", Value::List(vec![])),
        ("B", Value::Bool(true)),
        ("E", Value::Null),
    ]);
    let document = "<xml><N>12345678901234567890</N><L><item><T><![CDATA[a]]></T></item><item><T><![CDATA[b]]></T></item></L>\
                    <B>true</B><E></E></xml>";
    assert_eq!(write("xml", &value), document);
}

#[test]
fn a_key_that_is_no_name_does_not_fit() {
    for name in ["", "1a", "a b", "a>", "<", "a/", "-a", ".a", "a=\"b\"", "a\u{0}"] {
        let value = Value::List(vec![Value::Object(vec![(name.into(), Value::Null)])]);
        assert!(!fits(&value), "{name}");
    }
    assert!(fits(&Value::object([("Title_1-2.x", Value::object([("标题", Value::Null)]))])));
}

/// What a library reads of `document` as `(depth, name, text)`, one for each element; its own notion of blanks is ours here.
fn theirs(document: &str) -> Option<Vec<(usize, String, String)>> {
    let mut reader = Reader::from_str(document);
    let (mut all, mut open): (Vec<(usize, String, String)>, Vec<usize>) = (vec![], vec![]);
    loop {
        let text = match reader.read_event().ok()? {
            Event::Start(it) => {
                it.attributes().try_for_each(|it| it.map(|_| ())).ok()?;
                all.push((open.len(), it.name().as_ref().into(), String::new()));
                open.push(all.len().saturating_sub(1));
                continue;
            }
            Event::Empty(it) => {
                all.push((open.len(), it.name().as_ref().into(), String::new()));
                continue;
            }
            Event::End(_) => {
                open.pop()?;
                continue;
            }
            Event::Text(it) => it.xml10_content().into(),
            Event::CData(it) => it.xml10_content().into(),
            Event::GeneralRef(it) => match it.resolve_char_ref().ok()? {
                Some(it) => it.into(),
                None => quick_xml::escape::resolve_predefined_entity(&it)?.into(),
            },
            Event::DocType(_) => return None,
            Event::Eof => break,
            _ => continue,
        };
        let text: String = text;
        if let Some(at) = open.last() {
            all[*at].2.push_str(&text);
        } else if !text.trim().is_empty() {
            return None;
        }
    }
    open.is_empty().then_some(all)
}

fn ours(element: &Element<'_>, depth: usize, all: &mut Vec<(usize, String, String)>) {
    all.push((depth, element.name.into(), element.text.clone().into_owned()));
    element.children.iter().for_each(|it| ours(it, depth.saturating_add(1), all));
}

/// What we take, the library takes too, and reads alike.
#[track_caller]
fn judge(document: &str) -> bool {
    let Ok(root) = parse(document) else { return false };
    let mut all = vec![];
    ours(&root, 0, &mut all);
    let theirs = theirs(document.trim_start_matches('\u{feff}')).unwrap_or_else(|| panic!("refused: {document}"));
    // Blanks outside CDATA are compared by the other tests.
    let squeeze = |it: &[(usize, String, String)]| -> Vec<(usize, String, String)> {
        it.iter().map(|(depth, name, text)| (*depth, name.clone(), text.split_whitespace().collect())).collect()
    };
    assert_eq!(squeeze(&all), squeeze(&theirs), "{document}");
    true
}

#[test]
fn what_it_takes_a_library_takes_and_reads_alike() {
    let pieces = [
        "<a>",
        "</a>",
        "<b>",
        "</b>",
        "<a/>",
        "<b c='d'>",
        "<b c=\"d\" />",
        "x",
        " ",
        "\r\n",
        "&amp;",
        "&#x41;",
        "&lt;",
        "&x;",
        "&",
        "<![CDATA[",
        "]]>",
        "]]",
        ">",
        "<",
        "<!-- ",
        " -->",
        "<?p q?>",
        "<!DOCTYPE a>",
        "消",
        "\"",
        "'",
        "=",
        "/",
    ];
    let (mut seed, mut read) = (0x5eed_u64, 0);
    for _ in 0..100_000 {
        let mut random = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed as usize
        };
        let count = random() % 12;
        let inside: String = (0..count).map(|_| pieces[random() % pieces.len()]).collect();
        read += usize::from(judge(&format!("<a>{inside}</a>"))) + usize::from(judge(&inside));
    }
    assert!(read > 5_000, "{read}");
}
