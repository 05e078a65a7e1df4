//! Which account at WeChat, and which of its credentials.

use alloc::string::{String, ToString};
use core::fmt;

use serde::{Deserialize, Serialize};

/// What kind of account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// An official account (公众号).
    Official,
    /// A mini program (小程序).
    Miniprogram,
    /// A channels shop (视频号小店).
    Channels,
    /// An application of WeCom (企业微信).
    Wecom,
}

impl Family {
    /// The word used in configurations, names and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Miniprogram => "miniprogram",
            Self::Channels => "channels",
            Self::Wecom => "wecom",
        }
    }
}

/// An account at WeChat. Everything the gateway remembers belongs to one of these, never to a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AccountId {
    /// Its kind.
    pub family: Family,
    /// The AppID. For WeCom, whose tokens belong to a corpid *and* a secret: `<corpid>+<a mark of the secret>`.
    pub id: String,
}

impl AccountId {
    /// Its name at WeChat: the AppID, or WeCom's corpid.
    #[must_use]
    pub fn appid(&self) -> &str {
        match (self.family, self.id.rsplit_once('+')) {
            (Family::Wecom, Some((corpid, _))) => corpid,
            _ => &self.id,
        }
    }

    /// The account that [`fmt::Display`] wrote as `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (family, id) = text.split_once('/')?;
        let families = [Family::Official, Family::Miniprogram, Family::Channels, Family::Wecom];
        let family = families.into_iter().find(|it| it.as_str() == family)?;
        (!id.is_empty()).then(|| Self { family, id: id.to_string() })
    }
}

impl From<AccountId> for String {
    fn from(it: AccountId) -> Self {
        it.to_string()
    }
}

impl TryFrom<String> for AccountId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text).ok_or("no account")
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.family.as_str(), self.id)
    }
}

/// A kind of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The access token.
    Access,
    /// The ticket that signs `wx.config`; in WeCom, the corporation's.
    Jsapi,
    /// The ticket that signs cards (卡券).
    WxCard,
    /// The ticket that signs WeCom's `wx.agentConfig`; the application's.
    AgentConfig,
}

impl Kind {
    /// What an account of this family has.
    #[must_use]
    pub const fn of(family: Family) -> &'static [Self] {
        match family {
            Family::Official => &[Self::Access, Self::Jsapi, Self::WxCard],
            Family::Miniprogram | Family::Channels => &[Self::Access],
            Family::Wecom => &[Self::Access, Self::Jsapi, Self::AgentConfig],
        }
    }

    /// The ticket that `type=` names.
    #[must_use]
    pub fn ticket(name: &str) -> Option<Self> {
        [Self::Jsapi, Self::WxCard, Self::AgentConfig].into_iter().find(|it| it.as_str() == name)
    }

    /// The word used in names and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Jsapi => "jsapi",
            Self::WxCard => "wx_card",
            Self::AgentConfig => "agent_config",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_reads_back_what_it_prints() {
        let account = AccountId { family: Family::Miniprogram, id: "wx1/2".into() };
        assert_eq!(AccountId::parse(&account.to_string()), Some(account));
        assert_eq!(AccountId::parse("official/"), None);
        assert_eq!(AccountId::parse("nobody/wx1"), None);
        assert_eq!(AccountId::parse("official"), None);
    }
}
