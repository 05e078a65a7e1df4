//! Callers known by the certificate of their connection (mutual TLS). It is the host that has verified it: nothing here does.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::caller::Caller;
use crate::host::{Certificate, Host};

/// A name in a certificate. Each sort is compared with its own kind, exactly and whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A URI, as in SPIFFE.
    Uri(String),
    /// A DNS name.
    Dns(String),
    /// A subject.
    Subject(String),
}

impl Identity {
    /// Reads `spiffe://example.com/crm`, `crm.example.com` or `CN=crm,O=Example`; `None` for what can be no name, and for what looks
    /// like a pattern.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.contains(|it: char| it == '*' || it.is_control()) {
            return None;
        }
        let sort = text.find([':', '=']).and_then(|at| text.as_bytes().get(at));
        let name = text.to_owned();
        Some(match sort {
            Some(b':') => Self::Uri(name),
            Some(_) => Self::Subject(name),
            None => Self::Dns(name),
        })
    }

    fn is_in(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Uri(it) => *it == certificate.uri,
            Self::Dns(it) => *it == certificate.dns,
            Self::Subject(it) => *it == certificate.subject,
        }
    }
}

/// The caller whose certificate this connection has. Where nobody is known by one, the host is not asked.
pub(super) fn find<'a, H: Host>(callers: &'a [Caller], host: &H) -> Option<&'a Caller> {
    if callers.iter().all(|it| it.mtls.is_empty()) {
        return None;
    }
    let certificate = host.certificate()?;
    callers.iter().find(|it| it.mtls.iter().any(|it| it.is_in(&certificate)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(uri: &str, dns: &str, subject: &str) -> Certificate {
        Certificate { uri: uri.into(), dns: dns.into(), subject: subject.into() }
    }

    #[test]
    fn a_name_is_of_the_sort_that_it_looks_like() {
        let name = |text: &str| Identity::parse(text).unwrap();
        assert_eq!(name("spiffe://example.com/a=b"), Identity::Uri("spiffe://example.com/a=b".into()));
        assert_eq!(name("urn:uuid:1"), Identity::Uri("urn:uuid:1".into()));
        assert_eq!(name("CN=crm:1,O=Example"), Identity::Subject("CN=crm:1,O=Example".into()));
        assert_eq!(name("crm.example.com"), Identity::Dns("crm.example.com".into()));
        for text in ["", "*.example.com", "spiffe://example.com/*", "crm\nexample", "crm\0"] {
            assert_eq!(Identity::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_name_counts_only_whole_and_in_its_own_place() {
        let uri = Identity::parse("spiffe://example.com/crm").unwrap();
        assert!(uri.is_in(&shown("spiffe://example.com/crm", "", "")));
        let strangers = [
            shown("", "", ""),
            shown("spiffe://example.com/crm2", "", ""),
            shown("spiffe://example.com/cr", "", ""),
            shown("spiffe://EXAMPLE.com/crm", "", ""),
            shown("spiffe://example.com/crm\0", "", ""),
            shown("", "spiffe://example.com/crm", ""),
            shown("", "", "spiffe://example.com/crm"),
            shown("", "", "CN=spiffe://example.com/crm"),
        ];
        for certificate in strangers {
            assert!(!uri.is_in(&certificate), "{certificate:?}");
        }
        let dns = Identity::parse("crm.example.com").unwrap();
        assert!(dns.is_in(&shown("", "crm.example.com", "")));
        assert!(!dns.is_in(&shown("crm.example.com", "*.example.com", "CN=crm.example.com")));
        assert!(!dns.is_in(&shown("", "", "")));
    }
}
