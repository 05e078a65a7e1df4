//! What is not WeChat's, not for this account or not now is refused before anybody hears of it, with a clear 4xx; and a request never
//! chooses a target that nobody has allowed. A table of attempts; none of them may reach a back-end.

#[path = "callback_refused/attempts.rs"]
mod attempts;
#[path = "callback_refused/calls.rs"]
mod calls;
#[path = "callback_refused/envelopes.rs"]
mod envelopes;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::push::{Account, Kind, Push, Value};

use crate::callback_support::*;
use crate::support::*;
use attempts::Attempt;

/// How many attempts go on at once.
const AT_ONCE: usize = 25;

/// Apps that encrypt, that do not, and of WeCom. All pass everything to one back-end.
fn walled(start: Start, backend: &Backend) -> Start {
    let port = backend.address().port();
    callback(safe(start, std::slice::from_ref(backend)), "path", "/wx").config(|config| {
        config["apps"]["open"] = config["apps"]["demo"].clone();
        let open = config["apps"]["open"]["callback"].as_object_mut().unwrap();
        open.remove("aes_key");
        open.insert("path".to_owned(), json!("/open"));
        config["apps"]["corp"] = json!({ "kind": "wecom", "corpid": CORPID, "secret": CORP_SECRET });
        config["apps"]["corp"]["callback"] = json!({ "token": Account::TOKEN, "aes_key": AES_KEY, "to": ["b1"] });
        config["apps"]["mute"] = json!({ "kind": "official", "appid": "wxmute", "secret": "mute-secret" });
        config["callback_hosts"] = json!({ "svc.example.com": ["demo", "corp"] });
        config["calls"] = json!([format!("http://*.partner.com:{port}"), "https://*.partner.com"]);
    })
}

/// Runs all attempts and gives those that were not refused as they must be.
async fn holes(edge: &Edge, attempts: &[Attempt]) -> (Vec<String>, BTreeMap<u16, usize>) {
    let (mut holes, mut statuses, mut forged) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    for some in attempts.chunks(AT_ONCE) {
        let answers = join_all(some.iter().map(|it| edge.raw(&it.bytes)).collect()).await;
        for (attempt, answer) in some.iter().zip(answers) {
            let answer = match answer {
                Ok(it) => it,
                Err(why) => {
                    holes.push(format!("{}: {why}", attempt.name));
                    continue;
                }
            };
            *statuses.entry(answer.status).or_insert(0) += 1;
            if answer.status == 401 {
                forged.insert(answer.text());
            }
            if let Err(why) = attempt.refused(&answer) {
                holes.push(format!("{}: {why}: {} {}", attempt.name, answer.status, answer.text()));
            }
        }
    }
    if forged.len() > 1 {
        holes.push(format!("forgeries can be told apart: {forged:?}"));
    }
    (holes, statuses)
}

on_every_host! {
    async fn what_is_not_wechats_reaches_no_back_end(start: Start) {
        let [backend] = backends().await;
        let mut edge = walled(start, &backend).start().await;
        let mut attempts = attempts::all(&edge);
        attempts.extend(envelopes::all(&edge));
        attempts.extend(calls::all(&edge, backend.address().port()));
        let (holes, statuses) = holes(&edge, &attempts).await;
        assert!(holes.is_empty(), "{} of {}:\n{}", holes.len(), attempts.len(), holes.join("\n"));
        assert!([400, 401, 403, 404, 405, 413].iter().all(|it| statuses.contains_key(it)), "{statuses:?}");
        assert!(attempts.len() >= 700, "{} attempts", attempts.len());
        assert_eq!(backend.received().len(), 0, "a back-end heard of an attempt");
        assert_eq!(calls(&edge, "user_info").await + fetches(&edge).await, 0, "WeChat heard of an attempt");
        // What the wall would look like with a hole in it.
        backend.always(text("hello"));
        assert_eq!(edge.push(hi()).await.text(), "hello");
        unharmed(&mut edge).await;
        silent(&edge);
        println!("figure: callback_attempts={} holes=0 {statuses:?}", attempts.len());
    }

    async fn what_nothing_proves_is_not_believed(start: Start) {
        let [backend] = backends().await;
        let mut edge = walled(start, &backend).start().await;
        backend.always(text("hello"));
        // The plain text beside the envelope is anybody's.
        let account = Account::default().compatible(AES_KEY);
        let push = Push::text("the real one").by(&account);
        let sealed = push.seal();
        let forged = sealed.body.replace("the real one", "a forged one").replace(Push::USER, "oVictim");
        edge.sealed(&sealed.clone().body(forged), "/app/demo/msg/json").await;
        // So is the openid in the query: who wrote stands in the envelope.
        let push = Push::text("another one").by(&account);
        edge.sealed(&push.seal().with("openid", "oVictim"), "/wx").await;
        let received = backend.received();
        assert_eq!(received.len(), 2);
        for (it, content) in received.iter().zip(["the real one", "another one"]) {
            assert_eq!((&it.json()["Content"], &it.json()["FromUserName"]), (&json!(content), &json!(Push::USER)));
        }
        assert_eq!(received[1].json()["userInfo"]["openid"], Push::USER);
        unharmed(&mut edge).await;
    }

    async fn a_reply_is_made_of_nothing_but_texts(start: Start) {
        let [backend] = backends().await;
        let mut edge = walled(start, &backend).start().await;
        // Whatever a user or a back-end writes stays a text: no element, no header, no other document.
        for odd in [
            "]]></Content><MsgType>news</MsgType><Content><![CDATA[",
            "<!DOCTYPE xml [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>&a;",
            "a\r\nset-cookie: b=c\r\n\r\n<html>",
            "&lt;xml&gt;&#0;",
        ] {
            backend.next([says(json!({ "msg": odd }).to_string())]);
            let push = Push::text(odd).by(&sealed()).to("/app/demo/msg/json");
            let before = backend.received().len();
            let seen = edge.push(push).await;
            assert_eq!(backend.received()[before].json()["Content"].as_str().map(|it| it.replace('\r', "")), Some(odd.replace('\r', "")));
            assert_eq!(seen.text().replace('\r', ""), odd.replace('\r', ""));
            assert!(seen.answer().header("set-cookie").is_none());
        }
        let push = Push::event("a/../../b?c=d#e%2f\r\nx: y").by(&sealed()).to("/wx");
        assert!(edge.push(push).await.is_nothing());
        let received = backend.received();
        let last = received.last().unwrap();
        assert_eq!(last.target, "/wx/event/a%2F..%2F..%2Fb%3Fc%3Dd%23e%252f%0D%0Ax%3A%20y".replace("%0D", ""));
        assert_eq!(last.header("x"), None);
        let dots = Push::message("..").by(&sealed()).to("/wx");
        assert!(edge.push(dots).await.is_nothing());
        assert_eq!(backend.received().last().unwrap().target, "/wx/msg");
        unharmed(&mut edge).await;
    }

    async fn a_program_of_wecom_cannot_speak_for_another(start: Start) {
        let [backend] = backends().await;
        let mut edge = walled(start, &backend).start().await;
        let corp = Account::of(Kind::Wecom).id(CORPID).safe(AES_KEY);
        let push = Push::text("hi").by(&corp).with("AgentID", Value::number(1));
        for door in ["/app/demo/msg", "/app/open/msg", "/wx"] {
            let answer = edge.knock(&push.clone().to(door)).await;
            assert!([401, 403, 400].contains(&error_status(&answer)), "{door} {}", answer.text());
        }
        assert_eq!(backend.received().len(), 0);
        unharmed(&mut edge).await;
    }
}

#[track_caller]
fn error_status(answer: &Answer) -> u16 {
    error(answer, answer.status);
    answer.status
}

/// What a name leads to is judged where it is looked up.
#[test]
fn a_name_that_leads_to_a_private_address_is_called_by_nobody() {
    block_on(async {
        let [backend] = backends().await;
        let port = backend.address().port();
        let start = walled(Start::on(HostKind::Envoy), &backend).name("inner.partner.com", [127, 0, 0, 1]);
        let mut edge = start.start().await;
        let push = hi().to(format!("/app/demo/msg/json?call=http://inner.partner.com:{port}/x"));
        assert!(edge.push(push).await.is_nothing());
        assert_eq!(backend.received().len(), 0);
        unharmed(&mut edge).await;
    });
}
