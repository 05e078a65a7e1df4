//! The project's own files of known answers, and that a wrong one would be found.

use wxedge_tests::known_answers::{Tally, run};

#[track_caller]
fn all_right(text: &str, count: usize) {
    assert_eq!(run(text), Ok(Tally { passed: count, ..Tally::default() }));
}

#[test]
fn published_callbacks() {
    all_right(include_str!("../vectors/callback.json"), 31);
}

#[test]
fn callbacks_made_for_this_project() {
    all_right(include_str!("../vectors/callback_generated.json"), 56);
}

#[test]
fn published_pages_and_cards() {
    all_right(include_str!("../vectors/jssdk.json"), 8);
}

#[test]
fn what_clients_of_mini_programs_hand_over() {
    all_right(include_str!("../vectors/wxa.json"), 8);
}

#[test]
fn a_wrong_answer_is_found_whatever_its_kind() {
    for file in [
        include_str!("../vectors/callback.json"),
        include_str!("../vectors/callback_generated.json"),
        include_str!("../vectors/jssdk.json"),
        include_str!("../vectors/wxa.json"),
    ] {
        let mut vectors: Vec<serde_json::Value> = serde_json::from_str(file).unwrap();
        for vector in &mut vectors {
            spoil(vector);
        }
        let tally = run(&serde_json::to_string(&vectors).unwrap()).unwrap();
        assert_eq!((tally.passed, tally.failed.len()), (0, vectors.len()), "{tally:?}");
    }
}

/// Changes what is expected; what must fail becomes what does not.
fn spoil(vector: &mut serde_json::Value) {
    let kind = vector["kind"].as_str().unwrap();
    if kind == "aes_key_must_fail" {
        vector["input"]["encoding_aes_key"] = "A".repeat(43).into();
    } else if kind == "msg_decrypt_must_fail" {
        let good = include_str!("../vectors/callback_generated.json");
        let good: Vec<serde_json::Value> = serde_json::from_str(good).unwrap();
        let good = good.iter().find(|it| it["kind"] == "msg_decrypt").unwrap();
        vector["input"] = good["input"].clone();
        vector["input"]["receive_id"] = good["expected"]["receive_id"].clone();
    } else if kind == "msg_decrypt" {
        vector["expected"]["msg"] = "something else".into();
    } else if kind == "wxa_data_decrypt" {
        vector["expected"] = "{}".into();
    } else {
        vector["expected"] = format!("{} ", vector["expected"].as_str().unwrap().replace('>', "><x/>")).into();
    }
}

#[test]
fn an_unknown_kind_is_counted_and_a_broken_vector_is_wrong() {
    let text = r#"[{"name":"a","kind":"new","input":{},"expected":1,"more":[]},{"name":"b","kind":"msg_decrypt","input":{},"expected":{}}]"#;
    let failed = vec!["b (msg_decrypt): its input has no text encoding_aes_key".into()];
    assert_eq!(run(text), Ok(Tally { passed: 0, failed, unknown: 1 }));
    assert!(run("{}").is_err());
}
