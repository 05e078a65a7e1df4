//! (method, path) -> route: the only place that knows paths.
//!
//! A path is taken as it comes: no case folding, no `//` or `/./` cleaned up, no trailing slash forgiven. What is not exactly a
//! route is not found, so no check can be walked around by another spelling. Only the app's name is percent-decoded, after splitting.

use alloc::{borrow::ToOwned, string::String};

use crate::error::{Reject, Shape};
use crate::host::Method;
use crate::query::unescape;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET /healthz`
    Health,
    /// `GET /cgi-bin/token`, WeChat's own
    Token,
    /// `POST /cgi-bin/stable_token`, WeChat's own
    StableToken,
    /// `GET /app/{app}/api` and, with `renew`, `GET /app/{app}/api/new`
    AppToken {
        /// The app's name.
        app: String,
        /// Whether another token is wanted.
        renew: bool,
    },
}

impl Route {
    /// The route of a request.
    ///
    /// # Errors
    /// [`Reject::NotFound`], or [`Reject::Method`] where only the method is wrong.
    pub fn find(method: Method, path: &str) -> Result<Self, Reject> {
        let route = by_path(path).ok_or(Reject::NotFound)?;
        let allow = match route {
            Self::StableToken => "POST",
            _ => "GET, HEAD",
        };
        if allow.split(", ").any(|it| it == method.as_str()) && method != Method::Other {
            return Ok(route);
        }
        Err(Reject::Method { allow: allow.to_owned() })
    }
}

/// How errors look at this path, found or not.
#[must_use]
pub fn shape(path: &str) -> Shape {
    if path.starts_with("/cgi-bin/") {
        return Shape::WeChat;
    }
    Shape::Honest
}

fn by_path(path: &str) -> Option<Route> {
    match path {
        "/healthz" => return Some(Route::Health),
        "/cgi-bin/token" => return Some(Route::Token),
        "/cgi-bin/stable_token" => return Some(Route::StableToken),
        _ => {}
    }
    let (app, rest) = path.strip_prefix("/app/")?.split_once('/')?;
    let app = String::from_utf8(unescape(app)).ok().filter(|it| !it.is_empty())?;
    match rest {
        "api" => Some(Route::AppToken { app, renew: false }),
        "api/new" => Some(Route::AppToken { app, renew: true }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Result<Route, Reject> {
        Route::find(Method::Get, path)
    }

    #[test]
    fn a_route_is_found_by_its_exact_path() {
        let token = |app: &str, renew| Ok(Route::AppToken { app: app.into(), renew });
        assert_eq!(get("/healthz"), Ok(Route::Health));
        assert_eq!(get("/cgi-bin/token"), Ok(Route::Token));
        assert_eq!(get("/app/shop/api"), token("shop", false));
        assert_eq!(get("/app/shop/api/new"), token("shop", true));
        assert_eq!(get("/app/%E5%BA%97/api"), token("店", false));
        assert_eq!(get("/app/a%2Fb/api"), token("a/b", false));
        assert_eq!(Route::find(Method::Post, "/cgi-bin/stable_token"), Ok(Route::StableToken));
    }

    #[test]
    fn another_spelling_is_not_found() {
        let spellings = [
            "",
            "/",
            "/app",
            "/app/",
            "/app//api",
            "/app/shop",
            "/app/shop/",
            "/app/shop/api/",
            "/app/shop//api",
            "/app/shop/./api",
            "/app/shop/api/../api",
            "/App/shop/api",
            "/app/shop/API",
            "/app/shop%2Fapi",
            "/app/shop/api%2Fnew",
            "/app/shop/ap%69",
            "/app/shop/api;a",
            "//app/shop/api",
            "/app/%ff/api",
            "/CGI-BIN/token",
            "/cgi-bin/token/",
            "/cgi-bin//token",
            "/cgi-bin/%74oken",
            "/healthz/",
        ];
        for path in spellings {
            assert_eq!(get(path), Err(Reject::NotFound), "{path}");
        }
    }

    #[test]
    fn another_method_is_told_which_ones_there_are() {
        let allow = |it: &str| Err(Reject::Method { allow: it.into() });
        assert_eq!(Route::find(Method::Other, "/healthz"), allow("GET, HEAD"));
        assert_eq!(Route::find(Method::Post, "/app/shop/api"), allow("GET, HEAD"));
        assert_eq!(Route::find(Method::Options, "/cgi-bin/token"), allow("GET, HEAD"));
        assert_eq!(Route::find(Method::Get, "/cgi-bin/stable_token"), allow("POST"));
        assert!(Route::find(Method::Head, "/app/shop/api").is_ok());
    }
}
