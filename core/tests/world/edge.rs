//! One thread of a host: the gateway's traits over the simulated world.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use wxedge::config::Gateway;
use wxedge::error::Error;
use wxedge::event::Event;
use wxedge::host::{Host, Key, Peer, Request, Response, Store, Time, TooLarge, Unreachable, Upstream, Version, World};
use wxedge::keeper::wire::{read_answer, read_ask, write_answer, write_ask};
use wxedge::keeper::{Answer, Ask, Keeper, Memo, Place, key};
use wxedge::{account::Kind, limits};

use super::back_ends::BACK_ENDS;
use super::exec::Role;
use super::hooks::BACKEND;
use super::{Settings, Sim, account, ms};

/// One thread, and on it perhaps one request.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) sim: Sim,
    pub(crate) thread: usize,
    pub(crate) gateway: Rc<Gateway>,
    /// The thread on which the keeper lives, if it is another one, as a Durable Object is.
    pub(super) home: Option<usize>,
    pub(super) body: Rc<Vec<u8>>,
    pub(super) memo: Memo,
}

impl Edge {
    pub(super) fn new(sim: Sim, thread: usize, gateway: Rc<Gateway>) -> Self {
        Self { sim, thread, gateway, home: None, body: Rc::default(), memo: Memo::default() }
    }

    /// Another configuration on a thread of the same world.
    pub(crate) fn another(&self, thread: usize, settings: &Settings) -> Self {
        Self::new(self.sim.clone(), thread, settings.gateway())
    }

    /// The same, with its keeper on the thread `home`.
    pub(crate) fn at_home(&self, home: usize) -> Self {
        Self { home: Some(home), ..self.clone() }
    }

    /// The keeper as it is on this thread.
    pub(crate) fn keeper(&self) -> Keeper<Self, Self> {
        let thread = self.home.unwrap_or(self.thread);
        let there = Self { thread, ..self.clone() };
        let memo = there.memo.clone();
        Keeper::new(self.gateway.clone(), there.clone(), there).with(&memo)
    }

    /// Starts tending the account, as every thread of Envoy does.
    pub(crate) fn watch(&self) {
        self.sim.spawn(self.thread, Role::Watch, self.keeper().watch(account(), Kind::Access));
    }

    /// Tends the account once, as an alarm does.
    pub(crate) fn tend(&self) {
        let keeper = self.keeper();
        let task = async move {
            keeper.tend(&account()).await;
        };
        self.sim.spawn(self.home.unwrap_or(self.thread), Role::Caller, task);
    }

    /// The cell of the account's access token.
    pub(crate) fn cell() -> Key {
        key(&account(), Kind::Access)
    }

    async fn turn(&self) {
        let waited = Cell::new(false);
        core::future::poll_fn(|_| {
            if waited.replace(true) {
                return Poll::Ready(());
            }
            self.sim.wake_at(self.sim.now());
            Poll::Pending
        })
        .await;
    }
}

impl World for Edge {
    fn now(&self) -> Time {
        self.sim.wall()
    }

    fn random(&self, out: &mut [u8]) -> Result<(), Error> {
        out.chunks_mut(8).for_each(|it| it.copy_from_slice(&self.sim.random().next().to_le_bytes()[..it.len()]));
        Ok(())
    }

    fn fetch(
        &self,
        to: &Upstream,
        request: Request,
        timeout: Duration,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        let call: Pin<Box<dyn Future<Output = _>>> = if to.authority == BACKEND {
            Box::pin(self.sim.hooked(request, ms(timeout)))
        } else if let Some(who) = to.authority.strip_suffix(BACK_ENDS) {
            Box::pin(self.sim.to_back_end(who, request, ms(timeout)))
        } else if request.target.starts_with("/cgi-bin/user/info?") || request.target.starts_with("/sns/") {
            Box::pin(self.sim.to_api(&request, ms(timeout)))
        } else {
            assert_eq!((&*to.authority, timeout), ("api.weixin.qq.com", limits::FETCH));
            Box::pin(self.sim.fetch(request, ms(timeout)))
        };
        call
    }

    fn sleep(&self, until: Time) -> impl Future<Output = ()> + 'static {
        let sim = self.sim.clone();
        core::future::poll_fn(move |_| {
            let left = ms(sim.wall().until(until));
            if left == 0 {
                return Poll::Ready(());
            }
            sim.wake_at(sim.now() + left);
            Poll::Pending
        })
    }

    fn later(&self, task: impl Future<Output = ()> + 'static) {
        self.sim.spawn(self.thread, Role::Later, task);
    }

    fn note(&self, event: Event<'_>) {
        self.sim.note(&event);
    }
}

impl Host for Edge {
    /// Over the wire, as to a Durable Object.
    async fn ask(&self, place: &Place, ask: Ask) -> Result<Answer, Error> {
        let ask = read_ask(&write_ask(ask))?;
        let answer = self.keeper().answer(place, ask).await;
        read_answer(&write_answer(answer))
    }

    async fn replica(&self, name: &str) -> Result<Option<Vec<u8>>, Unreachable> {
        assert_eq!(name, wxedge::keeper::replica::name(&account(), Kind::Access));
        self.look().await
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, TooLarge> {
        self.turn().await;
        if self.body.len() > limit {
            return Err(TooLarge);
        }
        Ok(self.body.to_vec())
    }

    fn peer(&self) -> Peer {
        Peer { address: "203.0.113.7".into() }
    }
}

impl Store for Edge {
    fn load(&self, key: &Key) -> (Vec<u8>, Version) {
        self.sim.load(key)
    }

    fn swap(&self, key: &Key, seen: Version, value: &[u8]) -> bool {
        self.sim.swap(key, seen, value)
    }

    async fn changed(&self, key: &Key, seen: Version, until: Time) {
        let mut alarm = None;
        core::future::poll_fn(|_| {
            let over = self.sim.is_changed(key, seen, until, &mut alarm);
            if over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
