//! The URL check: what WeChat asks when an operator enters the URL, before anything is pushed to it.

use super::account::{Account, Kind};
use super::message::mint;
use super::seal::{Sealed, Stamp};

/// The check of one account's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlCheck {
    /// The account.
    pub account: Account,
    /// What must come back.
    pub echo: String,
    /// How many seconds its timestamp lies in the past.
    pub age: i64,
}

impl UrlCheck {
    /// The check of that account's URL.
    pub fn of(account: &Account) -> Self {
        Self { account: account.clone(), echo: mint().number().to_string(), age: 0 }
    }

    /// The request, which has no body. WeCom's echo is encrypted, and there is a `+` in it: whoever takes that for a blank fails.
    #[track_caller]
    pub fn seal(&self) -> Sealed {
        let mut stamp = Stamp::new(&self.account, self.age);
        let (mut query, echo) = if self.account.kind == Kind::Wecom {
            let mut echo = self.account.envelope(&self.echo);
            while !echo.contains('+') {
                echo = self.account.envelope(&self.echo);
            }
            (stamp.encrypted(&echo), echo)
        } else {
            (stamp.plain(), self.echo.clone())
        };
        query.push(("echostr".to_owned(), echo));
        Sealed { query, content_type: "text/plain", body: String::new() }
    }
}
