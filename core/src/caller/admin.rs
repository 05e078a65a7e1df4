//! The admin: who may change the gateway itself. A caller is not, whatever it may do.

use subtle::ConstantTimeEq;

use crate::caller::proof;
use crate::config::Gateway;
use crate::error::Reject;
use crate::host::Head;
use crate::secret::digest;

/// Lets the admin pass: whoever shows the configured key as `Authorization: Bearer` or `X-Admin-Key`. Compared in constant time.
///
/// # Errors
/// [`Reject::NoAdmin`], whatever is shown, where no key is configured; [`Reject::NotAdmin`], whatever is wrong with what is shown.
pub fn admin(gateway: &Gateway, head: &Head) -> Result<(), Reject> {
    let key = gateway.admin.ok_or(Reject::NoAdmin)?;
    let shown = proof(head, "x-admin-key").ok().flatten().ok_or(Reject::NotAdmin)?;
    if key.ct_eq(&digest(shown.as_bytes())).into() { Ok(()) } else { Err(Reject::NotAdmin) }
}

#[cfg(test)]
mod tests {
    use alloc::rc::Rc;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;
    use crate::host::{Headers, Method};

    struct Shown(&'static [(&'static str, &'static [u8])]);

    impl Headers for Shown {
        fn value(&self, name: &str) -> Option<Vec<u8>> {
            let values: Vec<&[u8]> = self.0.iter().filter(|it| it.0 == name).map(|it| it.1).collect();
            (!values.is_empty()).then(|| values.join(&b", "[..]))
        }
    }

    fn gateway(admin: &str) -> Gateway {
        let text = r#"{
            "apps": {"a": {"kind": "official", "appid": "wxa", "secret": "the-app-secret-of-a"}},
            "callers": [
                {"name": "all", "key": "key-of-caller-all", "may": ["token", "ticket", "rotate"]},
                {"name": "jwt", "jwt": {"kid": "k1", "key": "jwt-key-of-caller"}},
                {"name": "lan", "ips": ["0.0.0.0/0", "::/0"]}
            ]
            ADMIN
        }"#;
        Gateway::from_json(&text.replace("ADMIN", admin), &|_| None).unwrap()
    }

    const ADMIN: &str = r#", "admin": {"key": "key-of-the-admin"}"#;

    fn shows(gateway: &Gateway, headers: &'static [(&'static str, &'static [u8])]) -> Result<(), Reject> {
        let head =
            Head { method: Method::Get, target: "/".into(), host: String::new(), headers: Rc::new(Shown(headers)) };
        admin(gateway, &head)
    }

    #[test]
    fn the_key_opens_in_either_header_or_in_both() {
        let gateway = gateway(ADMIN);
        let good: [&[(&str, &[u8])]; 4] = [
            &[("authorization", b"Bearer key-of-the-admin")],
            &[("authorization", b"bearer key-of-the-admin")],
            &[("x-admin-key", b"key-of-the-admin")],
            &[("authorization", b"Bearer key-of-the-admin"), ("x-admin-key", b"key-of-the-admin")],
        ];
        for headers in good {
            assert_eq!(shows(&gateway, headers), Ok(()), "{headers:?}");
        }
    }

    #[test]
    fn nothing_else_does() {
        let gateway = gateway(ADMIN);
        let bad: [&[(&str, &[u8])]; 24] = [
            &[],
            &[("authorization", b"")],
            &[("authorization", b"Bearer")],
            &[("authorization", b"Bearer ")],
            &[("authorization", b"key-of-the-admin")],
            &[("authorization", b"Basic key-of-the-admin")],
            &[("authorization", b"Bearer key-of-the-admi")],
            &[("authorization", b"Bearer ey-of-the-admin")],
            &[("authorization", b"Bearer key-of-the-adminx")],
            &[("authorization", b"Bearer KEY-OF-THE-ADMIN")],
            &[("authorization", b"Bearer key-of-the-admin, Bearer key-of-the-admin")],
            &[("authorization", b"Bearer key-of-the-admin\xff")],
            &[("authorization", b"Bearer key-of-caller-all")],
            &[("authorization", b"Bearer jwt-key-of-caller")],
            &[("authorization", b"Bearer the-app-secret-of-a")],
            &[("x-admin-key", b"")],
            &[("x-admin-key", b"Bearer key-of-the-admin")],
            &[("x-admin-key", b"key-of-the-admin"), ("x-admin-key", b"key-of-the-admin")],
            &[("x-admin-key", b"key-of-caller-all")],
            &[("x-api-key", b"key-of-the-admin")],
            &[("authorization", b"Bearer key-of-the-admin"), ("x-admin-key", b"key-of-caller-all")],
            &[("authorization", b"Bearer key-of-caller-all"), ("x-admin-key", b"key-of-the-admin")],
            &[("authorization", b"Bearer key-of-the-admin"), ("x-admin-key", b"")],
            &[("cookie", b"x-admin-key=key-of-the-admin")],
        ];
        for headers in bad {
            assert_eq!(shows(&gateway, headers), Err(Reject::NotAdmin), "{headers:?}");
        }
    }

    #[test]
    fn without_a_configured_key_nobody_is_the_admin() {
        let gateway = gateway("");
        let attempts: [&[(&str, &[u8])]; 4] = [
            &[],
            &[("authorization", b"Bearer ")],
            &[("x-admin-key", b"")],
            &[("authorization", b"Bearer key-of-caller-all")],
        ];
        for headers in attempts {
            assert_eq!(shows(&gateway, headers), Err(Reject::NoAdmin), "{headers:?}");
        }
    }
}
