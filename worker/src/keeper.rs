//! The Durable Object of one account, the only place on Cloudflare that fetches and stores its credentials; or of the registry.
//!
//! *Atomic here:* everything between two awaits, since an object runs one event at a time; `fetch()` lets others in, so nothing is held
//! over an await but a lease in a cell. *Durable here:* a cell is in SQLite before anybody sees an answer that depends on it (output gate).
//! *Copied from here:* to Workers KV, apart from whoever asked; the output gate holds a copy back until its record is durable.
//! *Alive here:* the alarm is set to the next time a credential wants renewing, or a copy that failed may be written again; it
//! survives eviction and restarts.

use std::{cell::Cell, rc::Rc};

use worker::{DurableObject, Env, Request, Response, State, durable_object};
use wxedge::error::{Error, Unavailable};
use wxedge::host::Time;
use wxedge::keeper::wire::{read_ask, write_answer};
use wxedge::keeper::{Answer, Keeper as Core, Memo, Place};
use wxedge::limits;

use crate::cells::Cells;
use crate::gateway;
use crate::replica;
use crate::world::{Task, Workers, collect, now};

#[durable_object(alarm)]
pub struct Keeper {
    inner: Rc<Inner>,
}

struct Inner {
    state: State,
    env: Env,
    cells: Cells,
    memo: Memo,
    /// When the alarm is set to, as far as this instance knows.
    armed: Cell<Option<Time>>,
}

impl DurableObject for Keeper {
    fn new(state: State, env: Env) -> Self {
        let cells = Cells::new(state.storage().sql());
        Self { inner: Rc::new(Inner { state, env, cells, memo: Memo::default(), armed: Cell::new(None) }) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let body = match request.stream() {
            Ok(stream) => collect(stream, limits::BODY).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        let answer = self.inner.clone().answer(&body).await;
        Response::from_bytes(write_answer(answer))
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.inner.armed.set(None);
        if let Ok((core, Place::Account(account))) = self.inner.clone().core() {
            core.tend(&account).await;
        }
        self.inner.clone().follow_up().await;
        // An error would make the runtime repeat the alarm by its own rules.
        Response::empty()
    }
}

impl Inner {
    async fn answer(self: Rc<Self>, body: &[u8]) -> Result<Answer, Error> {
        let ask = read_ask(body)?;
        let (core, place) = self.clone().core()?;
        let answer = core.answer(&place, ask).await;
        if self.armed.get().is_none() {
            self.arm().await;
        }
        answer
    }

    /// The keeper of the place that this object is named after; a request's word is not taken for it.
    fn core(self: Rc<Self>) -> Result<(Core<Workers, Cells>, Place), Error> {
        let lost = || Unavailable::Unreachable { who: "the keeper".into() };
        let gateway = gateway(&self.env).map_err(|_| lost())?;
        let name = self.state.id().name().ok_or_else(lost)?;
        let place = name.strip_prefix("v1/").and_then(Place::parse).ok_or_else(lost)?;
        let inner = self.clone();
        let background = Rc::new(move |task: Task| {
            let after = inner.clone();
            inner.state.wait_until(async move {
                task.await;
                after.follow_up().await;
            });
        });
        let world = Workers { env: self.env.clone(), request: None, background };
        Ok((Core::new(gateway, world, self.cells.clone()).with(&self.memo), place))
    }

    /// What a changed record asks for: its copy in KV, and another alarm.
    async fn follow_up(self: Rc<Self>) {
        if let (Some(kv), Ok((core, Place::Account(account)))) = (replica::namespace(&self.env), self.clone().core()) {
            core.replicate(&account, async |it| replica::write(core.world(), &kv, it).await).await;
        }
        self.arm().await;
    }

    /// Sets the alarm to the next time something is due. A fired alarm is used up, and an object without one sleeps for ever.
    async fn arm(self: &Rc<Self>) {
        let due = self.clone().core().ok().and_then(|(core, place)| {
            let Place::Account(account) = place else { return None };
            let copy = replica::namespace(&self.env).and_then(|_| core.behind(&account));
            core.due(&account).into_iter().chain(copy).min()
        });
        let Some(due) = due.filter(|it| self.armed.replace(Some(*it)) != Some(*it)) else { return };
        if self.state.storage().set_alarm(now().until(due)).await.is_err() {
            // The next ask tries again; until then readers renew it themselves.
            self.armed.set(None);
        }
    }
}
