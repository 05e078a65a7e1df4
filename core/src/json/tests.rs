use alloc::string::ToString;
use alloc::vec;

use serde::Deserialize;

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Shape {
    Point,
    Circle { r: u8 },
    Named(String),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Drawing {
    name: String,
    shapes: Vec<Shape>,
    scale: Option<f64>,
}

fn fault(text: &str) -> (String, String) {
    let fault = Drawing::deserialize(parse(text.as_bytes()).unwrap()).unwrap_err();
    (fault.path().into(), fault.why().into())
}

#[test]
fn a_text_is_read_into_the_type_that_is_asked_for() {
    let text = br#" {"shapes":["point",{"circle":{"r":3}},{"named":"x"},{"point":null}],"name":"\u5e97","scale":2} "#;
    let shapes = vec![Shape::Point, Shape::Circle { r: 3 }, Shape::Named("x".into()), Shape::Point];
    assert_eq!(read(text), Some(Drawing { name: "店".into(), shapes, scale: Some(2.0) }));
    assert_eq!(read(b"{\"name\":\"\",\"shapes\":[],\"scale\":null}").map(|it: Drawing| it.scale), Some(None));
}

#[test]
fn a_list_of_the_values_of_an_object_is_no_object() {
    assert_eq!(read::<Drawing>(br#"["a",[],null]"#), None);
    assert_eq!(read::<Drawing>(br#"{"name":"a","shapes":[{"circle":[3]}]}"#), None);
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_without_its_value() {
    let cases = [
        (r#"[]"#, "", "invalid type: sequence, expected struct Drawing"),
        (r#"{"name":"a"}"#, "", "missing field `shapes`"),
        (r#"{"name":"a","name":"b"}"#, "", "duplicate field `name`"),
        (r#"{"colour":1}"#, "colour", "unknown field `colour`, expected one of `name`, `shapes`, `scale`"),
        (r#"{"name":7}"#, "name", "invalid type: integer, expected a string"),
        (r#"{"shapes":"hush"}"#, "shapes", "invalid type: string, expected a sequence"),
        (r#"{"shapes":["point","star"]}"#, "shapes[1]", "unknown variant `star`"),
        (r#"{"shapes":[{"circle":{"r":256}}]}"#, "shapes[0].circle.r", "invalid value: integer, expected u8"),
        (r#"{"shapes":[{"circle":{"r":1.5}}]}"#, "shapes[0].circle.r", "invalid type: floating point, expected u8"),
        (r#"{"shapes":[{"circle":{"x":1}}]}"#, "shapes[0].circle.x", "unknown field `x`"),
        (r#"{"shapes":[{"circle":{"r":1},"point":null}]}"#, "shapes[0]", "invalid type: map, expected enum Shape"),
        (r#"{"shapes":[{"point":1}]}"#, "shapes[0].point", "invalid type: integer, expected nothing"),
        (r#"{"scale":true}"#, "scale", "invalid type: boolean, expected f64"),
    ];
    for (text, path, why) in cases {
        let (place, said) = fault(text);
        assert_eq!(place, path, "{text}: {said}");
        assert!(said.starts_with(why), "{text}: {said}");
    }
}

#[test]
fn what_is_no_json_or_too_much_of_it_is_not_read() {
    for text in ["", "{", "{}x", "{\"a\":01}", "\u{feff}{}", "nul"] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(parse(b"[\"\xff\"]").is_err());
    assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    let long = alloc::format!("[{}1]", "1,".repeat(limits::JSON / 2));
    assert_eq!((read::<Vec<u8>>(long.as_bytes()), parse(long.as_bytes()).is_ok()), (None, true));
}

#[test]
fn a_number_that_is_no_integer_is_near_enough() {
    for text in [
        "0.5",
        "-0.25",
        "1700000000.5",
        "1e3",
        "12.5E+2",
        "1.7e9",
        "123456789012345678901234567890",
        "1e-7",
        "-2.5e-3",
        "0e9",
        "0.0",
    ] {
        let Ok(Json::Float(found)) = parse(text.as_bytes()) else { panic!("{text}") };
        let exact: f64 = text.parse().unwrap();
        assert!((found - exact).abs() <= exact.abs() * 1e-12, "{text}: {found}");
    }
    for (text, bound) in [("1e400", f64::MAX), ("-1e99999999999", f64::MIN), ("1e-400", 0.0), ("1e-99999999999", 0.0)] {
        assert_eq!(parse(text.as_bytes()).ok(), Some(Json::Float(bound)), "{text}");
    }
    let long = alloc::format!("0.{}1", "0".repeat(2_000));
    assert_eq!(parse(long.as_bytes()).ok(), Some(Json::Float(0.0)));
}

#[test]
fn what_is_no_json_is_named_with_its_line() {
    for (text, why) in [
        (&b"{\n\"a\": 1,\n  !}"[..], "a key in quotes is expected at line 3, column 3"),
        (b"", "a value is expected at line 1, column 1"),
        (b"[1,\n\xff]", "it is not UTF-8 at line 2, column 1"),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), why);
    }
}

#[test]
fn a_tree_is_written_as_it_was_read() {
    let text = br#"{"a":[null,true,18446744073709551615,-9223372036854775808,0.5],"b":{"c":"\"\n"},"a":{}}"#;
    assert_eq!(write(&parse(text).unwrap()), text);
}

#[test]
fn a_text_ends_no_script_and_reads_back() {
    let text = "</script><!--]]>&'\"\\ \u{2028}\u{2029} 名";
    let written = script(&Value::object([("a", Value::text(text))]));
    assert!(!written.contains(['<', '>', '&', '\'', '\u{2028}', '\u{2029}']), "{written}");
    let read: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(read["a"], text);
}
