//! (method, path) -> route: the only place that knows paths.
//!
//! A path is taken as it comes: no case folding, no `//` or `/./` cleaned up, no trailing slash forgiven. What is not exactly a
//! route is not found, so no check can be walked around by another spelling. Only the app's name is percent-decoded, after splitting.

use alloc::borrow::ToOwned;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use crate::account::Kind;
use crate::error::{Reject, Shape};
use crate::host::{Head, Method};
use crate::query::{has, unescape};

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET /healthz`
    Health,
    /// `GET /readyz`
    Ready,
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
    /// `GET` and `POST` of `/app/{app}/msg` and `/app/{app}/msg/json`
    Message {
        /// The app's name.
        app: String,
        /// Whether back-ends get JSON whatever is configured.
        json: bool,
    },
    /// `GET /app/{app}/auth` and, with `user`, `/app/{app}/auth/info`
    Login {
        /// The app's name.
        app: String,
        /// Whether the user is asked for more than who it is.
        user: bool,
    },
    /// `POST /app/{app}/auth/ticket`
    LoginTicket {
        /// The app's name.
        app: String,
    },
    /// `GET /app/{app}/login` of a mini program
    Session {
        /// The app's name.
        app: String,
    },
    /// `POST /app/{app}/login/decrypt` of a mini program
    Decrypt {
        /// The app's name.
        app: String,
    },
    /// `GET` and `POST` of any path with `?call=` on a host that takes messages, where there is no other route
    Hosted {
        /// The apps whose messages they may be.
        apps: Rc<[String]>,
    },
    /// `GET /s/{app}~{key}~{mark}`
    Short {
        /// The app's name.
        app: String,
        /// WeChat's key.
        key: String,
        /// By which the gateway knows that it has made the link.
        mark: String,
    },
    /// `GET /app/{app}/js/config`
    JsConfig {
        /// The app's name.
        app: String,
    },
    /// `GET /app/{app}/js/card`
    JsCard {
        /// The app's name.
        app: String,
    },
    /// `POST /app/{app}/sign`
    Sign {
        /// The app's name.
        app: String,
    },
    /// `GET /qrcode`
    Qr,
    /// `/echo`, by whatever method
    Echo,
    /// `GET` of what is below `/example/`
    Example(Example),
    /// `GET /js-config/{app}`, as in weixin-token
    PageConfig {
        /// The app's name.
        app: String,
    },
    /// A path that the configuration names
    Configured(Configured),
}

/// A file of the demo pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // what their names say
pub enum Example {
    Index,
    Jsapi,
    Login,
    Style,
    Script,
}

/// What a path that the configuration names leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Configured {
    /// One of `verify_files`: this text
    File(Rc<str>),
    /// `helpers.health`, as in go-wx-gateway
    Health,
    /// An app's `callback.path`, as in go-wx-gateway: the app's name
    Callback(Rc<str>),
    /// An app's `oauth.path`, as in go-wx-gateway: the app's name
    Landing(Rc<str>),
    /// One of `helpers`, as in go-wx-gateway
    Helper(Helper),
}

/// Hosts, in lower case, and the apps whose messages may come to any path there that names a `call`.
pub type Hosts = Vec<(String, Rc<[String]>)>;

/// A helper of go-wx-gateway's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Helper {
    /// `wx-qr`: a QR code of a scene
    Qr,
    /// `wx-user`: who a user is
    User,
    /// `sns-auth2`: who a login's code is
    SnsAuth2,
    /// `short-url`
    ShortUrl,
    /// `tmpl-msg`: a template message
    TmplMsg,
    /// `sign-jsapi`: a page for the JS-SDK
    SignJsapi,
    /// `channels-ec-order-detail`
    Order,
    /// `channels-ec-refund-detail`
    Refund,
}

/// The paths and hosts that a configuration names: so few that they are looked through, and only where no known route is.
#[derive(Debug, Default)]
pub struct Paths {
    named: Vec<(String, Configured)>,
    hosts: Hosts,
}

impl Paths {
    /// Adds `path`; says whether it was free.
    pub fn add(&mut self, path: String, what: Configured) -> bool {
        let free = self.get(&path).is_none();
        self.named.push((path, what));
        free
    }

    /// Whether a path leads to `what`.
    #[must_use]
    pub fn has(&self, what: &Configured) -> bool {
        self.named.iter().any(|it| it.1 == *what)
    }

    /// Sets the hosts.
    pub fn hosts(&mut self, hosts: Hosts) {
        self.hosts = hosts;
    }

    /// Whose messages may come with a request to `host`: which port it names does not matter, unless the configuration says one.
    fn apps_of(&self, host: &str) -> Option<&Rc<[String]>> {
        let host = host.to_ascii_lowercase();
        let bare = host.rsplit_once(':').filter(|it| it.1.bytes().all(|it| it.is_ascii_digit())).map(|it| it.0);
        self.hosts.iter().find(|it| it.0 == host || Some(&*it.0) == bare).map(|it| &it.1)
    }

    fn get(&self, path: &str) -> Option<&Configured> {
        self.named.iter().find(|it| it.0 == path).map(|it| &it.1)
    }
}

/// The first segments that no path of the configuration may have: those of the routes here, and those kept for others.
const OWN: [&str; 16] = [
    "access-token",
    "access_token",
    "app",
    "cgi-bin",
    "echo",
    "example",
    "healthz",
    "js-config",
    "metrics",
    "qrcode",
    "readyz",
    "register",
    "s",
    "status",
    "ticket",
    "token",
];

/// Whether `path` is the gateway's own, so that the configuration may not give it another meaning.
#[must_use]
pub fn is_own(path: &str) -> bool {
    path.split('/').nth(1).is_some_and(|it| OWN.contains(&it))
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
    /// Whether the link to `path` may be signed for the app called `name`: where it names one, that one.
    #[must_use]
    pub fn may_be_linked(path: &str, _name: &str) -> bool {
        matches!(by_path(Method::Get, path), Some(Self::Qr))
    }

    /// The route of a request; `configured` are the paths that the configuration names.
    ///
    /// # Errors
    /// [`Reject::NotFound`], or [`Reject::Method`] where only the method is wrong.
    pub fn find(head: &Head, configured: &Paths) -> Result<Self, Reject> {
        let (method, path) = (head.method, head.path());
        let named = || configured.get(path).cloned().map(Self::Configured);
        let hosted = || {
            let apps = configured.apps_of(&head.host)?.clone();
            has(head.query(), "call").then_some(Self::Hosted { apps })
        };
        let route = by_path(method, path).or_else(named).or_else(hosted).ok_or(Reject::NotFound)?;
        let allow = route.methods();
        let listed = allow.split(", ").any(|it| it == method.as_str()) && method != Method::Other;
        if listed || route == Self::Echo {
            return Ok(route);
        }
        Err(Reject::Method { allow: allow.to_owned() })
    }

    const fn methods(&self) -> &'static str {
        match self {
            Self::StableToken | Self::Sign { .. } | Self::LoginTicket { .. } | Self::Decrypt { .. } => "POST",
            Self::App { .. } => "GET, HEAD, DELETE",
            Self::Plain { .. } => "GET, HEAD, PUT",
            // Pages elsewhere ask whether they may.
            Self::JsCard { .. } | Self::PageConfig { .. } => "GET, HEAD, OPTIONS",
            // A code is gone once it was exchanged: nobody looks at it with HEAD.
            Self::Hub { .. } | Self::Login { .. } | Self::Session { .. } | Self::Configured(Configured::Landing(_)) => {
                "GET"
            }
            Self::Configured(Configured::Helper(Helper::TmplMsg)) => "POST",
            Self::Configured(Configured::Callback(_) | Configured::Helper(Helper::ShortUrl | Helper::SignJsapi))
            | Self::Register
            | Self::Message { .. }
            | Self::Hosted { .. } => "GET, POST",
            _ => "GET, HEAD",
        }
    }
}

/// How errors look at this path, found or not.
#[must_use]
pub fn shape(path: &str, configured: &Paths) -> Shape {
    match path {
        "/access-token" | "/access_token" | "/ticket" => Shape::TokenHub,
        _ if path.starts_with("/cgi-bin/") => Shape::WeChat,
        _ if ["/token/", "/ticket/", "/js-config/"].iter().any(|it| path.starts_with(it)) => Shape::WeixinToken,
        _ if path.starts_with("/app/") && (path.ends_with("/auth") || path.ends_with("/auth/info")) => Shape::Page,
        _ => match configured.get(path) {
            Some(Configured::Health | Configured::Helper(_)) => Shape::Helper,
            Some(Configured::Landing(_)) => Shape::Page,
            _ => Shape::Honest,
        },
    }
}

fn by_path(method: Method, path: &str) -> Option<Route> {
    match path {
        "/healthz" => return Some(Route::Health),
        "/echo" => return Some(Route::Echo),
        "/qrcode" => return Some(Route::Qr),
        "/example/" => return Some(Route::Example(Example::Index)),
        "/example/jsapi" => return Some(Route::Example(Example::Jsapi)),
        "/example/login" => return Some(Route::Example(Example::Login)),
        "/example/style.css" => return Some(Route::Example(Example::Style)),
        "/example/example.js" => return Some(Route::Example(Example::Script)),
        "/readyz" => return Some(Route::Ready),
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
    if first == "s" {
        let text = |it: &str| String::from_utf8(unescape(it)).ok().filter(|it| !it.is_empty() && !rest.contains('/'));
        let (rest, mark) = rest.rsplit_once('~')?;
        let (app, key) = rest.rsplit_once('~')?;
        return Some(Route::Short { app: text(app)?, key: text(key)?, mark: text(mark)? });
    }
    let app = String::from_utf8(unescape(name)).ok().filter(|it| !it.is_empty() && !name.contains('/'))?;
    let renew = method == Method::Put;
    match (first, action) {
        ("app", None) => Some(Route::App { app }),
        ("app", Some("api" | "qyapi")) => Some(Route::AppToken { app, renew: false }),
        ("app", Some("api/new" | "qyapi/new")) => Some(Route::AppToken { app, renew: true }),
        ("app", Some("jsapi")) => Some(Route::AppTicket { app, kind: Some(Kind::Jsapi) }),
        ("app", Some("auth")) => Some(Route::Login { app, user: false }),
        ("app", Some("auth/info")) => Some(Route::Login { app, user: true }),
        ("app", Some("auth/ticket")) => Some(Route::LoginTicket { app }),
        ("app", Some("js/config")) => Some(Route::JsConfig { app }),
        ("app", Some("js/card")) => Some(Route::JsCard { app }),
        ("app", Some("login")) => Some(Route::Session { app }),
        ("app", Some("login/decrypt")) => Some(Route::Decrypt { app }),
        ("app", Some("msg")) => Some(Route::Message { app, json: false }),
        ("app", Some("msg/json")) => Some(Route::Message { app, json: true }),
        ("app", Some("sign")) => Some(Route::Sign { app }),
        ("app", Some("ticket")) => Some(Route::AppTicket { app, kind: None }),
        ("js-config", None) => Some(Route::PageConfig { app }),
        ("token", None) => Some(Route::Plain { app, kind: Kind::Access, renew }),
        ("ticket", None) => Some(Route::Plain { app, kind: Kind::Jsapi, renew }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(method: Method, path: &str) -> Head {
        Head { method, target: path.into(), host: "example.com".into(), headers: Rc::new(()) }
    }

    fn find(method: Method, path: &str) -> Result<Route, Reject> {
        let mut configured = Paths::default();
        assert!(configured.add("/MP_verify_abc.txt".into(), Configured::File("abc".into())));
        assert!(configured.add("/ops/health".into(), Configured::Health));
        assert!(!configured.add("/ops/health".into(), Configured::Health));
        Route::find(&head(method, path), &configured)
    }

    fn get(path: &str) -> Result<Route, Reject> {
        find(Method::Get, path)
    }

    #[test]
    fn a_route_is_found_by_its_exact_path() {
        let token = |app: &str, renew| Ok(Route::AppToken { app: app.into(), renew });
        assert_eq!(get("/healthz"), Ok(Route::Health));
        assert_eq!(get("/readyz"), Ok(Route::Ready));
        assert_eq!(get("/cgi-bin/token"), Ok(Route::Token));
        assert_eq!(get("/app/shop/api"), token("shop", false));
        assert_eq!(get("/app/shop/api/new"), token("shop", true));
        assert_eq!(get("/app/%E5%BA%97/api"), token("店", false));
        assert_eq!(get("/app/a%2Fb/api"), token("a/b", false));
        assert_eq!(find(Method::Post, "/cgi-bin/stable_token"), Ok(Route::StableToken));
    }

    #[test]
    fn the_routes_of_older_systems_are_found() {
        let plain = |app: &str, kind, renew| Ok(Route::Plain { app: app.into(), kind, renew });
        assert_eq!(get("/token/shop"), plain("shop", Kind::Access, false));
        assert_eq!(find(Method::Put, "/ticket/%E5%BA%97"), plain("店", Kind::Jsapi, true));
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
            "/readyz/",
            "/Readyz",
            "/mp_verify_abc.txt",
            "/MP_verify_abc.txt/",
            "/MP_verify_abc%2Etxt",
            "/ops//health",
            "/ops/health/",
        ];
        for path in spellings {
            assert_eq!(get(path), Err(Reject::NotFound), "{path}");
        }
    }

    #[test]
    fn another_method_is_told_which_ones_there_are() {
        let allow = |it: &str| Err(Reject::Method { allow: it.into() });
        assert_eq!(find(Method::Other, "/healthz"), allow("GET, HEAD"));
        assert_eq!(find(Method::Post, "/app/shop/api"), allow("GET, HEAD"));
        assert_eq!(find(Method::Options, "/cgi-bin/token"), allow("GET, HEAD"));
        assert_eq!(find(Method::Get, "/cgi-bin/stable_token"), allow("POST"));
        assert!(find(Method::Head, "/app/shop/api").is_ok());
    }

    #[test]
    fn a_path_of_the_configuration_is_found_after_the_known_ones() {
        assert_eq!(get("/MP_verify_abc.txt"), Ok(Route::Configured(Configured::File("abc".into()))));
        assert_eq!(get("/ops/health"), Ok(Route::Configured(Configured::Health)));
        assert!(find(Method::Head, "/ops/health").is_ok());
        assert_eq!(find(Method::Put, "/ops/health"), Err(Reject::Method { allow: "GET, HEAD".into() }));
        let mut shadow = Paths::default();
        shadow.add("/healthz".into(), Configured::Health);
        assert_eq!(Route::find(&head(Method::Get, "/healthz"), &shadow), Ok(Route::Health));
    }

    #[test]
    fn every_known_route_is_the_gateways_own() {
        let known = [
            "/healthz",
            "/readyz",
            "/register",
            "/cgi-bin/token",
            "/cgi-bin/stable_token",
            "/cgi-bin/gettoken",
            "/cgi-bin/ticket/getticket",
            "/access-token",
            "/access_token",
            "/ticket",
            "/app/a",
            "/app/a/api",
            "/app/a/qyapi/new",
            "/app/a/jsapi",
            "/app/a/ticket",
            "/token/a",
            "/ticket/a",
        ];
        for path in known {
            assert!(get(path).is_ok() || find(Method::Post, path).is_ok(), "{path}");
            assert!(is_own(path), "{path}");
        }
        for path in ["/health", "/MP_verify_abc.txt", "/apps", "/wx/app", "/Ticket"] {
            assert!(!is_own(path), "{path}");
        }
    }
}
