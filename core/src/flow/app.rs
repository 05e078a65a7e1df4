//! The app that a path names: a configured one, or one that was registered.

use alloc::rc::Rc;

use crate::account::AccountId;
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::host::Host;
use crate::keeper::client::registered;
use crate::keeper::registry::Registration;

/// The account of the app called `name`, which is wanted for `what`, a path below `/app/{app}`.
///
/// # Errors
/// [`Reject::NoApp`]; [`Reject::NotAllowed`] where its configuration or its registration does not allow that.
pub async fn account<H: Host>(gateway: &Gateway, host: &H, name: &str, what: &str) -> Result<AccountId, Error> {
    let (account, allowed) = match gateway.app(name) {
        Some(account) => (account.id.clone(), gateway.allows(name, what)),
        None => {
            let app = registration(gateway, host, name).await?;
            (app.account.clone(), app.allows(what))
        }
    };
    if !allowed {
        return Err(Reject::NotAllowed { app: name.into(), what: what.into() }.into());
    }
    Ok(account)
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
    let app = if gateway.can_register() { registered(gateway, host, name).await? } else { None };
    app.ok_or_else(|| Reject::NoApp { app: name.into() }.into())
}
