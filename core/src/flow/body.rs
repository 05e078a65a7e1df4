//! A request's body: as a whole, within a size and a time.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::error::Reject;
use crate::host::{Head, Host, Method, TooLarge};
use crate::limits;
use crate::race::within;

/// The body, of at most `limit` bytes.
///
/// # Errors
/// [`Reject::TooLarge`], [`Reject::TooSlow`].
pub async fn read<H: Host>(host: &H, limit: usize) -> Result<Vec<u8>, Reject> {
    let body = within(host, limits::BODY_TIME, host.body(limit)).await;
    let body = body.ok_or(Reject::TooSlow { seconds: limits::BODY_TIME.as_secs() })?;
    body.map_err(|TooLarge| Reject::TooLarge { limit })
}

/// The parameters of a request that may bring them in its query, or by POST in a form as well.
///
/// # Errors
/// As above, and [`Reject::Invalid`].
pub async fn form<H: Host>(host: &H, head: &Head) -> Result<String, Reject> {
    if head.method != Method::Post {
        return Ok(head.query().into());
    }
    let invalid = |_| Reject::Invalid { name: "body".into(), why: "is no form".into() };
    let body = String::from_utf8(read(host, limits::CREDENTIALS).await?).map_err(invalid)?;
    Ok(format!("{}&{body}", head.query()))
}
