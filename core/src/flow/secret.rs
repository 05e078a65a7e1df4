//! Callers that prove to be an account's owner by its AppSecret, as programs do that believe to speak with WeChat.

use crate::account::{AccountId, Family};
use crate::config::{Account, Gateway, TokenApi};
use crate::error::{Error, Reject};
use crate::flow;
use crate::host::Host;
use crate::keeper::client::{by_secret, prove, registry, stranger};
use crate::keeper::record::Credential;
use crate::keeper::registry::{Answer, Ask};
use crate::keeper::{Stale, client};
use crate::limits;
use crate::secret::Secret;

/// The account of an official account or mini program. One that is not configured is taken for an official account: it has all
/// that a mini program has.
#[must_use]
pub fn official(gateway: &Gateway, appid: &str) -> AccountId {
    let known = gateway.accounts.get(appid).filter(|it| it.id.family != Family::Wecom);
    known.map_or_else(|| AccountId { family: Family::Official, id: appid.into() }, |it| it.id.clone())
}

/// The account of a WeCom application: each secret of a corporation is one.
#[must_use]
pub fn wecom(corpid: &str, secret: &Secret) -> AccountId {
    Account::new(Family::Wecom, corpid, secret.clone(), TokenApi::Stable).id
}

/// The access token of `account`, for one who knows its AppSecret. One that is not known yet is proved with WeChat, if this
/// account may be served at all.
///
/// # Errors
/// [`Reject::AppId`], [`Reject::NotAllowed`], WeChat's word, [`Reject::TooMany`].
pub async fn token<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    secret: &Secret,
    stale: Stale,
) -> Result<Credential, Error> {
    flow::app::check(gateway, account, "/api")?;
    check(account, secret)?;
    let mut known = known(gateway, host, account).await?;
    if known {
        match by_secret(gateway, host, account, secret, stale).await {
            Err(Error::Rejected(Reject::AppSecret | Reject::CorpSecret)) => {}
            // It has been forgotten meanwhile.
            Err(Error::Rejected(Reject::AppId)) => known = false,
            other => return other,
        }
    }
    if !known && !gateway.unknown.admits(account.appid()) {
        return Err(refused(gateway, account).into());
    }
    proved(gateway, host, account, secret, false).await
}

/// The same without a look at what is known. An administrator decides that the account shall be served.
///
/// # Errors
/// As above.
pub async fn proved<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    secret: &Secret,
    by_admin: bool,
) -> Result<Credential, Error> {
    if !by_admin {
        stranger::<H>(gateway, host)?;
    }
    prove(gateway, host, account, secret, by_admin).await
}

/// WeChat's word for an account that is not served. Of a corporation that is configured, only the secret can be wrong.
fn refused(gateway: &Gateway, account: &AccountId) -> Reject {
    let mut corps = gateway.accounts.values().filter(|it| it.id.family == Family::Wecom);
    let known = account.family == Family::Wecom && corps.any(|it| it.appid == account.appid());
    if known { Reject::CorpSecret } else { Reject::AppId }
}

/// Whether the account is configured, or was proved before. Nobody else's keeper is asked anything.
async fn known<H: Host>(gateway: &Gateway, host: &H, account: &AccountId) -> Result<bool, Error> {
    if gateway.account(account).is_some() || (H::COPIES && gateway.copies.has(account, host.now())) {
        return Ok(true);
    }
    let registered = !gateway.unknown.admits(account.appid());
    if registered && !gateway.can_register() {
        return Ok(false);
    }
    stranger::<H>(gateway, host)?;
    Ok(registry(host, Ask::Knows { account: account.clone(), registered }).await? == Answer::Known(true))
}

/// What could not be an AppID or a secret is not sent to WeChat, and names no keeper.
///
/// # Errors
/// [`Reject::AppId`], [`Reject::AppSecret`], [`Reject::CorpSecret`].
pub fn check(account: &AccountId, secret: &Secret) -> Result<(), Reject> {
    let plain = |it: &str| it.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
    let appid = account.appid();
    if appid.is_empty() || appid.len() > limits::APPID || !plain(appid) {
        return Err(Reject::AppId);
    }
    let secret = secret.expose();
    let fine = secret.len() <= limits::FIELD && secret.bytes().all(|it| it.is_ascii_graphic());
    match account.family {
        _ if fine => Ok(()),
        Family::Wecom => Err(Reject::CorpSecret),
        _ => Err(Reject::AppSecret),
    }
}

/// The account whose access token this is.
///
/// # Errors
/// [`Reject::Token`].
pub async fn owner<H: Host>(gateway: &Gateway, host: &H, wecom: bool, token: &Secret) -> Result<AccountId, Error> {
    let token = Some(token).filter(|it| {
        let it = it.expose();
        it.len() <= limits::TOKEN && it.bytes().all(|it| it.is_ascii_graphic())
    });
    let owner = match token {
        Some(it) => client::owner(gateway, host, wecom, it).await?,
        None => None,
    };
    Ok(owner.ok_or(Reject::Token)?)
}
