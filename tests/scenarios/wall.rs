//! The wall: whoever has no permission gets no credential, however the request is spelled, whatever it shows and whoever it says
//! it is. A table of attempts; none of them may make WeChat give anything, and what it is asked is only whether a wrong AppSecret is
//! one.

#[path = "wall/attempts.rs"]
mod attempts;

use std::collections::BTreeMap;

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;
use attempts::{Attempt, JWT_KEY, SHOP_JWT_KEY, all};

/// How many attempts go on at once.
const AT_ONCE: usize = 25;

/// Every kind of account and of caller. Nobody comes from where the caller `lan` is.
fn walled(start: Start) -> Start {
    whole(start).env("JWT_KEY_demo", JWT_KEY).config(|config| {
        let more = [
            json!({ "name": "jwt", "jwt": { "kid": "demo", "key": "${JWT_KEY_demo}" }, "app": "demo" }),
            json!({ "name": "shop-jwt", "jwt": { "kid": "shop", "key": SHOP_JWT_KEY }, "apps": ["店 a/b"] }),
            json!({ "name": "lan", "ips": ["203.0.113.0/24", "127.0.0.2", "::1"], "app": "demo" }),
        ];
        config["callers"].as_array_mut().unwrap().extend(more);
    })
}

/// Has every credential fetched, so that there is something to get.
async fn fill(edge: &Edge) {
    for path in ["/app/demo/api", "/app/classic/api", "/app/corp/api", "/app/desk/api"] {
        token(&edge.get(path).bearer(OWNER_KEY).await);
    }
    for path in
        ["/app/demo/jsapi", "/app/demo/ticket?type=wx_card", "/app/corp/jsapi", "/app/corp/ticket?type=agent_config"]
    {
        ticket(&edge.get(path).bearer(OWNER_KEY).await);
    }
    token(&edge.get(format!("/app/{SHOP}/api")).bearer(OWNER_KEY).await);
}

/// Every text that must not be in an answer: what WeChat gave, and what the configuration keeps.
async fn treasure(edge: &Edge) -> Vec<String> {
    let accounts = edge.simulator().state().await.unwrap().accounts;
    let tokens =
        accounts.values().flat_map(|it| [&it.classic, &it.stable, &it.wecom]).flatten().map(|it| it.token.clone());
    let tickets = accounts.values().flat_map(|it| it.tickets.values()).map(|it| it.ticket.clone());
    let given: Vec<String> = tokens.chain(tickets).collect();
    assert_eq!(given.len(), 9, "5 tokens and 4 tickets");
    let kept = [
        DEMO_SECRET,
        "classic-secret",
        "shop-secret",
        CORP_SECRET,
        DESK_SECRET,
        CRM_KEY,
        READER_KEY,
        RENEWER_KEY,
        SHOP_KEY,
        OWNER_KEY,
        TOKENS_KEY,
        TICKETS_KEY,
        JWT_KEY,
        SHOP_JWT_KEY,
    ];
    given.into_iter().chain(kept.map(str::to_owned)).collect()
}

/// What of the treasure is in an answer, in whatever header or part of the body.
fn loot<'a>(answer: &Answer, treasure: &'a [String]) -> Vec<&'a str> {
    let headers = answer.headers.iter().flat_map(|(name, value)| [name.as_bytes(), b": ", value, b"\n"].concat());
    let bytes: Vec<u8> = headers.chain(answer.body.iter().copied()).collect();
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    treasure.iter().map(String::as_str).filter(|it| text.contains(&it.to_lowercase())).collect()
}

/// Whether an answer is a refusal. Below `/cgi-bin/` WeChat refuses with 200 and an errcode.
fn refuses(attempt: &Attempt, answer: &Answer) -> bool {
    match answer.status {
        400 | 401 | 403 | 404 | 405 => true,
        // Guesses are limited.
        429 => attempt.like_wechat,
        200 if attempt.like_wechat => {
            let errcode = || answer.json()["errcode"].as_i64().unwrap_or_default();
            (attempt.head && answer.body.is_empty()) || errcode() != 0
        }
        _ => false,
    }
}

/// How often WeChat was asked, but for the AppSecrets that it refused.
async fn asked(edge: &Edge) -> u64 {
    let calls: u64 = edge.simulator().state().await.unwrap().counters.values().map(|it| it.calls).sum();
    calls - refusals(edge).await
}

on_every_host! {
    async fn nobody_without_permission_gets_a_credential(start: Start) {
        let site = SimulatorProcess::start().await.unwrap();
        let mut edge = with_site(walled(start), &site).start().await;
        fill(&edge).await;
        let (treasure, before) = (treasure(&edge).await, asked(&edge).await);
        // What the wall would look like with a hole in it.
        assert!(!loot(&edge.get("/token/demo").bearer(OWNER_KEY).await, &treasure).is_empty());

        let attempts = all(edge.address());
        let (mut holes, mut statuses) = (Vec::new(), BTreeMap::new());
        for some in attempts.chunks(AT_ONCE) {
            let answers = join_all(some.iter().map(|it| edge.raw(&it.bytes)).collect()).await;
            for (attempt, answer) in some.iter().zip(answers) {
                match answer {
                    Ok(answer) => {
                        *statuses.entry(answer.status).or_insert(0) += 1;
                        let loot = loot(&answer, &treasure);
                        if !refuses(attempt, &answer) || !loot.is_empty() {
                            holes.push(format!("{}: {} {loot:?} {}", attempt.name, answer.status, answer.text()));
                        }
                    }
                    Err(why) => holes.push(format!("{}: {why}", attempt.name)),
                }
            }
        }
        assert!(holes.is_empty(), "{} of {}:\n{}", holes.len(), attempts.len(), holes.join("\n"));
        assert!(attempts.len() >= 2_500, "{} attempts", attempts.len());
        // It is the gateway that refuses, and for every reason there is.
        assert!([200, 400, 401, 403, 404, 405].iter().all(|it| statuses.contains_key(it)), "{statuses:?}");
        assert_eq!(asked(&edge).await, before, "an attempt made the gateway fetch something");
        token(&edge.get("/app/demo/api").bearer(OWNER_KEY).await);
        unharmed(&mut edge).await;
        println!("figure: wall_attempts={} holes=0 {statuses:?}", attempts.len());
    }
}
