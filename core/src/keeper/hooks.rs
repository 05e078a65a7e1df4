//! Telling back-ends of each refresh, as weixin-token's `saveToken`, `saveTicket` and `onerror` did: one signed request for each
//! app that uses the account, and may have its token or its tickets.
//!
//! It is a task of its own, after the record is stored, and delays nobody. It is best effort: so many attempts, and none once the
//! process has died. The record is the truth, and whoever must not miss a token asks for it.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{borrow::ToOwned, format};
use core::{cell::Cell, mem};

use serde::Serialize;

use crate::account::{AccountId, Kind};
use crate::error::Error;
use crate::event::Event;
use crate::host::{Store, World};
use crate::json;
use crate::keeper::{Keeper, key};
use crate::limits;
use crate::secret::Secret;
use crate::target::Target;
use crate::webhook::Message;
use crate::wechat::token::Grant;

/// Who is told.
#[derive(Debug, Default)]
pub struct Hooks {
    /// Of new tokens.
    pub token: Option<Rc<Target>>,
    /// Of new tickets.
    pub ticket: Option<Rc<Target>>,
    /// Of failures.
    pub error: Option<Rc<Target>>,
    /// Refreshes that this thread or isolate is telling of.
    pub(crate) under_way: Rc<Cell<usize>>,
}

impl Hooks {
    /// Whether nobody is told of anything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.token.is_none() && self.ticket.is_none() && self.error.is_none()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "appName")]
    app_name: &'a str,
    #[serde(rename = "appId")]
    app_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errcode: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errmsg: Option<&'a str>,
}

/// Tells whoever wants to know what came of a refresh.
pub(super) fn tell<W: World, S: Store>(
    keeper: &Keeper<W, S>,
    account: &AccountId,
    kind: Kind,
    news: Result<&Grant, &Error>,
) {
    let hooks = &keeper.gateway.hooks;
    let target = match news {
        Err(_) => &hooks.error,
        Ok(_) if kind == Kind::Access => &hooks.token,
        Ok(_) => &hooks.ticket,
    };
    let Some(target) = target else { return };
    let error = news.err().map(Error::message);
    let value = news.ok().map(|it| it.value.expose());
    let mut body = Body {
        app_name: "",
        app_id: account.appid(),
        r#type: (kind != Kind::Access).then(|| kind.as_str()),
        access_token: value.filter(|_| kind == Kind::Access),
        ticket: value.filter(|_| kind != Kind::Access),
        expires_in: news.ok().map(|it| it.expires_in),
        errcode: news.err().map(Error::code),
        errmsg: error.as_deref(),
    };
    let used_for = if kind == Kind::Access { "/api" } else { "/ticket" };
    let mut messages = Vec::new();
    for app in keeper.gateway.names_of(account).filter(|it| keeper.gateway.allows(it, used_for)) {
        body.app_name = app;
        let Ok(message) = Message::new(&keeper.world, app, json::write(&body)) else { return };
        messages.push(message);
    }
    if messages.is_empty() {
        return;
    }
    let (target, account, value) = (target.clone(), account.clone(), news.ok().map(|it| it.value.clone()));
    keeper.world.later(Delivery { keeper: keeper.clone(), target, account, kind, messages, value }.run());
}

/// What came of one refresh, on its way.
struct Delivery<W, S> {
    keeper: Keeper<W, S>,
    target: Rc<Target>,
    account: AccountId,
    kind: Kind,
    /// What was not taken yet, one for each app.
    messages: Vec<Message>,
    /// The credential that they bring, if they bring one.
    value: Option<Secret>,
}

impl<W: World, S: Store> Delivery<W, S> {
    async fn run(mut self) {
        let Some(_seat) = Seat::take(&self.keeper.gateway.hooks.under_way) else {
            return self.give_up("too many others are under way");
        };
        let mut pauses = limits::HOOK_PAUSES.into_iter();
        while let Some(why) = self.send().await {
            let Some(pause) = pauses.next() else { return self.give_up(&why) };
            let world = &self.keeper.world;
            world.sleep(world.now().plus(pause)).await;
            if self.is_overtaken() {
                return;
            }
        }
    }

    /// Sends what was not taken yet, one after the other: a Worker has few connections, and needs one for WeChat. Says why the
    /// last one was not taken that was not.
    async fn send(&mut self) -> Option<String> {
        let world = &self.keeper.world;
        let mut why = None;
        for message in mem::take(&mut self.messages) {
            let request = message.to(&self.target, world.now());
            let failed = match world.fetch(&self.target.to, request, self.target.timeout).await {
                Ok(answer) if (200..300).contains(&answer.status) => continue,
                Ok(answer) => format!("status {}", answer.status),
                Err(it) => it.as_str().to_owned(),
            };
            why = Some(failed);
            self.messages.push(message);
        }
        why
    }

    /// Whether there is a newer credential by now, which has a delivery of its own: told late, this one would replace it.
    fn is_overtaken(&self) -> bool {
        let Some(value) = &self.value else { return false };
        let record = self.keeper.see(&key(&self.account, self.kind)).record;
        record.value.as_ref().is_none_or(|it| it.value != *value)
    }

    fn give_up(&self, why: &str) {
        let (account, kind) = (&self.account, self.kind);
        for message in &self.messages {
            self.keeper.world.note(Event::HookFailed { account, kind, app: &message.app, why });
        }
    }
}

/// One of so many places for deliveries, given back when it is dropped.
struct Seat(Rc<Cell<usize>>);

impl Seat {
    fn take(under_way: &Rc<Cell<usize>>) -> Option<Self> {
        let count = under_way.get();
        if count >= limits::DELIVERIES {
            return None;
        }
        under_way.set(count.saturating_add(1));
        Some(Self(under_way.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}
