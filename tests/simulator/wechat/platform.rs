//! The two platforms: official accounts (`api.weixin.qq.com`) and WeCom (`qyapi.weixin.qq.com`).
//!
//! They issue tokens that mean nothing to the other and say the same things in other words. An official account is an
//! appid with one secret; at WeCom each secret of a corp is an application, with a token and tickets of its own.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Refusal;

/// Where an account lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Official accounts and mini programs.
    #[default]
    Official,
    /// WeCom.
    WeCom,
}

impl Platform {
    /// The secret is not the account's.
    pub(super) fn wrong_secret(self) -> Refusal {
        match self {
            Self::Official => Refusal::INVALID_SECRET,
            Self::WeCom => Refusal::INVALID_CREDENTIAL,
        }
    }

    /// The secret is switched off. WeCom has no word of its own for it.
    pub(super) fn frozen_secret(self) -> Refusal {
        match self {
            Self::Official => Refusal::FROZEN_SECRET,
            Self::WeCom => Refusal::INVALID_CREDENTIAL,
        }
    }

    /// The call comes from an address that is not on the list.
    pub(super) fn foreign_ip(self, ip: IpAddr) -> Refusal {
        match self {
            Self::Official => Refusal::ip_not_allowed(ip),
            Self::WeCom => Refusal { seen: Some(ip), ..Refusal::UNTRUSTED_IP },
        }
    }

    /// The quota is used up.
    pub(super) fn over_quota(self) -> Refusal {
        match self {
            Self::Official => Refusal::DAILY_QUOTA,
            Self::WeCom => Refusal::OVER_FREQUENCY,
        }
    }
}

/// Names an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// By its appid.
    Official(String),
    /// By corp and application: the secret is part of the name.
    WeCom {
        /// The corp.
        corpid: String,
        /// One of its applications.
        secret: String,
    },
}

impl Owner {
    /// Where the account lives.
    pub fn platform(&self) -> Platform {
        match self {
            Self::Official(_) => Platform::Official,
            Self::WeCom { .. } => Platform::WeCom,
        }
    }

    /// The appid or corpid.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Official(id) | Self::WeCom { corpid: id, .. } => id,
        }
    }

    /// Whether the control API means this account by that name. A corpid alone means all applications of the corp.
    pub(super) fn answers_to(&self, name: &str) -> bool {
        self.id() == name || self.to_string() == name
    }
}

/// The name in the control API: `appid`, or `corpid:secret` for WeCom.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Official(appid) => f.write_str(appid),
            Self::WeCom { corpid, secret } => write!(f, "{corpid}:{secret}"),
        }
    }
}
