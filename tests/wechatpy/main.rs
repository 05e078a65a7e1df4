//! wechatpy, a library that many services answer WeChat with, judges our callbacks: it opens what we encrypt, we take what it
//! encrypts, and it understands each reply.

mod random;
mod replies;

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use wxedge::account::Family;
use wxedge::host::Time;
use wxedge::secret::Secret;
use wxedge::wechat::callback::{Guard, Mode, Signed, Taken};
use wxedge::wechat::envelope::AesKey;
use wxedge::wechat::message::Format;
use wxedge_tests::harness::{needed, root};

use crate::random::Random;

/// What wechatpy answers to each of `tasks`.
fn ask(tasks: &[Value]) -> Vec<Value> {
    let python = needed(".tools/wechatpy/bin/python", "make tools").unwrap_or_else(|why| panic!("{why}"));
    let mut command = Command::new(python);
    command.arg(root().join("tests/wechatpy/run.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut judge = command.spawn().expect("start Python");
    let mut input = judge.stdin.take().expect("its standard input");
    let lines: String = tasks.iter().map(|it| format!("{it}\n")).collect();
    let ran = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(lines.as_bytes()));
        judge.wait_with_output().expect("run Python")
    });
    let answers = String::from_utf8(ran.stdout).expect("UTF-8");
    let answers: Vec<Value> = answers.lines().map(|it| serde_json::from_str(it).expect("JSON")).collect();
    assert_eq!((ran.status.success(), answers.len()), (true, tasks.len()), "it has said why above");
    answers
}

/// One message of one account.
struct Case {
    guard: Guard,
    /// The account as the judge needs to know it, and the message.
    task: Value,
    text: String,
    format: Format,
    random: [u8; 16],
}

const NONCE: &str = "1320562132";
const NOW: Time = Time::from_ms(1_700_000_000_000);

impl Case {
    fn new(random: &mut Random) -> Self {
        let family = if random.below(2) == 0 { Family::Official } else { Family::Wecom };
        let formats =
            if family == Family::Wecom { [Format::Xml, Format::LowerJson] } else { [Format::Xml, Format::Json] };
        let (token, key, receive_id) = (random.word(32), random.word(43), random.word(18));
        let text = random.text();
        let guard = Guard {
            family,
            mode: Mode::Encrypted,
            tokens: vec![Secret::new(token.clone())],
            keys: vec![AesKey::parse(&key).expect("43 characters")],
            receive_ids: vec![receive_id.clone()],
            max_age: 300,
        };
        let wecom = family == Family::Wecom;
        let task = json!({
            "do": "seal", "wecom": wecom, "token": token, "key": key, "receive_id": receive_id,
            "text": text, "nonce": NONCE, "timestamp": "1700000000",
        });
        Self { guard, task, text, format: formats[random.below(2)], random: random.bytes() }
    }

    /// The same message in an envelope of ours.
    fn ours(&self) -> Value {
        let push = Taken { text: String::new(), format: self.format, token: 0, sealed: Some((0, 0)) };
        let body = self.guard.answer(&push, self.text.clone(), NOW, NONCE, self.random);
        let mut task = self.task.clone();
        task["do"] = "open_envelope".into();
        task["body"] = body.into();
        task
    }

    /// What we take out of an envelope of theirs, as a push and, from WeCom, as a URL check.
    fn taken(&self, theirs: &Value) -> (String, Option<String>) {
        let [encrypted, signature, timestamp] = ["Encrypt", "MsgSignature", "TimeStamp"].map(|it| theirs[it].as_str());
        let signed = Signed {
            msg_signature: signature.map(Into::into),
            timestamp: timestamp.map(Into::into),
            nonce: Some(NONCE.into()),
            encrypt_type: Some("aes".into()),
            echostr: encrypted.map(Into::into),
            ..Signed::default()
        };
        let encrypted = encrypted.expect("an envelope");
        let body = match self.format {
            Format::Xml => format!("<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"),
            Format::Json => json!({ "Encrypt": encrypted }).to_string(),
            Format::LowerJson => json!({ "encrypt": encrypted }).to_string(),
        };
        let push = self.guard.take(&signed, body.into(), NOW).unwrap_or_else(|why| panic!("{why}: {}", self.task));
        let wecom = self.guard.family == Family::Wecom;
        let echo = wecom.then(|| self.guard.check(&signed, NOW).unwrap_or_else(|why| panic!("{why}: {}", self.task)));
        (push.text, echo)
    }
}

#[test]
fn a_thousand_messages_travel_both_ways() {
    let mut random = Random::new(0x5eed_0009);
    let cases: Vec<Case> = (0..1_000).map(|_| Case::new(&mut random)).collect();
    let opened = ask(&cases.iter().map(Case::ours).collect::<Vec<_>>());
    let sealed = ask(&cases.iter().map(|it| it.task.clone()).collect::<Vec<_>>());
    for ((case, opened), sealed) in cases.iter().zip(opened).zip(sealed) {
        assert_eq!(opened, case.text);
        let (push, echo) = case.taken(&sealed);
        assert_eq!(push, case.text);
        assert!(echo.is_none_or(|it| it == case.text));
    }
}
