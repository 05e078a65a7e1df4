use alloc::rc::Rc;
use core::future::Future;
use core::time::Duration;

use super::*;
use crate::error::{Error, Unavailable};
use crate::event::Event;
use crate::host::{Certificate, Headers, Method, Peer, Request, Response, TooLarge, Unreachable, Upstream, World};
use crate::keeper::{Answer, Ask, Place};

struct Fixed(&'static [(&'static str, &'static str)]);

impl Headers for Fixed {
    fn value(&self, name: &str) -> Option<Vec<u8>> {
        let found = self.0.iter().find(|it| it.0 == name)?;
        Some(found.1.as_bytes().to_vec())
    }
}

/// A host that knows its client's address and certificate, and nothing else.
#[derive(Clone)]
struct Client {
    address: &'static str,
    certificate: Option<Certificate>,
}

const fn at(address: &'static str) -> Client {
    Client { address, certificate: None }
}

impl World for Client {
    fn now(&self) -> Time {
        Time::from_ms(1_000_000)
    }

    fn random(&self, _: &mut [u8]) -> Result<(), Error> {
        Ok(())
    }

    fn fetch(
        &self,
        _: &Upstream,
        _: Request,
        _: Duration,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        core::future::ready(Err(Unreachable::Refused))
    }

    fn sleep(&self, _: Time) -> impl Future<Output = ()> + 'static {
        core::future::ready(())
    }

    fn later(&self, _: impl Future<Output = ()> + 'static) {}

    fn note(&self, _: Event<'_>) {}
}

impl Host for Client {
    async fn ask(&self, _: &Place, _: Ask) -> Result<Answer, Error> {
        Err(Unavailable::Superseded.into())
    }

    async fn body(&self, _: usize) -> Result<Vec<u8>, TooLarge> {
        Err(TooLarge)
    }

    fn peer(&self) -> Peer {
        Peer { address: self.address.into() }
    }

    fn certificate(&self) -> Option<Certificate> {
        self.certificate.clone()
    }
}

fn gateway(header: &str) -> Gateway {
    let text = r#"{
        "apps": {
            "a": {"kind":"official","appid":"wxa","secret":"sa"},
            "b": {"kind":"official","appid":"wxb","secret":"sb"}
        },
        "callers": [
            {"name":"one","key":"key-of-caller-one","apps":["a"],"may":["token","rotate"]},
            {"name":"two","key":"key-of-caller-two","rate":"2/s"},
            {"name":"jwt","jwt":{"kid":"k1","key":"${JWT_KEY}"},"app":"b"},
            {"name":"lan","ips":["10.0.0.0/8","::1"]},
            {"name":"mesh","mtls":["spiffe://example.com/crm","crm.example.com"],"apps":["a"],"may":[]}
        ]
        HEADER
    }"#;
    let env = |_: &str| Some("s3cret-s3cret-s3cret".into());
    Gateway::from_json(&text.replace("HEADER", header), &env).unwrap()
}

fn head(headers: &'static [(&'static str, &'static str)]) -> Head {
    Head { method: Method::Get, target: "/".into(), host: String::new(), headers: Rc::new(Fixed(headers)) }
}

fn name(from: &'static str, headers: &'static [(&'static str, &'static str)]) -> Result<String, Reject> {
    Asker::find(&gateway(""), &at(from), &head(headers)).map(|it| it.caller.name.clone())
}

/// Header `{"alg":"HS256","kid":"k1"}`, claims `{"aud":"wxedge"}`, signed with the key above.
const JWT: &str = "Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJhdWQiOiJ3eGVkZ2UifQ.\
    8nhc_khvsxuXKgumEHBwzowzfCQX4BmIjxZ16n1OvD4";

#[test]
fn a_key_is_found_in_either_header() {
    assert_eq!(name("", &[("authorization", "Bearer key-of-caller-one")]), Ok("one".into()));
    assert_eq!(name("", &[("authorization", "bearer key-of-caller-two")]), Ok("two".into()));
    assert_eq!(name("", &[("x-api-key", "key-of-caller-two")]), Ok("two".into()));
    let twice: &[_] = &[("authorization", "Bearer key-of-caller-one"), ("x-api-key", "key-of-caller-one")];
    assert_eq!(name("", twice), Ok("one".into()));
}

#[test]
fn a_token_is_found_by_its_kid() {
    assert_eq!(name("", &[("authorization", JWT)]), Ok("jwt".into()));
}

#[test]
fn anything_else_is_nobody_wherever_it_comes_from() {
    let attempts: [&[(&str, &str)]; 12] = [
        &[("authorization", "")],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer ")],
        &[("authorization", "Basic key-of-caller-one")],
        &[("authorization", "key-of-caller-one")],
        &[("authorization", "Bearer s3cret-s3cret-s3cret")],
        &[("authorization", "Bearer key-of-caller-one, Bearer key-of-caller-one")],
        &[("authorization", "Bearer eyJhbGciOiJub25lIiwia2lkIjoiazEifQ.eyJhdWQiOiJ3eGVkZ2UifQ.")],
        &[("x-api-key", "key-of-caller-onf")],
        &[("x-api-key", "key-of-caller-one, key-of-caller-one")],
        &[("x-api-key", "")],
        &[("authorization", "Bearer key-of-caller-one"), ("x-api-key", "key-of-caller-two")],
    ];
    for headers in attempts {
        for from in ["", "10.1.2.3"] {
            assert_eq!(name(from, headers), Err(Reject::Unknown), "{headers:?} from {from:?}");
        }
    }
    assert_eq!(name("", &[]), Err(Reject::Unknown));
}

#[test]
fn an_address_is_the_hosts_word_and_no_headers() {
    assert_eq!(name("10.1.2.3", &[]), Ok("lan".into()));
    assert_eq!(name("::ffff:10.1.2.3", &[]), Ok("lan".into()));
    assert_eq!(name("::1", &[]), Ok("lan".into()));
    for from in ["", "11.1.2.3", "::2", "somewhere", "10.1.2.3, 10.1.2.3"] {
        assert_eq!(name(from, &[]), Err(Reject::Unknown), "{from:?}");
    }
    let forged: &[_] = &[("x-forwarded-for", "10.1.2.3"), ("x-real-ip", "10.1.2.3"), ("cf-connecting-ip", "10.1.2.3")];
    assert_eq!(name("203.0.113.7", forged), Err(Reject::Unknown));
    assert_eq!(name("", forged), Err(Reject::Unknown));
}

#[test]
fn a_trusted_header_counts_only_where_the_host_has_no_word() {
    let gateway = gateway(r#", "client_ip_header": "CF-Connecting-IP""#);
    let find = |from, headers| Asker::find(&gateway, &at(from), &head(headers)).map(|it| it.caller.name.clone());
    assert_eq!(find("", &[("cf-connecting-ip", "10.1.2.3")]), Ok("lan".into()));
    assert_eq!(find("", &[("cf-connecting-ip", "10.1.2.3, 10.1.2.3")]), Err(Reject::Unknown));
    assert_eq!(find("203.0.113.7", &[("cf-connecting-ip", "10.1.2.3")]), Err(Reject::Unknown));
}

#[test]
fn a_caller_that_asks_too_often_is_told_when_to_come_back() {
    let gateway = gateway("");
    let ask = || Asker::find(&gateway, &at(""), &head(&[("x-api-key", "key-of-caller-two")])).map(|_| ());
    assert_eq!([ask(), ask(), ask()], [Ok(()), Ok(()), Err(Reject::TooMany { retry_after: 1 })]);
}

#[test]
fn a_caller_may_do_what_it_was_given_with_the_apps_it_was_given() {
    let gateway = gateway("");
    let asker = |at: usize| Asker { caller: &gateway.callers[at], app: None };
    let (one, two) = (asker(0), asker(1));
    assert_eq!(one.check(Permission::Rotate, "a"), Ok(()));
    assert!(one.check(Permission::Token, "b").is_err());
    assert!(one.check(Permission::Token, "A").is_err());
    assert_eq!(two.check(Permission::Token, "b"), Ok(()));
    assert_eq!(two.check(Permission::Ticket, "b"), Ok(()));
    assert!(one.check(Permission::Ticket, "a").is_err());
    assert!(two.check(Permission::Rotate, "b").is_err());
}

#[test]
fn the_app_that_is_meant_is_the_tokens_then_the_callers_then_the_only_one() {
    let gateway = gateway("");
    let asker = |at: usize, app: Option<&str>| Asker { caller: &gateway.callers[at], app: app.map(Into::into) };
    assert_eq!(asker(2, Some("a")).app(&gateway), Some("a"));
    assert_eq!(asker(2, None).app(&gateway), Some("b"));
    assert_eq!(asker(0, None).app(&gateway), None);
    let text = r#"{"apps":{"a":{"kind":"official","appid":"wxa","secret":"sa"}},
        "callers":[{"name":"one","key":"key-of-caller-one"}]}"#;
    let single = Gateway::from_json(text, &|_| None).unwrap();
    assert_eq!(Asker { caller: &single.callers[0], app: None }.app(&single), Some("a"));
}

#[test]
fn a_token_that_names_an_app_is_for_that_one_only() {
    let gateway = gateway("");
    let asker = |app: &str| Asker { caller: &gateway.callers[2], app: Some(app.into()) };
    assert_eq!(asker("a").check(Permission::Token, "a"), Ok(()));
    assert!(asker("a").check(Permission::Token, "b").is_err());
    let one = Asker { caller: &gateway.callers[0], app: Some("b".into()) };
    assert!(one.check(Permission::Token, "b").is_err());
}

/// Who is asking from `address` over a connection with a certificate for `uri`.
fn over_tls(
    address: &'static str,
    uri: &str,
    headers: &'static [(&'static str, &'static str)],
) -> Result<String, Reject> {
    let certificate = Certificate { uri: uri.into(), dns: "web.example.com".into(), subject: "CN=web".into() };
    let client = Client { address, certificate: Some(certificate) };
    Asker::find(&gateway(""), &client, &head(headers)).map(|it| it.caller.name.clone())
}

#[test]
fn a_certificate_counts_after_a_proof_and_before_an_address() {
    let uri = "spiffe://example.com/crm";
    assert_eq!(over_tls("", uri, &[]), Ok("mesh".into()));
    assert_eq!(over_tls("10.1.2.3", uri, &[]), Ok("mesh".into()));
    assert_eq!(over_tls("10.1.2.3", "spiffe://example.com/web", &[]), Ok("lan".into()));
    assert_eq!(over_tls("", uri, &[("x-api-key", "key-of-caller-one")]), Ok("one".into()));
    // A wrong proof is not made good by a certificate.
    for headers in [&[("x-api-key", "nobodys-key-012345")], &[("authorization", "")], &[("x-api-key", "")]] {
        assert_eq!(over_tls("10.1.2.3", uri, headers), Err(Reject::Unknown), "{headers:?}");
    }
    assert_eq!(over_tls("", "spiffe://example.com/web", &[]), Err(Reject::Unknown));
    assert_eq!(over_tls("", "", &[]), Err(Reject::Unknown));
    let forged: &[_] = &[("x-forwarded-client-cert", "By=x;URI=spiffe://example.com/crm"), ("x-client-cert", "crm")];
    assert_eq!(name("", forged), Err(Reject::Unknown));
}

#[test]
fn a_caller_sees_the_apps_that_it_may_use_for_something() {
    let gateway = gateway("");
    let sees = |at: usize, app: Option<&str>| {
        let asker = Asker { caller: &gateway.callers[at], app: app.map(Into::into) };
        ["a", "b"].map(|it| asker.sees(it))
    };
    assert_eq!(sees(0, None), [true, false]);
    assert_eq!(sees(1, None), [true, true]);
    assert_eq!(sees(2, Some("b")), [false, true]);
    assert_eq!(sees(0, Some("b")), [false, false]);
    // It has an app, and no permission.
    assert_eq!(sees(4, None), [false, false]);
}

#[test]
fn the_admins_key_makes_no_caller() {
    let gateway = gateway(r#", "admin": {"key": "key-of-the-admin"}"#);
    for headers in [&[("x-api-key", "key-of-the-admin")], &[("authorization", "Bearer key-of-the-admin")]] {
        let found = Asker::find(&gateway, &at(""), &head(headers)).map(|_| ());
        assert_eq!(found, Err(Reject::Unknown), "{headers:?}");
    }
}
