//! The core's `World` over Workers: the same for a request and for a Durable Object, but for who runs the background work.

use std::{cell::RefCell, future::Future, pin::Pin, rc::Rc, time::Duration};

use futures_util::StreamExt;
use worker::{
    AbortController, AbortSignal, ByteStream, Date, Env, Fetch, Headers, RequestInit, RequestRedirect, console_error,
    console_log, console_warn, js_sys::Uint8Array,
};
use wxedge::error::{Error, Unavailable};
use wxedge::event::{Event, Level};
use wxedge::host::{Request, Response, Time, TooLarge, Unreachable, Upstream, World};
use wxedge::race::within;

use crate::timer;

/// The largest answer of an upstream that is taken, in bytes.
const ANSWER: usize = 4 * 1024 * 1024;

pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

/// See above.
#[derive(Clone)]
pub(crate) struct Workers {
    pub(crate) env: Env,
    /// `None` in a Durable Object.
    pub(crate) request: Option<Rc<RefCell<worker::Request>>>,
    /// Who runs the background work.
    pub(crate) background: Rc<dyn Fn(Task)>,
}

/// The clock of Workers: it stands still between two awaits.
pub(crate) fn now() -> Time {
    Time::from_ms(Date::now().as_millis())
}

impl World for Workers {
    fn now(&self) -> Time {
        now()
    }

    fn random(&self, out: &mut [u8]) -> Result<(), Error> {
        let busy = |_| Unavailable::Busy { what: "no randomness".into() }.into();
        getrandom::fill(out).map_err(busy)
    }

    fn fetch(
        &self,
        to: &Upstream,
        request: Request,
        timeout: Duration,
    ) -> impl Future<Output = Result<Response, Unreachable>> + 'static {
        let (world, controller) = (self.clone(), AbortController::default());
        let url = format!("{}://{}{}{}", to.scheme, to.authority, to.base, request.target);
        let call = call(url, request, controller.signal());
        async move {
            within(&world, timeout, call).await.unwrap_or_else(|| {
                controller.abort();
                Err(Unreachable::Timeout)
            })
        }
    }

    fn sleep(&self, until: Time) -> impl Future<Output = ()> + 'static {
        let world = self.clone();
        async move {
            while world.now() < until {
                timer::after(world.now().until(until)).await;
            }
        }
    }

    fn later(&self, task: impl Future<Output = ()> + 'static) {
        (self.background)(Box::pin(task));
    }

    fn note(&self, event: Event<'_>) {
        match event.level() {
            None => {}
            Some(Level::Info) => console_log!("{event}"),
            Some(Level::Warn) => console_warn!("{event}"),
            Some(Level::Error) => console_error!("{event}"),
        }
    }
}

async fn call(url: String, request: Request, signal: AbortSignal) -> Result<Response, Unreachable> {
    let request = build(&url, &request).map_err(|_| Unreachable::Refused)?;
    let answer = Fetch::Request(request).send_with_signal(&signal).await;
    read(answer.map_err(|_| Unreachable::Broken)?).await
}

/// The core's request as JavaScript's.
pub(crate) fn build(url: &str, request: &Request) -> worker::Result<worker::Request> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_method(request.method.as_str().to_owned().into());
    init.with_headers(headers).with_redirect(RequestRedirect::Manual);
    init.with_body((!request.body.is_empty()).then(|| Uint8Array::from(&*request.body).into()));
    worker::Request::new_with_init(url, &init)
}

/// JavaScript's answer as the core's.
pub(crate) async fn read(mut answer: worker::Response) -> Result<Response, Unreachable> {
    let headers = answer.headers().entries().map(|(name, value)| (name.into(), value)).collect();
    let body = match answer.stream() {
        Ok(stream) => collect(stream, ANSWER).await.map_err(|_| Unreachable::Broken)?,
        // An answer without a body has no stream.
        Err(_) => Vec::new(),
    };
    Ok(Response { status: answer.status_code(), headers, body })
}

/// All of `stream`, if it is at most `limit` bytes and does not break.
pub(crate) async fn collect(mut stream: ByteStream, limit: usize) -> Result<Vec<u8>, TooLarge> {
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await {
        all.extend(chunk.map_err(|_| TooLarge)?);
        if all.len() > limit {
            return Err(TooLarge);
        }
    }
    Ok(all)
}
