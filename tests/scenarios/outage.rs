//! WeChat is down for as long as a token may be served: nobody notices.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::beside_others;
use crate::support::*;

/// The token's life. It is renewed from three quarters of it on.
const LIFE: u64 = 16;
/// A reader asks so often.
const PACE: Duration = Duration::from_millis(10);
/// Who is slower than usual by more than this has noticed.
const UNNOTICED: Duration = Duration::from_millis(20);

/// Reads until `end`; every read must give `expected`. How long each took.
async fn readers(edge: &Edge, expected: &str, end: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    while Instant::now() < end {
        let begin = Instant::now();
        assert_eq!(read(edge).await, expected, "after {} reads", times.len());
        times.push(begin.elapsed());
        sleep(PACE).await;
    }
    times.sort_unstable();
    times
}

fn part(times: &[Duration], hundredths: usize) -> Duration {
    times[(times.len() - 1) * hundredths / 100]
}

on_every_host! {
    async fn a_wechat_that_is_down_for_the_whole_soft_window_fails_no_read(edge: Edge) {
        let _machine = beside_others().await;
        short_lived(&edge, LIFE).await;
        let asked = Instant::now();
        let only = read(&edge).await;
        let at = |seconds: f64| asked + Duration::from_secs_f64(seconds);
        break_tokens(&edge, json!({ "fault": "hang" })).await;
        let soft = LIFE as f64 * 0.75;
        let before = readers(&edge, &only, at(soft)).await;
        let during = readers(&edge, &only, at(LIFE as f64 - 0.5)).await;
        let tried = fetches(&edge).await;
        assert!((2..=3).contains(&tried), "{tried} calls: it was to be tried, and not to be stormed");
        edge.simulator().clear_faults().await.unwrap();
        // The call that hangs is given up after limits::FETCH, and the next one works.
        let end = at(LIFE as f64 + 10.0);
        loop {
            let answer = edge.get("/app/demo/api").bearer(CRM_KEY).await;
            if answer.status == 200 && token(&answer) != only {
                break;
            }
            assert!(Instant::now() < end, "{} {}", answer.status, answer.text());
            sleep(PACE).await;
        }
        let kind = format!("{:?}", edge.kind()).to_lowercase();
        let us = |it: Duration| it.as_micros();
        let [p50, p50_down, p99, p99_down] =
            [part(&before, 50), part(&during, 50), part(&before, 99), part(&during, 99)].map(us);
        println!("figure: outage_{kind}_failed_reads=0 of={} calls={tried}", before.len() + during.len());
        println!("figure: outage_{kind}_p50_us={p50_down} p99_us={p99_down} while_up: p50_us={p50} p99_us={p99}");
        assert!(part(&during, 50) <= part(&before, 50) + UNNOTICED);
        assert!(part(&during, 95) <= part(&before, 95) + 2 * UNNOTICED);
    }
}
