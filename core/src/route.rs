//! (method, path) -> route: the only place that knows paths.
//!
//! A path is taken as it comes: no case folding, no `//` or `/./` cleaned up, no trailing slash forgiven. What is not exactly a
//! route is not found, so no check can be walked around by another spelling. Only the app's name is percent-decoded, after splitting.

use alloc::{borrow::ToOwned, string::String};

use crate::account::Kind;
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
    /// `GET /cgi-bin/gettoken`, WeCom's own
    WecomToken,
    /// `GET` and `POST` of `/register`
    Register,
    /// `GET` and `DELETE` of `/app/{app}`
    App {
        /// The app's name.
        app: String,
    },
    /// `GET /app/{app}/api`, `/app/{app}/qyapi` and, with `renew`, the same and `/new`
    AppToken {
        /// The app's name.
        app: String,
        /// Whether another token is wanted.
        renew: bool,
    },
    /// `GET /app/{app}/ticket?type=` and `/app/{app}/jsapi`
    AppTicket {
        /// The app's name.
        app: String,
        /// Which ticket; `None`: the query says it.
        kind: Option<Kind>,
    },
    /// WeChat's own tickets, by the access token
    TokenTicket(TokenTicket),
    /// `GET` and `PUT` of `/token/{app}` and `/ticket/{app}`, as in weixin-token
    Plain {
        /// The app's name.
        app: String,
        /// Token or ticket.
        kind: Kind,
        /// `PUT`: another one is wanted.
        renew: bool,
    },
    /// `GET /access-token` and `/ticket?type=`, as in token-hub
    Hub {
        /// The token; `None`: a ticket, and the query says which.
        kind: Option<Kind>,
    },
}

/// Which of WeChat's own paths of tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenTicket {
    /// `GET /cgi-bin/ticket/getticket?access_token=&type=jsapi|wx_card`
    Official,
    /// `GET /cgi-bin/get_jsapi_ticket?access_token=` of WeCom
    Corp,
    /// `GET /cgi-bin/ticket/get?access_token=&type=agent_config` of WeCom
    Agent,
}

impl Route {
    /// The route of a request.
    ///
    /// # Errors
    /// [`Reject::NotFound`], or [`Reject::Method`] where only the method is wrong.
    pub fn find(method: Method, path: &str) -> Result<Self, Reject> {
        let route = by_path(method, path).ok_or(Reject::NotFound)?;
        let allow = route.methods();
        if allow.split(", ").any(|it| it == method.as_str()) && method != Method::Other {
            return Ok(route);
        }
        Err(Reject::Method { allow: allow.to_owned() })
    }

    const fn methods(&self) -> &'static str {
        match self {
            Self::StableToken => "POST",
            Self::Register => "GET, POST",
            Self::App { .. } => "GET, HEAD, DELETE",
            Self::Plain { .. } => "GET, HEAD, PUT",
            Self::Hub { .. } => "GET",
            _ => "GET, HEAD",
        }
    }
}

/// How errors look at this path, found or not.
#[must_use]
pub fn shape(path: &str) -> Shape {
    match path {
        "/access-token" | "/access_token" | "/ticket" => Shape::TokenHub,
        _ if path.starts_with("/cgi-bin/") => Shape::WeChat,
        _ if path.starts_with("/token/") || path.starts_with("/ticket/") => Shape::WeixinToken,
        _ => Shape::Honest,
    }
}

fn by_path(method: Method, path: &str) -> Option<Route> {
    match path {
        "/healthz" => return Some(Route::Health),
        "/register" => return Some(Route::Register),
        "/cgi-bin/token" => return Some(Route::Token),
        "/cgi-bin/stable_token" => return Some(Route::StableToken),
        "/cgi-bin/gettoken" => return Some(Route::WecomToken),
        "/cgi-bin/ticket/getticket" => return Some(Route::TokenTicket(TokenTicket::Official)),
        "/cgi-bin/get_jsapi_ticket" => return Some(Route::TokenTicket(TokenTicket::Corp)),
        "/cgi-bin/ticket/get" => return Some(Route::TokenTicket(TokenTicket::Agent)),
        "/access-token" | "/access_token" => return Some(Route::Hub { kind: Some(Kind::Access) }),
        "/ticket" => return Some(Route::Hub { kind: None }),
        _ => {}
    }
    let (first, rest) = path.strip_prefix('/')?.split_once('/')?;
    let (name, action) = match first {
        "app" => rest.split_once('/').map_or((rest, None), |(name, action)| (name, Some(action))),
        _ => (rest, None),
    };
    let app = String::from_utf8(unescape(name)).ok().filter(|it| !it.is_empty() && !name.contains('/'))?;
    let renew = method == Method::Put;
    match (first, action) {
        ("app", None) => Some(Route::App { app }),
        ("app", Some("api" | "qyapi")) => Some(Route::AppToken { app, renew: false }),
        ("app", Some("api/new" | "qyapi/new")) => Some(Route::AppToken { app, renew: true }),
        ("app", Some("jsapi")) => Some(Route::AppTicket { app, kind: Some(Kind::Jsapi) }),
        ("app", Some("ticket")) => Some(Route::AppTicket { app, kind: None }),
        ("token", None) => Some(Route::Plain { app, kind: Kind::Access, renew }),
        ("ticket", None) => Some(Route::Plain { app, kind: Kind::Jsapi, renew }),
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
    fn the_routes_of_older_systems_are_found() {
        let plain = |app: &str, kind, renew| Ok(Route::Plain { app: app.into(), kind, renew });
        assert_eq!(get("/token/shop"), plain("shop", Kind::Access, false));
        assert_eq!(Route::find(Method::Put, "/ticket/%E5%BA%97"), plain("店", Kind::Jsapi, true));
        assert_eq!(get("/access-token"), Ok(Route::Hub { kind: Some(Kind::Access) }));
        assert_eq!(get("/access_token"), Ok(Route::Hub { kind: Some(Kind::Access) }));
        assert_eq!(get("/ticket"), Ok(Route::Hub { kind: None }));
        assert_eq!(get("/app/shop/jsapi"), Ok(Route::AppTicket { app: "shop".into(), kind: Some(Kind::Jsapi) }));
        assert_eq!(get("/app/corp/qyapi/new"), Ok(Route::AppToken { app: "corp".into(), renew: true }));
        for path in
            ["/token/", "/token", "/token/a/", "/token/a/b", "/ticket/", "/TOKEN/a", "/access-token/", "/Ticket"]
        {
            assert_eq!(get(path), Err(Reject::NotFound), "{path}");
        }
    }

    #[test]
    fn another_spelling_is_not_found() {
        let spellings = [
            "",
            "/",
            "/app",
            "/app/",
            "/app//api",
            "/app/shop/",
            "/app/shop/api/",
            "/app/shop//api",
            "/app/shop/./api",
            "/app/shop/api/../api",
            "/App/shop/api",
            "/app/shop/API",
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
