//! JSON text -> a validated [`Gateway`]: parse, don't validate. After this nothing can be invalid.
//!
//! Unknown keys, missing variables, short keys, unknown apps are errors that name the JSON path; nothing starts half-configured.

mod admin;
mod callback;
mod callers;
mod json;
mod jssdk;
mod oauth;
mod origin;
mod own;
mod paths;
mod raw;
mod rotated;
mod targets;
pub mod token_hub;
mod unknown;
mod uses;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub use callback::{Callback, Form};
pub use oauth::{Oauth, has_login};
use rotated::Rotated;
use serde::Deserialize;
pub use unknown::Unknown;
pub use uses::Use;

use crate::account::{AccountId, Family, Kind};
use crate::caller::Caller;
use crate::caller::rate::Rate;
use crate::flow::recent::Recent;
use crate::host::Upstream;
use crate::keeper::hooks::Hooks;
use crate::keeper::{Apps, Copies};
use crate::keyring::Keyring;
use crate::limits;
use crate::route::{Configured, Helper, Paths};
use crate::secret::{Secret, digest, hex};
use crate::target::{Targets, Url};

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used: {}{why}", self.place())]
pub struct ConfigError {
    /// The JSON path, as in `apps.shop.secret` or `callers[0].key`; empty for the document itself.
    pub path: String,
    /// What is wrong there, and the remedy.
    pub why: String,
}

impl ConfigError {
    fn new(path: &str, why: &str) -> Self {
        Self { path: path.to_owned(), why: why.to_owned() }
    }

    /// The answer of a host that cannot refuse to start.
    #[must_use]
    pub fn into_response(self, request_id: &str) -> crate::host::Response {
        crate::error::broken(&self.to_string(), request_id)
    }

    fn place(&self) -> String {
        if self.path.is_empty() {
            return String::new();
        }
        format!("{}: ", self.path)
    }
}

/// How an access token is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TokenApi {
    /// `POST /cgi-bin/stable_token`: two fetchers get the same token and do no harm.
    #[default]
    Stable,
    /// `GET /cgi-bin/token`: each fetch retires the token before it.
    Classic,
}

/// An account and what is needed to act for it. Several apps may share one.
#[derive(Clone, Debug)]
pub struct Account {
    /// Which account.
    pub id: AccountId,
    /// Its name at WeChat: the AppID, or WeCom's corpid.
    pub appid: String,
    /// Its AppSecret.
    pub secret: Secret,
    /// How its token is fetched.
    pub token_api: TokenApi,
    /// Tells one AppSecret from another without revealing it.
    pub tag: String,
}

impl Account {
    /// The account with this AppSecret.
    #[must_use]
    pub fn new(family: Family, appid: &str, secret: Secret, token_api: TokenApi) -> Self {
        let tag = tag(appid, &secret);
        let id = if family == Family::Wecom { format!("{appid}+{tag}") } else { appid.to_owned() };
        Self { id: AccountId { family, id }, appid: appid.to_owned(), secret, token_api, tag }
    }
}

fn tag(appid: &str, secret: &Secret) -> String {
    let both = format!("{appid}\n{}", secret.expose());
    hex(digest(both.as_bytes()).get(..8).unwrap_or_default())
}

/// A configuration that can be used.
#[derive(Debug)]
pub struct Gateway {
    /// Scheme and authority of the gateway's own URLs.
    pub public_url: Option<String>,
    /// The gateway's own keys.
    pub keys: Keyring,
    /// Accounts by AppID.
    pub accounts: BTreeMap<String, Rc<Account>>,
    /// The same by the app's name.
    apps: BTreeMap<String, Rc<Account>>,
    /// The hosts at which an app's pages are.
    pages: jssdk::Pages,
    /// The script that the demo pages load, if there are any.
    pub examples: Option<String>,
    /// WeCom's numbers of apps.
    agents: Vec<(String, String)>,
    /// What an app may be used for, where that is not everything.
    allow: Vec<(String, Vec<Use>)>,
    /// Who may ask for what.
    pub callers: Vec<Caller>,
    /// The header that names the client's address where the host cannot; lower case.
    pub client_ip_header: Option<String>,
    /// SHA-256 of the admin key.
    pub admin: Option<[u8; 32]>,
    /// What the paths that the configuration names lead to.
    pub paths: Paths,
    /// Which accounts may be served that are not configured.
    pub unknown: Unknown,
    /// WeChat's API.
    pub api: Upstream,
    /// WeCom's API.
    pub qyapi: Upstream,
    /// Where requests may be sent on somebody's word.
    pub targets: Targets,
    /// What becomes of the messages of which app.
    pub callbacks: Vec<Rc<Callback>>,
    /// Where the logins of which app may lead.
    pub oauths: BTreeMap<String, Oauth>,
    /// Where users log in.
    pub open: String,
    /// Where QR codes of scenes are shown.
    pub mp: String,
    /// Who is told of each refresh.
    pub hooks: Hooks,
    /// Grows with each new configuration of the same host, so that an older one can see that it is over. 0 where the host cannot tell.
    pub epoch: u64,
    /// What this thread or isolate was told a moment ago.
    pub copies: Copies,
    /// The same of registered apps.
    pub registered: Apps,
    /// How often the registry is asked for strangers.
    pub strangers: Rate,
    /// What WeChat said a moment ago.
    pub recent: Recent,
    /// How often strangers have codes exchanged.
    pub codes: Rate,
}

impl Gateway {
    /// Reads a configuration; `env` tells what a variable stands for.
    ///
    /// # Errors
    /// [`ConfigError`], naming the place.
    pub fn from_json(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let tree = json::read(text, env)?;
        let raw = raw::Gateway::deserialize(tree).map_err(|it| ConfigError::new(it.path(), it.why()))?;
        Self::from_raw(raw)
    }

    fn from_raw(raw: raw::Gateway) -> Result<Self, ConfigError> {
        let mut accounts = BTreeMap::new();
        let mut apps = BTreeMap::new();
        let mut allow = Vec::new();
        let (mut pages, mut agents) = (Vec::new(), Vec::new());
        let mut callbacks = Vec::new();
        let mut oauths = BTreeMap::new();
        let mut paths = paths::read(raw.verify_files, raw.helpers)?;
        let targets = targets::read(raw.backends, &raw.calls)?;
        for (name, mut app) in raw.apps {
            let path = json::join("apps", &name);
            allow.extend(app.allow.clone().map(|it| (name.clone(), it)));
            if let Some(it) = app.jssdk.take() {
                pages.push((name.clone(), jssdk::hosts(&path, app.kind, &it)?));
            }
            if let Some(it) = app.agentid.take() {
                agents.push((name.clone(), it.read(&path, app.kind)?));
            }
            let (callback, oauth) = (app.callback.take(), app.oauth.take());
            let account = add(&mut accounts, &path, account(&path, &name, app)?)?;
            if let Some(mut callback) = callback {
                if allow.last().is_some_and(|it: &(String, Vec<Use>)| it.0 == name && !it.1.contains(&Use::Msg)) {
                    let why = "leaves out msg, so nothing would come through this app's callback";
                    return Err(ConfigError::new(&json::join(&path, "allow"), why));
                }
                paths::callback(&mut paths, &json::join(&path, "callback.path"), &name, callback.path.take())?;
                callbacks.push(Rc::new(callback::read(&name, &account, callback, &targets)?));
            }
            if let Some(oauth) = oauth {
                paths::landing(&mut paths, &json::join(&path, "oauth.path"), &name, oauth.path.as_ref())?;
                oauths.insert(name.clone(), oauth::read(&name, account.id.family, oauth, &targets)?);
            }
            apps.insert(name, account);
        }
        jssdk::others(&mut pages, raw.jssdk)?;
        paths.hosts(callback::hosts(raw.callback_hosts, &callbacks)?);
        let api = match raw.wechat.api.as_slice() {
            [one] => origin::upstream(one, "wechat_api", "wechat.api[0]")?,
            [] => return Err(ConfigError::new("wechat.api", "is empty: name one URL")),
            _ => {
                let why = "holds more than one URL: fail-over is not there yet, name one";
                return Err(ConfigError::new("wechat.api", why));
            }
        };
        let qyapi = origin::upstream(&raw.wechat.qyapi, "wechat_qyapi", "wechat.qyapi")?;
        // Where there is an admin, an app may be registered later.
        let known = |name: &str| raw.admin.is_some() || apps.contains_key(name);
        let callers = callers::read(raw.callers, &known)?;
        let admin = raw.admin.map(|it| admin::read(&it.key, &callers)).transpose()?;
        let client_ip_header = raw.client_ip_header.map(header).transpose()?;
        let hooks = targets::hooks(raw.hooks, &targets, &apps)?;
        Ok(Self {
            public_url: raw.public_url.map(|it| own::url(&it)).transpose()?,
            keys: own::keys(raw.gateway_key)?,
            accounts,
            apps,
            pages,
            examples: jssdk::examples(raw.examples, raw.wechat.jweixin)?,
            agents,
            allow,
            callers,
            client_ip_header,
            admin,
            paths,
            unknown: raw.unknown_accounts,
            api,
            qyapi,
            targets,
            callbacks,
            oauths,
            open: oauth::place("wechat.open", &raw.wechat.open)?,
            mp: oauth::place("wechat.mp", &raw.wechat.mp)?,
            hooks,
            epoch: 0,
            copies: Copies::default(),
            registered: Apps::default(),
            strangers: Rate::new(limits::STRANGERS),
            recent: Recent::default(),
            codes: Rate::new(limits::CODES_RATE),
        })
    }

    /// The account of the app called `name`.
    #[must_use]
    pub fn app(&self, name: &str) -> Option<&Rc<Account>> {
        self.apps.get(name)
    }

    /// What becomes of the messages of the app called `name`, if it stands in the configuration.
    #[must_use]
    pub fn callback(&self, name: &str) -> Option<&Rc<Callback>> {
        self.callbacks.iter().find(|it| it.app == name)
    }

    /// Whether there are short links.
    #[must_use]
    pub fn helpers_short(&self) -> bool {
        self.paths.has(&Configured::Helper(Helper::ShortUrl))
    }

    /// Whether a page whose URL reads as `url` is one of those of the app called `name`.
    #[must_use]
    pub fn has_page(&self, name: &str, url: &Url) -> bool {
        let of = |name: &str| self.pages.iter().find(|it| it.0 == name);
        let hosts = of(name).or_else(|| of(""));
        hosts.is_some_and(|it| it.1.iter().any(|it| it.has(url)))
    }

    /// WeCom's number of the app called `name`, in digits.
    #[must_use]
    pub fn agentid(&self, name: &str) -> Option<&str> {
        self.agents.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    /// The names of all apps.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.apps.keys()
    }

    /// Whether the app called `name` may be used for `what`, a path below `/app/{app}`, whoever asks.
    #[must_use]
    pub fn allows(&self, name: &str, what: &str) -> bool {
        let limited = self.allow.iter().find(|it| it.0 == name);
        limited.is_none_or(|it| Use::of(what).is_some_and(|wanted| it.1.contains(&wanted)))
    }

    /// The same of an account, where no app is named: one of its apps is enough.
    #[must_use]
    pub fn account_allows(&self, account: &AccountId, what: &str) -> bool {
        let mut apps = self.apps.iter().filter(|it| it.1.id.id == account.id).peekable();
        apps.peek().is_none() || apps.any(|it| self.allows(it.0, what))
    }

    /// The names of the apps that use `account`.
    pub fn names_of(&self, account: &AccountId) -> impl Iterator<Item = &str> {
        self.apps.iter().filter(|it| it.1.id == *account).map(|it| it.0.as_str())
    }

    /// The app's name, if there is only one.
    #[must_use]
    pub fn only_app(&self) -> Option<&str> {
        let mut names = self.apps.keys();
        names.next().filter(|_| names.next().is_none()).map(String::as_str)
    }

    /// The account `id`, if it is configured.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> Option<&Rc<Account>> {
        self.accounts.get(&id.id).filter(|it| it.id == *id)
    }

    /// Whether apps can be registered at runtime: whether there is an administrator to do it.
    #[must_use]
    pub const fn can_register(&self) -> bool {
        self.admin.is_some()
    }

    /// Where the API of a family is.
    #[must_use]
    pub const fn upstream(&self, family: Family) -> &Upstream {
        match family {
            Family::Wecom => &self.qyapi,
            _ => &self.api,
        }
    }

    /// Every credential that the configuration speaks of.
    pub fn credentials(&self) -> impl Iterator<Item = (&AccountId, Kind)> {
        self.accounts.values().flat_map(|it| Kind::of(it.id.family).iter().map(|kind| (&it.id, *kind)))
    }

    /// A copy of a credential is believed for `span` before the keeper is asked again; zero, the default, believes none.
    #[must_use]
    pub fn copying(mut self, span: core::time::Duration) -> Self {
        self.copies = Copies::for_span(span);
        self
    }

    /// The same, known as the `epoch`th configuration of its host.
    #[must_use]
    pub const fn at_epoch(mut self, epoch: u64) -> Self {
        self.epoch = epoch;
        self
    }
}

/// A header's name (RFC 9110, 5.6.2) as hosts give it: in lower case.
fn header(name: String) -> Result<String, ConfigError> {
    let fine = |it: u8| it.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&it);
    if name.is_empty() || !name.bytes().all(fine) {
        return Err(ConfigError::new("client_ip_header", "is no header's name: on Cloudflare it is cf-connecting-ip"));
    }
    Ok(name.to_ascii_lowercase())
}

fn account(path: &str, name: &str, app: raw::App) -> Result<Account, ConfigError> {
    if name.is_empty() {
        return Err(ConfigError::new("apps", "an app has an empty name"));
    }
    let (field, other) = if app.kind == Family::Wecom { ("corpid", "appid") } else { ("appid", "corpid") };
    let (appid, stray) = if app.kind == Family::Wecom { (app.corpid, app.appid) } else { (app.appid, app.corpid) };
    if stray.is_some() {
        let why = format!("is not for kind {}: give {field}", app.kind.as_str());
        return Err(ConfigError::new(&json::join(path, other), &why));
    }
    let appid = appid.ok_or_else(|| ConfigError::new(path, &format!("missing field `{field}`")))?;
    for (field, value) in [(field, &appid), ("secret", &app.secret)] {
        let path = json::join(path, field);
        if value.is_empty() {
            return Err(ConfigError::new(&path, "is empty"));
        }
        if !value.bytes().all(|it| it.is_ascii_graphic()) {
            let why = "has characters that no such value has: printable ASCII without blanks";
            return Err(ConfigError::new(&path, why));
        }
    }
    Ok(Account::new(app.kind, &appid, Secret::new(app.secret), app.token_api))
}

/// Two apps may share an account, but then they must agree on it: one record, one writer.
fn add(accounts: &mut BTreeMap<String, Rc<Account>>, path: &str, account: Account) -> Result<Rc<Account>, ConfigError> {
    let Some(known) = accounts.get(&account.id.id) else {
        let account = Rc::new(account);
        accounts.insert(account.id.id.clone(), account.clone());
        return Ok(account);
    };
    let differs = [
        ("kind", known.id != account.id),
        ("secret", known.secret != account.secret),
        ("token_api", known.token_api != account.token_api),
    ];
    match differs.iter().find(|it| it.1) {
        None => Ok(known.clone()),
        Some((field, _)) => {
            let why = "differs from that of another app with the same appid: make them equal";
            Err(ConfigError::new(&json::join(path, field), why))
        }
    }
}

/// The JSON schema of the configuration, as `config.schema.json` shows it.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(raw::Gateway).to_value()
}

#[cfg(test)]
mod tests;
