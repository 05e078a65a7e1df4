//! Login with WeChat: the browser goes to WeChat's page and comes back with a code, and whoever is named by `call` learns who that is.
//!
//! Nothing is kept meanwhile: what must be known on the way back travels in the URL, signed, so that any node can go on. WeChat's
//! `state` is a random word that only this browser has in a cookie: a code that somebody else brings is worth nothing.

mod hand_over;
pub mod landing;
mod profile;
pub mod session;

pub(crate) use profile::{openid, told};

use alloc::format;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::account::{AccountId, Family};
use crate::caller::{Asker, Permission};
use crate::config::{Gateway, has_login};
use crate::error::{Error, Reject};
use crate::flow;
use crate::host::{Head, Host, Response, Time, World};
use crate::json;
use crate::keeper::client;
use crate::keeper::exchange::{Code, Note};
use crate::keeper::table::{Digest, digest};
use crate::limits;
use crate::query::{escape, has, parameter, required};
use crate::secret::{Secret, hex};
use crate::target::is_name;
use crate::wechat::oauth;

/// What is known of a login while the browser is at WeChat's.
#[derive(Serialize, Deserialize)]
struct Context {
    app: String,
    call: String,
    /// What `call` is given back.
    state: String,
    lang: String,
    scope: String,
    /// Whether `call` is a place that the browser is sent to, with a one-time ticket.
    ticket: bool,
    /// WeChat's `state`.
    nonce: String,
    until: Time,
}

/// What contexts are signed for.
const PURPOSE: &str = "login";

/// `GET /app/{app}/auth?call=&state=&lang=&mode=`, and with `user` `/auth/info`: there, and back.
///
/// # Errors
/// [`Reject`] for what is wrong with the request; WeChat's word; [`crate::error::Unavailable`].
pub async fn login<H: Host>(
    gateway: &Gateway,
    host: &H,
    head: &Head,
    app: &str,
    user: bool,
) -> Result<Response, Error> {
    let what = if user { "/auth/info" } else { "/auth" };
    hand_over::navigated(head)?;
    let account = flow::app::for_anybody(gateway, host, app, what).await?;
    if !has_login(account.family) {
        return Err(refuse("accounts of this kind have no login in a browser").into());
    }
    if has(head.query(), "ctx") {
        return come_back(gateway, host, head, app, &account).await;
    }
    go(gateway, host, head, app, &account, user)
}

fn refuse(why: &str) -> Reject {
    Reject::Login { why: why.into() }
}

/// To WeChat's page.
fn go<W: World>(
    gateway: &Gateway,
    world: &W,
    head: &Head,
    app: &str,
    account: &AccountId,
    user: bool,
) -> Result<Response, Error> {
    let of = |name| parameter(head.query(), name).map(Option::unwrap_or_default);
    let (call, state, lang) = (required(head.query(), "call")?, of("state")?, of("lang")?);
    let ticket = match &*of("mode")? {
        "" => false,
        "ticket" => true,
        _ => return Err(Reject::Invalid { name: "mode".into(), why: "must be ticket, or absent".into() }.into()),
    };
    let to = hand_over::destination(gateway, app, &call)?;
    if ticket && (to.is_none() || is_name(&call)) {
        let why = "must be a URL where mode is ticket: the browser is sent there".into();
        return Err(Reject::Target { why }.into());
    }
    if ticket && ["ticket", "state", "errcode", "errmsg"].iter().any(|it| has(query_of(&call), it)) {
        let why = "has a parameter of which only the gateway may speak: ticket, state, errcode or errmsg".into();
        return Err(Reject::Invalid { name: "call".into(), why }.into());
    }
    if [&call, &state, &lang].iter().any(|it| it.len() > limits::FIELD) {
        let why = format!("is longer than {} bytes", limits::FIELD);
        return Err(Reject::Invalid { name: "call, state or lang".into(), why }.into());
    }
    let wecom = account.family == Family::Wecom;
    let agentid = gateway.agentid(app);
    let scope = match (wecom, user) {
        (_, false) => "snsapi_base",
        (false, true) => "snsapi_userinfo",
        (true, true) if agentid.is_some() => "snsapi_privateinfo",
        (true, true) => return Err(unset("apps.NAME.agentid").into()),
    };
    let mut nonce = [0; 16];
    world.random(&mut nonce)?;
    let (nonce, until) = (hex(&nonce), world.now().plus(limits::LOGIN));
    let public_url = gateway.public_url.as_ref().ok_or_else(|| unset("public_url"))?;
    let cookie = cookie(&nonce, public_url);
    let (name, scoped) = (app.into(), scope.into());
    let context = Context { app: name, call, state, lang, scope: scoped, ticket, nonce: nonce.clone(), until };
    let context = gateway.keys.seal(PURPOSE, &context).ok_or_else(|| unset("gateway_key"))?;
    let path = if user { "auth/info" } else { "auth" };
    let back = format!("{public_url}/app/{}/{path}?ctx={context}", escape(app));
    let agentid = agentid.filter(|_| wecom);
    let there = oauth::authorize(&gateway.open, account.appid(), agentid, &back, scope, &nonce);
    Ok(hand_over::redirect(&there).with("set-cookie", &cookie))
}

fn query_of(url: &str) -> &str {
    url.split_once('?').map_or("", |it| it.1)
}

fn unset(what: &str) -> Reject {
    Reject::Unset { what: what.into() }
}

/// One cookie for each login, so that two tabs do not get into each other's way.
fn cookie(nonce: &str, public_url: &str) -> String {
    let secure = if public_url.starts_with("https:") { "; Secure" } else { "" };
    let age = limits::LOGIN.as_secs();
    format!("{}={nonce}; Path=/app/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}", cookie_name(nonce))
}

/// What the names of our own cookies begin with.
const COOKIE: &str = "wxedge_";

fn cookie_name(nonce: &str) -> String {
    [COOKIE, nonce.get(..8).unwrap_or_default()].concat()
}

/// Back from WeChat's page.
async fn come_back<H: Host>(
    gateway: &Gateway,
    host: &H,
    head: &Head,
    app: &str,
    account: &AccountId,
) -> Result<Response, Error> {
    let context = context(gateway, host, head, app)?;
    let code = parameter(head.query(), "code")?.filter(|it| !it.is_empty());
    let code = code.ok_or_else(|| refuse("it was cancelled"))?;
    gateway.codes.take(host.now())?;
    // What was allowed when the login began may have been taken back.
    let to = hand_over::destination(gateway, app, &context.call)?;
    let said = client::exchange(host, account, Code::Oauth, Secret::new(code), &context.nonce).await;
    let user = match said {
        Ok(said) => told(gateway, host, account, &said, &context.scope, &context.lang).await,
        Err(it) => Err(it),
    };
    let user = match user {
        Err(it @ Error::Refused { .. }) => Err(it),
        other => Ok(other?),
    };
    let body = hand_over::body(user.as_deref(), account.appid(), &context.state);
    let Some(to) = to else { return flow::example::logged_in(gateway, &body) };
    if !context.ticket {
        return hand_over::post(host, head, app, &to, body).await;
    }
    let query = match &user {
        Ok(_) => format!("ticket={}", ticket(host, account, &context, body).await?),
        Err(it) => format!("errcode={}&errmsg={}", it.code(), escape(&it.message())),
    };
    let place = to.at("", &format!("{query}&state={}", escape(&context.state)));
    Ok(hand_over::redirect(&format!("{}://{}{place}", to.to.scheme, to.to.authority)))
}

/// The context, if it is ours, of this app, in time, and of this very browser.
fn context<W: World>(gateway: &Gateway, world: &W, head: &Head, app: &str) -> Result<Context, Error> {
    let sealed = required(head.query(), "ctx")?;
    let context: Option<Context> = gateway.keys.open(PURPOSE, &sealed);
    let ours = context.filter(|it| it.app == app && world.now() < it.until);
    let context = ours.ok_or_else(|| refuse("it took too long, or was begun elsewhere: begin again"))?;
    let nonce = Secret::new(context.nonce.clone());
    let state = parameter(head.query(), "state")?.unwrap_or_default();
    let cookies = head.header("cookie").unwrap_or_default();
    let name = cookie_name(&context.nonce);
    let mut cookies = cookies.split(';').filter_map(|it| it.trim().split_once('='));
    if !nonce.matches(&state) || !cookies.any(|it| it.0 == name && nonce.matches(it.1)) {
        return Err(refuse("it was begun in another browser, or its cookie is gone: begin again").into());
    }
    Ok(context)
}

/// A one-time ticket for what is in `body`. A login has one at a time: whoever comes back again and again takes no room from others.
async fn ticket<H: Host>(host: &H, account: &AccountId, context: &Context, body: String) -> Result<String, Error> {
    let login = hex(&digest(&["login", &context.nonce]));
    let mut secret = [0; 16];
    host.random(&mut secret)?;
    let secret = hex(&secret);
    let kept = Secret::new([&*secret, &body].concat());
    client::keep_note(host, account, Note::Ticket, ticket_id(&context.app, &login), kept).await?;
    Ok([login, secret].concat())
}

/// Under what the ticket of a login is kept.
fn ticket_id(app: &str, login: &str) -> Digest {
    digest(&["ticket", app, login])
}

/// The length of either half of a ticket.
const HALF: usize = 32;

/// `POST /app/{app}/auth/ticket` with `{"ticket":".."}`: who has logged in, once.
///
/// # Errors
/// [`Reject`] for who may not, and for a ticket that is none any more.
pub async fn swap<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    #[derive(Deserialize)]
    struct Body {
        ticket: String,
    }
    Asker::find(gateway, host, head)?.check(Permission::Login, app)?;
    let account = flow::app::account(gateway, host, app, "/auth/ticket").await?;
    let body = flow::body::read(host, limits::CREDENTIALS).await?;
    let Body { ticket } = json::read(&body).ok_or(Reject::Json)?;
    let why = || Reject::Invalid { name: "ticket".into(), why: "is none, or too old, or was swapped before".into() };
    let (login, secret) = ticket.split_at_checked(HALF).ok_or_else(why)?;
    let found = client::read_note(host, &account, Note::Ticket, ticket_id(app, login)).await?.ok_or_else(why)?;
    let (kept, body) = found.expose().split_at_checked(HALF).ok_or_else(why)?;
    if !Secret::new(kept.into()).matches(secret) {
        return Err(why().into());
    }
    Ok(Response::json(200, body.into()))
}
