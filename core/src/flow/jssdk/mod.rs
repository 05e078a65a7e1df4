//! The JS-SDK: signatures of pages, for the hosts that the app's configuration names. The tickets that sign them never leave.

pub mod card;
mod elsewhere;
pub mod page_config;
pub mod script;

use alloc::string::String;

use crate::account::{AccountId, Kind};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::ticket::possible;
use crate::host::{Host, World};
use crate::keeper::Stale;
use crate::keeper::client::credential;
use crate::limits;
use crate::secret::hex;
use crate::target::place;
use crate::wechat::jssdk;

/// The signature of a page, and what it was made of beside the ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The AppID, or WeCom's corpid.
    pub appid: String,
    /// 16 letters and digits.
    pub nonce: String,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// 40 hexadecimal digits.
    pub signature: String,
}

/// Signs the page at `url`, without its fragment, with the ticket `kind` of `account`. Whose page that is, is not looked at: see
/// [`check`].
///
/// # Errors
/// [`Reject::Invalid`] for an account that has no such ticket, or whatever the keeper says.
pub async fn sign<H: Host>(
    gateway: &Gateway,
    host: &H,
    account: &AccountId,
    kind: Kind,
    url: &str,
) -> Result<Signed, Error> {
    let ticket = credential(gateway, host, account, possible(account, kind)?, Stale::No).await?;
    let (nonce, timestamp) = (nonce(host)?, seconds(host));
    let signature = jssdk::page(&ticket.value, &nonce, &alloc::format!("{timestamp}"), url);
    Ok(Signed { appid: account.appid().into(), nonce, timestamp, signature })
}

/// Checks that the page at `url` is one of those of the app called `name`.
///
/// # Errors
/// [`Reject::Invalid`] for what is no page's URL, [`Reject::Page`].
pub fn check(gateway: &Gateway, name: &str, url: &str) -> Result<(), Reject> {
    let invalid = |why: &str| Reject::Invalid { name: "url".into(), why: why.into() };
    if url.len() > limits::PAGE {
        return Err(invalid("is longer than 4096 bytes"));
    }
    let place = place(url).map_err(invalid)?;
    if gateway.has_page(name, &place) {
        return Ok(());
    }
    Err(Reject::Page { app: name.into(), host: place.authority })
}

/// 16 letters and digits.
fn nonce<W: World>(world: &W) -> Result<String, Error> {
    let mut random = [0; 8];
    world.random(&mut random)?;
    Ok(hex(&random))
}

fn seconds<W: World>(world: &W) -> u64 {
    world.now().as_ms().checked_div(1000).unwrap_or_default()
}
