//! How flows ask: one typed method per thing. Nobody else matches on [`Answer`].

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::account::{AccountId, Family, Kind};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::event::Event;
use crate::host::{Host, Time};
use crate::keeper::exchange::{Code, Note};
use crate::keeper::health::Health;
use crate::keeper::once::Claimed;
use crate::keeper::record::Credential;
use crate::keeper::registration::Registration;
use crate::keeper::registry;
use crate::keeper::table::Digest;
use crate::keeper::wire::garbled;
use crate::keeper::{Answer, Ask, Place, Stale, replica};
use crate::limits;
use crate::secret::Secret;

/// The access token that is not the `stale` one, for one who brings the account's AppSecret. The keeper judges that; its word is
/// believed as long as a copy is.
///
/// # Errors
/// [`Reject::AppSecret`] or [`Reject::CorpSecret`] if it is not the one in force; or whatever else the keeper says.
pub async fn by_secret<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    secret: &Secret,
    stale: Stale,
) -> Result<Credential, Error> {
    let copies = &gateway.copies;
    if H::COPIES && stale == Stale::No && copies.proved(account, secret, host.now()) {
        let copy = copies.fresh(account, Kind::Access, host.now());
        if let Some(copy) = copy {
            return Ok(copy);
        }
    }
    let ask = Ask::BySecret { secret: secret.clone(), stale };
    let credential = told(host.ask(&Place::Account(account.clone()), ask).await?)?;
    right(gateway, host, account, secret, &credential);
    Ok(credential)
}

/// Has WeChat asked whether `secret` is right, and the account's keeper told so. An account that is not configured is admitted by
/// the configuration's word on unknown ones, or by an administrator's.
///
/// # Errors
/// WeChat's word; [`Reject::TooMany`].
pub async fn prove<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    secret: &Secret,
    by_admin: bool,
) -> Result<Credential, Error> {
    let ask = Ask::Prove { account: account.clone(), secret: secret.clone(), by_admin };
    let Answer::Proved(proved) = host.ask(&Place::Registry, ask).await? else { return Err(garbled("keeper")) };
    let learn = Ask::Learn { proved };
    let credential = told(host.ask(&Place::Account(account.clone()), learn).await?)?;
    right(gateway, host, account, secret, &credential);
    Ok(credential)
}

/// Remembers that the keeper took this AppSecret, and what it gave.
fn right<H: Host>(gateway: &Gateway, host: &H, account: &AccountId, secret: &Secret, token: &Credential) {
    if H::COPIES {
        gateway.copies.prove(account, secret, host.now());
    }
    keep(gateway, host, account, token);
}

/// Remembers what the keeper gave. Whose an access token is, the registry remembers, for the day that somebody brings it back;
/// not where the cells of configured accounts are at hand, and can be looked through.
fn keep<H: Host>(gateway: &Gateway, host: &H, account: &AccountId, credential: &Credential) {
    let at_hand = !H::COPIES && gateway.account(account).is_some();
    let told =
        H::COPIES && gateway.copies.last(account, credential.kind).is_some_and(|it| it.value == credential.value);
    if credential.kind == Kind::Access && !at_hand && !told {
        let (token, until) = (credential.value.clone(), credential.hard);
        let own = registry::Ask::Own { token, account: account.clone(), until };
        let host = host.clone();
        // Whoever asked has the token in any case.
        host.clone().later(async move { drop(registry(&host, own).await) });
    }
    if H::COPIES {
        gateway.copies.keep(account, credential, host.now());
    }
}

/// The account of this family whose access token this is; `None` if it is nobody's that is in force.
///
/// # Errors
/// Whatever the keepers say; [`Reject::TooMany`].
pub async fn owner<H: Host>(
    gateway: &Gateway,
    host: &H,
    wecom: bool,
    token: &Secret,
) -> Result<Option<AccountId>, Error> {
    let fits = |it: &AccountId| (it.family == Family::Wecom) == wecom;
    if !H::COPIES {
        for account in gateway.accounts.values().filter(|it| fits(&it.id)) {
            if owns(host, &account.id, token).await? {
                return Ok(Some(account.id.clone()));
            }
        }
    } else if let Some(account) = gateway.copies.owner(token, host.now()) {
        return Ok(Some(account).filter(fits));
    }
    stranger::<H>(gateway, host)?;
    match registry(host, registry::Ask::Owner(token.clone())).await? {
        registry::Answer::Owner(Some(it)) if fits(&it) && owns(host, &it, token).await? => Ok(Some(it)),
        _ => Ok(None),
    }
}

/// Whether the registry may be asked for somebody who has proved nothing. Where it is one object for all, it is not to be had by
/// whoever asks the most.
///
/// # Errors
/// [`Reject::TooMany`].
pub fn stranger<H: Host>(gateway: &Gateway, host: &H) -> Result<(), Reject> {
    if H::COPIES { gateway.strangers.take(host.now()) } else { Ok(()) }
}

/// The same, where the registered app called `name` is asked for: what was said of it a moment ago costs the registry nothing.
///
/// # Errors
/// [`Reject::TooMany`].
pub fn stranger_for<H: Host>(gateway: &Gateway, host: &H, name: &str) -> Result<(), Reject> {
    if H::COPIES && gateway.registered.fresh(name, host.now(), gateway.copies.span()).is_some() {
        return Ok(());
    }
    stranger::<H>(gateway, host)
}

/// Whether `token` is the access token of `account`. Nothing is fetched.
async fn owns<H: Host>(host: &H, account: &AccountId, token: &Secret) -> Result<bool, Error> {
    match host.ask(&Place::Account(account.clone()), Ask::Owns { token: token.clone() }).await? {
        Answer::Owns(it) => Ok(it),
        _ => Err(garbled("keeper")),
    }
}

/// Asks the registry.
///
/// # Errors
/// Whatever it says.
pub async fn registry<H: Host>(host: &H, ask: registry::Ask) -> Result<registry::Answer, Error> {
    match host.ask(&Place::Registry, Ask::Registry(ask)).await? {
        Answer::Registry(it) => Ok(it),
        _ => Err(garbled("registry")),
    }
}

/// The registered app called `name`.
///
/// # Errors
/// Whatever the registry says.
pub async fn registered<H: Host>(gateway: &Gateway, host: &H, name: &str) -> Result<Option<Rc<Registration>>, Error> {
    let (apps, span) = (&gateway.registered, gateway.copies.span());
    let known = if H::COPIES { apps.fresh(name, host.now(), span) } else { None };
    if let Some(known) = known {
        return Ok(known);
    }
    let registry::Answer::App(app) = registry(host, registry::Ask::Find(name.into())).await? else {
        return Err(garbled("registry"));
    };
    let app = app.map(Rc::new);
    if H::COPIES && !span.is_zero() {
        apps.keep(name, app.clone(), host.now());
    }
    Ok(app)
}

/// Has the account forgotten, which no configuration names.
///
/// # Errors
/// Whatever its keeper says.
pub async fn unlearn<H: Host>(host: &H, account: &AccountId) -> Result<(), Error> {
    host.ask(&Place::Account(account.clone()), Ask::Unlearn).await.map(|_| ())
}

/// Changes what is registered, and forgets what was believed of it here.
///
/// # Errors
/// Whatever the registry says.
pub async fn register<H: Host>(
    gateway: &Gateway,
    host: &H,
    name: &str,
    ask: registry::Ask,
) -> Result<registry::Answer, Error> {
    let answer = registry(host, ask).await;
    if H::COPIES {
        gateway.registered.forget(name);
    }
    answer
}

fn told(answer: Answer) -> Result<Credential, Error> {
    match answer {
        Answer::Credential(it) => Ok(it),
        _ => Err(garbled("keeper")),
    }
}

/// A credential of `account` that is not the `stale` one, for one who has been judged already.
///
/// # Errors
/// Whatever the keeper says.
pub async fn credential<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    kind: Kind,
    stale: Stale,
) -> Result<Credential, Error> {
    if H::COPIES && stale == Stale::No {
        if let Some(copy) = gateway.copies.fresh(account, kind, host.now()) {
            return Ok(copy);
        }
        if let Some(copy) = replicated(gateway, host, account, kind).await {
            return Ok(copy);
        }
    }
    let place = Place::Account(account.clone());
    let ask = |stale| host.ask(&place, Ask::Credential { kind, stale });
    let credential = told(match ask(stale).await {
        Err(Error::Rejected(Reject::TooSoon { .. })) if !can_be_forced(account, kind) => ask(Stale::No).await?,
        other => other?,
    })?;
    keep(gateway, host, account, &credential);
    Ok(credential)
}

/// Claims the push `id` of `account` for `lease` from now; waits until `patience` for whoever has it.
///
/// # Errors
/// Whatever the keeper says.
pub async fn claim<H: Host>(
    host: &H,
    account: &AccountId,
    push: Digest,
    lease: Duration,
    patience: Time,
) -> Result<Claimed, Error> {
    match host.ask(&Place::Account(account.clone()), Ask::Claim { push, lease, patience }).await? {
        Answer::Claimed(it) => Ok(it),
        _ => Err(garbled("keeper")),
    }
}

/// Has it remembered what the push `id` of `account` was answered with. A reply that is too long for that is remembered as none:
/// who asks again is told that there is nothing to say, and no back-end hears of it twice.
///
/// # Errors
/// Whatever the keeper says.
pub async fn settle<H: Host>(host: &H, account: &AccountId, push: Digest, reply: String) -> Result<(), Error> {
    let reply = if reply.len() > limits::REPLY { String::new() } else { reply };
    host.ask(&Place::Account(account.clone()), Ask::Settle { push, reply }).await.map(|_| ())
}

/// What WeChat says to a login's code: a JSON object. Asked again within a minute for the same `login`, it is the same.
///
/// # Errors
/// WeChat's word, or whatever the keeper says.
pub async fn exchange<H: Host>(
    host: &H,
    account: &AccountId,
    kind: Code,
    code: Secret,
    login: &str,
) -> Result<Secret, Error> {
    if code.expose().len() > limits::CODE {
        let name = if kind == Code::Oauth { "code" } else { "js_code" };
        return Err(Reject::Invalid { name: name.into(), why: "is longer than any of WeChat's".into() }.into());
    }
    said(host, account, Ask::Exchange { login: login.into(), kind, code }).await?.ok_or_else(|| garbled("keeper"))
}

/// Has `value` kept under `id` for a while.
///
/// # Errors
/// Whatever the keeper says.
pub async fn keep_note<H: Host>(
    host: &H,
    account: &AccountId,
    note: Note,
    id: Digest,
    value: Secret,
) -> Result<(), Error> {
    host.ask(&Place::Account(account.clone()), Ask::Keep { note, id, value }).await.map(|_| ())
}

/// What is kept under `id`; a ticket is gone with that.
///
/// # Errors
/// Whatever the keeper says.
pub async fn read_note<H: Host>(
    host: &H,
    account: &AccountId,
    note: Note,
    id: Digest,
) -> Result<Option<Secret>, Error> {
    said(host, account, Ask::Read { note, id }).await
}

async fn said<H: Host>(host: &H, account: &AccountId, ask: Ask) -> Result<Option<Secret>, Error> {
    match host.ask(&Place::Account(account.clone()), ask).await? {
        Answer::Said(it) => Ok(it),
        _ => Err(garbled("keeper")),
    }
}

/// How the credentials of `account` are. WeChat is not asked.
///
/// # Errors
/// Whatever the keeper says.
pub async fn health<H: Host>(host: &H, account: &AccountId) -> Result<Vec<Health>, Error> {
    match host.ask(&Place::Account(account.clone()), Ask::Health).await? {
        Answer::Health(all) => Ok(all),
        _ => Err(garbled("keeper")),
    }
}

/// What the replica holds, if it is to be believed; else what another caller was told during the look.
async fn replicated<H: Host>(gateway: &Gateway, host: &H, id: &AccountId, kind: Kind) -> Option<Credential> {
    let (account, copies) = (gateway.account(id)?, &gateway.copies);
    if !copies.look(id, kind, host.now()) {
        return None;
    }
    let found = host.replica(&replica::name(id, kind)).await;
    let failed = |doing| host.note(Event::ReplicaFailed { account: id, kind, doing });
    let opened = match found {
        Ok(Some(value)) => replica::open(account, kind, &value).or_else(|| {
            failed("open");
            None
        }),
        Ok(None) => None,
        Err(_) => {
            failed("read");
            None
        }
    };
    let now = host.now();
    if let Some(it) = opened.filter(|it| replica::believed(it, now, copies.last(id, kind).as_ref())) {
        copies.keep(id, &it, now);
        return Some(it);
    }
    copies.fresh(id, kind, now)
}

/// Whether there is a way to make WeChat give another one. Where there is none, what it gives again is the right one, whatever
/// the caller saw: it gets that, as it would from WeChat.
fn can_be_forced(account: &AccountId, kind: Kind) -> bool {
    kind == Kind::Access && account.family != Family::Wecom
}
