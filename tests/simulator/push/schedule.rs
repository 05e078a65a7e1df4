//! When WeChat gives up waiting, and how often it tries.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::account::Kind;
use super::http::{Response, Target};
use super::judge::{Verdict, judge};
use super::message::Push;
use super::outcome::{Attempt, Checked, Outcome, Shown};
use super::seal::Sealed;
use super::url_check::UrlCheck;

/// WeChat's patience. [`Schedule::default`] is the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How long it waits for an answer before it drops the connection.
    pub budget: Duration,
    /// How long WeCom waits for the answer to a URL check.
    pub check: Duration,
    /// How often it sends a push that is not taken, in all.
    pub attempts: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { budget: Duration::from_secs(5), check: Duration::from_secs(1), attempts: 3 }
    }
}

impl Schedule {
    /// The same with all times divided by this.
    pub fn faster(self, by: u32) -> Self {
        Self { budget: self.budget / by, check: self.check / by, ..self }
    }
}

/// Delivers a push as WeChat does: again and again until it is taken, and never more often than its schedule says. What is not
/// taken is sealed anew each time.
pub async fn deliver(to: &Target, push: &Push, schedule: Schedule) -> Outcome {
    let mut attempts = Vec::new();
    let shown = loop {
        let sealed = push.seal();
        let (time, answer) = send(to, "POST", &sealed, schedule.budget).await;
        let verdict = match &answer {
            Ok(it) => judge(push, it),
            Err(why) => Verdict::NotTaken(why.clone()),
        };
        let (shown, why) = match verdict {
            Verdict::Nothing(why) => (Some(Shown::Nothing), why.to_owned()),
            Verdict::Reply(reply) => {
                let why = format!("a reply of type {}", reply.kind);
                (Some(Shown::Reply(reply)), why)
            }
            Verdict::Malformed(why) => (Some(Shown::Toast), why),
            Verdict::NotTaken(why) => (None, why),
        };
        attempts.push(attempt(time, answer, why));
        match shown {
            Some(shown) => break shown,
            None if attempts.len() as u32 >= schedule.attempts => break Shown::Toast,
            None => {}
        }
    };
    Outcome { shown, attempts }
}

/// Asks the gateway behind a URL whether it knows the token (and WeCom's: the key). Once.
pub async fn check(to: &Target, check: &UrlCheck, schedule: Schedule) -> Checked {
    let budget = if check.account.kind == Kind::Wecom { schedule.check } else { schedule.budget };
    let (time, answer) = send(to, "GET", &check.seal(), budget).await;
    let (taken, why) = match &answer {
        Ok(it) if it.status != 200 => (false, format!("the status is {}", it.status)),
        Ok(it) if it.body != check.echo.as_bytes() => (false, "what came back is not the echo".to_owned()),
        Ok(_) => (true, "the echo came back".to_owned()),
        Err(why) => (false, why.clone()),
    };
    Checked { taken, attempt: attempt(time, answer, why) }
}

async fn send(to: &Target, method: &str, sealed: &Sealed, budget: Duration) -> (Duration, Result<Response, String>) {
    let begin = Instant::now();
    let target = sealed.target(&to.path);
    let exchange = to.send(method, &target, sealed.content_type, &sealed.body);
    let answer = timeout(budget, exchange).await.unwrap_or_else(|_| Err(format!("no answer within {budget:?}")));
    (begin.elapsed(), answer)
}

fn attempt(time: Duration, answer: Result<Response, String>, why: String) -> Attempt {
    let answer = answer.ok();
    Attempt { status: answer.as_ref().map(|it| it.status), time, why, answer }
}
