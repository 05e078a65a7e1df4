//! `/echo`: gives a body back, to see what arrives. It is text, whatever it looks like.

use crate::error::Error;
use crate::flow;
use crate::host::{Host, Response};
use crate::limits;

/// The answer; empty where there is no body.
///
/// # Errors
/// [`crate::error::Reject::TooLarge`], [`crate::error::Reject::TooSlow`].
pub async fn echo<H: Host>(host: &H) -> Result<Response, Error> {
    let body = flow::body::read(host, limits::ECHO).await?;
    Ok(Response { body, ..Response::text(200, "") })
}
