//! One request at the edge.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use futures_channel::oneshot;
use worker::wasm_bindgen::JsCast;
use worker::{Context, Env, Headers as JsHeaders, ResponseBuilder, web_sys};
use wxedge::config::{ConfigError, Gateway};
use wxedge::error::{Error, Unavailable};
use wxedge::host::{Head, Headers, Host, Method, Peer, Request, Response, TooLarge, Unreachable, Upstream, Verdict};
use wxedge::keeper::wire::{read_answer, write_ask};
use wxedge::keeper::{Answer, Ask, Place};
use wxedge::race::within;
use wxedge::{handle, limits, request_id};

use crate::replica;
use crate::world::{Task, Workers, build, collect, read};

/// How long the Durable Object may take: its own patience, and the way there and back.
const KEEPER: Duration = limits::PATIENCE.saturating_add(Duration::from_secs(2));

/// Answers one request. A flow that has to wait is handed to `wait_until`: it is never cancelled, whatever becomes of the client.
pub(crate) async fn answer(
    gateway: Rc<Gateway>,
    request: worker::Request,
    env: Env,
    context: Context,
) -> worker::Result<worker::Response> {
    let head = head(&request);
    let request = Rc::new(RefCell::new(request));
    let context = Rc::new(context);
    let runner = context.clone();
    let background = Rc::new(move |task: Task| runner.wait_until(task));
    let workers = Workers { env, request: Some(request.clone()), background };
    let mut flow = Box::pin(handle(gateway, workers, head));
    let first = poll_fn(|waking| Poll::Ready(flow.as_mut().poll(waking))).await;
    let verdict = match first {
        Poll::Ready(verdict) => verdict,
        Poll::Pending => {
            let (give, get) = oneshot::channel();
            // An error: the request is gone, and with it whoever would have wanted the verdict.
            context.wait_until(async move { drop(give.send(flow.await)) });
            get.await.map_err(|_| worker::Error::from("the flow was lost"))?
        }
    };
    match verdict {
        Verdict::Reply(response) => send(response),
        Verdict::Forward { to, request: head } => {
            // The trait's clone is one of the handle; the method of this name would copy the body.
            let raw = Clone::clone(request.borrow().inner());
            forward(&to, &head, &raw).await
        }
    }
}

/// The answer to everything while there is no configuration.
pub(crate) fn refuse(error: ConfigError, request: &worker::Request, env: Env) -> worker::Result<worker::Response> {
    let world = Workers { env, request: None, background: Rc::new(|_| {}) };
    send(error.into_response(&request_id(&world, &head(request))))
}

/// The core's answer as a Worker's.
fn send(response: Response) -> worker::Result<worker::Response> {
    let headers = JsHeaders::new();
    for (name, value) in &response.headers {
        headers.append(name, value)?;
    }
    let builder = ResponseBuilder::new().with_status(response.status.clamp(200, 599)).with_headers(headers);
    // Some statuses may have no body, not even an empty one.
    Ok(if response.body.is_empty() { builder.empty() } else { builder.fixed(response.body) })
}

/// Passes the request on as it came, body and all, and the answer back; redirects are the client's affair.
async fn forward(to: &Upstream, head: &Head, raw: &web_sys::Request) -> worker::Result<worker::Response> {
    let url = format!("{}://{}{}{}", to.scheme, to.authority, to.base, head.target);
    // A Request takes another one as its init: method, headers and body.
    let copy = web_sys::Request::new_with_str_and_init(&url, raw.unchecked_ref())?;
    let init = web_sys::RequestInit::new();
    init.set_redirect(web_sys::RequestRedirect::Manual);
    let request = web_sys::Request::new_with_request_and_init(&copy, &init)?;
    worker::Fetch::Request(request.into()).send().await
}

fn head(request: &worker::Request) -> Head {
    // Not `request.method()`, for which every unknown method is a GET.
    let method = Method::parse(&request.inner().method());
    Head::for_url(method, &request.inner().url(), Rc::new(Lazy(request.inner().headers())))
}

/// Headers that are read one by one: each is a call to JavaScript.
struct Lazy(web_sys::Headers);

impl Headers for Lazy {
    fn value(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(name).ok().flatten().map(String::into_bytes)
    }
}

impl Host for Workers {
    async fn ask(&self, place: &Place, ask: Ask) -> Result<Answer, Error> {
        let answer = within(self, KEEPER, self.to_keeper(place, ask)).await;
        answer.unwrap_or_else(|| Err(Unavailable::Timeout { who: "the keeper".into() }.into()))
    }

    async fn replica(&self, name: &str) -> Result<Option<Vec<u8>>, Unreachable> {
        match replica::namespace(&self.env) {
            Some(kv) => replica::read(self, &kv, name).await,
            None => Ok(None),
        }
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, TooLarge> {
        let stream = self.request.as_ref().and_then(|it| it.borrow_mut().stream().ok());
        match stream {
            Some(stream) => collect(stream, limit).await,
            None => Ok(Vec::new()),
        }
    }

    /// A Worker sees no connection. Cloudflare tells the address in a header, which only the configuration can trust: where
    /// another proxy stands before it, or none, anybody may write that header.
    fn peer(&self) -> Peer {
        Peer::default()
    }
}

impl Workers {
    async fn to_keeper(&self, place: &Place, ask: Ask) -> Result<Answer, Error> {
        let lost = |_| Unavailable::Unreachable { who: "the keeper".into() };
        let namespace = self.env.durable_object("KEEPER").map_err(lost)?;
        // The hint counts at the first creation only: near WeChat's own hosts.
        let stub = namespace.get_by_name_with_location_hint(&format!("v1/{place}"), "apac").map_err(lost)?;
        let (target, body) = (String::new(), write_ask(ask));
        let ask = Request { method: Method::Post, target, headers: Vec::new(), body };
        let ask = build("https://keeper/ask", &ask).map_err(lost)?;
        let answer = read(stub.fetch_with_request(ask).await.map_err(lost)?).await;
        read_answer(&answer.unwrap_or_default().body)
    }
}
