//! Whoever is named by `call` learns who has logged in, and answers the browser.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use super::COOKIE;
use crate::config::Gateway;
use crate::error::{Error, Reject, Unavailable};
use crate::flow::example;
use crate::host::{Head, Host, Request, Response, Unreachable};
use crate::json::{Value, exact};
use crate::target::Target;
use crate::webhook::Message;

/// What `call` means for this app; `None`: the demo page.
pub(super) fn destination(gateway: &Gateway, app: &str, call: &str) -> Result<Option<Rc<Target>>, Reject> {
    if gateway.examples.is_some() && call == example::LOGIN {
        return Ok(None);
    }
    let own = gateway.oauths.get(app).and_then(|it| it.to.as_ref());
    own.unwrap_or(&gateway.targets).find(call).map(Some)
}

/// A redirect that no cache may keep.
pub(super) fn redirect(to: &str) -> Response {
    let response = Response { status: 302, ..Response::default() };
    response.with("location", to).with("cache-control", "no-store").with("referrer-policy", "no-referrer")
}

/// Who has logged in, or why nobody has, with the account and the `state` that the login began with.
pub(super) fn body(told: Result<&str, &Error>, appid: &str, state: &str) -> String {
    let mut fields = match told {
        Ok(user) => match exact::parse(user) {
            Ok(Value::Object(fields)) => fields,
            _ => Vec::new(),
        },
        Err(error) => Vec::from([
            ("errcode".into(), Value::Number(format!("{}", error.code()).into())),
            ("errmsg".into(), Value::text(error.message())),
        ]),
    };
    // WeChat's own must not stand beside ours.
    fields.retain(|it| it.0 != "appid" && it.0 != "state");
    fields.push(("appid".into(), Value::text(appid)));
    fields.push(("state".into(), Value::text(state)));
    let mut out = String::new();
    Value::Object(fields).write(&mut out);
    out
}

/// Sends `body` there; what comes back is the browser's.
pub(super) async fn post<H: Host>(
    host: &H,
    head: &Head,
    app: &str,
    to: &Rc<Target>,
    body: String,
) -> Result<Response, Error> {
    let request = message(host, head, app, body)?.to(to, host.now());
    send(host, to, request).await
}

/// What a back-end is told while a browser waits.
pub(super) fn message<H: Host>(host: &H, head: &Head, app: &str, body: String) -> Result<Message, Error> {
    let mut message = Message::new(host, app, body.into_bytes())?;
    message.request_id = Some(crate::request_id(host, head));
    Ok(message)
}

/// Refuses what is no visit of a browser's: a script that is fetched to work for the whole of the gateway's origin.
pub(super) fn navigated(head: &Head) -> Result<(), Reject> {
    match head.header("service-worker") {
        Some(_) => Err(super::refuse("it is no page that asks")),
        None => Ok(()),
    }
}

/// Sends `request` there; what comes back is the browser's, whole.
pub(super) async fn send<H: Host>(host: &H, to: &Target, mut request: Request) -> Result<Response, Error> {
    // What came in pieces or packed could not be passed on as it is.
    request.headers.push(("accept-encoding", "identity".into()));
    let answer = host.fetch(&to.to, request, to.timeout).await;
    let who = || String::from("the back-end of this login");
    let mut answer = answer.map_err(|it| match it {
        Unreachable::Timeout => Unavailable::Timeout { who: who() },
        _ => Unavailable::Unreachable { who: who() },
    })?;
    let ours = |name: &str| CONNECTION.contains(&name) || name.starts_with([':']) || name.starts_with("x-envoy-");
    let cookie = |it: &(_, String)| it.0 == "set-cookie" && it.1.trim_start().starts_with(COOKIE);
    answer.headers.retain(|it| !ours(&it.0) && !ORIGIN.contains(&&*it.0) && !cookie(it));
    // The URL of this answer holds a code, which is nobody else's business.
    for (name, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer")] {
        if answer.headers.iter().all(|it| it.0 != name) {
            answer = answer.with(name, value);
        }
    }
    Ok(answer)
}

/// What speaks for the whole of an origin, which is the gateway's, not the back-end's.
const ORIGIN: [&str; 2] = ["clear-site-data", "service-worker-allowed"];

/// What belongs to one connection, not to an answer (RFC 9110, 7.6.1), and what the host writes itself.
const CONNECTION: [&str; 10] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "server",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
