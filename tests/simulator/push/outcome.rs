//! What became of a push, and what the user sees.

use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::http::Response;
use super::tree::Value;

/// What became of a push.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What the user sees.
    pub shown: Shown,
    /// Each time that it was sent.
    pub attempts: Vec<Attempt>,
}

/// What the user sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Nothing, and nothing is wrong.
    Nothing,
    /// The reply.
    Reply(Reply),
    /// The toast: this account cannot provide service right now.
    Toast,
}

/// A reply that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its `MsgType`.
    pub kind: String,
    /// All of it, in plain text.
    pub body: Value,
}

/// One time that it was sent.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took until the answer was there, or until WeChat waited no longer.
    #[serde(serialize_with = "milliseconds", rename = "ms")]
    pub time: Duration,
    /// What WeChat thinks of it.
    pub why: String,
    /// The answer.
    #[serde(skip)]
    pub answer: Option<Response>,
}

/// What became of a URL check.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// Whether WeChat takes the URL.
    pub taken: bool,
    /// How that was found out.
    #[serde(flatten)]
    pub attempt: Attempt,
}

fn milliseconds<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (sees, reply) = match &self.shown {
            Shown::Nothing => ("nothing", None),
            Shown::Reply(reply) => ("reply", Some(&reply.body)),
            Shown::Toast => ("service unavailable", None),
        };
        let mut fields = to.serialize_struct("Outcome", 3)?;
        fields.serialize_field("user_sees", sees)?;
        fields.serialize_field("reply", &reply)?;
        fields.serialize_field("attempts", &self.attempts)?;
        fields.end()
    }
}

impl Outcome {
    /// The reply that the user sees; anything else fails the scenario.
    #[track_caller]
    pub fn reply(&self) -> &Reply {
        match &self.shown {
            Shown::Reply(it) => it,
            _ => panic!("the user sees no reply: {self:?}"),
        }
    }

    /// The text that the user sees; anything else fails the scenario.
    #[track_caller]
    pub fn text(&self) -> &str {
        let reply = self.reply();
        assert_eq!(reply.kind, "text", "{self:?}");
        reply.body.text_at("Content")
    }

    /// Whether the user sees nothing, and nothing is wrong.
    pub fn is_nothing(&self) -> bool {
        self.shown == Shown::Nothing
    }

    /// Whether the user sees the toast.
    pub fn is_toast(&self) -> bool {
        self.shown == Shown::Toast
    }

    /// The last attempt, which decided.
    #[track_caller]
    pub fn last(&self) -> &Attempt {
        self.attempts.last().unwrap_or_else(|| panic!("it was never sent"))
    }

    /// The last answer; none at all fails the scenario.
    #[track_caller]
    pub fn answer(&self) -> &Response {
        self.last().answer.as_ref().unwrap_or_else(|| panic!("there is no answer: {self:?}"))
    }
}
