//! What is pushed: a message or an event, by whom and to where.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::account::Account;
use super::templates;
use super::tree::Value;
use crate::simulator::clock::Clock;
use crate::simulator::wechat::Mint;

/// A message or an event, and the account that pushes it. The same push may be delivered often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The account.
    pub account: Account,
    /// Where it goes: a path, which may have a query. Only WeChat's own door of an edge knows better.
    pub path: Option<String>,
    /// The `Host` header, if it is not the address.
    pub host: Option<String>,
    /// How many seconds its timestamp lies in the past.
    pub age: i64,
    from: String,
    said: Said,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    /// Its fields, but for those that all have; when it was said, in seconds; a message's id.
    Fields { own: Value, time: u64, id: Option<u64> },
    /// A text, whatever it is.
    Raw(String),
}

impl Push {
    /// The user of a push that names none.
    pub const USER: &'static str = "oSimulatedUser";

    /// A text.
    pub fn text(content: &str) -> Self {
        Self::new(Value::fields([("MsgType", Value::text("text"))])).with("Content", content)
    }

    /// The message or event that [`templates`] has under this name.
    #[track_caller]
    pub fn named(name: &str) -> Self {
        Self::new(templates::find(name).unwrap_or_else(|| panic!("there is no template {name}")))
    }

    /// An event without fields of its own, known to WeChat or not.
    pub fn event(name: &str) -> Self {
        Self::new(templates::event(name))
    }

    /// A message without fields of its own, known to WeChat or not.
    pub fn message(kind: &str) -> Self {
        Self::new(Value::fields([("MsgType", Value::text(kind))]))
    }

    /// A message or event of those fields, behind the ones that all have.
    pub fn new(own: Value) -> Self {
        let time = Clock::default().now().0 / 1000;
        // More than a double holds exactly, as WeChat's own.
        let id = (own.text_at("MsgType") != "event").then(|| (1 << 62) | mint().number());
        Self::said(Said::Fields { own, time, id })
    }

    /// A text that is pushed as it is, even if it is no message.
    pub fn raw(text: impl Into<String>) -> Self {
        Self::said(Said::Raw(text.into()))
    }

    fn said(said: Said) -> Self {
        Self { account: Account::default(), path: None, host: None, age: 0, from: Self::USER.to_owned(), said }
    }

    /// With a field more, or another value of one.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Said::Fields { own, .. } = &mut self.said {
            own.set(name, value.into());
        }
        self
    }

    /// Of this user.
    pub fn from(mut self, user: &str) -> Self {
        user.clone_into(&mut self.from);
        self
    }

    /// Who wrote.
    pub fn user(&self) -> &str {
        &self.from
    }

    /// Pushed by this account.
    pub fn by(mut self, account: &Account) -> Self {
        account.clone_into(&mut self.account);
        self
    }

    /// To this path, which may have a query.
    pub fn to(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// To a gateway of this name.
    pub fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// With a timestamp that many seconds in the past; of the future if it is negative.
    pub fn aged(mut self, seconds: i64) -> Self {
        self.age = seconds;
        self
    }

    /// All its fields; `None` if it is a text that is no message.
    pub fn fields(&self) -> Option<Value> {
        let (own, time, id) = match &self.said {
            Said::Raw(text) => return super::read(text, self.account.format).ok(),
            Said::Fields { own, time, id } => (own, time, id),
        };
        let mut fields = Value::fields([
            ("ToUserName", Value::text(&self.account.name)),
            ("FromUserName", Value::text(&self.from)),
            ("CreateTime", Value::number(time)),
        ]);
        if let Value::Fields(own) = own {
            own.iter().for_each(|(name, it)| fields.set(name, it.clone()));
        }
        if let Some(id) = id.filter(|_| fields.get("MsgId").is_none()) {
            fields.set("MsgId", Value::number(id));
        }
        if self.account.kind == super::Kind::Wecom && fields.get("AgentID").is_none() {
            fields.set("AgentID", Value::number(&self.account.agent));
        }
        Some(fields)
    }

    /// What it says, in plain text.
    pub fn plain(&self) -> String {
        match (&self.said, self.account.format) {
            (Said::Raw(text), _) => text.clone(),
            (_, super::Format::Xml) => self.fields().map(|it| it.xml("xml")).unwrap_or_default(),
            (_, super::Format::Json) => self.fields().map(|it| it.json()).unwrap_or_default(),
        }
    }
}

/// Random texts, other ones each time.
pub(super) fn mint() -> Mint {
    Mint::new(RandomState::new().hash_one("push"))
}
