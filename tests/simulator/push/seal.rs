//! One request of a push: signed, and encrypted if the account is set up so.

use super::account::{Account, Format, Kind, Mode};
use super::crypto::sign;
use super::message::{Push, mint};
use super::tree::Value;
use crate::simulator::clock::Clock;

/// A request as WeChat makes it. Scenarios may change what they like before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The parameters, not escaped.
    pub query: Vec<(String, String)>,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Push {
    /// One request. Each one has a timestamp, a nonce and an envelope of its own.
    #[track_caller]
    pub fn seal(&self) -> Sealed {
        let account = &self.account;
        let mut stamp = Stamp::new(account, self.age);
        let plain = self.plain();
        let content_type = if account.format == Format::Xml { "text/xml" } else { "application/json" };
        let encrypted = (account.mode != Mode::Plain).then(|| account.envelope(&plain));
        let mut query = Vec::new();
        if account.kind != Kind::Wecom {
            query = stamp.plain();
            query.push(("openid".to_owned(), self.user().to_owned()));
        }
        let Some(encrypted) = encrypted else { return Sealed { query, content_type, body: plain } };
        if account.kind == Kind::Wecom {
            query = stamp.encrypted(&encrypted);
        } else {
            query.push(("encrypt_type".to_owned(), "aes".to_owned()));
            query.push(stamp.encrypted(&encrypted).swap_remove(0));
        }
        let beside = self.fields().filter(|_| account.mode == Mode::Compatible);
        Sealed { query, content_type, body: account.around(&encrypted, beside) }
    }
}

impl Sealed {
    /// With another value of a parameter, or a parameter more.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        match self.query.iter_mut().find(|it| it.0 == name) {
            Some(it) => it.1 = value.into(),
            None => self.query.push((name.to_owned(), value.into())),
        }
        self
    }

    /// Without a parameter.
    pub fn without(mut self, name: &str) -> Self {
        self.query.retain(|it| it.0 != name);
        self
    }

    /// With another body.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// `path` with the query behind it.
    pub fn target(&self, path: &str) -> String {
        let pairs: Vec<String> = self.query.iter().map(|(name, it)| format!("{name}={}", escape(it))).collect();
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{path}{joint}{}", pairs.join("&"))
    }
}

impl Account {
    /// The envelope of a text.
    #[track_caller]
    pub fn envelope(&self, plain: &str) -> String {
        let key = self.key.as_ref().unwrap_or_else(|| panic!("an account that encrypts needs an EncodingAESKey"));
        key.seal(mint().characters(), plain, &self.id)
    }

    /// The body that carries an envelope. The plain fields stand beside it if they are given.
    pub fn around(&self, encrypted: &str, beside: Option<Value>) -> String {
        let text = |it: &str| Value::text(it);
        if self.kind == Kind::Wecom && self.format == Format::Json {
            let fields =
                [("tousername", text(&self.name)), ("encrypt", text(encrypted)), ("agentid", text(&self.agent))];
            return Value::fields(fields).json();
        }
        let mut fields = beside.unwrap_or_else(|| Value::fields([("ToUserName", text(&self.name))]));
        if self.kind == Kind::Wecom {
            fields.set("AgentID", text(&self.agent));
        }
        fields.set("Encrypt", text(encrypted));
        match self.format {
            Format::Xml => fields.xml("xml"),
            Format::Json => fields.json(),
        }
    }
}

/// Timestamp and nonce of a request, and what they are signed with.
pub(super) struct Stamp<'a> {
    token: &'a str,
    timestamp: String,
    nonce: String,
}

impl<'a> Stamp<'a> {
    pub(super) fn new(account: &'a Account, age: i64) -> Self {
        let seconds = (Clock::default().now().0 / 1000).saturating_add_signed(age.saturating_neg());
        let nonce = (mint().number() % 10_000_000_000).to_string();
        Self { token: &account.token, timestamp: seconds.to_string(), nonce }
    }

    /// `signature` first, then what it covers.
    pub(super) fn plain(&mut self) -> Vec<(String, String)> {
        self.query("signature", sign(&[self.token, &self.timestamp, &self.nonce]))
    }

    /// `msg_signature` first, then what it covers beside the envelope.
    pub(super) fn encrypted(&mut self, encrypted: &str) -> Vec<(String, String)> {
        self.query("msg_signature", sign(&[self.token, &self.timestamp, &self.nonce, encrypted]))
    }

    fn query(&self, name: &str, signature: String) -> Vec<(String, String)> {
        let pairs = [(name, signature), ("timestamp", self.timestamp.clone()), ("nonce", self.nonce.clone())];
        pairs.into_iter().map(|(name, it)| (name.to_owned(), it)).collect()
    }
}

/// A value as it stands in a query.
fn escape(value: &str) -> String {
    // A plus is escaped before, so one that is left is a blank.
    form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::push::read;

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    fn param<'a>(sealed: &'a Sealed, name: &str) -> &'a str {
        sealed.query.iter().find(|it| it.0 == name).map(|it| it.1.as_str()).unwrap_or_default()
    }

    fn names(sealed: &Sealed) -> String {
        sealed.query.iter().map(|it| it.0.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_plain_push_is_signed_and_says_who_wrote() {
        let push = Push::text("a ]]> b").from("oA");
        let sealed = push.seal();
        assert_eq!(names(&sealed), "signature timestamp nonce openid");
        let parts = [Account::TOKEN, param(&sealed, "timestamp"), param(&sealed, "nonce")];
        assert_eq!(param(&sealed, "signature"), sign(&parts));
        let said = read(&sealed.body, Format::Xml).unwrap();
        let field = |name| said.text_at(name);
        assert_eq!((field("ToUserName"), field("FromUserName"), field("Content")), ("gh_simulator", "oA", "a ]]> b"));
        assert!(field("MsgId").parse::<u64>().unwrap() > 1 << 53);
        assert_eq!((sealed.content_type, sealed.body.contains("Encrypt")), ("text/xml", false));
        assert!(push.seal() != sealed && push.seal().body == sealed.body);
    }

    #[test]
    fn an_encrypted_push_holds_the_same_in_an_envelope() {
        for (account, plain_beside) in
            [(Account::default().safe(KEY), false), (Account::default().compatible(KEY).json(), true)]
        {
            let push = Push::named("CLICK").by(&account);
            let sealed = push.seal();
            assert_eq!(names(&sealed), "signature timestamp nonce openid encrypt_type msg_signature");
            let body = read(&sealed.body, account.format).unwrap();
            let encrypted = body.text_at("Encrypt");
            let parts = [Account::TOKEN, param(&sealed, "timestamp"), param(&sealed, "nonce"), encrypted];
            assert_eq!(param(&sealed, "msg_signature"), sign(&parts));
            let (plain, id) = account.key.as_ref().unwrap().open(encrypted).unwrap();
            assert_eq!((plain, id), (push.plain(), Account::ID.to_owned()));
            assert_eq!(body.text_at("EventKey") == "KEY_1", plain_beside);
            assert_eq!(read(&push.plain(), account.format).unwrap().text_at("MsgId"), "");
        }
    }

    #[test]
    fn wecom_signs_the_envelope_only_and_names_its_agent() {
        let account = Account::of(Kind::Wecom).safe(KEY);
        let sealed = Push::text("hi").by(&account).seal();
        assert_eq!(names(&sealed), "msg_signature timestamp nonce");
        let body = read(&sealed.body, Format::Xml).unwrap();
        assert_eq!((body.text_at("AgentID"), body.text_at("ToUserName")), ("1000002", "ww1234567890abcdef"));
        let (plain, _) = account.key.as_ref().unwrap().open(body.text_at("Encrypt")).unwrap();
        assert_eq!(read(&plain, Format::Xml).unwrap().text_at("AgentID"), "1000002");
        let lower = Push::text("hi").by(&account.clone().json()).seal();
        assert!(lower.body.starts_with(r#"{"tousername":"ww1234567890abcdef","encrypt":""#), "{}", lower.body);
    }

    #[test]
    fn a_query_is_escaped_and_joins_the_one_that_is_there() {
        let sealed = Sealed { query: vec![], content_type: "text/xml", body: String::new() };
        let sealed = sealed.with("a", "+ /=").with("b", "1").with("b", "2").with("c", "").without("c");
        assert_eq!(sealed.target("/x"), "/x?a=%2B%20%2F%3D&b=2");
        assert_eq!(sealed.target("/x?call=bot"), "/x?call=bot&a=%2B%20%2F%3D&b=2");
    }
}
