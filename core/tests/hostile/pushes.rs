//! Pushes: whatever they hold, what back-ends get is JSON, and their path is the one that was meant.

use wxedge::wechat::message::{Ids, Message};

use crate::mutate::{Random, mutate_text};

/// Every push of the golden files.
fn corpus() -> Vec<&'static str> {
    let files = [
        include_str!("../golden/messages.txt"),
        include_str!("../golden/events.txt"),
        include_str!("../golden/jobs.txt"),
        include_str!("../golden/mini.txt"),
        include_str!("../golden/wecom.txt"),
    ];
    let cases = files.into_iter().flat_map(|it| it.split("=== ").skip(1));
    cases.filter_map(|it| Some(it.split_once('\n')?.1.split_once("\n--- ")?.0)).collect()
}

#[test]
fn whatever_a_push_holds_back_ends_get_json() {
    let (corpus, mut random, mut read) = (corpus(), Random::new(0x5eed_0001), 0);
    assert!(corpus.len() > 60);
    for _ in 0..100_000 {
        let text = mutate_text(random.pick(&corpus), &mut random);
        let ids = if random.below(2) == 0 { Ids::Text } else { Ids::Number };
        let Ok(message) = Message::read(&text, ids) else { continue };
        read += 1;
        let json = message.json();
        let body = message.gateway();
        for it in [&json, &body] {
            assert_json(it, &text);
        }
        assert_path(&message.path(), &text);
        // JSON of ours reads back as itself.
        assert_eq!(Message::read(&json, ids).unwrap().json(), json, "{text}");
    }
    assert!(read > 10_000, "{read}");
}

#[track_caller]
fn assert_json(json: &str, of: &str) {
    match serde_json::from_str::<serde_json::Value>(json) {
        Ok(it) => assert!(it.is_object(), "{of}"),
        // A number that is no f64 is a number all the same.
        Err(it) => assert!(it.to_string().contains("out of range"), "{it}: {json} of {of}"),
    }
}

#[track_caller]
fn assert_path(path: &str, of: &str) {
    let name =
        path.strip_prefix("/msg").or_else(|| path.strip_prefix("/event")).unwrap_or_else(|| panic!("{path} of {of}"));
    let Some(name) = name.strip_prefix('/') else { return assert_eq!(name, "", "{of}") };
    assert!(name.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._~%".contains(&it)), "{path} of {of}");
    assert!(name.bytes().any(|it| it != b'.'), "{path} of {of}");
}
