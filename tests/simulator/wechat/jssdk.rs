//! What the WeChat client does with the signatures that a page shows: it makes them again with the tickets in force. When
//! they differ, what was signed instead is looked for, which the real client keeps to itself.

use super::account::Account;
use super::{Refusal, TicketType, WeChat};
use crate::simulator::clock::Millis;
use crate::simulator::push::crypto::sign;

/// What a page shows in `wx.config` or `wx.agentConfig`.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The appid or corpid.
    pub id: &'a str,
    /// WeCom's application, in `wx.agentConfig`.
    pub agent: Option<&'a str>,
    /// In seconds, as a text.
    pub timestamp: &'a str,
    /// The nonce.
    pub nonce: &'a str,
    /// In lower-case hexadecimal.
    pub signature: &'a str,
}

/// Why a page may not do what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What comes after `config:`.
    pub message: &'static str,
    /// The reason, for who looks for the mistake.
    pub why: String,
}

impl Denial {
    /// A denial for a reason.
    pub fn new(message: &'static str, why: impl Into<String>) -> Self {
        Self { message, why: why.into() }
    }

    fn signature(why: impl Into<String>) -> Self {
        Self::new("invalid signature", why)
    }
}

impl WeChat {
    /// Whether the page at `href`, as the browser shows it, was signed with the ticket of that type that is in force.
    pub fn judge_page(&self, kind: TicketType, shown: Shown<'_>, href: &str, now: Millis) -> Result<(), Denial> {
        let accounts = self.accounts_of(shown.id, shown.agent)?;
        let url = href.split('#').next().unwrap_or_default();
        let host = host(url).ok_or_else(|| Denial::new("invalid url domain", format!("{url} has no host")))?;
        if !accounts.iter().any(|it| it.js_domain(host)) {
            return Err(Denial::new("invalid url domain", format!("{host} is no JS safe domain of {}", shown.id)));
        }
        let missing = [("timestamp", shown.timestamp), ("nonceStr", shown.nonce), ("signature", shown.signature)];
        if let Some((name, _)) = missing.into_iter().find(|it| it.1.is_empty()) {
            return Err(Denial::signature(format!("{name} is missing")));
        }
        let signed = |ticket: &str, url: &str| {
            let Shown { timestamp, nonce, .. } = shown;
            sign(&[&format!("jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}")])
        };
        if in_force(&accounts, kind, now).any(|ticket| signed(ticket, url) == shown.signature) {
            return Ok(());
        }
        let urls = [("the URL of this page".to_owned(), url.to_owned())].into_iter().chain(mistaken(href));
        Err(mistake(&accounts, kind, shown, urls, signed, now))
    }

    /// Whether these values of a card were signed with the ticket for cards that is in force. Empty ones vanish.
    pub fn judge_card(
        &self,
        appid: &str,
        values: &[(&'static str, &str)],
        signature: &str,
        now: Millis,
    ) -> Result<(), Denial> {
        let accounts = self.accounts_of(appid, None)?;
        let signed = |ticket: &str, without: &str| {
            let values = values.iter().filter(|it| it.0 != without).map(|it| it.1);
            sign(&values.chain([ticket]).collect::<Vec<_>>())
        };
        if in_force(&accounts, TicketType::WxCard, now).any(|ticket| signed(ticket, "") == signature) {
            return Ok(());
        }
        let shown = Shown { id: appid, agent: None, timestamp: "", nonce: "", signature };
        let left_out = values.iter().map(|(name, _)| (format!("the values without {name}"), (*name).to_owned()));
        let forms = [("these values".to_owned(), String::new())].into_iter().chain(left_out);
        Err(mistake(&accounts, TicketType::WxCard, shown, forms, signed, now))
    }

    fn accounts_of(&self, id: &str, agent: Option<&str>) -> Result<Vec<&Account>, Denial> {
        let of_id = self.accounts.iter().filter(|(owner, _)| owner.id() == id);
        let meant: Vec<_> = of_id.map(|it| it.1).filter(|it| agent.is_none_or(|agent| it.has_agent(agent))).collect();
        if meant.is_empty() {
            let Refusal { text, .. } = Refusal::INVALID_APPID;
            return Err(Denial::new("invalid appid", format!("{text}: there is no account {id}")));
        }
        Ok(meant)
    }
}

/// The tickets of that type that are in force.
fn in_force<'a>(accounts: &'a [&Account], kind: TicketType, now: Millis) -> impl Iterator<Item = &'a str> {
    accounts.iter().filter_map(move |it| it.tickets.get(&kind)).filter(move |it| it.is_valid(now)).map(|it| it.text())
}

/// What was signed in place of what should have been.
fn mistake(
    accounts: &[&Account],
    kind: TicketType,
    shown: Shown<'_>,
    forms: impl Iterator<Item = (String, String)>,
    signed: impl Fn(&str, &str) -> String,
    now: Millis,
) -> Denial {
    let tickets: Vec<_> = accounts.iter().flat_map(|it| &it.tickets).collect();
    if !tickets.iter().any(|it| *it.0 == kind) {
        return Denial::signature(format!("no {} ticket of {} was ever fetched", kind.name(), shown.id));
    }
    for (words, form) in forms {
        for (other, ticket) in &tickets {
            if !signed(ticket.text(), &form).eq_ignore_ascii_case(shown.signature) {
                continue;
            }
            let end = if ticket.is_valid(now) { "" } else { ", which is no longer in force" };
            return Denial::signature(format!("it is that of {words}, with the {} ticket{end}", other.name()));
        }
    }
    Denial::signature(format!("no ticket of {} gives it", shown.id))
}

/// What is often signed in place of a page's URL, in words and as it is.
fn mistaken(href: &str) -> impl Iterator<Item = (String, String)> {
    let url = href.split('#').next().unwrap_or_default();
    let origin = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let other_scheme = match url.strip_prefix("http:") {
        Some(rest) => format!("https:{rest}"),
        None => url.replacen("https:", "http:", 1),
    };
    let encoded = |url: &str| form_urlencoded::byte_serialize(url.as_bytes()).collect::<String>();
    [
        ("the URL with its fragment", href.to_owned()),
        ("the URL without its query", url.split('?').next().unwrap_or_default().to_owned()),
        ("the URL with &amp; in the place of &", url.replace('&', "&amp;")),
        ("the URL up to its first &", url.split('&').next().unwrap_or_default().to_owned()),
        ("the URL with the other scheme", other_scheme),
        ("the percent-decoded URL", decoded(url)),
        ("the percent-encoded URL", encoded(url)),
        ("the URL encoded twice", url.replace('%', "%25")),
        ("the origin only", origin.clone()),
        ("the origin and a slash only", format!("{origin}/")),
        ("no URL at all", String::new()),
        ("the text undefined", "undefined".to_owned()),
    ]
    .into_iter()
    .map(|(words, url)| (words.to_owned(), url))
}

fn decoded(url: &str) -> String {
    let mut out = Vec::new();
    let mut rest = url.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let byte =
            after.get(..2).and_then(|it| std::str::from_utf8(it).ok()).and_then(|it| u8::from_str_radix(it, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => (out.push(byte), rest = &after[2..]).1,
            None => (out.push(*first), rest = after).1,
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The host of a URL, without a port.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    authority.split(':').next().filter(|it| !it.is_empty())
}
