//! `GET /app/{app}/js/config`: the script that a page includes before it uses the JS-SDK.

use alloc::format;
use alloc::string::String;

use super::{Signed, check, sign};
use crate::account::{Family, Kind};
use crate::config::Gateway;
use crate::error::{Error, Reject};
use crate::flow;
use crate::host::{Head, Host, Response};
use crate::json::{Value, script};
use crate::query::parameter;
use crate::wechat::jssdk;

/// `?debug=&apilist=&url=&agent=`: `wx.config({..});` for the page at `url`, or at `Referer` if that is not given; of WeCom, with
/// `agent=true`, `wx.agentConfig` as well.
///
/// # Errors
/// [`Reject`] for a page that is none of the app's and for what is wrong with the request, or whatever the keeper says.
pub async fn config<H: Host>(gateway: &Gateway, host: &H, head: &Head, app: &str) -> Result<Response, Error> {
    let account = flow::app::for_anybody(gateway, host, app, "/js/config").await?;
    let query = head.query();
    let list = apis(parameter(query, "apilist")?)?;
    let (debug, agent) = (is_true(query, "debug")?, is_true(query, "agent")?);
    let url = page(query)?;
    let given = url.is_some();
    let url = url.or_else(|| head.header("referer").map(without_fragment));
    let url = url.ok_or_else(|| Reject::Missing { name: "url".into() })?;
    check(gateway, app, &url)?;
    let wecom = account.family == Family::Wecom;
    let agentid = match gateway.agentid(app) {
        _ if !agent => None,
        _ if !wecom => return Err(invalid("agent", "is WeCom's only").into()),
        None => return Err(Reject::Unset { what: "apps.NAME.agentid".into() }.into()),
        it => it,
    };
    let signed = sign(gateway, host, &account, Kind::Jsapi, &url).await?;
    let beta = if wecom { "\"beta\":true," } else { "" };
    let (appid, fields) = (script(&Value::text(&*signed.appid)), fields(&signed, &list));
    let mut text = format!("wx.config({{{beta}\"debug\":{debug},\"appId\":{appid},{fields}}});\n");
    if let Some(agentid) = agentid {
        let signed = sign(gateway, host, &account, Kind::AgentConfig, &url).await?;
        let fields = self::fields(&signed, &list);
        // Older clients of WeCom want wx.config to have succeeded.
        text.push_str(&format!(
            "wx.ready(function () {{ wx.agentConfig({{\"corpid\":{appid},\"agentid\":\"{agentid}\",{fields}}}); }});\n"
        ));
    }
    for doubt in jssdk::doubts(&url, given, query) {
        text.push_str(&format!("/* wxedge: {doubt} */\n"));
    }
    let response = Response { status: 200, body: text.into_bytes(), ..Response::default() };
    Ok(response
        .with("content-type", "application/javascript; charset=utf-8")
        .with("cache-control", "no-store")
        .with("x-content-type-options", "nosniff")
        .with("vary", "Referer"))
}

/// What `wx.config` and `wx.agentConfig` have in common. All of it is letters, digits and the few marks that names have.
fn fields(signed: &Signed, list: &str) -> String {
    let Signed { nonce, timestamp, signature, .. } = signed;
    format!("\"timestamp\":{timestamp},\"nonceStr\":\"{nonce}\",\"signature\":\"{signature}\",\"jsApiList\":[{list}]")
}

/// The URL of the page in `query`, without its fragment. A page's URL has no blank, so a `+` in it is one, escaped or not.
pub(super) fn page(query: &str) -> Result<Option<String>, Reject> {
    let url = parameter(&query.replace('+', "%2B"), "url")?;
    Ok(url.filter(|it| !it.is_empty()).map(without_fragment))
}

fn without_fragment(mut url: String) -> String {
    url.truncate(url.find('#').unwrap_or(url.len()));
    url
}

fn is_true(query: &str, name: &str) -> Result<bool, Reject> {
    Ok(parameter(query, name)?.is_some_and(|it| it.eq_ignore_ascii_case("true")))
}

/// The names that the page may call, each in quotes: those of `list`, comma by comma, or all.
fn apis(list: Option<String>) -> Result<String, Reject> {
    let list = list.filter(|it| !it.is_empty());
    let mut names = String::new();
    for name in list.as_deref().unwrap_or(jssdk::APIS).split(',').map(str::trim).filter(|it| !it.is_empty()) {
        if !name.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.:".contains(&it)) {
            return Err(invalid("apilist", "has a name that is none of an API's"));
        }
        let comma = if names.is_empty() { "" } else { "," };
        [comma, "\"", name, "\""].iter().for_each(|it| names.push_str(it));
    }
    Ok(names)
}

pub(super) fn invalid(name: &str, why: &str) -> Reject {
    Reject::Invalid { name: name.into(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pages_url_is_taken_as_it_is_but_for_its_fragment() {
        let of = |query: &str| page(query).unwrap();
        assert_eq!(of("url=https%3A%2F%2Fa.b%2F%3Fx%3D1%26y%3D2%23%2Fz").as_deref(), Some("https://a.b/?x=1&y=2"));
        assert_eq!(of("url=https://a.b/%25E5%25BA%2597?q=a+b").as_deref(), Some("https://a.b/%E5%BA%97?q=a+b"));
        assert_eq!((of(""), of("url="), of("debug=true")), (None, None, None));
        assert_eq!(page("url=a&%75rl=b"), Err(Reject::Repeated { name: "url".into() }));
    }

    #[test]
    fn the_names_of_apis_are_names() {
        let of = |list: &str| apis(Some(list.into()));
        assert_eq!(of("scanQRCode, ,hideMenuItems,").as_deref(), Ok("\"scanQRCode\",\"hideMenuItems\""));
        assert_eq!(apis(None).unwrap().split(',').count(), 37);
        assert_eq!(of(""), apis(None));
        for evil in ["a</script>", "a\"", "a'", "a\u{2028}b", "a\nb", "a\\", "a);alert(1", "名"] {
            assert!(of(evil).is_err(), "{evil}");
        }
    }
}
