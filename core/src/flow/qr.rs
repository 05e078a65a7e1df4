//! `GET /qrcode?path=&size=&format=`: a QR code of whatever text `path` is.

use alloc::format;
use alloc::vec::Vec;

use crate::caller::Asker;
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::host::{Head, Host, Response};
use crate::limits;
use crate::qr::Code;
use crate::query::{parameter, required};

/// The picture, for a caller or whoever has a link that one has signed.
///
/// # Errors
/// [`Reject`] for who may not and for what cannot be drawn.
pub fn draw<H: Host>(gateway: &Gateway, host: &H, head: &Head) -> Result<Response, Error> {
    Asker::by_link_or_proof(gateway, host, head)?;
    let query = head.query();
    let (text, size) = (required(query, "path")?, parameter(query, "size")?.unwrap_or_default());
    let svg = match parameter(query, "format")?.as_deref() {
        None | Some("" | "png") => false,
        Some("svg") => true,
        Some(_) => return Err(invalid("format", "must be png or svg").into()),
    };
    let code = Code::of(&text).ok_or_else(|| invalid("path", "is too long: a QR code holds 2331 bytes at most"))?;
    let size = pixels(&size, code.side())?;
    let (kind, body): (_, Vec<u8>) = match svg {
        true => ("image/svg+xml", code.svg(size).into_bytes()),
        false => ("image/png", code.png(size)),
    };
    Ok(Response { status: 200, body, ..Response::default() }
        .with("content-type", kind)
        // Whoever has the link may keep the picture; nobody on the way shall.
        .with("cache-control", "private, max-age=300")
        .with("x-content-type-options", "nosniff")
        .with("content-security-policy", "default-src 'none'"))
}

/// The width that `size` asks for: in pixels; below zero, pixels for each of the `side` modules; what is no number is nothing said.
fn pixels(size: &str, side: usize) -> Result<usize, Reject> {
    let size: i64 = size.parse().unwrap_or_default();
    let most = |it: &usize| *it <= limits::QR_MOST;
    let pixels = match (size, usize::try_from(size.unsigned_abs())) {
        (0, _) => Some(limits::QR),
        (1.., Ok(it)) => Some(it),
        (_, Ok(it)) => it.checked_mul(side),
        (_, Err(_)) => None,
    };
    pixels.filter(most).ok_or_else(|| invalid("size", &format!("makes more than {} pixels", limits::QR_MOST)))
}

fn invalid(name: &str, why: &str) -> Reject {
    Reject::Invalid { name: name.into(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_one_of_pixels_or_of_modules() {
        for (size, pixels_) in
            [("", 256), ("0", 256), ("abc", 256), ("1.5", 256), ("10", 10), ("2048", 2048), ("-3", 87), ("-1", 29)]
        {
            assert_eq!(pixels(size, 29), Ok(pixels_), "{size}");
        }
        for size in ["2049", "9223372036854775807", "-71", "-9223372036854775808"] {
            assert!(pixels(size, 29).is_err(), "{size}");
        }
    }
}
