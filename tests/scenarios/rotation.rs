//! Compare-and-rotate: a token is renewed by whoever names the current one, and by nobody else.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::wechat::Which;

use crate::support::*;

async fn renew(edge: &Edge, query: &str) -> Answer {
    edge.get(format!("/app/demo/api/new{query}")).bearer(CRM_KEY).await
}

/// Calls, and how many of them were forced.
async fn spent(edge: &Edge) -> (u64, u64) {
    let counter = edge.simulator().state().await.unwrap().counters["stable_token"].clone();
    (counter.calls, counter.forced)
}

on_every_host! {
    async fn only_who_names_the_current_classic_token_renews_it(start: Start) {
        let edge = classic(start).start().await;
        let first = read(&edge).await;
        let second = token(&renew(&edge, &format!("?old={first}")).await);
        assert_ne!(first, second);
        for old in [first.as_str(), "SIM_never-given", "%00"] {
            assert_eq!(token(&renew(&edge, &format!("?old={old}")).await), second);
        }
        assert_eq!(fetches(&edge).await, 2);
        let third = token(&renew(&edge, "").await);
        let fourth = token(&renew(&edge, "?old=").await);
        assert!(third != second && fourth != third);
        assert_eq!((read(&edge).await, fetches(&edge).await), (fourth, 4));
    }

    async fn a_token_that_wechat_has_replaced_is_renewed_without_force(edge: Edge) {
        let first = read(&edge).await;
        edge.simulator().invalidate(DEMO_APPID, Which::Stable).await.unwrap();
        let second = token(&renew(&edge, &format!("?old={first}")).await);
        assert_ne!(first, second);
        assert_eq!((read(&edge).await, spent(&edge).await), (second, (2, 0)));
    }

    async fn a_dead_token_that_wechat_goes_on_giving_is_forced_once(edge: Edge) {
        let first = read(&edge).await;
        edge.simulator().invalidate_sticky(DEMO_APPID, Which::Stable).await.unwrap();
        let second = token(&renew(&edge, &format!("?old={first}")).await);
        assert_ne!(first, second);
        assert_eq!(spent(&edge).await, (3, 1));
        assert_eq!((read(&edge).await, fetches(&edge).await), (second, 3));
    }

    async fn over_the_budget_it_is_429_until_the_time_it_names(edge: Edge) {
        let first = read(&edge).await;
        let second = token(&renew(&edge, "").await);
        assert_ne!(first, second);
        for query in [String::new(), format!("?old={second}")] {
            let answer = renew(&edge, &query).await;
            let (code, text) = error(&answer, 429);
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((20..=30).contains(&wait), "{wait}");
            assert_eq!((code, text), (-10_001, format!("the credential cannot be renewed again yet: try in {wait} s")));
        }
        // Nobody else is bothered.
        assert_eq!(read(&edge).await, second);
        assert_eq!(token(&renew(&edge, &format!("?old={first}")).await), second);
        let (calls, forced) = spent(&edge).await;
        assert!(forced == 1 && calls <= 4, "{calls} {forced}");
        discreet(&edge);
    }

    async fn what_wechat_says_to_a_renewal_is_passed_on_and_the_old_token_stays(start: Start) {
        let edge = classic(start).start().await;
        let first = read(&edge).await;
        break_tokens(&edge, json!({ "fault": "errcode", "errcode": 40243 })).await;
        let answer = renew(&edge, &format!("?old={first}")).await;
        let (code, text) = error(&answer, 502);
        assert!(code == 40243 && text.starts_with("AppSecret is frozen"), "{code} {text}");
        assert_eq!((read(&edge).await, fetches(&edge).await), (first, 2));
    }
}
