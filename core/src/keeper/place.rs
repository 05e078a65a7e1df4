//! Who is asked: the keeper of one account, or the registry.

use alloc::string::ToString;
use core::fmt;

use crate::account::AccountId;

/// Where something is kept. On Envoy all places share one memory; on Cloudflare each is a Durable Object of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The credentials of an account.
    Account(AccountId),
    /// What no account's keeper can know: the registered apps, and which accounts have been proved.
    Registry,
}

const REGISTRY: &str = "registry";

impl Place {
    /// The place that [`fmt::Display`] wrote as `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == REGISTRY {
            return Some(Self::Registry);
        }
        AccountId::parse(text).map(Self::Account)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(it) => f.write_str(&it.to_string()),
            Self::Registry => f.write_str(REGISTRY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Family;

    #[test]
    fn a_place_reads_back_what_it_prints() {
        let account = AccountId { family: Family::Official, id: "registry".into() };
        for place in [Place::Registry, Place::Account(account)] {
            assert_eq!(Place::parse(&place.to_string()), Some(place));
        }
        assert_eq!(Place::parse("registry/1"), None);
    }
}
