//! The app that a path names: a configured one, or one that was registered.

use alloc::format;
use alloc::rc::Rc;

use crate::account::{AccountId, Family};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::secret;
use crate::host::Host;
use crate::keeper::client::{self, registered};
use crate::keeper::registration::Registration;
use crate::limits;

/// The account of the app called `name`, which is wanted for `what`, a path below `/app/{app}`.
///
/// # Errors
/// [`Reject::NoApp`]; [`Reject::NotAllowed`] where its configuration or its registration does not allow that.
pub async fn account<H: Host>(gateway: &Gateway, host: &H, name: &str, what: &str) -> Result<AccountId, Error> {
    let (account, allowed) = match gateway.app(name) {
        Some(account) => (account.id.clone(), gateway.allows(name, what)),
        None => {
            let app = registration(gateway, host, name).await?;
            // What aiportal calls `/qyapi` is `/api` here: either name opens both.
            let wecom = what.strip_prefix("/api").map(|it| format!("/qyapi{it}"));
            let allowed = app.allows(what) || wecom.is_some_and(|it| app.allows(&it));
            // Once the account is configured too, it is the configured one: one AppID, one record.
            let account = match app.account.family {
                Family::Wecom => app.account.clone(),
                _ => secret::official(gateway, app.account.appid()),
            };
            (account, allowed)
        }
    };
    if !allowed {
        return Err(Reject::NotAllowed { app: name.into(), what: what.into() }.into());
    }
    Ok(account)
}

/// The same for whom nobody knows yet: the registry is asked for strangers so often and no more.
///
/// # Errors
/// As above; [`Reject::TooMany`].
pub async fn for_anybody<H: Host>(gateway: &Gateway, host: &H, name: &str, what: &str) -> Result<AccountId, Error> {
    if gateway.can_register() && gateway.app(name).is_none() {
        client::stranger_for(gateway, host, name)?;
    }
    account(gateway, host, name, what).await
}

/// Whether there is an app called `name`, whatever it may be used for.
///
/// # Errors
/// [`Reject::NoApp`], or whatever the registry says.
pub async fn exists<H: Host>(gateway: &Gateway, host: &H, name: &str) -> Result<(), Error> {
    match gateway.app(name) {
        Some(_) => Ok(()),
        None => registration(gateway, host, name).await.map(|_| ()),
    }
}

/// Checks that `account` may be used for `what`, where no app is named.
///
/// # Errors
/// [`Reject::NotAllowed`].
pub fn check(gateway: &Gateway, account: &AccountId, what: &str) -> Result<(), Reject> {
    if gateway.account_allows(account, what) {
        return Ok(());
    }
    Err(Reject::NotAllowed { app: account.appid().into(), what: what.into() })
}

/// The registered app called `name`.
///
/// # Errors
/// [`Reject::NoApp`], or whatever the registry says.
pub async fn registration<H: Host>(gateway: &Gateway, host: &H, name: &str) -> Result<Rc<Registration>, Error> {
    // None is registered under a longer name: nobody need be asked, or remember that.
    let app = if gateway.can_register() && name.len() <= limits::APP_NAME {
        registered(gateway, host, name).await?
    } else {
        None
    };
    app.ok_or_else(|| Reject::NoApp { app: name.into() }.into())
}
