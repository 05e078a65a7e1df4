//! The back-ends that docs/examples shows, run as they stand and asked as the gateway asks.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use wxedge::webhook::Key;
use wxedge::wechat::message::{Ids, Message};
use wxedge::wechat::reply::{self, Answer as Said};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::push::{Account, Push};

use crate::support::*;

/// The key of `bot`, as it is configured.
const BOT_KEY: &str = "whsec_aG9va3Mta2V5LW9mLXRoZS1ib3QtMzItYnl0ZXMtb2s=";
/// Its bytes.
const KEY: &[u8] = b"hooks-key-of-the-bot-32-bytes-ok";
/// How long an interpreter may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a back-end of the examples is written in.
#[derive(Clone, Copy)]
enum Language {
    Python,
    Node,
    Go,
}

/// One of them, running.
struct Bot {
    // Before the folder that it writes into: fields are dropped in this order.
    _process: Process,
    address: SocketAddr,
    _scratch: Scratch,
}

impl Bot {
    async fn start(language: Language) -> Self {
        let scratch = Scratch::new("example").unwrap();
        let mut command = language.command();
        command.env("BOT_KEY", BOT_KEY).env("PORT", "0");
        let mut process = Process::spawn("the example", &mut command, scratch.path("log")).unwrap();
        let log = process.log_path().to_owned();
        let look = async || listening(&std::fs::read_to_string(&log).ok()?);
        let address = process.wait_for("address", PATIENCE, look).await.unwrap();
        Self { _process: process, address, _scratch: scratch }
    }

    /// A request to it as it stands, with these headers of Standard Webhooks.
    fn request(&self, headers: &[(&str, &str)], body: &str) -> Request {
        let request = Request::new(self.address, "POST", "/wx/msg/text").header("content-type", "application/json");
        headers.iter().fold(request, |it, (name, value)| it.header(name, value)).body(body)
    }

    /// What it says to a push that the gateway sends.
    async fn told(&self, id: &str, push: &Value) -> Answer {
        let (body, seconds) = (push.to_string(), seconds(0));
        let signature = sign(id, &seconds, &body);
        let headers = [("webhook-id", id), ("webhook-timestamp", &*seconds), ("webhook-signature", &*signature)];
        self.request(&headers, &body).await
    }
}

impl Language {
    fn command(self) -> Command {
        let (program, argument) = match self {
            Self::Python => ("python3".into(), Some("docs/examples/bot.py")),
            Self::Node => ("node".into(), Some("docs/examples/bot.mjs")),
            Self::Go => (built().clone(), None),
        };
        let mut command = Command::new(program);
        command.args(argument.map(|it| root().join(it)));
        command
    }
}

/// The one in Go. `go run` would leave it behind when it is killed itself.
fn built() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let go = needed(".tools/bin/go", "make tools").unwrap();
        let (tools, binary) = (root().join(".tools"), root().join("target/examples/bot"));
        for verb in [["vet"].as_slice(), &["build", "-o", binary.to_str().unwrap()]] {
            let made = Command::new(&go)
                .args(verb)
                .arg(root().join("docs/examples/bot.go"))
                .env("GOCACHE", tools.join("go-cache"))
                .env("HOME", tools.join("go-cache"))
                .envs([("GOPROXY", "off"), ("GOTOOLCHAIN", "local"), ("GOENV", "off"), ("GOFLAGS", "")])
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        binary
    })
}

fn listening(log: &str) -> Option<SocketAddr> {
    log.lines().find_map(|it| it.split_once("listening on http://"))?.1.parse().ok()
}

/// The time, so many seconds from now.
#[expect(clippy::disallowed_methods, reason = "the example compares it with real time")]
fn seconds(from_now: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    now.checked_add_signed(from_now).unwrap().to_string()
}

/// The signature that the gateway makes.
fn sign(id: &str, seconds: &str, body: &str) -> String {
    Key::parse(BOT_KEY).unwrap().sign(id, seconds, body.as_bytes())
}

fn text(content: &str) -> Value {
    let xml = format!(
        "<xml><ToUserName>gh_1a2b3c</ToUserName><FromUserName>oAbC-dEf_1</FromUserName><CreateTime>1700000000</CreateTime>\
         <MsgType>text</MsgType><Content>{content}</Content><MsgId>22277834746191186</MsgId></xml>"
    );
    gateway(&xml)
}

/// A push in the form `gateway`.
fn gateway(xml: &str) -> Value {
    serde_json::from_str(&Message::read(xml, Ids::Text).unwrap().gateway()).unwrap()
}

/// The text that the user would see.
#[track_caller]
fn shown(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("content-type").as_deref()), (200, Some("application/json")));
    let Said::Reply(reply) = reply::read(&answer.body) else { panic!("{}", answer.text()) };
    assert_eq!(reply.kind(), "text");
    answer.json()["msg"].as_str().unwrap().to_owned()
}

/// Makes a test of each scenario for each language.
macro_rules! in_every_language {
    ($( async fn $name:ident($bot:ident: Bot) $body:block )+) => {$(
        mod $name {
            use super::*;

            async fn scenario($bot: Bot) $body

            #[test]
            fn python() {
                block_on(async { scenario(Bot::start(Language::Python).await).await });
            }

            #[test]
            fn node() {
                block_on(async { scenario(Bot::start(Language::Node).await).await });
            }

            #[test]
            fn go() {
                block_on(async { scenario(Bot::start(Language::Go).await).await });
            }
        }
    )+};
}

in_every_language! {
    async fn a_push_is_answered_and_its_repeats_get_the_same_answer(bot: Bot) {
        let hi = text("hi &lt;b&gt; \"你好\"");
        assert_eq!(shown(&bot.told("msg_1", &hi).await), "hi <b> \"你好\" (push 1)");
        assert_eq!(shown(&bot.told("msg_1", &hi).await), "hi <b> \"你好\" (push 1)");
        assert_eq!(shown(&bot.told("msg_2", &hi).await), "hi <b> \"你好\" (push 2)");
        let at_once = join_all((0..8).map(|_| bot.told("msg_3", &hi)).collect()).await;
        assert!(at_once.iter().all(|it| shown(it) == "hi <b> \"你好\" (push 3)"));
        let event = |name: &str| gateway(&format!("<xml><MsgType>event</MsgType><Event>{name}</Event></xml>"));
        assert_eq!(shown(&bot.told("msg_4", &event("subscribe")).await), "welcome");
        for (id, push) in [("msg_5", event("LOCATION")), ("msg_6", json!({ "InfoType": "component_verify_ticket" }))] {
            let nothing = bot.told(id, &push).await;
            assert_eq!((nothing.status, &*nothing.text()), (200, "success"));
        }
        assert_eq!(shown(&bot.told("msg_7", &hi).await), "hi <b> \"你好\" (push 7)");
    }

    async fn what_the_gateway_did_not_sign_or_not_now_is_refused(bot: Bot) {
        let body = text("hi").to_string();
        let (now, old, early) = (seconds(0), seconds(-330), seconds(330));
        let good = sign("msg_1", &now, &body);
        let (bare, longer) = (good.trim_start_matches("v1,"), format!("{good}A"));
        let other = Key::parse("whsec_aG9va3Mta2V5LW9mLXRoZS1ib3QtMzItYnl0ZXMtb2o=").unwrap();
        let other = other.sign("msg_1", &now, body.as_bytes());
        let as_text = Key::parse(BOT_KEY.trim_start_matches("whsec_")).unwrap().sign("msg_1", &now, body.as_bytes());
        let (was, will_be) = (sign("msg_1", &old, &body), sign("msg_1", &early, &body));
        let (no_time, no_id) = (sign("msg_1", "", &body), sign("", &now, &body));
        let soon = sign("msg_1", "soon", &body);
        let version = good.replace("v1,", "v2,");
        let empty = sign("msg_1", &now, "");
        let attempts: [(&str, &[&str; 3]); 16] = [
            ("another key", &["msg_1", &now, &other]),
            ("the key's text as its bytes", &["msg_1", &now, &as_text]),
            ("another id", &["msg_2", &now, &good]),
            ("another time", &["msg_1", &seconds(1), &good]),
            ("too old", &["msg_1", &old, &was]),
            ("too early", &["msg_1", &early, &will_be]),
            ("no time", &["msg_1", "", &no_time]),
            ("a time that is none", &["msg_1", "soon", &soon]),
            ("a time of many digits", &["msg_1", "99999999999999999999999999999", &good]),
            ("no id", &["", &now, &good]),
            ("the signature of no id", &["msg_1", &now, &no_id]),
            ("another version", &["msg_1", &now, &version]),
            ("no version", &["msg_1", &now, bare]),
            ("a longer one", &["msg_1", &now, &longer]),
            ("none", &["msg_1", &now, ""]),
            ("that of no body", &["msg_1", &now, &empty]),
        ];
        for (what, [id, time, signature]) in attempts {
            let headers = [("webhook-id", *id), ("webhook-timestamp", time), ("webhook-signature", signature)];
            // An empty one is not sent at all.
            let headers: Vec<_> = headers.into_iter().filter(|it| !it.1.is_empty()).collect();
            assert_eq!(bot.request(&headers, &body).await.status, 401, "{what}");
        }
        let signed = [("webhook-id", "msg_1"), ("webhook-timestamp", &now), ("webhook-signature", &good)];
        assert_eq!(bot.request(&signed, &body.replace("hi", "ho")).await.status, 401);
        assert_eq!(bot.request(&[], &body).await.status, 401);
        // None of them was handled. While a key is changed there are two signatures.
        let both = format!("{other} {good}");
        let signed = [("webhook-id", "msg_1"), ("webhook-timestamp", &*now), ("webhook-signature", &*both)];
        assert_eq!(shown(&bot.request(&signed, &body).await), "hi (push 1)");
    }

    async fn a_body_that_is_too_long_is_not_read(bot: Bot) {
        let long = "x".repeat((1 << 20) + 1);
        // It may be so rude as to close the connection before it has read all, and its answer is lost then.
        let answer = bot.request(&[], &long).send().await;
        assert!(answer.as_ref().map_or(true, |it| it.status == 413), "{answer:?}");
        assert_eq!(shown(&bot.told("msg_1", &text("hi")).await), "hi (push 1)");
    }
}

/// An account in safe mode.
fn safe() -> Account {
    Account::default().safe("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
}

on_every_host! {
    async fn the_user_gets_a_reply_from_each_of_them(start: Start) {
        let bots = join_all([Language::Python, Language::Node, Language::Go].map(Bot::start).into()).await;
        let backends = ["python", "node", "go"].into_iter().zip(&bots).map(|(name, bot)| {
            let url = format!("http://{}/wx", bot.address);
            (name.to_owned(), json!({ "url": url, "key": BOT_KEY }))
        });
        let backends: serde_json::Map<_, _> = backends.collect();
        let mut edge = start
            .config(|it| {
                it["backends"] = Value::Object(backends.clone());
                let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
                it["apps"]["demo"]["callback"] = json!({ "token": Account::TOKEN, "aes_key": key, "path": "/wx" });
            })
            .start()
            .await;
        for name in backends.keys() {
            for (number, door) in ["/wx", "/app/demo/msg/json"].into_iter().enumerate() {
                let to = |it: Push| it.by(&safe()).to(format!("{door}?call={name}")).from(&format!("o{name}{number}"));
                let push = to(Push::text(name));
                // The second delivery is a repeat.
                for _ in 0..2 {
                    let said = edge.push(push.clone()).await;
                    assert_eq!(said.text(), format!("{name} (push {})", number * 3 + 1));
                }
                let nothing = edge.push(to(Push::named("LOCATION"))).await;
                assert!(nothing.is_nothing(), "{nothing:?}");
                assert_eq!(edge.push(to(Push::named("subscribe"))).await.text(), "welcome");
            }
        }
        unharmed(&mut edge).await;
    }
}

/// Runs push.sh against a URL and gives what it prints.
fn push(url: &str, key: &str, id: Option<&str>) -> (bool, String) {
    let mut command = Command::new("sh");
    command.arg(root().join("docs/examples/push.sh")).arg(url).env("BOT_KEY", key);
    let ran = command.envs(id.map(|it| ("WEBHOOK_ID", it))).output().unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn the_example_for_curl_sends_what_the_gateway_sends() {
    block_on(async {
        let backend = Backend::start().await.unwrap();
        assert_eq!(push(&backend.url("/wx"), BOT_KEY, None), (true, String::new()));
        assert_eq!(push(&backend.url("/wx"), "sixteen bytes ok", Some("msg_1")), (true, String::new()));
        let [whsec, plain] = &backend.received()[..] else { panic!("{:?}", backend.received()) };
        assert!(whsec.is_signed_with(KEY) && plain.is_signed_with(b"sixteen bytes ok"));
        assert_eq!(plain.header("webhook-id"), Some("msg_1"));
        for it in [whsec, plain] {
            assert_eq!((&*it.method, &*it.target), ("POST", "/wx/msg/text"));
            assert_eq!(it.header("content-type"), Some("application/json"));
            let mut hi = text("hi");
            hi["CreateTime"] = it.json()["CreateTime"].clone();
            assert_eq!(it.json(), hi);
            assert!(hi["CreateTime"].is_u64());
        }
    });
}

#[test]
fn the_example_for_curl_gets_the_answers_of_the_others() {
    block_on(async {
        let bot = Bot::start(Language::Python).await;
        let url = format!("http://{}", bot.address);
        for (id, number) in [("msg_1", 1), ("msg_1", 1), ("msg_2", 2)] {
            let (well, said) = push(&url, BOT_KEY, Some(id));
            assert!(well && said.contains(&format!("hi (push {number})")), "{said}");
        }
        let (well, said) = push(&url, "another key of 16 bytes", None);
        assert!(!well && said.contains("not signed by the gateway"), "{said}");
    });
}
