//! The stand-in script's questions: whether the WeChat client would take a signature.

use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use wxedge_tests::simulator::Server;
use wxedge_tests::simulator::wechat::Which;

use crate::http::{get, post, stable};
use crate::wecom::{corp, gettoken};

const URL: &str = "http://shop.example.com/%E5%BA%97?a=1&b=2";

fn sha1(text: &str) -> String {
    Sha1::digest(text).iter().map(|it| format!("{it:02x}")).collect()
}

fn signed(ticket: &str, url: &str) -> String {
    sha1(&format!("jsapi_ticket={ticket}&noncestr=Wm3&timestamp=1414587457&url={url}"))
}

async fn ticket(on: &Server, kind: &str) -> String {
    let token = stable(on, false).await.token();
    let answer = get(on, &format!("/cgi-bin/ticket/getticket?access_token={token}&type={kind}")).await.json();
    answer["ticket"].as_str().unwrap().to_owned()
}

/// What the client says to `wx.config` on that page.
async fn config(on: &Server, href: &str, signature: &str) -> Value {
    let body = json!({
        "href": href, "appId": "wx1", "timestamp": 1_414_587_457, "nonceStr": "Wm3", "signature": signature
    });
    let answer = post(on, "/open/js/preVerifyJSAPI", body).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
    answer.json()
}

#[tokio::test]
async fn a_page_is_signed_with_its_url_up_to_the_fragment() {
    let (server, control) = corp().await;
    let ticket = ticket(&server, "jsapi").await;
    let href = format!("{URL}#/home?c=3");
    for page in [URL, &href] {
        assert_eq!(config(&server, page, &signed(&ticket, URL)).await, json!({ "errMsg": "ok" }));
    }
    assert!(control.state().await.unwrap().counters["pre_verify"].errors.is_empty());
}

#[tokio::test]
async fn a_signature_that_is_not_the_pages_is_refused_with_what_was_signed_instead() {
    let (server, control) = corp().await;
    let (jsapi, card) = (ticket(&server, "jsapi").await, ticket(&server, "wx_card").await);
    let href = format!("{URL}#/home");
    let mistakes = [
        (signed(&card, URL), "it is that of the URL of this page, with the wx_card ticket"),
        (signed(&jsapi, &href), "it is that of the URL with its fragment, with the jsapi ticket"),
        (signed(&jsapi, "http://shop.example.com/%E5%BA%97"), "the URL without its query"),
        (signed(&jsapi, "http://shop.example.com/%E5%BA%97?a=1&amp;b=2"), "the URL with &amp; in the place of &"),
        (signed(&jsapi, "http://shop.example.com/%E5%BA%97?a=1"), "the URL up to its first &"),
        (signed(&jsapi, "https://shop.example.com/%E5%BA%97?a=1&b=2"), "the URL with the other scheme"),
        (signed(&jsapi, "http://shop.example.com/店?a=1&b=2"), "the percent-decoded URL"),
        (signed(&jsapi, "http%3A%2F%2Fshop.example.com%2F%25E5%25BA%2597%3Fa%3D1%26b%3D2"), "the percent-encoded URL"),
        (signed(&jsapi, "http://shop.example.com/%25E5%25BA%2597?a=1&b=2"), "the URL encoded twice"),
        (signed(&jsapi, "http://shop.example.com"), "the origin only"),
        (signed(&jsapi, "http://shop.example.com/"), "the origin and a slash only"),
        (signed(&jsapi, ""), "no URL at all"),
        (signed(&jsapi, "undefined"), "the text undefined"),
        (signed(&jsapi, URL).to_uppercase(), "the URL of this page"),
        (signed("nobodys", URL), "no ticket of wx1 gives it"),
        (String::new(), "signature is missing"),
    ];
    for (signature, why) in &mistakes {
        let said = config(&server, &href, signature).await;
        assert_eq!(said["errMsg"], "invalid signature");
        assert!(said["why"].as_str().unwrap().contains(why), "{said} {why}");
    }
    let errors = control.state().await.unwrap().counters["pre_verify"].errors.clone();
    assert_eq!(errors, [(-1, mistakes.len() as u64)].into());
}

#[tokio::test]
async fn only_a_ticket_in_force_signs_and_only_on_a_safe_domain() {
    let (server, control) = corp().await;
    let said = config(&server, URL, &signed("nobodys", URL)).await;
    assert_eq!(said["why"], "no jsapi ticket of wx1 was ever fetched");
    let ticket = ticket(&server, "jsapi").await;
    let signature = signed(&ticket, URL);
    control.account(json!({ "appid": "wx1", "js_domains": ["www.example.com"] })).await.unwrap();
    assert_eq!(config(&server, URL, &signature).await["errMsg"], "invalid url domain");
    control.account(json!({ "appid": "wx1", "js_domains": ["www.example.com", "shop.example.com"] })).await.unwrap();
    assert_eq!(config(&server, URL, &signature).await["errMsg"], "ok");
    control.invalidate_sticky("wx1", Which::Ticket).await.unwrap();
    let said = config(&server, URL, &signature).await;
    assert!(said["why"].as_str().unwrap().ends_with("which is no longer in force"), "{said}");
    let body = json!({ "href": URL, "appId": "wx9", "timestamp": 1, "nonceStr": "n", "signature": "s" });
    assert_eq!(post(&server, "/open/js/preVerifyJSAPI", body).await.json()["errMsg"], "invalid appid");
}

#[tokio::test]
async fn wecom_has_a_ticket_for_the_corp_and_one_for_the_application() {
    let (server, control) = corp().await;
    control.account(json!({ "appid": "ww1", "secret": "a", "kind": "wecom", "agentid": "1000002" })).await.unwrap();
    let token = gettoken(&server, "a").await.token();
    let fetch = async |target: &str| {
        let answer = get(&server, &format!("{target}access_token={token}")).await.json();
        answer["ticket"].as_str().unwrap().to_owned()
    };
    let of_corp = fetch("/cgi-bin/get_jsapi_ticket?").await;
    let of_agent = fetch("/cgi-bin/ticket/get?type=agent_config&").await;
    let asked = async |ticket: &str, agent: Value| {
        let body = json!({
            "href": URL, "appId": "ww1", "agentid": agent, "timestamp": "1414587457", "nonceStr": "Wm3",
            "signature": signed(ticket, URL)
        });
        post(&server, "/open/js/preVerifyJSAPI", body).await.json()["errMsg"].as_str().unwrap().to_owned()
    };
    assert_eq!(asked(&of_corp, Value::Null).await, "ok");
    assert_eq!(asked(&of_agent, json!("1000002")).await, "ok");
    assert_eq!(asked(&of_agent, json!(1_000_002)).await, "ok");
    assert_eq!(asked(&of_agent, Value::Null).await, "invalid signature");
    assert_eq!(asked(&of_corp, json!("1000002")).await, "invalid signature");
    assert_eq!(asked(&of_agent, json!("1000009")).await, "invalid signature");
}

#[tokio::test]
async fn a_card_is_signed_with_its_own_ticket_over_sorted_values() {
    let (server, control) = corp().await;
    let (jsapi, card) = (ticket(&server, "jsapi").await, ticket(&server, "wx_card").await);
    let sorted = |ticket: &str, values: &[&str]| {
        let mut values = [values, &[ticket]].concat();
        values.sort_unstable();
        sha1(&values.concat())
    };
    let add = async |ticket: &str, values: &[&str]| {
        let ext = json!({ "code": "", "openid": "", "timestamp": "1", "nonce_str": "n", "signature": sorted(ticket, values) });
        let cards = json!({ "appId": "wx1", "cardList": [{ "cardId": "pA", "cardExt": ext.to_string() }] });
        post(&server, "/open/js/batchAddCard", cards).await.json()
    };
    assert_eq!(add(&card, &["pA", "1", "n"]).await, json!({ "errMsg": "ok" }));
    assert_eq!(add(&jsapi, &["pA", "1", "n"]).await["why"], "it is that of these values, with the jsapi ticket");
    assert_eq!(
        add(&card, &["pA", "1"]).await["why"],
        "it is that of the values without nonce_str, with the wx_card ticket"
    );
    let object = json!({ "appId": "wx1", "cardList": [{ "cardId": "pA", "cardExt": {} }] });
    assert_eq!(post(&server, "/open/js/batchAddCard", object).await.json()["errMsg"], "invalid cardExt");

    let choose = async |ticket: &str, kind: &str| {
        let body = json!({
            "appId": "wx1", "shopId": "", "cardType": "", "cardId": "pA", "timestamp": 1, "nonceStr": "n", "signType": kind,
            "cardSign": sorted(ticket, &["wx1", "pA", "1", "n"])
        });
        post(&server, "/open/js/chooseCard", body).await.json()["errMsg"].as_str().unwrap().to_owned()
    };
    assert_eq!(choose(&card, "SHA1").await, "ok");
    assert_eq!(choose(&jsapi, "SHA1").await, "invalid signature");
    assert_eq!(choose(&card, "MD5").await, "invalid signType");
    let counters = control.state().await.unwrap().counters;
    assert_eq!((counters["add_card"].calls, counters["choose_card"].calls), (4, 3));
}

#[tokio::test]
async fn the_stand_in_is_a_script() {
    let (server, _) = corp().await;
    let script = get(&server, "/open/js/jweixin-1.6.0.js").await;
    assert_eq!((script.status, script.header("content-type")), (200, Some("application/javascript; charset=utf-8")));
    assert!(script.body.contains("window.wx"));
}
