//! The paths that the configuration names: none is in the way of a route or of another one.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use super::{ConfigError, json, raw};
use crate::route::{Configured, Helper, Paths, is_own};

/// Reads the parts of the configuration that name paths.
pub(super) fn read(verify_files: BTreeMap<String, String>, helpers: raw::Helpers) -> Result<Paths, ConfigError> {
    let mut paths = Paths::default();
    for (name, text) in verify_files {
        let place = json::join("verify_files", &name);
        if name.contains('/') {
            return Err(ConfigError::new(&place, "has a slash: write the file's name as WeChat gave it"));
        }
        if text.is_empty() {
            return Err(ConfigError::new(&place, "is empty: write what stands in WeChat's file"));
        }
        add(&mut paths, &place, format!("/{name}"), Configured::File(text.into()))?;
    }
    let of = Configured::Helper;
    for (name, path, what) in [
        ("helpers.health", helpers.health, Configured::Health),
        ("helpers.qr", helpers.qr, of(Helper::Qr)),
        ("helpers.user", helpers.user, of(Helper::User)),
        ("helpers.sns_auth2", helpers.sns_auth2, of(Helper::SnsAuth2)),
        ("helpers.short_url", helpers.short_url, of(Helper::ShortUrl)),
        ("helpers.tmpl_msg", helpers.tmpl_msg, of(Helper::TmplMsg)),
        ("helpers.sign_jsapi", helpers.sign_jsapi, of(Helper::SignJsapi)),
        ("helpers.order", helpers.order, of(Helper::Order)),
        ("helpers.refund", helpers.refund, of(Helper::Refund)),
    ] {
        if let Some(path) = path {
            add(&mut paths, name, path, what)?;
        }
    }
    Ok(paths)
}

/// Adds the path of an app's callback.
pub(super) fn callback(paths: &mut Paths, place: &str, app: &str, path: Option<String>) -> Result<(), ConfigError> {
    let Some(path) = path else { return Ok(()) };
    add(paths, place, path, Configured::Callback(app.into()))
}

/// Adds the path to which the logins of an app come back.
pub(super) fn landing(paths: &mut Paths, place: &str, app: &str, path: Option<&String>) -> Result<(), ConfigError> {
    let Some(path) = path else { return Ok(()) };
    add(paths, place, path.clone(), Configured::Landing(app.into()))
}

/// Adds a path that the configuration names at `place`.
fn add(paths: &mut Paths, place: &str, path: String, what: Configured) -> Result<(), ConfigError> {
    let why = if !path.strip_prefix('/').is_some_and(|it| it.split('/').all(is_plain)) {
        "is no path that can be had: write /one or /one/two with letters, digits and -._~"
    } else if is_own(&path) {
        "is a path of the gateway's own: choose another one"
    } else if !paths.add(path, what) {
        "is the path of something else in this configuration: choose another one"
    } else {
        return Ok(());
    };
    Err(ConfigError::new(place, why))
}

/// Whether a segment of a path can be written in one way only.
fn is_plain(segment: &str) -> bool {
    let fine = |it: u8| it.is_ascii_alphanumeric() || b"-._~".contains(&it);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(fine)
}
