//! WeChat pushes to the edge: `edge.push(Push::text("hi")).await`.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use super::edge::Edge;
use super::request::Request;
use crate::simulator::push::{Checked, Outcome, Push, Schedule, Sealed, Target, UrlCheck, check, deliver};

/// The door of the app `demo`.
const DOOR: &str = "/app/demo/msg";

/// A push that is delivered when it is awaited, on WeChat's own schedule.
#[derive(Debug, Clone)]
pub struct Delivery {
    to: Target,
    push: Push,
    schedule: Schedule,
}

impl Delivery {
    /// By a WeChat that waits no longer than this for an answer.
    pub fn patience(mut self, budget: Duration) -> Self {
        self.schedule.budget = budget;
        self
    }

    /// Only once, even if it is not taken.
    pub fn once(mut self) -> Self {
        self.schedule.attempts = 1;
        self
    }
}

impl IntoFuture for Delivery {
    type Output = Outcome;
    type IntoFuture = Pin<Box<dyn Future<Output = Outcome> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { deliver(&self.to, &self.push, self.schedule).await })
    }
}

impl Edge {
    /// Delivers a push, to the app `demo` if it says nothing else. The result is what the user sees.
    pub fn push(&self, push: Push) -> Delivery {
        let to = self.door(push.path.as_deref(), push.host.as_deref());
        Delivery { to, push, schedule: Schedule::default() }
    }

    /// One request of a push, to be changed or broken off.
    #[track_caller]
    pub fn knock(&self, push: &Push) -> Request {
        let path = push.path.as_deref().unwrap_or(DOOR);
        let request = self.sealed(&push.seal(), path);
        match &push.host {
            Some(host) => request.header("host", host),
            None => request,
        }
    }

    /// A request that was sealed before, to that path.
    pub fn sealed(&self, sealed: &Sealed, path: &str) -> Request {
        let request = self.post(sealed.target(path)).header("content-type", sealed.content_type);
        request.body(&sealed.body)
    }

    /// Runs WeChat's check of the URL of that path.
    pub async fn check_url(&self, of: &UrlCheck, path: &str) -> Checked {
        check(&self.door(Some(path), None), of, Schedule::default()).await
    }

    fn door(&self, path: Option<&str>, host: Option<&str>) -> Target {
        let address = self.address();
        let host = host.map_or_else(|| address.to_string(), str::to_owned);
        Target { address, host, path: path.unwrap_or(DOOR).to_owned() }
    }
}
