//! What happened, per endpoint. Scenarios assert on these numbers, not on logs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::endpoints;

/// The numbers of one endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Calls that arrived.
    pub calls: u64,
    /// Tokens or tickets made, whether or not the caller got to see them.
    pub issued: u64,
    /// Of these, by `force_refresh`.
    pub forced: u64,
    /// Refusals by `errcode`.
    pub errors: BTreeMap<i64, u64>,
    /// Faults played, by name.
    pub faults: BTreeMap<String, u64>,
    /// Calls whose caller hung up before the whole answer was handed over.
    pub aborted: u64,
    /// Calls under way now.
    pub in_flight: u64,
    /// The most that were under way at once.
    pub max_in_flight: u64,
}

/// The numbers of the port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// Connections taken.
    pub accepted: u64,
    /// Connections open now, the one that asks included.
    pub open: u64,
    /// The most that were open at once.
    pub max_open: u64,
    /// Connections that ended in the middle of a call, whoever ended them.
    pub aborted: u64,
}

/// All numbers.
#[derive(Debug)]
pub struct Counters {
    by_endpoint: BTreeMap<&'static str, Counter>,
    /// The numbers of the port.
    pub connections: Connections,
}

impl Default for Counters {
    fn default() -> Self {
        let by_endpoint = endpoints::names().map(|name| (name, Counter::default())).collect();
        Self { by_endpoint, connections: Connections::default() }
    }
}

impl Counters {
    /// The numbers of one endpoint.
    pub fn of(&mut self, endpoint: &'static str) -> &mut Counter {
        self.by_endpoint.entry(endpoint).or_default()
    }

    /// A call arrives.
    pub fn enter(&mut self, endpoint: &'static str) {
        let counter = self.of(endpoint);
        counter.calls += 1;
        counter.in_flight += 1;
        counter.max_in_flight = counter.max_in_flight.max(counter.in_flight);
    }

    /// A call ends.
    pub fn leave(&mut self, endpoint: &'static str, end: End) {
        let counter = self.of(endpoint);
        counter.in_flight = counter.in_flight.saturating_sub(1);
        if end == End::CallerGone {
            counter.aborted += 1;
        }
        if end != End::Answered {
            self.connections.aborted += 1;
        }
    }

    /// A connection is open.
    pub fn open(&mut self) {
        self.connections.accepted += 1;
        self.connections.open += 1;
        self.connections.max_open = self.connections.max_open.max(self.connections.open);
    }

    /// A connection is closed.
    pub fn close(&mut self) {
        self.connections.open = self.connections.open.saturating_sub(1);
    }

    /// Sets all to zero, except what is still under way.
    pub fn reset(&mut self) {
        for counter in self.by_endpoint.values_mut() {
            let in_flight = counter.in_flight;
            *counter = Counter { in_flight, max_in_flight: in_flight, ..Counter::default() };
        }
        let open = self.connections.open;
        self.connections = Connections { open, max_open: open, ..Connections::default() };
    }

    /// A copy for the control API.
    pub fn report(&self) -> BTreeMap<String, Counter> {
        self.by_endpoint.iter().map(|(name, counter)| ((*name).to_owned(), counter.clone())).collect()
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The whole answer was handed over.
    Answered,
    /// A fault cut the connection.
    Cut,
    /// The caller hung up first.
    CallerGone,
}
