//! The back-ends are asked, all at once, and one answer is chosen.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::future::Future;
use core::pin::Pin;

use super::Push;
use crate::account::Family;
use crate::config::Form;
use crate::event::Event;
use crate::flow::user;
use crate::host::{Host, Request};
use crate::limits;
use crate::query::{escape, is_called};
use crate::race::Race;
use crate::target::{Call, Target};
use crate::webhook::Message as Delivery;
use crate::wechat::message::{Format, Message, with_user};
use crate::wechat::reply::{self, Address, Answer};
use crate::wechat::signature::signature;

/// What a back-end has said; `None` if it has failed, or was not asked.
struct Heard {
    from: Option<Rc<Target>>,
    body: Option<Vec<u8>>,
}

impl<H: Host> Push<'_, H> {
    /// The reply in plain text; empty for none.
    pub(super) async fn ask(&self) -> String {
        if self.to.is_empty() {
            return self.echo();
        }
        let delivery = self.delivery().await;
        let over = Rc::new(Cell::new(false));
        let now = self.host.now();
        let permits = |it: &Call| match it {
            Call::To(it) => it.breaker.permits(now),
            Call::Echo => true,
        };
        let permitted: Vec<bool> = self.to.iter().map(permits).collect();
        // If all are down, none of them keeps WeChat waiting for another one, and one may be back.
        let all = !permitted.contains(&true);
        let calls = self.to.iter().zip(permitted);
        let mut race = Race::new(calls.map(|(it, permitted)| self.call(it, permitted || all, &delivery, &over)));
        let reply = race.first(self.host, limits::ORDER_GRACE, self.deadline, |it| self.judge(it)).await;
        if !race.is_over() {
            over.set(true);
            self.host.later(race.rest());
        }
        reply.unwrap_or_default()
    }

    /// What go-wx-gateway answers when nobody else is asked.
    fn echo(&self) -> String {
        let Some(message) = self.message.as_ref().filter(|_| self.callback.account.family != Family::Channels) else {
            return String::new();
        };
        let reply = reply::echo(message).map(|it| it.write(&Address::of(message, self.host.now()), self.format()));
        reply.unwrap_or_default()
    }

    /// What every back-end gets.
    async fn delivery(&self) -> Delivery {
        let (body, content_type, path, query) = match (self.form, &self.message) {
            (Form::Json, Some(it)) => (self.with_user(it, it.json()).await, JSON, String::new(), self.query()),
            (Form::Gateway, Some(it)) if self.callback.account.family == Family::Channels => {
                (it.json(), JSON, it.path(), String::new())
            }
            (Form::Gateway, Some(it)) => (self.with_user(it, it.gateway()).await, JSON, it.path(), String::new()),
            (Form::Decrypted, _) => {
                let xml = Format::of(&self.taken.text) == Format::Xml;
                (self.taken.text.clone(), if xml { XML } else { JSON }, String::new(), self.query())
            }
            _ => return self.verbatim(),
        };
        self.deliver(body.into_bytes(), content_type.into(), (path, query))
    }

    /// What WeChat sent, and how.
    fn verbatim(&self) -> Delivery {
        let content_type = self.head.header("content-type").unwrap_or_else(|| XML.into());
        // What no header may hold would cost the whole delivery on some host.
        let content_type = content_type.chars().filter(|it| *it == ' ' || it.is_ascii_graphic()).collect();
        let ours = |it: &&str| is_called(it, "call") || is_called(it, "ids");
        let theirs: Vec<&str> = self.head.query().split('&').filter(|it| !ours(it)).collect();
        self.deliver(self.body.clone(), content_type, (String::new(), printable(&theirs.join("&"))))
    }

    fn deliver(&self, body: Vec<u8>, content_type: String, place: (String, String)) -> Delivery {
        let request_id = Some(crate::request_id(self.host, self.head));
        let mut delivery = Delivery::of(&self.id, &self.callback.app, body);
        (delivery.request_id, delivery.content_type, delivery.place) = (request_id, content_type, place);
        delivery
    }

    /// The query of a push that is not encrypted.
    fn query(&self) -> String {
        let timestamp = self.signed.timestamp.as_deref().unwrap_or_default();
        let nonce = self.signed.nonce.as_deref().unwrap_or_default();
        let token = self.callback.guard.tokens.get(self.taken.token);
        let signature = token.map(|it| signature(it, timestamp, nonce)).unwrap_or_default();
        let openid = self.signed.openid.as_deref().map(|it| format!("&openid={}", escape(it))).unwrap_or_default();
        format!("signature={signature}&timestamp={}&nonce={}{openid}", escape(timestamp), escape(nonce))
    }

    /// `body` with who wrote, if that is wanted.
    async fn with_user(&self, message: &Message<'_>, body: String) -> String {
        let callback = self.callback;
        let wanted = callback.user_info.unwrap_or(self.form == Form::Gateway);
        let openid = message.text("FromUserName");
        if !wanted || callback.account.family != Family::Official || openid.is_empty() {
            return body;
        }
        // Two thirds of the time are the back-ends'.
        let span = limits::USER.min(self.left().checked_div(3).unwrap_or_default());
        let user = user::info(self.gateway, self.host, &callback.account, openid, span).await;
        with_user(body, user.as_deref().map_err(|it| &**it))
    }

    /// A call to a back-end, which runs to its end whatever becomes of this push.
    fn call(
        &self,
        to: &Call,
        permitted: bool,
        delivery: &Delivery,
        over: &Rc<Cell<bool>>,
    ) -> Pin<Box<dyn Future<Output = Heard>>> {
        match to {
            Call::To(target) if !permitted => {
                let (app, backend) = (&*self.callback.app, &*target.to.authority);
                let why = "it is skipped: it was down a moment ago";
                self.host.note(Event::BackendFailed { app, backend, why });
                Box::pin(core::future::ready(Heard { from: Some(target.clone()), body: None }))
            }
            Call::Echo => {
                // What a channels shop is answered is not encrypted: that is no place for what was.
                let body = (self.callback.account.family != Family::Channels).then(|| delivery.body.clone());
                Box::pin(core::future::ready(Heard { from: None, body }))
            }
            Call::To(target) => {
                let request = delivery.to(target, self.host.now());
                Box::pin(call(self.host.clone(), self.callback.app.clone(), target.clone(), request, over.clone()))
            }
        }
    }

    /// The reply that an answer stands for.
    fn judge(&self, heard: Heard) -> Option<String> {
        let body = heard.body?;
        let answer = match &self.message {
            _ if matches!(self.form, Form::Verbatim | Form::Decrypted) => owned(reply::raw(&body)),
            Some(_) if self.callback.account.family == Family::Channels => reply::channels(&body),
            Some(message) => match reply::read(&body) {
                Answer::Reply(it) => Answer::Reply(it.write(&Address::of(message, self.host.now()), self.format())),
                Answer::Nothing => Answer::Nothing,
                Answer::Unusable(why) => Answer::Unusable(why),
            },
            None => Answer::Nothing,
        };
        match answer {
            Answer::Reply(it) => Some(it),
            Answer::Nothing => None,
            Answer::Unusable(why) => {
                let backend = heard.from.as_ref().map_or("/echo", |it| &it.to.authority);
                self.host.note(Event::BackendFailed { app: &self.callback.app, backend, why });
                None
            }
        }
    }
}

const JSON: &str = "application/json";
const XML: &str = "text/xml; charset=utf-8";

fn owned(answer: Answer<&str>) -> Answer<String> {
    match answer {
        Answer::Reply(it) => Answer::Reply(it.into()),
        Answer::Nothing => Answer::Nothing,
        Answer::Unusable(why) => Answer::Unusable(why),
    }
}

/// A query whose characters may all stand in one (RFC 3986); what is escaped already stays as it is.
fn printable(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    for it in query.chars() {
        if it.is_ascii_graphic() && !"\"#<>\\^`{|}".contains(it) {
            out.push(it);
        } else {
            out.push_str(&escape(it.encode_utf8(&mut [0; 4])));
        }
    }
    out
}

async fn call<H: Host>(host: H, app: String, target: Rc<Target>, request: Request, over: Rc<Cell<bool>>) -> Heard {
    let from = Some(target.clone());
    let (app, backend) = (&*app, &*target.to.authority);
    let Some(_seat) = target.breaker.enter() else {
        host.note(Event::BackendFailed { app, backend, why: "too many calls wait for it" });
        return Heard { from, body: None };
    };
    let answer = host.fetch(&target.to, request, target.timeout).await;
    // A back-end that says no is there; one that takes no events of some sort may say 404.
    let failed = answer.as_ref().map_or(true, |it| it.status >= 500);
    if target.breaker.settle(failed, host.now()) {
        host.note(Event::BackendDown { backend });
    }
    let body = match answer {
        Ok(it) if it.status == 200 => Some(it.body),
        Ok(it) => {
            host.note(Event::BackendFailed { app, backend, why: &format!("status {}", it.status) });
            None
        }
        Err(it) => {
            host.note(Event::BackendFailed { app, backend, why: it.as_str() });
            None
        }
    };
    if over.get() && body.is_some() {
        host.note(Event::BackendLate { app, backend });
    }
    Heard { from, body }
}
