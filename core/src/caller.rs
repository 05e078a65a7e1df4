//! Who is asking, and what it may do.

use alloc::{borrow::ToOwned, collections::BTreeSet, string::String};

use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::{config::Gateway, error::Reject, host::Head, secret::digest};

/// What a caller may do with an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Read the access token.
    Token,
    /// Have a credential renewed.
    Rotate,
}

impl Permission {
    /// The word used in configurations and errors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Rotate => "rotate",
        }
    }
}

/// A program that may ask the gateway.
#[derive(Debug)]
pub struct Caller {
    /// Its name, for logs.
    pub name: String,
    /// SHA-256 of its API key: the key itself is not kept.
    pub key: [u8; 32],
    /// The apps it may use; `None`: every configured one.
    pub apps: Option<BTreeSet<String>>,
    /// What it may do with them.
    pub may: BTreeSet<Permission>,
}

impl Caller {
    /// The caller whose key `head` carries.
    ///
    /// # Errors
    /// [`Reject::Unknown`], whatever is wrong with the key.
    pub fn find<'a>(gateway: &'a Gateway, head: &Head) -> Result<&'a Self, Reject> {
        let key = key(head).ok_or(Reject::Unknown)?;
        let digest = digest(key.as_bytes());
        // All of them are compared, each in constant time: how long it takes tells nothing.
        let matching = |found: Option<&'a Self>, it: &'a Self| {
            if it.key.ct_eq(&digest).into() { Some(it) } else { found }
        };
        gateway.callers.iter().fold(None, matching).ok_or(Reject::Unknown)
    }

    /// Checks that this caller may do `what` with `app`.
    ///
    /// # Errors
    /// [`Reject::Forbidden`].
    pub fn check(&self, what: Permission, app: &str) -> Result<(), Reject> {
        let knows = self.apps.as_ref().is_none_or(|it| it.contains(app));
        if knows && self.may.contains(&what) {
            return Ok(());
        }
        Err(Reject::Forbidden { may: what.as_str().to_owned(), app: app.to_owned() })
    }
}

/// The key a request carries. One that carries two different ones carries none.
fn key(head: &Head) -> Option<String> {
    let bearer = head.header("authorization").map(|it| {
        let (scheme, key) = it.split_once(' ').unwrap_or(("", ""));
        let fits = scheme.eq_ignore_ascii_case("bearer");
        if fits { key.trim().to_owned() } else { String::new() }
    });
    let plain = head.header("x-api-key");
    match (bearer, plain) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => one.or(other).filter(|it| !it.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use alloc::{rc::Rc, vec::Vec};

    use super::*;
    use crate::host::{Headers, Method};

    struct Fixed(&'static [(&'static str, &'static str)]);

    impl Headers for Fixed {
        fn value(&self, name: &str) -> Option<Vec<u8>> {
            let found = self.0.iter().find(|it| it.0 == name)?;
            Some(found.1.as_bytes().to_vec())
        }
    }

    fn gateway() -> Gateway {
        let text = r#"{
            "apps": {
                "a": {"kind":"official","appid":"wxa","secret":"sa"},
                "b": {"kind":"official","appid":"wxb","secret":"sb"}
            },
            "callers": [
                {"name":"one","key":"key-of-caller-one","apps":["a"],"may":["token","rotate"]},
                {"name":"two","key":"key-of-caller-two"}
            ]
        }"#;
        Gateway::from_json(text, &|_| None).unwrap()
    }

    fn name(headers: &'static [(&'static str, &'static str)]) -> Result<String, Reject> {
        let head =
            Head { method: Method::Get, target: "/".into(), host: String::new(), headers: Rc::new(Fixed(headers)) };
        Caller::find(&gateway(), &head).map(|it| it.name.clone())
    }

    #[test]
    fn a_key_is_found_in_either_header() {
        assert_eq!(name(&[("authorization", "Bearer key-of-caller-one")]), Ok("one".into()));
        assert_eq!(name(&[("authorization", "bearer key-of-caller-two")]), Ok("two".into()));
        assert_eq!(name(&[("x-api-key", "key-of-caller-two")]), Ok("two".into()));
    }

    #[test]
    fn anything_else_is_nobody() {
        let attempts: [&[(&str, &str)]; 9] = [
            &[],
            &[("authorization", "")],
            &[("authorization", "Bearer")],
            &[("authorization", "Bearer ")],
            &[("authorization", "Basic key-of-caller-one")],
            &[("authorization", "key-of-caller-one")],
            &[("x-api-key", "key-of-caller-onf")],
            &[("x-api-key", "key-of-caller-one, key-of-caller-one")],
            &[("authorization", "Bearer key-of-caller-one"), ("x-api-key", "key-of-caller-two")],
        ];
        for headers in attempts {
            assert_eq!(name(headers), Err(Reject::Unknown), "{headers:?}");
        }
    }

    #[test]
    fn a_caller_may_do_what_it_was_given_with_the_apps_it_was_given() {
        let gateway = gateway();
        let [one, two] = gateway.callers.as_slice() else { panic!("two callers") };
        assert_eq!(one.check(Permission::Rotate, "a"), Ok(()));
        assert!(one.check(Permission::Token, "b").is_err());
        assert!(one.check(Permission::Token, "A").is_err());
        assert_eq!(two.check(Permission::Token, "b"), Ok(()));
        assert!(two.check(Permission::Rotate, "b").is_err());
    }
}
