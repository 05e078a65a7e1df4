//! A VM that traps takes one thread's callers along, never those of another, and never for long.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};
use wxedge_tests::harness::*;

use crate::support::*;

/// limits::LEASE, and what a fetch and a busy machine add to it.
const LEASE: Duration = Duration::from_millis(6_000 + 1_000);
const CALLERS: usize = 60;

#[test]
fn when_the_thread_that_refreshes_traps_the_other_one_takes_over() {
    block_on(async {
        let mut edge = Start::on(HostKind::Envoy).faults().start().await;
        // The first call is lost with its thread; the second is answered.
        edge.simulator().fault(json!({ "endpoint": "stable_token", "fault": "hang", "times": 1 })).await.unwrap();
        let callers: Vec<_> =
            (0..CALLERS).map(|_| tokio::spawn(call(edge.get("/app/demo/api").bearer(CRM_KEY)))).collect();
        let simulator = edge.simulator();
        until("a refresh is under way", Duration::from_secs(3), async || {
            simulator.state().await.unwrap().counters["stable_token"].in_flight == 1
        })
        .await;
        sleep(Duration::from_millis(200)).await;
        trap(&edge).await;

        let (mut tokens, mut slowest, mut lost) = (BTreeSet::new(), Duration::ZERO, 0);
        for caller in callers {
            match caller.await.unwrap() {
                (Ok(answer), time) if answer.status == 200 => {
                    tokens.insert(token(&answer));
                    slowest = slowest.max(time);
                }
                // The trapped thread's own callers: Envoy ends them.
                (other, time) => {
                    lost += 1;
                    assert!(other.is_err() || other.is_ok_and(|it| it.status >= 500));
                    assert!(time < Duration::from_secs(17), "{time:?}");
                }
            }
        }
        let served = CALLERS - lost;
        println!("figure: trap_served={served} slowest_ms={} lost_with_their_thread={lost}", slowest.as_millis());
        assert!(served > 0 && lost > 0, "both threads must have had callers");
        assert!(slowest <= LEASE, "{slowest:?}");
        assert_eq!(tokens.len(), 1);
        assert_eq!(fetches(&edge).await, 2);

        // Both threads serve again, and have the same token.
        let kept = read(&edge).await;
        for _ in 0..40 {
            assert_eq!(read(&edge).await, kept);
        }
        let stats = edge.envoy().unwrap().stats().await.unwrap();
        assert_eq!(stats["wasm.wxedge.vm_reload_success"], 1, "{stats:?}");
        assert_eq!(fetches(&edge).await, 2);
    });
}

async fn call(request: Request) -> (std::io::Result<Answer>, Duration) {
    let begin = Instant::now();
    (request.send().await, begin.elapsed())
}

/// Knocks until the thread that has a call under way was hit: the kernel decides which thread takes a connection.
async fn trap(edge: &Edge) {
    for _ in 0..50 {
        let knock = edge.get("/app/faults/trap").send().await;
        if knock.map_or(true, |it| it.status == 503) {
            return;
        }
    }
    panic!("no knock met the thread that refreshes");
}
