//! Messages and events: what WeChat pushes goes to the back-ends, and what one of them answers goes back in time.
//!
//! A push is verified and decrypted before anything else. From then on WeChat is answered with 200 whatever happens, before the
//! deadline: an error would be shown to the user, and the push would come again.

mod back_ends;
mod once;

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::account::Family;
use crate::config::{Callback, Form, Gateway};
use crate::error::{Error, Reject};
use crate::event::Event;
use crate::flow;
use crate::host::{Head, Host, Method, Response, Time};
use crate::keeper::once::Claimed;
use crate::keeper::table::{Digest, digest};
use crate::limits;
use crate::query::{all, parameter};
use crate::target::Call;
use crate::wechat::callback::{Refusal, Signed, Taken};
use crate::wechat::message::{Format, Ids, Message, Unreadable};

/// `/app/{app}/msg`, and with `json` `/app/{app}/msg/json`.
///
/// # Errors
/// [`Reject`] for whatever is not WeChat's; nothing is sent to anybody then.
pub async fn of_app<H: Host>(
    gateway: &Gateway,
    host: &H,
    head: &Head,
    app: &str,
    json: bool,
) -> Result<Response, Error> {
    let form = if json { Form::Json } else { Form::Decrypted };
    let door = Door { form, fixed: json, arrived: host.now() };
    let what = if json { "/msg/json" } else { "/msg" };
    let callback = [callback(gateway, host, app, what).await?];
    receive(gateway, host, head, &callback, door).await
}

/// An app's `callback.path`.
///
/// # Errors
/// As above.
pub async fn at_path<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    let door = Door { form: Form::Gateway, fixed: false, arrived: host.now() };
    let callback = [callback(gateway, host, app, "/msg").await?];
    receive(gateway, host, head, &callback, door).await
}

/// Any path with `?call=` on a callback host, on which the messages of these apps may come.
///
/// # Errors
/// As above.
pub async fn at_host<H: Host>(gateway: &Gateway, host: &H, head: &Head, apps: &[String]) -> Result<Response, Error> {
    let door = Door { form: Form::Verbatim, fixed: false, arrived: host.now() };
    let mut callbacks = Vec::new();
    let mut refused = Reject::NotFound.into();
    for app in apps {
        match callback(gateway, host, app, "/msg").await {
            Ok(it) => callbacks.push(it),
            Err(it) => refused = it,
        }
    }
    if callbacks.is_empty() {
        return Err(refused);
    }
    receive(gateway, host, head, &callbacks, door).await
}

/// Where a push came in, and when.
struct Door {
    /// What back-ends get.
    form: Form,
    /// Whatever the configuration says.
    fixed: bool,
    /// From then on WeChat's clock runs, whatever has to be looked up first.
    arrived: Time,
}

impl Door {
    fn form(&self, callback: &Callback) -> Form {
        match callback.form {
            _ if self.fixed => self.form,
            Some(it) => it,
            None if callback.account.family == Family::Channels => Form::Gateway,
            None => self.form,
        }
    }
}

async fn callback<H: Host>(gateway: &Gateway, host: &H, app: &str, what: &str) -> Result<Rc<Callback>, Error> {
    let account = flow::app::for_anybody(gateway, host, app, what).await?;
    let found = match gateway.app(app) {
        Some(_) => gateway.callback(app).cloned(),
        None => {
            let registration = flow::app::registration(gateway, host, app).await?;
            Callback::registered(app, account, &registration).map(Rc::new)
        }
    };
    found.ok_or_else(|| Reject::NoCallback { app: app.into() }.into())
}

async fn receive<H: Host>(
    gateway: &Gateway,
    host: &H,
    head: &Head,
    callbacks: &[Rc<Callback>],
    door: Door,
) -> Result<Response, Error> {
    let signed = Signed::read(head.query())?;
    if head.method == Method::Get {
        let (callback, echo) = first(host, callbacks, |it| it.guard.check(&signed, host.now()))?;
        // A URL that no push could come to is found out when it is set at WeChat.
        targets(gateway, callback, head)?;
        return Ok(Response::text(200, &echo));
    }
    let body = flow::body::read(host, limits::BODY).await?;
    let (callback, taken) = first(host, callbacks, |it| it.guard.take(&signed, body.clone(), host.now()))?;
    let to = targets(gateway, callback, head)?;
    let form = door.form(callback);
    let read = to.is_empty() || matches!(form, Form::Json | Form::Gateway);
    let message = if read { Some(Message::read(&taken.text, ids(head)?)) } else { None };
    let message = message.transpose().map_err(|it| refused(host, callback, &it.into()))?;
    let id = digest(&["push", callback.account.family.as_str(), &callback.account.id, &taken.text]);
    let deadline = door.arrived.plus(callback.deadline);
    let push = Push { gateway, host, head, signed, body, callback, taken: &taken, message, form, to, id, deadline };
    Ok(push.handle().await)
}

/// The first of `callbacks` that makes anything of the request, and what.
fn first<'a, H: Host, T>(
    host: &H,
    callbacks: &'a [Rc<Callback>],
    mut take: impl FnMut(&Callback) -> Result<T, Refusal>,
) -> Result<(&'a Callback, T), Reject> {
    let mut why: Option<(&Callback, Refusal)> = None;
    for callback in callbacks {
        match take(callback) {
            Ok(it) => return Ok((callback, it)),
            // Of several apps, the one whose token fits knows best what is wrong.
            Err(it) if why.as_ref().is_none_or(|it| it.1 == Refusal::Signature) => why = Some((callback, it)),
            Err(_) => {}
        }
    }
    Err(why.map_or(Reject::NotFound, |(callback, it)| refused(host, callback, &it)))
}

/// What a refusal is to the outside: forgeries look alike, the log tells them apart.
fn refused<H: Host>(host: &H, callback: &Callback, why: &Refusal) -> Reject {
    host.note(Event::PushRefused { app: &callback.app, why });
    match why {
        it if it.is_forgery() => Reject::Forged,
        Refusal::Missing(name) => Reject::Missing { name: (*name).into() },
        Refusal::Mode(why) => Reject::Push { why: (*why).into() },
        Refusal::Expired => Reject::Push { why: alloc::format!("{why}") },
        Refusal::Body(Unreadable::TooLarge) => Reject::TooLarge { limit: limits::BODY },
        it => Reject::Invalid { name: "body".into(), why: alloc::format!("is wrong: {it}") },
    }
}

/// Who gets the push: whom the request names, else whom the configuration does.
fn targets(gateway: &Gateway, callback: &Callback, head: &Head) -> Result<Vec<Call>, Reject> {
    let named: Vec<String> = all(head.query(), "call")?.into_iter().filter(|it| !it.is_empty()).collect();
    if named.len() > limits::TARGETS {
        let why = alloc::format!("is there more than {} times", limits::TARGETS);
        return Err(Reject::Invalid { name: "call".into(), why });
    }
    if named.is_empty() {
        return Ok(callback.to.clone());
    }
    let find = |it: &String| gateway.targets.call(it).map_err(|why| Reject::Target { why: why.into() });
    named.iter().map(find).collect()
}

fn ids(head: &Head) -> Result<Ids, Reject> {
    match parameter(head.query(), "ids")?.as_deref() {
        None | Some("" | "text") => Ok(Ids::Text),
        Some("number") => Ok(Ids::Number),
        Some(_) => Err(Reject::Invalid { name: "ids".into(), why: "must be text or number".into() }),
    }
}

/// A push that was taken.
struct Push<'a, H> {
    gateway: &'a Gateway,
    host: &'a H,
    head: &'a Head,
    signed: Signed<'a>,
    /// As it came.
    body: Vec<u8>,
    callback: &'a Callback,
    taken: &'a Taken,
    /// What it says; `None` where nobody looks at it.
    message: Option<Message<'a>>,
    form: Form,
    /// Who gets it; empty: the gateway answers itself.
    to: Vec<Call>,
    id: Digest,
    deadline: Time,
}

impl<H: Host> Push<'_, H> {
    /// How long it is until WeChat must be answered.
    fn left(&self) -> Duration {
        self.host.now().until(self.deadline)
    }

    async fn handle(&self) -> Response {
        let reply = match self.claim().await {
            Claimed::Done(reply) => reply,
            Claimed::Running => String::new(),
            Claimed::Mine => {
                let reply = self.ask().await;
                self.settle(reply.clone());
                reply
            }
        };
        self.answer(reply)
    }

    /// The answer to WeChat; nothing to say is `success`.
    fn answer(&self, reply: String) -> Response {
        let reply = if reply.is_empty() { "success".into() } else { reply };
        let reply = if self.seals() { self.seal(reply) } else { reply };
        let content_type = match reply.as_bytes() {
            [b'<', ..] => "text/xml; charset=utf-8",
            [b'{', ..] => "application/json",
            _ => return Response::text(200, &reply),
        };
        let response = Response { status: 200, body: reply.into_bytes(), ..Response::default() };
        response.with("content-type", content_type).with("cache-control", "no-store")
    }

    /// Whether a reply goes into an envelope here. What a back-end has verified and decrypted itself, it encrypts itself.
    fn seals(&self) -> bool {
        (self.form != Form::Verbatim || self.to.is_empty()) && self.callback.account.family != Family::Channels
    }

    fn seal(&self, reply: String) -> String {
        let mut random = [0; 16];
        if self.host.random(&mut random).is_err() {
            return "success".into();
        }
        let nonce = self.signed.nonce.as_deref().unwrap_or_default();
        self.callback.guard.answer(self.taken, reply, self.host.now(), nonce, random)
    }

    /// How the reply is written.
    const fn format(&self) -> Format {
        self.taken.format
    }
}
