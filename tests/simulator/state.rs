//! All that a running simulator remembers, behind one lock, and the book-keeping of one call.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::call::{Call, Reply};
use super::clock::{Clock, Millis};
use super::counters::{Counters, End};
use super::endpoints::{self, Desk};
use super::faults::{Delivery, Faults, Instead};
use super::log::RequestLog;
use super::report::Report;
use super::wechat::{Platform, Refusal, WeChat};

/// What a running simulator remembers.
#[derive(Debug)]
pub struct State {
    pub clock: Clock,
    pub wechat: WeChat,
    pub faults: Faults,
    pub counters: Counters,
    pub log: RequestLog,
}

/// The state, shared by all connections. Nobody holds the lock across an await.
#[derive(Debug, Clone)]
pub struct Shared(Arc<Mutex<State>>);

/// What was decided about a call: the answer, when it comes and how.
#[derive(Debug)]
pub struct Decided {
    pub reply: Reply,
    pub delay: Duration,
    pub delivery: Delivery,
    pub flight: Flight,
}

impl Shared {
    pub fn new() -> Self {
        // Another seed for every start: tokens of an earlier one must not come back to life.
        let seed = RandomState::new().hash_one(std::process::id());
        Self(Arc::new(Mutex::new(State {
            clock: Clock::default(),
            wechat: WeChat::new(seed),
            faults: Faults::default(),
            counters: Counters::default(),
            log: RequestLog::default(),
        })))
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a call to a WeChat endpoint: notes it, lets it take effect, decides what becomes of the answer.
    pub fn receive(&self, call: &Call) -> Decided {
        let mut state = self.lock();
        let now = state.clock.now();
        let endpoint = endpoints::find(&call.path);
        let name = endpoint.map_or(endpoints::UNKNOWN, |endpoint| endpoint.name);
        let platform = endpoint.map_or(Platform::Official, |endpoint| endpoint.platform);
        state.log.push(call, name, now);
        state.counters.enter(name);

        let plan = state.faults.take(name);
        for fault in plan.names {
            *state.counters.of(name).faults.entry(fault).or_default() += 1;
        }
        let outcome = match (plan.instead, endpoint) {
            (Some(Instead::Reply(reply)), _) => Ok(reply),
            (Some(Instead::Refusal(refusal)), _) => Err(refusal),
            (None, Some(endpoint)) => state.answer(endpoint.answer, name, call, now),
            (None, None) => Ok(Reply::text(404, "404 page not found\n")),
        };
        let reply = outcome.unwrap_or_else(|refusal| state.refuse(name, platform, &refusal, call.peer, now));
        let flight = Flight { shared: self.clone(), endpoint: name, over: false };
        Decided { reply, delay: plan.delay, delivery: plan.delivery, flight }
    }
}

impl State {
    fn answer(
        &mut self,
        answer: fn(&mut Desk<'_>, &Call) -> Result<Reply, Refusal>,
        name: &'static str,
        call: &Call,
        now: Millis,
    ) -> Result<Reply, Refusal> {
        let mut desk = Desk { wechat: &mut self.wechat, counter: self.counters.of(name), now };
        answer(&mut desk, call)
    }

    fn refuse(
        &mut self,
        name: &'static str,
        platform: Platform,
        refusal: &Refusal,
        peer: IpAddr,
        now: Millis,
    ) -> Reply {
        *self.counters.of(name).errors.entry(refusal.code).or_default() += 1;
        let message = refusal.message(platform, self.wechat.mint(), peer, now);
        Reply::json_of(platform, &json!({ "errcode": refusal.code, "errmsg": message }))
    }

    /// A copy for the control API.
    pub fn report(&self) -> Report {
        let now = self.clock.now();
        Report {
            now_ms: now.0,
            offset_ms: self.clock.offset_ms(),
            counters: self.counters.report(),
            connections: self.counters.connections.clone(),
            accounts: self.wechat.report(now),
        }
    }
}

/// A call under way. Dropped without a word, it means that the caller has hung up.
#[derive(Debug)]
pub struct Flight {
    shared: Shared,
    endpoint: &'static str,
    over: bool,
}

impl Flight {
    /// The whole answer was handed over.
    pub fn answered(self) {
        self.end(End::Answered);
    }

    /// A fault ends the connection.
    pub fn cut(self) {
        self.end(End::Cut);
    }

    fn end(mut self, end: End) {
        self.over = true;
        self.shared.lock().counters.leave(self.endpoint, end);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.over {
            self.shared.lock().counters.leave(self.endpoint, End::CallerGone);
        }
    }
}
