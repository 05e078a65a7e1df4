//! What both pages of a login have in common: what a link may ask for, and where it leads back to.
//!
//! WeChat matches the link as a text: the parameters in one order, each encoded as `encodeURIComponent` does it. The fragment
//! `#wechat_redirect` never leaves the browser.

use hyper::Uri;

use super::Desk;
use crate::simulator::call::{Call, Reply};
use crate::simulator::counters::Counter;
use crate::simulator::wechat::{Platform, Scope, User, WeChat};

/// These must be there, in this order.
const REQUIRED: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];
/// And these may be, behind the first four.
const OPTIONAL: [&str; 4] = ["agentid", "connect_redirect", "forcePopup", "forceSnapShot"];
/// A state is at most so long.
const STATE_LIMIT: usize = 128;

/// A link that WeChat understands.
#[derive(Debug)]
pub struct Asked {
    /// The appid or corpid.
    id: String,
    redirect_uri: String,
    /// How much of the user.
    pub scope: Scope,
    state: String,
}

/// A link that it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// The number on the page, if it has one.
    code: Option<i64>,
    /// What the user reads.
    text: &'static str,
    /// What a developer needs to know.
    why: &'static str,
}

impl Wrong {
    const fn new(code: i64, text: &'static str, why: &'static str) -> Self {
        Self { code: Some(code), text, why }
    }

    const fn link(why: &'static str) -> Self {
        Self { code: None, text: "该链接无法访问", why }
    }

    /// The page that says so, which comes with 200.
    pub fn page(self, counter: &mut Counter) -> Reply {
        *counter.errors.entry(self.code.unwrap_or(-1)).or_default() += 1;
        let code = self.code.map_or_else(String::new, |code| format!("，错误码：{code}"));
        let body = format!("<h1>{}{code}</h1><p class=\"why\">{}</p>", self.text, self.why);
        html(&body)
    }
}

impl Asked {
    /// Reads the query of the link, as it was sent.
    pub fn read(wechat: &WeChat, query: &str) -> Result<Self, Wrong> {
        let pairs: Vec<(&str, &str)> = query.split('&').map(|it| it.split_once('=').unwrap_or((it, ""))).collect();
        in_order(&pairs)?;
        let raw = |name: &str| pairs.iter().find(|it| it.0 == name).map_or("", |it| it.1);
        if pairs.iter().any(|(_, value)| !value.bytes().all(is_component)) {
            return Err(Wrong::link("a value is not encoded as encodeURIComponent does it"));
        }
        let [id, redirect_uri, response_type, scope, state] = REQUIRED.map(|name| decoded(raw(name)));
        let agent = Some(decoded(raw("agentid"))).filter(|it| !it.is_empty());
        if id.is_empty() {
            return Err(Wrong::new(10012, "appid不能为空", "appid is empty"));
        }
        let platform = wechat.platform_of(&id);
        let platform = platform.ok_or(Wrong::new(10013, "AppID 参数错误", "there is no account of that appid"))?;
        if response_type != "code" {
            return Err(Wrong::link("response_type is not code"));
        }
        let scope = read_scope(platform, &scope, agent.is_some())?;
        let host = host(&redirect_uri)?;
        if !wechat.leads_back_to(&id, agent.as_deref(), &host) {
            let why = "the host of redirect_uri is not a domain of that account";
            return Err(Wrong::new(10003, "redirect_uri域名与后台配置不一致", why));
        }
        if state.is_empty() || state.len() > STATE_LIMIT || !state.bytes().all(|it| it.is_ascii_alphanumeric()) {
            return Err(Wrong::link("state must be 1 to 128 letters and digits"));
        }
        Ok(Self { id, redirect_uri, scope, state })
    }

    /// To the page that asked, with a code.
    pub fn lead_back(self, desk: &mut Desk<'_>) -> Reply {
        let code = desk.wechat.authorize(&self.id, self.scope, desk.now);
        desk.counter.issued += 1;
        redirect(&self.redirect_uri, &format!("code={code}&state={}", self.state))
    }

    /// The same without one: the user has said no.
    pub fn lead_back_empty_handed(self) -> Reply {
        redirect(&self.redirect_uri, &format!("state={}", self.state))
    }

    /// The page that asks the user.
    pub fn page(&self, user: &User, query: &str) -> Reply {
        let (nickname, id, query) = (escaped(&user.nickname), escaped(&self.id), escaped(query));
        let asks = match self.scope {
            Scope::PrivateInfo => {
                "获取你的头像、手机号等敏感信息<br><small>your picture, mobile number and more</small>"
            }
            _ => "获取你的昵称、头像、地区及性别<br><small>your nickname, picture, region and gender</small>",
        };
        html(&format!(
            "<p class=\"who\">{id}</p><h1>申请 <small>asks for</small></h1><p>{asks}</p>\
             <p class=\"user\">{nickname}</p>\
             <a class=\"allow\" id=\"allow\" href=\"/connect/oauth2/authorize_reply?answer=allow&amp;{query}\">允许 Allow</a>\
             <a class=\"deny\" id=\"deny\" href=\"/connect/oauth2/authorize_reply?answer=deny&amp;{query}\">拒绝 Deny</a>"
        ))
    }
}

/// The query as it was sent.
pub fn raw_query(call: &Call) -> &str {
    call.target.split_once('?').map_or("", |it| it.1)
}

fn in_order(pairs: &[(&str, &str)]) -> Result<(), Wrong> {
    let names: Vec<&str> = pairs.iter().map(|it| it.0).collect();
    let required: Vec<&str> = names.iter().copied().filter(|it| REQUIRED.contains(it)).collect();
    if !names.starts_with(&REQUIRED[..4]) || required != REQUIRED {
        return Err(Wrong::link(
            "the parameters must be appid, redirect_uri, response_type, scope, state, in this order",
        ));
    }
    let optional: Vec<&str> = names.iter().copied().filter(|it| !REQUIRED.contains(it)).collect();
    let known = optional.iter().enumerate().all(|(at, it)| OPTIONAL.contains(it) && !optional[..at].contains(it));
    if known { Ok(()) } else { Err(Wrong::link("there is a parameter that WeChat does not know, or one twice")) }
}

fn read_scope(platform: Platform, scope: &str, has_agent: bool) -> Result<Scope, Wrong> {
    match (platform, scope) {
        (_, "") => Err(Wrong::new(10010, "scope不能为空", "scope is empty")),
        (_, "snsapi_base") => Ok(Scope::Base),
        (Platform::Official, "snsapi_userinfo") => Ok(Scope::UserInfo),
        (Platform::WeCom, "snsapi_privateinfo") if has_agent => Ok(Scope::PrivateInfo),
        (Platform::WeCom, "snsapi_privateinfo") => Err(Wrong::link("snsapi_privateinfo needs agentid")),
        _ => Err(Wrong::new(10005, "此公众号并没有这些scope的权限", "the account has no such scope")),
    }
}

/// The host of the page that asked.
fn host(redirect_uri: &str) -> Result<String, Wrong> {
    if redirect_uri.is_empty() {
        return Err(Wrong::new(10011, "redirect_uri不能为空", "redirect_uri is empty"));
    }
    let uri: Option<Uri> = redirect_uri.parse().ok();
    let uri = uri.filter(|it| matches!(it.scheme_str(), Some("http" | "https")));
    let host = uri.as_ref().and_then(Uri::host);
    host.map(str::to_owned).ok_or(Wrong::new(10003, "redirect_uri 参数错误", "redirect_uri is no http or https URL"))
}

/// The parameters go in front of a fragment and behind a query.
fn redirect(to: &str, parameters: &str) -> Reply {
    let (page, fragment) = to.split_once('#').map_or((to, String::new()), |(page, it)| (page, format!("#{it}")));
    let sign = if page.contains('?') { '&' } else { '?' };
    Reply { status: 302, headers: vec![("location", format!("{page}{sign}{parameters}{fragment}"))], body: "".into() }
}

/// What `encodeURIComponent` leaves.
fn is_component(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()%".contains(&byte)
}

fn decoded(value: &str) -> String {
    // There is no plus sign in a component, so this decodes nothing but %XX.
    form_urlencoded::parse(format!("v={value}").as_bytes()).next().map_or_else(String::new, |it| it.1.into_owned())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn html(body: &str) -> Reply {
    Reply::with(200, "text/html; charset=utf-8", include_str!("consent.html").replace("{body}", body))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BACK: &str = "https%3A%2F%2Fshop.example.com%2Fauth%3Fctx%3Da%252Fb";

    fn read(query: &str) -> Result<Asked, Wrong> {
        let mut wechat = WeChat::new(1);
        for account in [
            json!({ "appid": "wx1", "secret": "s", "oauth_domains": ["shop.example.com"] }),
            json!({ "appid": "ww1", "secret": "s", "kind": "wecom", "agentid": "7" }),
        ] {
            wechat.put_account(serde_json::from_value(account).unwrap()).unwrap();
        }
        Asked::read(&wechat, query)
    }

    #[test]
    fn a_link_is_read_if_it_is_written_as_wechat_wants_it() {
        for rest in ["", "&connect_redirect=1", "&forcePopup=true&connect_redirect=1"] {
            let query =
                format!("appid=wx1&redirect_uri={BACK}&response_type=code&scope=snsapi_userinfo&state=S1{rest}");
            let asked = read(&query).unwrap();
            assert_eq!(asked.redirect_uri, "https://shop.example.com/auth?ctx=a%2Fb");
            assert_eq!((asked.id.as_str(), asked.state.as_str(), asked.scope), ("wx1", "S1", Scope::UserInfo));
        }
        for order in ["state=S1&agentid=7", "agentid=7&state=S1"] {
            let query = format!("appid=ww1&redirect_uri={BACK}&response_type=code&scope=snsapi_privateinfo&{order}");
            assert_eq!(read(&query).unwrap().scope, Scope::PrivateInfo);
        }
    }

    #[test]
    fn a_link_that_is_written_otherwise_is_refused() {
        let good = format!("appid=wx1&redirect_uri={BACK}&response_type=code&scope=snsapi_base&state=S1");
        assert!(read(&good).is_ok());
        for (from, to, code) in [
            ("appid=wx1", "appid=", Some(10012)),
            ("appid=wx1", "appid=wx2", Some(10013)),
            ("scope=snsapi_base", "scope=", Some(10010)),
            ("scope=snsapi_base", "scope=snsapi_privateinfo", Some(10005)),
            ("scope=snsapi_base&state=S1", "state=S1&scope=snsapi_base", None),
            ("&state=S1", "", None),
            ("state=S1", "state=", None),
            ("state=S1", "state=a.b", None),
            ("state=S1", "state=S1&state=S2", None),
            ("state=S1", "state=S1&more=1", None),
            ("state=S1", "state=S1&connect_redirect=1&connect_redirect=1", None),
            ("response_type=code", "response_type=token", None),
            (BACK, "", Some(10011)),
            (BACK, "https://shop.example.com/auth", None),
            (BACK, "https%3A%2F%2Fevil.example.com%2F", Some(10003)),
            (BACK, "https%3A%2F%2Fshop.example.com%40evil.example.com%2F", Some(10003)),
            (BACK, "https%3A%2F%2Fshop.example.com.evil.example%2F", Some(10003)),
            (BACK, "%2F%2Fshop.example.com%2F", Some(10003)),
            (BACK, "javascript%3Aalert(1)", Some(10003)),
            (BACK, "https%3A%2F%2Fshop.example.com%2F%0D%0Aset-cookie%3A%20a", Some(10003)),
        ] {
            let query = good.replace(from, to);
            assert_ne!(query, good);
            assert_eq!(read(&query).map_err(|it| it.code).unwrap_err(), code, "{query}");
        }
        let long = good.replace("S1", &"S".repeat(STATE_LIMIT + 1));
        assert!(read(&long).is_err());
        let private = good.replace("wx1", "ww1").replace("snsapi_base", "snsapi_privateinfo");
        assert!(read(&private).is_err() && read(&format!("{private}&agentid=8")).is_err());
        assert!(read(&format!("{private}&agentid=7")).is_ok());
    }

    #[test]
    fn the_way_back_keeps_query_and_fragment() {
        for (to, location) in [
            ("https://a/", "https://a/?code=c"),
            ("https://a/?b=1", "https://a/?b=1&code=c"),
            ("https://a/#x?y", "https://a/?code=c#x?y"),
        ] {
            assert_eq!(redirect(to, "code=c").headers, [("location", location.to_owned())]);
        }
    }
}
