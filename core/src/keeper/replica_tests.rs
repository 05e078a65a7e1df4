use super::*;
use crate::config::Gateway;

const APPID: &str = "wx0123456789abcdef";
const NOW: Time = Time::from_ms(1_000_000_000);

fn gateway(appid: &str, secret: &str) -> Gateway {
    let text =
        format!(r#"{{"apps":{{"a":{{"kind":"official","appid":"{appid}","secret":"{secret}"}}}},"callers":[]}}"#);
    Gateway::from_json(&text, &|_| None).unwrap()
}

fn after(seconds: u64) -> Time {
    NOW.plus(Duration::from_secs(seconds))
}

/// A credential that was fetched now.
fn fetched(value: &str, generation: u64, life: u64) -> Credential {
    let soft = after(life.saturating_sub(300.min(life / 4)));
    Credential { kind: Kind::Access, value: Secret::new(value.into()), soft, hard: after(life), generation }
}

#[test]
fn a_copy_opens_as_it_was_sealed_and_tells_nothing() {
    let gateway = gateway(APPID, "s3cret");
    let account = gateway.app("a").unwrap();
    let credential = fetched("the-token", 7, 7200);
    let write = seal(account, &credential, NOW, [1; 12]).unwrap();
    assert_eq!(write.name, "v1/official/wx0123456789abcdef/access");
    assert_eq!(write.ttl.as_secs(), 7200);
    assert!(!write.value.windows(5).any(|it| it == b"token"));
    assert_eq!(open(account, Kind::Access, &write.value), Some(credential));
}

#[test]
fn a_copy_lives_for_a_minute_at_least() {
    let gateway = gateway(APPID, "s3cret");
    let write = seal(gateway.app("a").unwrap(), &fetched("T", 1, 8), NOW, [1; 12]).unwrap();
    assert_eq!(write.ttl.as_secs(), 60);
}

#[test]
fn what_is_not_ours_does_not_open() {
    let gateways = [gateway(APPID, "s3cret"), gateway(APPID, "another"), gateway("wx1", "s3cret")];
    let [ours, rotated, neighbour] = gateways.each_ref().map(|it| it.app("a").unwrap());
    let copy = seal(ours, &fetched("T", 1, 7200), NOW, [1; 12]).unwrap().value;
    assert_eq!(open(rotated, Kind::Access, &copy), None, "another AppSecret");
    assert_eq!(open(neighbour, Kind::Access, &copy), None, "another account");
    assert_eq!(open(ours, Kind::Jsapi, &copy), None, "another kind");
    for length in 0..copy.len() {
        assert_eq!(open(ours, Kind::Access, &copy[..length]), None, "cut to {length}");
    }
    for place in 0..copy.len() {
        let mut flipped = copy.clone();
        flipped[place] ^= 1;
        assert_eq!(open(ours, Kind::Access, &flipped), None, "flipped at {place}");
    }
    assert!(open(ours, Kind::Access, &copy).is_some());
}

/// Seals any text, as a later version of this program might.
fn sealed(account: &Account, text: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: text, aad: b"v1/official/wx0123456789abcdef/access" };
    [&[9; 12], &*cipher(account).unwrap().encrypt(&Nonce::from([9; 12]), payload).unwrap()].concat()
}

#[test]
fn a_later_version_may_add_fields() {
    let gateway = gateway(APPID, "s3cret");
    let account = gateway.app("a").unwrap();
    let later = br#"{"v":2,"generation":3,"value":"T","soft":1,"hard":2,"colour":"red"}"#;
    assert_eq!(open(account, Kind::Access, &sealed(account, later)).unwrap().generation, 3);
    for nonsense in [&b"null"[..], b"{}", b"", br#"{"v":1,"generation":-1,"value":7,"soft":1,"hard":2}"#] {
        assert_eq!(open(account, Kind::Access, &sealed(account, nonsense)), None);
    }
}

#[test]
fn a_copy_is_believed_while_it_is_young_and_not_older_than_what_is_known() {
    let known = |value, generation| Some(fetched(value, generation, 7200));
    let cases = [
        // (life, its age, what the reader knows, believed)
        (7200, 0, None, true),
        (7200, 6_809, None, true),
        (7200, 6_810, None, false),
        (7200, 6_900, None, false),
        (7200, 9_000, None, false),
        // A quarter of a short life lies between soft and hard expiry: that much and no more is taken off.
        (60, 29, None, true),
        (60, 30, None, false),
        (8, 3, None, true),
        (8, 4, None, false),
        (1, 0, None, true),
        (86_400, 0, None, true),
        (86_401, 0, None, false),
        (7200, 0, known("T", 5), true),
        (7200, 0, known("T", 4), true),
        (7200, 0, known("another", 4), true),
        (7200, 0, known("T", 6), false),
        (7200, 0, known("another", 6), false),
        (7200, 0, known("another", 5), false),
    ];
    for (life, age, seen, expected) in cases {
        let found = fetched("T", 5, life);
        assert_eq!(believed(&found, after(age), seen.as_ref()), expected, "{life} {age} {seen:?}");
    }
}

#[test]
fn a_copy_with_its_ends_in_the_wrong_order_is_not_believed_for_long() {
    let swapped = Credential { soft: after(100), hard: after(50), ..fetched("T", 1, 7200) };
    assert!(!believed(&swapped, after(100), None));
}

#[test]
fn each_refresh_is_written_once_and_one_write_waits_for_the_other() {
    let gateways = [gateway(APPID, "s3cret"), gateway(APPID, "another")];
    let [ours, rotated] = gateways.each_ref().map(|it| it.app("a").unwrap());
    let wanted = Mark::of(ours, &fetched("T", 2, 7200));
    let pending = |until| Mark { until: Some(until), failures: 1, ..wanted.clone() };
    let older = Mark::of(ours, &fetched("T", 1, 7200));
    let shorter = Mark::of(ours, &fetched("T", 2, 7000));
    let cases = [
        ("written", wanted.clone(), None),
        ("never written", Mark::default(), Some(NOW)),
        ("an older one is written", older.clone(), Some(NOW)),
        ("the same value had another end", shorter, Some(NOW)),
        ("sealed with another AppSecret", Mark::of(rotated, &fetched("T", 2, 7200)), Some(NOW)),
        ("under way", pending(after(5)), Some(after(5))),
        ("failed, and the pause is over", pending(NOW), Some(NOW)),
        ("an older one is under way", Mark { until: Some(after(5)), ..older }, Some(after(5))),
        ("the clock ran backwards", pending(after(61)), Some(NOW)),
    ];
    for (what, mark, expected) in cases {
        assert_eq!(mark.next(&wanted, NOW), expected, "{what}");
    }
}
