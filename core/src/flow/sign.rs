//! `POST /app/{app}/sign`: a link that lets whoever has it do one thing, for callers that do not sign by themselves.

use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use crate::caller::{Asker, Permission, link};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow::{self, api};
use crate::host::{Head, Host, Response};
use crate::json::{Value, exact};
use crate::limits;
use crate::route::Route;

/// `{"path","expires_in"}` -> `{"url"}`, which is absolute if the gateway knows its own address.
///
/// # Errors
/// [`Reject`] for who may not, and for what cannot be signed.
pub async fn sign<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    let asker = Asker::find(gateway, host, head)?;
    asker.check(Permission::Link, app)?;
    // What the app may be used for is asked when the link is followed.
    flow::app::exists(gateway, host, app).await?;
    let body = String::from_utf8(flow::body::read(host, limits::LINK_BODY).await?).map_err(|_| Reject::Json)?;
    let (path, span) = wanted(&body).ok_or(Reject::Json)?;
    if span.is_zero() || span > limits::LINK {
        let why = format!("must be from 1 to {} seconds", limits::LINK.as_secs());
        return Err(Reject::Invalid { name: "expires_in".into(), why }.into());
    }
    check(&path, app)?;
    let link = link::sign(gateway, asker.caller, &path, host.now(), span);
    let link = link.ok_or_else(|| Reject::Unset { what: "gateway_key, or a key of this caller".into() })?;
    let url = [gateway.public_url.as_deref().unwrap_or_default(), &link].concat();
    Ok(Response::json(200, api::object([("url", Value::text(url))]).into_bytes()))
}

/// What a body asks for.
fn wanted(body: &str) -> Option<(String, Duration)> {
    let body = exact::parse(body).ok()?;
    let path = match body.get("path")? {
        Value::Text(it) => it.to_string(),
        _ => return None,
    };
    let seconds = match body.get("expires_in") {
        Some(Value::Number(it)) => it.parse().ok()?,
        None | Some(Value::Null) => limits::LINK_SPAN,
        _ => return None,
    };
    Some((path, Duration::from_secs(seconds)))
}

/// Only a path to which links lead, written so that no browser and no proxy writes it in another way.
fn check(target: &str, app: &str) -> Result<(), Reject> {
    let invalid = |why: &str| Err(Reject::Invalid { name: "path".into(), why: why.into() });
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~%!$()*+,;=:@/?&".contains(&it);
    if !target.bytes().all(plain) {
        return invalid("has characters that must be percent-encoded");
    }
    if !Route::may_be_linked(path, app) {
        return invalid("is none that a link may lead to: /qrcode is");
    }
    if query.split('&').any(link::is_ours) {
        return invalid("has a parameter of which only the signature may speak: wx_..");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_only_where_links_lead_and_is_written_in_one_way() {
        for good in ["/qrcode", "/qrcode?path=https%3A%2F%2Fa.b%2F&size=3", "/qrcode?path=a(b)*c"] {
            assert_eq!(check(good, "shop"), Ok(()), "{good}");
        }
        for bad in [
            "",
            "qrcode",
            "//qrcode",
            "/qrcode/",
            "/QRCODE",
            "/%71rcode",
            "/../qrcode",
            "https://evil.com/qrcode",
            "/app/shop/api",
            "/token/shop",
            "/echo",
            "/qrcode#a",
            "/qrcode?path=a b",
            "/qrcode?path='a'",
            "/qrcode?path=<a>",
            "/qrcode?path=店",
            "/qrcode?path=a\r\nx: y",
            "/qrcode?path=a\\b",
            "/qrcode?path=a&wx_by=crm",
            "/qrcode?%57X_sig=a",
        ] {
            assert!(check(bad, "shop").is_err(), "{bad}");
        }
    }
}
