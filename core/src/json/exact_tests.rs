use alloc::format;
use alloc::string::{String, ToString};

use super::{Value, exact};
use crate::limits;

fn again(text: &str) -> Option<String> {
    let mut out = String::new();
    exact::parse(text).ok()?.write(&mut out);
    Some(out)
}

#[test]
fn a_number_stays_as_it_is_written() {
    for text in [
        "0",
        "-0",
        "1.50",
        "1e5",
        "1E+05",
        "-0.0e-0",
        "3705115058471208928",
        "18446744073709551616",
        "123456789012345678901234567890.000000000000000000000001",
    ] {
        assert_eq!(again(text).as_deref(), Some(text));
        assert!(exact::is_number(text), "{text}");
    }
    for text in ["", "-", "01", "+1", ".5", "1.", "1e", "1e+", "0x1", "1 ", " 1", "NaN", "1_0", "１"] {
        assert!(!exact::is_number(text), "{text}");
    }
}

#[test]
fn a_value_is_written_without_blanks_and_with_few_escapes() {
    let text = " { \"a\" : [ 1 , true , false , null , { } , [ ] ] , \"b\\/\" : \"\\u00e9<&>\\u0001\\t\\\\\" } ";
    assert_eq!(again(text).as_deref(), Some(r#"{"a":[1,true,false,null,{},[]],"b/":"é<&>\u0001\t\\"}"#));
    assert_eq!(again(r#""\ud83d\ude00 \uD83D\uDE00""#).as_deref(), Some("\"😀 😀\""));
    assert_eq!(again(r#"{"a":1,"a":2}"#).as_deref(), Some(r#"{"a":1,"a":2}"#));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (text, at, why) in [
        ("", 0, "a value is expected"),
        ("{\"a\":tru}", 5, "a value is expected"),
        ("[1,]", 3, "a value is expected"),
        ("[1 2]", 3, "a comma or a ] is expected"),
        ("{\"a\" 1}", 5, "a colon is expected"),
        ("{a:1}", 1, "a key in quotes is expected"),
        ("{\"a\":1,}", 7, "a key in quotes is expected"),
        ("{} {}", 3, "something stands behind the value"),
        ("\"a\nb\"", 2, "the end of a text is expected, or the escape of a control character"),
        ("\"a", 2, "the end of a text is expected, or the escape of a control character"),
        ("\"\\x\"", 2, "there is no such escape"),
        ("\"\\u12g4\"", 2, "four hexadecimal digits are expected"),
        ("\"\\ud83d\"", 7, "half a surrogate pair is no character"),
        ("\"\\ude00\"", 7, "half a surrogate pair is no character"),
        ("\"\\ud83d\\u0041\"", 13, "half a surrogate pair is no character"),
        ("\"\\ud83d\\n\"", 8, "four hexadecimal digits are expected"),
    ] {
        assert_eq!(exact::parse(text), Err(exact::Fault { at, why }), "{text}");
    }
}

#[test]
fn it_is_no_deeper_than_its_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(exact::parse(&nested(limits::JSON_DEPTH)).is_ok());
    let why = "it is nested too deeply";
    assert_eq!(exact::parse(&nested(limits::JSON_DEPTH.saturating_add(1))).map_err(|it| it.why), Err(why));
    assert_eq!(exact::parse(&"[".repeat(100_000)).map_err(|it| it.why), Err(why));
    assert_eq!(exact::parse(&"{\"\":".repeat(100_000)).map_err(|it| it.why), Err(why));
}

#[test]
fn what_needs_no_copy_is_not_copied() {
    let text = r#"["plain","es\caped"]"#.replace("\\c", "\\n");
    let Ok(Value::List(items)) = exact::parse(&text) else { panic!("{text}") };
    let borrowed = |it: &Value<'_>| matches!(it, Value::Text(alloc::borrow::Cow::Borrowed(_)));
    assert_eq!(items.iter().map(borrowed).collect::<alloc::vec::Vec<_>>(), [true, false]);
}

/// The same steps for the same seed, on every machine.
fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

#[test]
fn it_takes_what_serde_json_takes_and_reads_it_alike() {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"a\"",
        "\"b\":",
        "1",
        "-",
        "0",
        ".5",
        "e3",
        "true",
        "null",
        "false",
        " ",
        "\n",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\ud83d",
        "é",
        "\u{1}",
        "12345678901234567890",
        "{\"a\":",
        "[1,",
    ];
    let (mut seed, mut read) = (0x5eed, 0);
    for _ in 0..100_000 {
        let count = random(&mut seed) % 8;
        let piece = |_| pieces[(random(&mut seed) % pieces.len() as u64) as usize];
        let text: String = (0..=count).map(piece).collect();
        let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
        let ours = exact::parse(&text);
        // A number that is no f64 is one all the same.
        let too_large = theirs.as_ref().is_err_and(|it| it.to_string().contains("out of range"));
        assert!(too_large || ours.is_ok() == theirs.is_ok(), "{text}");
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            let mut out = String::new();
            ours.write(&mut out);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap().to_string(), theirs.to_string());
            read += 1;
        }
    }
    assert!(read > 1_000, "{read}");
}
