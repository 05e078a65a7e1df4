use alloc::vec;

use super::*;
use crate::account::Family;

fn account(id: &str) -> AccountId {
    AccountId { family: Family::Official, id: id.into() }
}

fn given(id: &str) -> Given {
    let account = account(id);
    let (token, aes, mch_id, mch_key, server_ip, call, expires) = (None, None, None, None, None, None, None);
    Given { account, token, aes, mch_id, mch_key, server_ip, call, expires }
}

#[test]
fn only_what_is_given_changes_and_what_is_given_empty_is_forgotten() {
    let secret = |it: &str| Some(Secret::new(it.into()));
    let first = Given {
        token: secret("t"),
        mch_id: Some("m".into()),
        call: Some(vec!["/api".into()]),
        expires: Some(Some(Time::from_ms(9))),
        ..given("wx1")
    };
    let one = Registration::changed(None, &first).unwrap();
    assert_eq!(
        (one.token.clone(), one.mch_id.as_deref(), one.expires),
        (secret("t"), Some("m"), Some(Time::from_ms(9)))
    );
    let two = Registration::changed(Some(one.clone()), &given("wx1")).unwrap();
    assert_eq!(two, one);
    let cleared = Given {
        token: secret(""),
        mch_id: Some(String::new()),
        call: Some(vec![]),
        expires: Some(None),
        ..given("wx1")
    };
    assert_eq!(Registration::changed(Some(one), &cleared), Ok(Registration::of(account("wx1"))));
}

#[test]
fn a_name_does_not_become_another_accounts() {
    let one = Registration::of(account("wx1"));
    assert!(matches!(Registration::changed(Some(one.clone()), &given("wx2")), Err(Reject::Conflict { .. })));
    let corp = |tag: &str| AccountId { family: Family::Wecom, id: alloc::format!("ww1+{tag}") };
    assert!(one.check(&Given { account: corp("a"), ..given("wx1") }).is_err());
    let rotated = Given { account: corp("b"), ..given("ww1") };
    assert_eq!(Registration::of(corp("a")).check(&rotated), Ok(()));
}

#[test]
fn calls_are_whole_segments() {
    let app = Registration { call: vec!["/js".into(), "/api".into()], ..Registration::of(account("wx1")) };
    for allowed in ["/js", "/js/config", "/api", "/api/new"] {
        assert!(app.allows(allowed), "{allowed}");
    }
    for refused in ["/jsapi", "/apis", "/ticket", "", "/", "js", "/JS"] {
        assert!(!app.allows(refused), "{refused}");
    }
    assert!(Registration::of(account("wx1")).allows("/anything"));
}

#[test]
fn what_is_given_reads_back_as_it_was_written() {
    for expires in [None, Some(None), Some(Some(Time::from_ms(5)))] {
        let one = Given { expires, ..given("wx1") };
        let text = serde_json::to_vec(&one).unwrap();
        assert_eq!(serde_json::from_slice::<Given>(&text).unwrap(), one);
    }
}
