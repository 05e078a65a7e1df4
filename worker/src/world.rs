//! The core's `World` over Workers: the same for a request and for a Durable Object, but for who runs the background work.

use std::{cell::RefCell, future::Future, pin::Pin, pin::pin, rc::Rc, time::Duration};

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use worker::{
    AbortController, AbortSignal, ByteStream, Date, Env, Fetch, Headers, RequestInit, RequestRedirect, console_error,
    console_log, console_warn, js_sys::Uint8Array,
};
use wxedge::error::{Error, Unavailable};
use wxedge::event::{Event, Level};
use wxedge::host::{Method, Request, Response, Time, TooLarge, Unreachable, Upstream, World};

use crate::timer::Timer;

/// The largest answer of an upstream that is taken, in bytes.
const ANSWER: usize = 4 * 1024 * 1024;

pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

/// See above.
#[derive(Clone)]
pub(crate) struct Workers {
    pub(crate) env: Env,
    /// `None` in a Durable Object.
    pub(crate) request: Option<Rc<RefCell<worker::Request>>>,
    background: Rc<dyn Fn(Task)>,
}

impl Workers {
    /// A world whose background work is run by `background`.
    pub(crate) fn new(
        env: Env,
        request: Option<Rc<RefCell<worker::Request>>>,
        background: impl Fn(Task) + 'static,
    ) -> Self {
        Self { env, request, background: Rc::new(background) }
    }
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
        let url = format!("{}://{}{}{}", to.scheme, to.authority, to.base, request.target);
        async move {
            let controller = AbortController::default();
            let call = pin!(call(url, request, controller.signal()));
            match select(call, pin!(Timer::after(timeout))).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => {
                    controller.abort();
                    Err(Unreachable::Timeout)
                }
            }
        }
    }

    fn sleep(&self, until: Time) -> impl Future<Output = ()> + 'static {
        let world = self.clone();
        async move {
            while world.now() < until {
                Timer::after(world.now().until(until)).await;
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
    let refused = |_| Unreachable::Refused;
    let broken = |_| Unreachable::Broken;
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value).map_err(refused)?;
    }
    let mut init = RequestInit::new();
    init.with_method(method(request.method)).with_headers(headers).with_redirect(RequestRedirect::Manual);
    if !request.body.is_empty() {
        init.with_body(Some(Uint8Array::from(&*request.body).into()));
    }
    let request = worker::Request::new_with_init(&url, &init).map_err(refused)?;
    let mut answer = Fetch::Request(request).send_with_signal(&signal).await.map_err(broken)?;
    let headers = answer.headers().entries().map(|(name, value)| (name.into(), value));
    let mut response = Response { status: answer.status_code(), headers: headers.collect(), body: Vec::new() };
    // An answer without a body has no stream.
    if let Ok(stream) = answer.stream() {
        response.body = collect(stream, ANSWER).await.map_err(|_| Unreachable::Broken)?;
    }
    Ok(response)
}

const fn method(method: Method) -> worker::Method {
    match method {
        Method::Get | Method::Other => worker::Method::Get,
        Method::Head => worker::Method::Head,
        Method::Post => worker::Method::Post,
        Method::Put => worker::Method::Put,
        Method::Delete => worker::Method::Delete,
        Method::Options => worker::Method::Options,
    }
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
