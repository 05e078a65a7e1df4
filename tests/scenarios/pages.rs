//! What docs/ and the README show is true: examples are what the code makes of them, and links lead somewhere.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use wxedge::host::Time;
use wxedge::webhook::Key;
use wxedge::wechat::message::{Format, Ids, Message, user_info};
use wxedge::wechat::reply::{self, Address, Answer as Said, Reply};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

const CALLBACKS: [&str; 2] = ["docs/callbacks.md", "docs/callbacks.zh-CN.md"];
/// The key of `bot`, in the page's commands.
const BOT_KEY: &str = "whsec_aG9va3Mta2V5LW9mLXRoZS1ib3QtMzItYnl0ZXMtb2s=";

/// A block of code: what stands before it (`<!-- .. -->`), its language, and its text.
struct Block {
    note: String,
    language: String,
    text: String,
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|why| panic!("{page}: {why}"))
}

fn blocks(page: &str) -> Vec<Block> {
    let text = read(page);
    let mut lines = text.lines();
    let (mut before, mut blocks) = ("", Vec::new());
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|it| *it != "```").collect();
            let note = before.strip_prefix("<!-- ").and_then(|it| it.strip_suffix(" -->")).unwrap_or_default();
            blocks.push(Block { note: note.to_owned(), language: language.to_owned(), text: text.join("\n") });
        }
        before = line;
    }
    blocks
}

/// A request as a page shows it.
struct Shown {
    target: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// The requests that the page shows: `verbatim`, `decrypted`, `json`, `gateway`.
fn requests(page: &str) -> [Shown; 4] {
    let all = blocks(page).into_iter().filter(|it| it.language == "http").map(|it| {
        let (head, body) = it.text.split_once("\n\n").unwrap();
        let (first, headers) = head.split_once('\n').unwrap();
        let target = first.strip_prefix("POST ").and_then(|it| it.strip_suffix(" HTTP/1.1")).unwrap();
        let header = |it: &str| it.split_once(": ").map(|it| (it.0.to_owned(), it.1.to_owned())).unwrap();
        Shown { target: target.to_owned(), headers: headers.lines().map(header).collect(), body: body.to_owned() }
    });
    all.collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{page} shows other requests than these four"))
}

/// A case of core/tests/golden: `what` is as in `events.txt: CLICK, json`.
fn golden(what: &str) -> String {
    let (file, rest) = what.split_once(": ").unwrap();
    let (case, form) = rest.rsplit_once(", ").unwrap();
    let text = read(&format!("core/tests/golden/{file}"));
    let (_, rest) = text.split_once(&format!("=== {case}\n")).unwrap_or_else(|| panic!("no {what}"));
    let (_, rest) = rest.split_once(&format!("\n--- {form}")).unwrap_or_else(|| panic!("no {what}"));
    rest.lines().nth(1).unwrap().to_owned()
}

/// The replies that a table of the page shows: the type, in WeChat's words, in the short ones.
fn replies(page: &str) -> Vec<[Vec<String>; 3]> {
    let text = read(page);
    let rows = text.lines().filter_map(|it| it.strip_prefix("| `")).filter(|it| it.contains("\"MsgType\""));
    let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let row = |line: &str| {
        let cells: Vec<_> = format!("`{line}").split('|').map(code).collect();
        [cells[0].clone(), cells[1].clone(), cells[2].clone()]
    };
    rows.map(row).collect()
}

#[track_caller]
fn reply(text: &str) -> Reply<'_> {
    match reply::read(text.as_bytes()) {
        Said::Reply(it) => it,
        it => panic!("{text} comes to {it:?}"),
    }
}

#[test]
fn the_pages_show_the_same_in_both_languages() {
    let [english, chinese] = CALLBACKS.map(blocks);
    assert!(english.len() > 10);
    for (it, other) in english.iter().zip(&chinese) {
        assert_eq!((&it.note, &it.language, &it.text), (&other.note, &other.language, &other.text));
    }
    assert_eq!(english.len(), chinese.len());
    assert!(replies(CALLBACKS[0]) == replies(CALLBACKS[1]));
}

#[test]
fn the_events_that_are_shown_are_made_of_what_wechat_sends() {
    let shown: Vec<Block> = blocks(CALLBACKS[0]).into_iter().filter(|it| !it.note.is_empty()).collect();
    assert!(shown.len() >= 2);
    for it in shown {
        assert_eq!(it.text, golden(&it.note));
    }
}

#[test]
fn every_reply_that_is_shown_is_one_and_both_ways_to_say_it_come_to_the_same() {
    let push = Message::read("<xml><MsgType>event</MsgType></xml>", Ids::Text).unwrap();
    let write = |it: Reply<'_>| it.write(&Address::of(&push, Time::from_ms(0)), Format::Xml);
    let shown = replies(CALLBACKS[0]);
    let kinds: Vec<&str> = shown.iter().map(|it| &*it[0][0]).collect();
    let documented = "text image voice video music news transfer_customer_service update_button update_taskcard \
                      update_template_card";
    assert_eq!(kinds.join(" "), documented);
    for [kind, long, short] in &shown {
        let wanted = write(reply(&long[0]));
        for text in long.iter().chain(short) {
            assert_eq!(reply(text).kind(), kind[0], "{text}");
            assert_eq!(write(reply(text)), wanted, "{text}");
        }
    }
}

#[test]
fn what_is_said_to_be_no_reply_is_none() {
    for page in CALLBACKS {
        let text = read(page);
        let row = text.lines().find(|it| it.contains("`{\"type\":\"success\"}`")).unwrap();
        let said: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        assert!(said.len() >= 4, "{said:?}");
        for it in said.into_iter().chain([""]) {
            assert_eq!(reply::read(it.as_bytes()), Said::Nothing, "{it}");
        }
    }
}

#[test]
fn links_lead_to_files_that_are_there() {
    let pages = fs::read_dir(root().join("docs")).unwrap().flatten();
    let pages = pages.map(|it| format!("docs/{}", it.file_name().to_string_lossy())).filter(|it| it.ends_with(".md"));
    let pages = pages.chain(["README.md", "README.zh-CN.md", "CHANGELOG.md"].map(str::to_owned));
    let mut count = 0;
    for page in pages {
        let text = read(&page);
        let links = text.split("](").skip(1).filter_map(|it| it.split_once(')')).map(|it| it.0);
        for link in links.filter(|it| !it.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = root().join(&page).parent().unwrap().to_owned();
            assert!(file.is_empty() || folder.join(file).exists(), "{page} links to {file}, which is not there");
            assert!(anchor.is_empty() || heads(&folder, &page, file).contains(&anchor.to_owned()), "{page}: {link}");
            count += 1;
        }
    }
    assert!(count > 20);
}

/// The anchors of a page's headings.
fn heads(folder: &std::path::Path, page: &str, file: &str) -> Vec<String> {
    let text = if file.is_empty() { read(page) } else { fs::read_to_string(folder.join(file)).unwrap() };
    let anchor = |it: &str| {
        let fine = |it: &char| it.is_alphanumeric() || " -_".contains(*it);
        it.trim_start_matches('#').trim().to_lowercase().chars().filter(fine).collect::<String>().replace(' ', "-")
    };
    text.lines().filter(|it| it.starts_with('#')).map(anchor).collect()
}

#[test]
fn the_request_that_is_shown_is_signed_as_shown() {
    let [.., gateway] = requests(CALLBACKS[0]);
    let header = |name: &str| &*gateway.headers[name];
    let signature =
        Key::parse(BOT_KEY).unwrap().sign(header("webhook-id"), header("webhook-timestamp"), gateway.body.as_bytes());
    assert_eq!(header("webhook-signature"), signature);
    assert!(read("docs/callbacks.md").contains(BOT_KEY));
}

#[test]
fn who_wrote_is_told_as_it_is_shown() {
    let shown = blocks(CALLBACKS[0]).into_iter().find(|it| it.text.starts_with("{\"userInfo\"")).unwrap();
    let answer = json!({ "subscribe": 1, "openid": "oAbC-dEf_1", "unionid": "oU-1" }).to_string();
    let user = user_info(answer.as_bytes()).unwrap();
    assert_eq!(shown.text, format!("{{\"userInfo\":{user},\"userInfoError\":\"\"}}"));
}

/// The page's configuration, with a back-end that is there. The push that it shows is some years old.
fn documented(start: Start, backend: &Backend) -> Start {
    let shown = blocks(CALLBACKS[0]).into_iter().filter(|it| it.language == "json");
    let mut shown = shown.filter_map(|it| serde_json::from_str::<Value>(&it.text).ok());
    let shown = shown.find(|it| it["callback_hosts"].is_object()).unwrap();
    let url = backend.url("/wx");
    let start = start.env("SHOP_SECRET", "shop-secret").env("SHOP_TOKEN", "TOKEN").env("BOT_KEY", BOT_KEY);
    start.env("SHOP_AES", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").config(|config| {
        for part in ["apps", "backends", "callback_hosts"] {
            config[part] = shown[part].clone();
        }
        config["backends"]["bot"]["url"] = json!(url);
        config["apps"]["shop"]["callback"]["to"] = json!(["bot"]);
        config["apps"]["shop"]["callback"]["max_age"] = json!(0);
        config["apps"]["shop"]["callback"]["userinfo"] = json!(false);
        config["callers"][0]["apps"] = json!(["shop"]);
    })
}

on_every_host! {
    async fn a_back_end_receives_what_the_page_shows_in_each_form(start: Start) {
        let push = &requests(CALLBACKS[0])[0];
        let query = push.target.split_once('?').unwrap().1;
        let doors = ["/?call=bot&", "/app/shop/msg?", "/app/shop/msg/json?", "/wx?"];
        for (door, shown) in doors.into_iter().zip(requests(CALLBACKS[0])) {
            // A gateway of its own: another would know the push again.
            let backend = Backend::start().await.unwrap();
            let mut edge = documented(start.clone(), &backend).start().await;
            let answer = edge.post(format!("{door}{query}")).header("host", "svc.example.com");
            let answer = answer.header("content-type", &push.headers["content-type"]).body(&push.body).await;
            assert_eq!((answer.status, &*answer.text()), (200, "success"), "{door}");
            let [received] = &backend.received()[..] else { panic!("{door}: {:?}", backend.received()) };
            assert_eq!((&*received.method, &received.target), ("POST", &shown.target));
            assert_eq!(String::from_utf8_lossy(&received.body), shown.body);
            assert_eq!(received.header("content-type"), Some(&*shown.headers["content-type"]));
            for name in ["webhook-id", "x-wxedge-app"] {
                let shown = &requests(CALLBACKS[0])[3].headers[name];
                assert_eq!(received.header(name), Some(&**shown), "{door}");
            }
            assert!(received.header("x-request-id").is_some() && received.header("webhook-timestamp").is_some());
            assert!(received.is_signed_with(b"hooks-key-of-the-bot-32-bytes-ok"), "{door}");
            unharmed(&mut edge).await;
        }
    }
}

on_every_host! {
    async fn the_command_that_pushes_shows_what_the_page_says(start: Start) {
        let shown = blocks(CALLBACKS[0]).into_iter().find(|it| it.text.contains("wxedge-simulator push")).unwrap();
        let (command, said) = shown.text.split_once('\n').unwrap();
        let given = |flag: &str| command.split(' ').skip_while(|it| *it != flag).nth(1).unwrap();
        let (token, key) = (given("--token"), given("--aes-key"));
        let run = read("tests/run/settings.rs");
        assert!(run.contains(&format!("\"{token}\"")) && run.contains(&format!("\"{key}\"")), "make run has others");
        let edge = start.config(|it| it["apps"]["demo"]["callback"] = json!({ "token": token, "aes_key": key }));
        let edge = edge.start().await;
        let words = command.strip_prefix("target/debug/wxedge-simulator ").unwrap();
        let words = words.replace("http://127.0.0.1:8080", &edge.url());
        let mut command = tokio::process::Command::new(own_binary("wxedge-simulator").unwrap());
        let ran = command.args(words.split(' ')).output().await.unwrap();
        let (ran, said): (Value, Value) =
            (serde_json::from_slice(&ran.stdout).unwrap(), serde_json::from_str(said.trim_start_matches("# ")).unwrap());
        assert_eq!(ran["user_sees"], said["user_sees"]);
        for name in ["FromUserName", "MsgType", "Content"] {
            assert_eq!(ran["reply"][name], said["reply"][name]);
        }
    }
}
