//! The last requests, so that a scenario can check what left the gateway.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::call::Call;
use super::clock::Millis;

/// Requests kept.
const KEPT: usize = 1000;
/// Bytes of a body kept.
const BODY_KEPT: usize = 64 * 1024;

/// One request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedRequest {
    /// When, in simulated time.
    pub at_ms: u64,
    /// The endpoint's short name, `unknown` if there is none.
    pub endpoint: String,
    /// The method.
    pub method: String,
    /// The path with the query, as sent.
    pub target: String,
    /// Names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body as text; at most 64 KiB of it.
    pub body: String,
}

impl LoggedRequest {
    /// The first header of that name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

/// A ring of requests.
#[derive(Debug, Default)]
pub struct RequestLog {
    requests: VecDeque<LoggedRequest>,
}

impl RequestLog {
    /// Remembers a request and forgets the oldest if there are too many.
    pub fn push(&mut self, call: &Call, endpoint: &str, now: Millis) {
        if self.requests.len() == KEPT {
            self.requests.pop_front();
        }
        let body = call.body.get(..BODY_KEPT).unwrap_or(&call.body);
        self.requests.push_back(LoggedRequest {
            at_ms: now.0,
            endpoint: endpoint.to_owned(),
            method: call.method.clone(),
            target: call.target.clone(),
            headers: call.headers.clone(),
            body: String::from_utf8_lossy(body).into_owned(),
        });
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.requests.clear();
    }

    /// Oldest first.
    pub fn requests(&self) -> &VecDeque<LoggedRequest> {
        &self.requests
    }
}
