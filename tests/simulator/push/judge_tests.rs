use super::*;
use crate::simulator::push::{Value, crypto};

const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn answer(body: &str) -> Response {
    Response { status: 200, headers: vec![], body: body.as_bytes().to_vec() }
}

/// A reply to a push, addressed as it must be.
fn to(push: &Push, more: &str) -> String {
    let said = push.fields().unwrap();
    let [user, account] = ["FromUserName", "ToUserName"].map(|it| said.text_at(it).to_owned());
    format!(
        "<xml><ToUserName><![CDATA[{user}]]></ToUserName><FromUserName><![CDATA[{account}]]></FromUserName>\
         <CreateTime>1700000000</CreateTime>{more}</xml>"
    )
}

fn text() -> Push {
    Push::text("hi")
}

#[track_caller]
fn malformed(push: &Push, body: &str, why: &str) {
    match judge(push, &answer(body)) {
        Verdict::Malformed(said) => assert!(said.contains(why), "{said}"),
        other => panic!("{body}: {other:?}"),
    }
}

#[track_caller]
fn shown(push: &Push, body: &str) -> Reply {
    match judge(push, &answer(body)) {
        Verdict::Reply(reply) => reply,
        other => panic!("{body}: {other:?}"),
    }
}

const HELLO: &str = "<MsgType>text</MsgType><Content>hello</Content>";

#[test]
fn empty_and_success_show_nothing() {
    for body in ["", "success"] {
        assert!(matches!(judge(&text(), &answer(body)), Verdict::Nothing(_)), "{body}");
    }
    malformed(&text(), "success\n", "outside");
    malformed(&text(), "\"success\"", "outside");
    let refused = Response { status: 500, ..answer("success") };
    assert_eq!(judge(&text(), &refused), Verdict::NotTaken("the status is 500".to_owned()));
}

#[test]
fn a_reply_goes_back_to_who_wrote() {
    assert_eq!(shown(&text(), &to(&text(), HELLO)).body.text_at("Content"), "hello");
    malformed(&text().from("oOther"), &to(&text(), HELLO), "ToUserName");
    let other = text().by(&Account { name: "gh_other".to_owned(), ..Account::default() });
    malformed(&text(), &to(&other, HELLO), "FromUserName");
    malformed(&text(), &to(&text(), HELLO).replace("1700000000", "now"), "CreateTime");
    malformed(&text(), &to(&text(), "<MsgType>text</MsgType>"), "Content");
    malformed(&text(), &to(&text(), "<MsgType>text</MsgType><Content/>"), "Content");
    malformed(&text(), &to(&text(), "<MsgType>text</MsgType><Content>a</Content><Content>b</Content>"), "twice");
    malformed(&text(), "{\"MsgType\":\"text\"}", "outside");
}

#[test]
fn each_type_has_its_fields() {
    for (fine, kind) in [
        ("<Image><MediaId>m</MediaId></Image>", "image"),
        ("<Voice><MediaId>m</MediaId></Voice>", "voice"),
        ("<Video><MediaId>m</MediaId><Title>t</Title></Video>", "video"),
        ("<Music><ThumbMediaId>m</ThumbMediaId></Music>", "music"),
        ("", "transfer_customer_service"),
        ("<TransInfo><KfAccount>a@b</KfAccount></TransInfo>", "transfer_customer_service"),
    ] {
        let body = to(&text(), &format!("<MsgType>{kind}</MsgType>{fine}"));
        assert_eq!(shown(&text(), &body).kind, kind);
        if !fine.is_empty() {
            malformed(&text(), &body.replace(">m<", "><").replace("a@b", ""), "says nothing");
        }
    }
    malformed(&text(), &to(&text(), "<MsgType>hologram</MsgType>"), "hologram");
    malformed(&text(), &to(&text(), "<MsgType>update_button</MsgType>"), "update_button");
}

#[test]
fn articles_are_counted_and_limited() {
    let news = |said: usize, there: usize| {
        let item = "<item><Title>t</Title><Description/><PicUrl/><Url>u</Url></item>".repeat(there);
        format!("<MsgType>news</MsgType><ArticleCount>{said}</ArticleCount><Articles>{item}</Articles>")
    };
    let event = Push::named("CLICK");
    assert_eq!(shown(&text(), &to(&text(), &news(1, 1))).kind, "news");
    assert_eq!(shown(&event, &to(&event, &news(8, 8))).kind, "news");
    malformed(&text(), &to(&text(), &news(2, 2)), "more than 1");
    malformed(&event, &to(&event, &news(9, 9)), "more than 8");
    malformed(&event, &to(&event, &news(2, 3)), "there are 3");
    malformed(&event, &to(&event, &news(0, 0)), "no item");
    malformed(&event, &to(&event, &news(1, 1).replace("<Url>u</Url>", "")), "no Url");
    malformed(&event, &to(&event, &news(1, 1).replace(">t<", "><").replace(">u<", "><")), "empty");
    malformed(&event, &to(&event, &news(1, 1).replace("<ArticleCount>1</ArticleCount>", "")), "ArticleCount");
}

/// A reply in an envelope of this account.
fn sealed(account: &Account, plain: &str) -> Value {
    let encrypted = account.envelope(plain);
    let signature = crypto::sign(&[&account.token, "1700000001", "n", &encrypted]);
    Value::fields([
        ("Encrypt", Value::text(encrypted)),
        ("MsgSignature", Value::text(signature)),
        ("TimeStamp", Value::number(1_700_000_001)),
        ("Nonce", Value::text("n")),
    ])
}

#[test]
fn an_encrypted_push_wants_an_encrypted_reply() {
    let account = Account::default().safe(KEY);
    let push = text().by(&account);
    let plain = to(&push, HELLO);
    let good = sealed(&account, &plain);
    assert_eq!(shown(&push, &good.xml("xml")).body.text_at("Content"), "hello");
    malformed(&push, &plain, "it is plain");
    malformed(&text(), &good.xml("xml"), "it is encrypted");
    let either = text().by(&Account::default().compatible(KEY));
    assert_eq!(shown(&either, &to(&either, HELLO)), shown(&either, &sealed(&account, &to(&either, HELLO)).xml("xml")));

    let change = |name: &str, value: &str| {
        let mut it = good.clone();
        it.set(name, Value::text(value));
        it.xml("xml")
    };
    malformed(&push, &change("MsgSignature", &"0".repeat(40)), "MsgSignature");
    malformed(&push, &change("TimeStamp", "1700000002"), "MsgSignature");
    malformed(&push, &change("TimeStamp", "soon"), "TimeStamp");
    malformed(&push, &change("Nonce", ""), "Nonce");
    malformed(&push, &change("More", "x"), "More");
    malformed(&push, &sealed(&account, "success").xml("xml"), "in the envelope");
    malformed(&push, &sealed(&account.clone().id("wxother"), &plain).xml("xml"), "wxother");
    let other = account.clone().safe("0000000000000000000000000000000000000000000");
    malformed(&push, &sealed(&other, &plain).xml("xml"), "another key");
    malformed(&push, &sealed(&account.clone().token("other"), &plain).xml("xml"), "MsgSignature");
}

#[test]
fn what_came_in_json_is_answered_in_json() {
    let account = Account::default().safe(KEY).json();
    let push = text().by(&account);
    let plain = format!(
        r#"{{"ToUserName":"{}","FromUserName":"gh_simulator","CreateTime":1,"MsgType":"text","Content":"hello"}}"#,
        Push::USER
    );
    assert_eq!(shown(&push, &sealed(&account, &plain).json()).body.text_at("Content"), "hello");
    malformed(&push, &sealed(&account, &plain).xml("xml"), "no JSON");
    malformed(&push, &sealed(&account, &to(&push, HELLO)).json(), "no JSON");
    malformed(&push, &sealed(&account, &plain.replace(":1,", ":\"1\",")).json(), "CreateTime is no number");
    let wecom = Account::of(Kind::Wecom).safe(KEY).json();
    malformed(&text().by(&wecom), &sealed(&wecom, &plain).json(), "Encrypt is no field");
}

#[test]
fn who_cannot_be_shown_a_reply_is_shown_none() {
    for kind in [Kind::MiniProgram, Kind::Channels] {
        let push = text().by(&Account { format: Format::Xml, ..Account::of(kind) });
        assert!(matches!(judge(&push, &answer(&to(&push, HELLO))), Verdict::Nothing(_)), "{kind:?}");
    }
    let program = text().by(&Account::of(Kind::MiniProgram));
    let handed_over = "<MsgType>transfer_customer_service</MsgType>";
    assert_eq!(shown(&program, &to(&program, handed_over)).kind, "transfer_customer_service");
    let gone = Push::named("unsubscribe");
    assert!(matches!(judge(&gone, &answer(&to(&gone, HELLO))), Verdict::Nothing(_)));
}
