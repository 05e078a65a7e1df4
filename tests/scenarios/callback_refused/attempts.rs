//! Attempts on signatures, modes, times, parameters, bodies and methods.

use wxedge_tests::harness::*;
use wxedge_tests::simulator::push::{Account, Kind, Push, Sealed, UrlCheck};

use crate::callback_support::*;
use crate::support::*;

/// A request that must be refused.
pub struct Attempt {
    /// What to call it.
    pub name: String,
    /// What is sent.
    pub bytes: Vec<u8>,
    /// What may be answered.
    statuses: &'static [u16],
    /// What must not come back.
    echo: String,
}

impl Attempt {
    pub fn new(name: impl Into<String>, request: &Request, statuses: &'static [u16]) -> Self {
        Self { name: name.into(), bytes: request.bytes("close"), statuses, echo: "\0".to_owned() }
    }

    /// Whether an answer refuses it as it must.
    pub fn refused(&self, answer: &Answer) -> Result<(), String> {
        let text = answer.text();
        if !self.statuses.contains(&answer.status) {
            return Err(format!("the status is none of {:?}", self.statuses));
        }
        if let Some(secret) = CALLBACK_SECRETS.iter().find(|it| text.contains(**it)) {
            return Err(format!("{secret} is in it"));
        }
        if text.contains(&self.echo) {
            return Err("the echo is in it".to_owned());
        }
        // Envoy's own word for a body that is too large.
        if answer.status == 413 && answer.header("x-request-id").is_none() {
            return Ok(());
        }
        let errcode = serde_json::from_str::<serde_json::Value>(&text).ok().map(|it| it["errcode"].clone());
        if errcode != Some((-10001).into()) || answer.header("x-request-id").is_none() {
            return Err("it is no error of the gateway's".to_owned());
        }
        Ok(())
    }
}

/// Where messages of the demo app come in.
const DOORS: [&str; 3] = ["/app/demo/msg", "/app/demo/msg/json", "/wx"];

/// All of them.
pub fn all(edge: &Edge) -> Vec<Attempt> {
    let mut all = Vec::new();
    for door in DOORS {
        for (name, sealed, statuses) in forged().into_iter().chain(games()).chain(stamps()).chain(bodies()) {
            all.push(Attempt::new(format!("{door} {name}"), &edge.sealed(&sealed, door), statuses));
        }
    }
    for (name, sealed, statuses) in plain_ones() {
        all.push(Attempt::new(format!("open: {name}"), &edge.sealed(&sealed, "/app/open/msg"), statuses));
    }
    for (name, sealed, statuses) in of_wecom() {
        all.push(Attempt::new(format!("corp: {name}"), &edge.sealed(&sealed, "/app/corp/msg"), statuses));
    }
    all.extend(elsewhere(edge));
    all.extend(url_checks(edge));
    all
}

type Forged = (String, Sealed, &'static [u16]);

fn good() -> Sealed {
    hi().seal()
}

fn param(sealed: &Sealed, name: &str) -> String {
    sealed.query.iter().find(|it| it.0 == name).unwrap().1.clone()
}

/// Signatures that are none.
fn forged() -> Vec<Forged> {
    let it = good();
    let right = param(&it, "msg_signature");
    let other = param(&good(), "msg_signature");
    let mut all: Vec<Forged> = [
        "0".repeat(40),
        right.to_uppercase(),
        right[..39].to_owned(),
        format!("{right}0"),
        format!(" {right}"),
        param(&it, "signature"),
        other,
        "é".repeat(20),
    ]
    .into_iter()
    .map(|wrong| (format!("msg_signature {wrong}"), it.clone().with("msg_signature", wrong), &[401][..]))
    .collect();
    all.push(("msg_signature is empty".into(), it.clone().with("msg_signature", ""), &[400, 401]));
    all.push(("no msg_signature".into(), it.clone().without("msg_signature"), &[400]));
    all.push(("no timestamp".into(), it.clone().without("timestamp"), &[400]));
    all.push(("no nonce".into(), it.clone().without("nonce"), &[400]));
    all.push(("another nonce".into(), it.clone().with("nonce", "1"), &[401]));
    all.push(("another body".into(), it.clone().body(good().body), &[401]));
    for account in [sealed().token("another"), sealed().token(""), sealed().token(&Account::TOKEN.to_uppercase())] {
        all.push((format!("token {:?}", account.token), hi().by(&account).seal(), &[401]));
    }
    for account in [sealed().id("wxanother0000000001"), sealed().id(""), sealed().id("wx1234567890abcdeF")] {
        all.push((format!("for {:?}", account.id), hi().by(&account).seal(), &[401]));
    }
    all.push(("of another key".into(), hi().by(&sealed().safe(OLD_AES_KEY)).seal(), &[401]));
    // Bits that were flipped on the way: each sixth of a byte of the envelope in turn.
    let begin = it.body.find("<Encrypt><![CDATA[").unwrap() + 18;
    for at in (begin..it.body.find("]]></Encrypt>").unwrap()).step_by(9) {
        let mut body = it.body.clone().into_bytes();
        body[at] = if body[at] == b'A' { b'B' } else { b'A' };
        let body = String::from_utf8(body).unwrap();
        let changed = body != it.body;
        assert!(changed);
        all.push((format!("flipped at {at}"), it.clone().body(body), &[401]));
    }
    all
}

/// Pushes that would be taken if the request said how it is encrypted.
fn games() -> Vec<Forged> {
    let plain = Push::text("forged").seal();
    let mut all: Vec<Forged> = vec![
        ("plain".into(), plain.clone(), &[403]),
        ("plain, unsigned".into(), plain.clone().without("signature"), &[403]),
        ("plain, but said to be encrypted".into(), plain.clone().with("encrypt_type", "aes"), &[403]),
        ("plain JSON".into(), Push::text("forged").by(&Account::default().json()).seal(), &[403]),
        ("encrypted, not said so".into(), good().without("encrypt_type"), &[403]),
    ];
    for kind in ["", "raw", "AES", "Aes", "aes ", " aes", "aes\0", "aes,raw", "none", "plain", "aes128"] {
        all.push((format!("encrypt_type {kind:?}"), good().with("encrypt_type", kind), &[403]));
        all.push((format!("plain, encrypt_type {kind:?}"), plain.clone().with("encrypt_type", kind), &[403]));
    }
    for name in ["encrypt_type", "msg_signature", "signature", "timestamp", "nonce", "openid"] {
        let mut twice = good();
        twice.query.push((name.to_owned(), param(&good(), name)));
        all.push((format!("{name} twice"), twice, &[400]));
        let mut spelled = good();
        spelled.query.insert(0, (name.replace('_', "%5F").replace('n', "%6e"), "x".to_owned()));
        all.push((format!("{name} twice, once escaped"), spelled, &[400]));
    }
    let mut both = plain;
    both.query.push(("encrypt_type".into(), "aes".into()));
    both.query.push(("encrypt_type".into(), "raw".into()));
    all.push(("aes and raw".into(), both, &[400]));
    all
}

/// Signed well, at another time.
fn stamps() -> Vec<Forged> {
    let mut all: Vec<Forged> = Vec::new();
    for age in [301, 3_600, 86_400, 1_700_000_000, -360, -3_600, -86_400, -4_000_000_000] {
        all.push((format!("{age} s old"), hi().aged(age).seal(), &[403]));
    }
    for wrong in ["", "0", "-1", "now", "1e9", "99999999999999999999"] {
        // The signature covers it, and only the token's owner could make one.
        all.push((format!("timestamp {wrong:?}"), good().with("timestamp", wrong), &[400, 401]));
    }
    // The signature covers both, joined by nothing: a digit may move from one to the other.
    let it = good();
    let (time, nonce) = (param(&it, "timestamp"), param(&it, "nonce"));
    let (first, rest) = nonce.split_at(1);
    all.push((
        "a digit moved".into(),
        it.clone().with("timestamp", format!("{time}{first}")).with("nonce", rest),
        &[401, 403],
    ));
    all.push(("swapped".into(), it.with("timestamp", nonce).with("nonce", time), &[401, 403]));
    all
}

/// Bodies that are no push, under a signature that is right for the envelope that they came with.
fn bodies() -> Vec<Forged> {
    let it = good();
    let encrypt = it.body.split_once("<Encrypt>").unwrap().1.split_once("</Encrypt>").unwrap().0.to_owned();
    let bare = encrypt.trim_start_matches("<![CDATA[").trim_end_matches("]]>").to_owned();
    let xml = |inside: &str| format!("<xml>{inside}</xml>");
    let entities = format!("<!DOCTYPE xml [<!ENTITY e \"{bare}\">]><xml><Encrypt>&e;</Encrypt></xml>");
    let laughs = "<!DOCTYPE xml [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;\">]><xml><Encrypt>&c;</Encrypt></xml>";
    let deep_json = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(20_000));
    let bodies = [
        ("empty", String::new()),
        ("a blank", " ".to_owned()),
        ("success", "success".to_owned()),
        ("no root", encrypt.clone()),
        ("not closed", format!("<xml><Encrypt>{encrypt}</Encrypt>")),
        ("no Encrypt", xml("<ToUserName>gh_1</ToUserName>")),
        ("an empty Encrypt", xml("<Encrypt></Encrypt>")),
        ("two Encrypts", xml(&format!("<Encrypt>{encrypt}</Encrypt><Encrypt>{encrypt}</Encrypt>"))),
        ("Encrypt within", xml(&format!("<Deep><Encrypt>{encrypt}</Encrypt></Deep>"))),
        ("elements in Encrypt", xml(&format!("<Encrypt><a>{encrypt}</a></Encrypt>"))),
        ("an entity", entities),
        ("entities in entities", laughs.to_owned()),
        ("an outside entity", "<!DOCTYPE xml SYSTEM \"file:///etc/passwd\"><xml><Encrypt>a</Encrypt></xml>".to_owned()),
        ("an entity that nobody declared", xml("<Encrypt>&who;</Encrypt>")),
        ("80 000 elements deep", "<a>".repeat(80_000)),
        ("80 000 elements wide", format!("<xml>{}</xml>", "<a/>".repeat(60_000))),
        ("100 000 lists deep", deep_json("[", "]")),
        ("50 000 objects deep", "{\"a\":".repeat(50_000)),
        ("a list", "[]".to_owned()),
        ("a number", "{\"Encrypt\":7}".to_owned()),
        ("a key twice", format!("{{\"Encrypt\":\"{bare}\",\"Encrypt\":\"{bare}\"}}")),
        ("no string", format!("{{\"Encrypt\":[\"{bare}\"]}}")),
    ];
    let mut all: Vec<Forged> = Vec::new();
    for (name, body) in bodies {
        all.push((name.to_owned(), it.clone().body(body), &[400, 401, 403]));
    }
    for size in [256 * 1024 + 1, 300_000, 1_000_000] {
        let body = format!("<xml><Encrypt>{}</Encrypt></xml>", "A".repeat(size));
        all.push((format!("{size} bytes"), it.clone().body(body), &[413]));
    }
    all
}

/// To an account that does not encrypt.
fn plain_ones() -> Vec<Forged> {
    let good = || Push::text("hi").seal();
    vec![
        ("no signature".into(), good().without("signature"), &[400]),
        ("another signature".into(), good().with("signature", "0".repeat(40)), &[401]),
        ("of another stamp".into(), good().with("nonce", "7"), &[401]),
        ("of another token".into(), Push::text("hi").by(&Account::default().token("another")).seal(), &[401]),
        ("encrypted".into(), hi().seal(), &[403]),
        ("encrypt_type aes".into(), good().with("encrypt_type", "aes"), &[403]),
        ("old".into(), Push::text("hi").aged(301).seal(), &[403]),
    ]
}

fn of_wecom() -> Vec<Forged> {
    let corp = || Account::of(Kind::Wecom).id(CORPID).safe(AES_KEY);
    let push = |account: &Account| Push::text("hi").by(account).seal();
    let official = sealed().id(CORPID);
    vec![
        ("no msg_signature".into(), push(&corp()).without("msg_signature"), &[400]),
        ("another msg_signature".into(), push(&corp()).with("msg_signature", "0".repeat(40)), &[401]),
        ("an official account's signature".into(), Push::text("hi").seal(), &[400, 401, 403]),
        ("plain, signed as an official account's".into(), push(&official).body(Push::text("hi").plain()), &[401, 403]),
        ("for another corporation".into(), push(&corp().id("wwanother")), &[401]),
        ("of another key".into(), push(&corp().safe(OLD_AES_KEY)), &[401]),
        ("of another token".into(), push(&corp().token("another")), &[401]),
        ("old".into(), Push::text("hi").by(&corp()).aged(301).seal(), &[403]),
    ]
}

/// Doors that are none, and methods that no door takes.
fn elsewhere(edge: &Edge) -> Vec<Attempt> {
    let mut all = Vec::new();
    for path in
        ["/app/nowhere/msg", "/app/mute/msg", "/app/demo/msg/xml", "/app/demo/msg/", "/app/demo/MSG", "/app//msg"]
    {
        all.push(Attempt::new(path, &edge.sealed(&good(), path), &[404]));
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        for door in DOORS {
            let request = edge.request(method, good().target(door)).body(good().body);
            all.push(Attempt::new(format!("{method} {door}"), &request, &[405]));
        }
    }
    for (name, sealed, statuses) in forged().into_iter().chain(games()).chain(stamps()) {
        let request = edge.sealed(&sealed, "/entry?call=b1").header("host", "svc.example.com");
        all.push(Attempt::new(format!("callback host: {name}"), &request, statuses));
    }
    all
}

fn url_checks(edge: &Edge) -> Vec<Attempt> {
    let check = |account: &Account| UrlCheck { echo: "echo-that-nobody-may-get".into(), ..UrlCheck::of(account) };
    let own = check(&sealed());
    let corp = check(&Account::of(Kind::Wecom).id(CORPID).safe(AES_KEY));
    let cases: Vec<Forged> = vec![
        ("no signature".into(), own.seal().without("signature"), &[400]),
        (
            "no signature, but a msg_signature".into(),
            own.seal().without("signature").with("msg_signature", "0".repeat(40)),
            &[400],
        ),
        ("another signature".into(), own.seal().with("signature", "0".repeat(40)), &[401]),
        ("another token".into(), check(&sealed().token("another")).seal(), &[401]),
        ("old".into(), UrlCheck { age: 301, ..own.clone() }.seal(), &[403]),
        ("no echostr".into(), own.seal().without("echostr"), &[400]),
    ];
    let mut all = Vec::new();
    for door in DOORS.into_iter().chain(["/app/open/msg"]) {
        for (name, sealed, statuses) in &cases {
            let attempt = Attempt::new(format!("URL check {door}: {name}"), &edge.get(sealed.target(door)), statuses);
            all.push(Attempt { echo: own.echo.clone(), ..attempt });
        }
    }
    let cases: Vec<Forged> = vec![
        ("plain".into(), own.seal(), &[400, 401]),
        ("no msg_signature".into(), corp.seal().without("msg_signature"), &[400]),
        ("another msg_signature".into(), corp.seal().with("msg_signature", "0".repeat(40)), &[401]),
        ("another echo".into(), corp.seal().with("echostr", param(&corp.seal(), "echostr")), &[401]),
        ("another corporation".into(), check(&Account::of(Kind::Wecom).id("wwanother").safe(AES_KEY)).seal(), &[401]),
    ];
    for (name, sealed, statuses) in cases {
        let attempt =
            Attempt::new(format!("URL check of WeCom: {name}"), &edge.get(sealed.target("/app/corp/msg")), statuses);
        all.push(Attempt { echo: own.echo.clone(), ..attempt });
    }
    all
}
