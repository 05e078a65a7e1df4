//! The reply to a push: what a back-end may say, and what WeChat is told.
//!
//! A back-end may answer in WeChat's own words, as XML or as JSON of the same names (aiportal's), or in go-wx-gateway's short ones;
//! [`read`] tells them apart by what they say, not by a content type. Whatever addresses it gives, the reply goes to whom the push
//! came from.
//!
//! Source: the page on passive replies of the official accounts' documentation, and WeCom's.

mod echo;
mod read;

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub use echo::echo;
pub use read::{channels, raw, read};

use crate::host::Time;
use crate::json::Value;
use crate::wechat::message::{self, Format, Message};

/// What a back-end's answer comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<T> {
    /// There is a reply.
    Reply(T),
    /// There is none, and that is fine.
    Nothing,
    /// It cannot be understood: the back-end failed. Why, for the log; never a part of the answer.
    Unusable(&'static str),
}

/// A passive reply, complete but for its addresses.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply<'a> {
    /// `MsgType`.
    kind: &'static str,
    /// What stands below `MsgType`; the articles of news.
    body: Vec<(Cow<'a, str>, Value<'a>)>,
    articles: Vec<Value<'a>>,
}

/// Whom a reply goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    to: &'a str,
    from: &'a str,
    now: Time,
    articles: usize,
}

/// How many articles WeChat shows of a reply to an event …
const ARTICLES: usize = 8;

impl<'a> Address<'a> {
    /// Of the reply to `message`, sent `now`.
    #[must_use]
    pub fn of(message: &'a Message<'_>, now: Time) -> Self {
        // … and one of a reply to what a user wrote; WeCom makes no such difference.
        let user = matches!(message.kind(), "text" | "image" | "voice" | "video" | "location" | "link");
        let one = user && message.text("AgentID").is_empty();
        let articles = if one { 1 } else { ARTICLES };
        Self { to: message.text("FromUserName"), from: message.text("ToUserName"), now, articles }
    }
}

impl<'a> Reply<'a> {
    fn new(kind: &'static str, body: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        Self { kind, body, articles: Vec::new() }
    }

    fn text(content: Cow<'a, str>) -> Self {
        Self::new("text", [("Content".into(), Value::Text(content))].into())
    }

    /// A reply whose fields stand in an element of its own. Those that are empty are left out.
    fn inside<const N: usize>(
        kind: &'static str,
        element: &'static str,
        fields: [(&'static str, Cow<'a, str>); N],
    ) -> Self {
        let fields = fields.into_iter().filter(|it| !it.1.is_empty());
        let fields = fields.map(|(name, it)| (name.into(), Value::Text(it))).collect();
        Self::new(kind, [(element.into(), Value::Object(fields))].into())
    }

    fn news(articles: Vec<Value<'a>>) -> Self {
        Self { articles, ..Self::new("news", Vec::new()) }
    }

    /// Its `MsgType`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The reply as WeChat wants it, on one line.
    #[must_use]
    pub fn write(self, address: &Address<'_>, format: Format) -> String {
        let number = |it: u64| Value::Number(format!("{it}").into());
        let mut fields = Vec::from([
            ("ToUserName".into(), Value::text(address.to)),
            ("FromUserName".into(), Value::text(address.from)),
            ("CreateTime".into(), number(address.now.as_ms() / 1_000)),
            ("MsgType".into(), Value::text(self.kind)),
        ]);
        if !self.articles.is_empty() {
            let items: Vec<Value<'_>> = self.articles.into_iter().take(address.articles).collect();
            fields.push(("ArticleCount".into(), number(u64::try_from(items.len()).unwrap_or_default())));
            fields.push(("Articles".into(), Value::object([("item", Value::List(items))])));
        }
        fields.extend(self.body);
        message::write(&Value::Object(fields), format)
    }
}

#[cfg(test)]
mod tests;
