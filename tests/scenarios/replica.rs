//! Workers KV between the isolates and the Durable Object: what is read there, what is believed of it, what its failures cost.
//! Only the Worker has one.
//!
//! What a cold isolate near nobody's Durable Object sees is shown by a workerd that was killed and whose Durable Objects were
//! emptied: it has no copy, and a keeper that was asked would have to ask WeChat.

use std::future::Future;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};
use wxedge_tests::harness::*;

use crate::support::*;

/// The name of the demo app's token.
const NAME: &str = "v1/official/wx1234567890abcdef/access";
/// What a read may take although KV hangs: the deadline of a look, the way to the Durable Object, and a busy machine.
const BOUND: Duration = Duration::from_secs(3);

fn play<Played: Future<Output = ()>>(scenario: impl FnOnce(Start) -> Played) {
    block_on(scenario(Start::on(HostKind::Workerd)));
}

fn kv(edge: &Edge) -> &Kv {
    edge.kv().unwrap()
}

/// Waits until KV has taken so many writes.
async fn stored(edge: &Edge, writes: u64) {
    until("KV has a copy", Duration::from_secs(10), async || kv(edge).counts().stored >= writes).await;
}

/// Another isolate, far from the Durable Object: it knows nothing, and the keeper would have to ask WeChat.
async fn far_away(edge: &mut Edge) {
    edge.kill();
    edge.workerd().unwrap().forget().unwrap();
    edge.restart().await;
}

async fn rotated(edge: &Edge, old: &str) -> String {
    token(&edge.get(format!("/app/demo/api/new?old={old}")).bearer(CRM_KEY).await)
}

#[test]
fn a_cold_isolate_reads_from_kv_and_troubles_no_durable_object() {
    play(async |start| {
        let mut edge = classic(start).start().await;
        let first = read(&edge).await;
        stored(&edge, 1).await;
        break_tokens(&edge, json!({ "fault": "cut" })).await;
        far_away(&mut edge).await;
        for _ in 0..5 {
            assert_eq!(read(&edge).await, first);
        }
        assert_eq!(fetches(&edge).await, 1);
        let (read, write) = kv(&edge).queries();
        assert!(read.contains("cache_ttl=30"), "{read}");
        let life = write.split_once("expiration_ttl=").unwrap().1.parse::<u64>().unwrap();
        assert!((7_190..=7_200).contains(&life), "{write}");
        // One look each: the isolate's own copy answers the rest.
        let counts = kv(&edge).counts();
        assert_eq!((counts.reads, counts.hits, counts.others), (2, 1, 0), "{counts:?}");
    });
}

#[test]
fn each_refresh_is_written_once_and_no_token_lies_there_in_clear() {
    play(async |start| {
        let edge = classic(start).start().await;
        let first = read(&edge).await;
        stored(&edge, 1).await;
        let before = kv(&edge).value(NAME).unwrap();
        for _ in 0..20 {
            assert_eq!(rotated(&edge, "another").await, first);
        }
        sleep(Duration::from_millis(1_200)).await;
        assert_eq!(kv(&edge).counts().writes, 1);
        let second = rotated(&edge, &first).await;
        stored(&edge, 2).await;
        let after = kv(&edge).value(NAME).unwrap();
        assert_ne!(before, after);
        for copy in [before, after] {
            let text = String::from_utf8_lossy(&copy).into_owned();
            assert!(![&*first, &*second, "SIM_", DEMO_SECRET].iter().any(|it| text.contains(it)), "{text}");
        }
        assert_eq!(kv(&edge).names(), [NAME]);
        assert_eq!(kv(&edge).counts().writes, 2);
    });
}

#[test]
fn without_the_binding_all_works_as_before() {
    play(async |start| {
        let mut edge = classic(start.without_kv()).start().await;
        let first = read(&edge).await;
        edge.kill();
        edge.restart().await;
        assert_eq!(read(&edge).await, first);
        let second = rotated(&edge, &first).await;
        assert_eq!((read(&edge).await, fetches(&edge).await), (second, 2));
        assert!(!edge.log().contains("replica_failed"), "{}", edge.log());
    });
}

#[test]
fn a_kv_that_comes_later_is_filled_at_the_next_ask() {
    play(async |start| {
        let mut edge = classic(start.without_kv()).start().await;
        let first = read(&edge).await;
        let kv = Kv::start().await.unwrap();
        edge.kill();
        edge.workerd().unwrap().settings().kv = Some(kv.address());
        edge.restart().await;
        assert_eq!(read(&edge).await, first);
        until("KV has a copy", Duration::from_secs(5), async || kv.counts().stored == 1).await;
        assert_eq!((kv.names(), fetches(&edge).await), (vec![NAME.to_owned()], 1));
    });
}

#[test]
fn a_copy_past_its_soft_expiry_is_ignored() {
    play(async |start| {
        let mut edge = classic(start).start().await;
        // Soft at 24 s; a copy is believed until 16 s, and lies in KV for a minute.
        short_lived(&edge, 32).await;
        let begin = Instant::now();
        let first = read(&edge).await;
        stored(&edge, 1).await;
        far_away(&mut edge).await;
        assert_eq!(read(&edge).await, first, "after {:?}", begin.elapsed());
        assert_eq!(fetches(&edge).await, 1, "after {:?}", begin.elapsed());
        edge.kill();
        edge.workerd().unwrap().forget().unwrap();
        sleep_until(begin + Duration::from_millis(16_500)).await;
        edge.restart().await;
        let hits = kv(&edge).counts().hits;
        let second = read(&edge).await;
        assert!(second != first && fetches(&edge).await == 2);
        assert_eq!(kv(&edge).counts().hits, hits + 1, "it was read, and not believed");
    });
}

#[test]
fn garbage_in_kv_is_ignored_and_noted() {
    play(async |start| {
        let mut edge = classic(start).start().await;
        let first = read(&edge).await;
        stored(&edge, 1).await;
        let good = kv(&edge).value(NAME).unwrap();
        let mut flipped = good.clone();
        flipped[20] ^= 1;
        let plain = json!({ "v": 1, "generation": 99, "value": "planted", "soft": u64::MAX, "hard": u64::MAX });
        let bad = [Vec::new(), b"null".to_vec(), vec![0xff; 300], good[..good.len() - 1].to_vec(), flipped];
        for copy in bad.into_iter().chain([plain.to_string().into_bytes(), vec![b'x'; 1 << 20]]) {
            edge.kill();
            kv(&edge).set(NAME, copy.clone());
            edge.restart().await;
            assert_eq!(read(&edge).await, first);
            let log = edge.log();
            assert!(
                log.contains("event=replica_failed account=official/wx1234567890abcdef kind=access doing=open"),
                "{log}"
            );
        }
        assert_eq!(fetches(&edge).await, 1);
    });
}

#[test]
fn whatever_kv_does_reads_are_right_and_not_late() {
    play(async |start| {
        let mut edge = classic(start).start().await;
        let first = read(&edge).await;
        stored(&edge, 1).await;
        let statuses = [404, 429, 500, 503].map(KvFault::Status);
        for fault in statuses.into_iter().chain([KvFault::Slow(Duration::from_secs(20))]) {
            edge.kill();
            kv(&edge).break_reads(Some(fault));
            edge.restart().await;
            let begin = Instant::now();
            let all: Vec<_> = (0..20).map(|_| edge.get("/app/demo/api").bearer(CRM_KEY).send()).collect();
            for answer in join_all(all).await {
                assert_eq!(token(&answer.unwrap()), first, "{fault:?}");
            }
            assert!(begin.elapsed() < BOUND, "{fault:?}: {:?}", begin.elapsed());
            assert_eq!(edge.log().contains("doing=read"), fault != KvFault::Status(404), "{fault:?} {}", edge.log());
        }
        assert_eq!(fetches(&edge).await, 1);
        // Of twenty callers in each isolate one has looked; on a busy machine perhaps another.
        let looks = kv(&edge).counts().reads;
        assert!((6..=11).contains(&looks), "{looks}");
    });
}

#[test]
fn a_write_that_fails_holds_nobody_up_and_is_tried_again() {
    play(async |start| {
        let mut edge = classic(start).start().await;
        kv(&edge).break_writes(Some(KvFault::Status(429)));
        let first = read(&edge).await;
        until("it was tried again", Duration::from_secs(10), async || kv(&edge).counts().writes >= 2).await;
        assert!(edge.log().contains("doing=write"), "{}", edge.log());
        assert_eq!((kv(&edge).counts().stored, read(&edge).await), (0, first.clone()));
        // Nobody asks, and the process dies: the alarm remembers.
        edge.kill();
        kv(&edge).break_writes(None);
        edge.restart().await;
        stored(&edge, 1).await;
        kv(&edge).break_writes(Some(KvFault::Slow(Duration::from_secs(20))));
        let begin = Instant::now();
        let second = rotated(&edge, &first).await;
        assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
        assert_ne!(first, second);
        assert_eq!(fetches(&edge).await, 2);
    });
}

#[test]
fn the_token_before_a_rotation_is_not_believed_where_the_newer_one_was_seen() {
    play(async |start| {
        let edge = classic(start).start().await;
        let first = read(&edge).await;
        stored(&edge, 1).await;
        kv(&edge).lag(Duration::from_secs(60));
        let second = rotated(&edge, &first).await;
        stored(&edge, 2).await;
        let hits = kv(&edge).counts().hits;
        // The isolate's copy is no longer believed after that time.
        sleep(Duration::from_millis(10_500)).await;
        assert_eq!((read(&edge).await, fetches(&edge).await), (second, 2));
        assert_eq!(kv(&edge).counts().hits, hits + 1, "the old one was read, and not believed");
    });
}

#[test]
fn elsewhere_the_token_before_a_rotation_is_given_until_it_is_reported() {
    play(async |start| {
        let mut edge = classic(start).start().await;
        let first = read(&edge).await;
        stored(&edge, 1).await;
        kv(&edge).lag(Duration::from_secs(60));
        let second = rotated(&edge, &first).await;
        stored(&edge, 2).await;
        edge.kill();
        edge.restart().await;
        assert_eq!(read(&edge).await, first, "what the README says of another colo");
        assert_eq!(rotated(&edge, &first).await, second);
        assert_eq!((read(&edge).await, fetches(&edge).await), (second, 2));
    });
}

#[test]
fn a_copy_of_another_app_secret_is_ignored_and_replaced() {
    play(async |start| {
        let old = classic(start.clone()).start().await;
        let first = read(&old).await;
        stored(&old, 1).await;
        // The same account after its AppSecret was changed; KV still holds what was written before.
        let new = classic(start.env("DEMO_SECRET", "another-secret")).start().await;
        kv(&new).set(NAME, kv(&old).value(NAME).unwrap());
        assert_ne!(read(&new).await, first);
        assert!(kv(&new).counts().hits == 1 && new.log().contains("doing=open"), "{}", new.log());
        stored(&new, 1).await;
    });
}
