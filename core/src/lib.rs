//! The core of wxedge, a WeChat gateway for the edge. It knows WeChat and the gateway's rules; it knows no host.
//!
//! The tour, in the order in which a request meets things:
//!
//! * [`host`]: all that the gateway may ask of the world around it. Two hosts implement it, an Envoy worker thread and a Cloudflare
//!   Worker; the tests have a third, with a clock that jumps.
//! * [`handle`]: one request in, one [`Verdict`] out. An error becomes a reply here and nowhere else.
//! * [`config`]: JSON text becomes a [`Gateway`] that cannot be invalid.
//! * [`route`]: the only place that knows paths. [`caller`]: who is asking. [`error`]: what went wrong, and how that looks in HTTP.
//! * [`flow`]: what the gateway does, one file per use case: straight-line `async` scripts over the traits of [`host`].
//! * [`keeper`]: what is remembered, by one writer per account: a pure decision, and the little machinery around it.
//! * [`target`]: where a request may be sent on somebody's word. [`webhook`]: how a back-end can tell that it is ours.
//! * [`wechat`]: what WeChat says; pure, synchronous.
//!
//! Data flows one way: host -> route -> caller -> flow -> (keeper, wechat) -> verdict -> host. Nothing in `wechat` knows `flow`.
//!
//! Our own code here is `core` and `alloc` only: no clock, no randomness, no I/O, so that it runs wherever a host can be written.

#![no_std]
#![warn(clippy::std_instead_of_core, clippy::alloc_instead_of_core)]

extern crate alloc;

pub mod account;
pub mod caller;
pub mod config;
mod date;
pub mod error;
pub mod event;
pub mod flow;
pub mod host;
mod json;
pub mod keeper;
pub mod keyring;
pub mod limits;
pub mod qr;
pub mod query;
pub mod race;
pub mod route;
pub mod secret;
pub mod target;
pub mod webhook;
pub mod wechat;

use alloc::{rc::Rc, string::String};

use crate::config::Gateway;
use crate::error::Error;
use crate::event::Event;
use crate::host::{Head, Host, Method, Response, Verdict, World};
use crate::route::{Configured, Route};

/// Answers one request. Whatever goes wrong becomes a reply.
pub async fn handle<H: Host>(gateway: Rc<Gateway>, host: H, head: Head) -> Verdict {
    match answer(&gateway, &host, &head).await {
        Ok(response) => Verdict::Reply(response),
        Err(error) => Verdict::Reply(failed(&gateway, &host, &head, error)),
    }
}

/// The reply that an error becomes.
fn failed<W: World>(gateway: &Gateway, world: &W, head: &Head, error: Error) -> Response {
    let request_id = request_id(world, head);
    world.note(Event::Failed { request_id: &request_id, error: &error });
    error.into_response(route::shape(head.path(), &gateway.paths), &request_id)
}

async fn answer<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    match Route::find(head, &gateway.paths)? {
        Route::Health => Ok(flow::health::health()),
        Route::Ready => flow::ready::ready(gateway, host, head).await,
        Route::Configured(Configured::Callback(app)) => flow::callback::at_path(gateway, host, head, &app).await,
        Route::Configured(Configured::Landing(app)) => flow::login::landing::landing(gateway, host, head, &app).await,
        Route::Configured(Configured::Helper(it)) => flow::helper::answer(gateway, host, head, it).await,
        Route::Short { app, key, mark } => flow::helper::short::follow(gateway, host, &app, &key, &mark).await,
        Route::Login { app, user } => flow::login::login(gateway, host, head, &app, user).await,
        Route::LoginTicket { app } => flow::login::swap(gateway, host, head, &app).await,
        Route::Session { app } => flow::login::session::login(gateway, host, head, &app).await,
        Route::Decrypt { app } => flow::login::session::decrypt(gateway, host, head, &app).await,
        Route::JsConfig { app } => flow::jssdk::script::config(gateway, host, head, &app).await,
        Route::JsCard { app } => Ok(flow::jssdk::card::answer(gateway, host, head, &app).await),
        Route::PageConfig { app } => Ok(flow::jssdk::page_config::answer(gateway, host, head, &app).await),
        Route::Sign { app } => flow::sign::sign(gateway, host, head, &app).await,
        Route::Qr => flow::qr::draw(gateway, host, head),
        Route::Example(it) => flow::example::show(gateway, it),
        Route::Echo => flow::echo::echo(host).await,
        Route::Configured(Configured::File(text)) => Ok(flow::configured::file(&text)),
        Route::Configured(Configured::Health) => Ok(flow::configured::health()),
        Route::Message { app, json } => flow::callback::of_app(gateway, host, head, &app, json).await,
        Route::Hosted { apps } => flow::callback::at_host(gateway, host, head, &apps).await,
        Route::Token => flow::token::classic(gateway, host, head).await,
        Route::StableToken => flow::token::stable(gateway, host).await,
        Route::WecomToken => flow::token::wecom(gateway, host, head).await,
        Route::Register => flow::register::register(gateway, host, head).await,
        Route::App { app } if head.method == Method::Delete => flow::register::forget(gateway, host, head, &app).await,
        Route::App { app } => flow::register::show(gateway, host, head, &app).await,
        Route::AppToken { app, renew } => flow::token::of_app(gateway, host, head, &app, renew).await,
        Route::AppTicket { app, kind } => flow::ticket::of_app(gateway, host, head, &app, kind).await,
        Route::TokenTicket(ticket) => flow::ticket::by_token(gateway, host, head, ticket).await,
        Route::Plain { app, kind, renew } => flow::weixin_token::plain(gateway, host, head, &app, kind, renew).await,
        Route::Hub { kind } => flow::token_hub::value(gateway, host, head, kind).await,
    }
}

/// The id that a proxy before us gave the request, if it is a sane one; else a new one.
#[must_use]
pub fn request_id<W: World>(world: &W, head: &Head) -> String {
    let sane = |it: &String| {
        let fine = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
        (1..=64).contains(&it.len()) && it.bytes().all(fine)
    };
    if let Some(id) = head.header("x-request-id").filter(sane) {
        return id;
    }
    let mut id = [0; 16];
    // An id that is not random is still an id.
    let _ = world.random(&mut id);
    secret::hex(&id)
}
