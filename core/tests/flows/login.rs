//! Logins: the way to WeChat's page and back, and all that somebody else may bring instead.

use serde_json::{Value, json};
use wxedge::host::{Method, Response};
use wxedge::query::{escape, parameter};

use crate::world::{API_KEY, Api, Edge, READER_KEY, Saying, Settings, Sim};

/// Logins may lead to the back-end "one" and to pages of a shop.
fn settings() -> Settings {
    Settings { oauth: json!({ "to": ["one", "https://shop.example.com"] }), ..Settings::new(Api::Stable) }
}

/// A world in which WeChat knows one code, and a back-end greets who comes.
fn world() -> (Sim, Edge) {
    let sim = Sim::new(1);
    sim.says(
        "/sns/oauth2/access_token?",
        r#"{"access_token":"OAUTH","openid":"oUser","scope":"snsapi_userinfo","unionid":"u1"}"#,
    );
    sim.says(
        "/sns/userinfo?",
        r#"{"openid":"oUser","nickname":"Ü \"</script>😀\\","sex":1,"privilege":["a"],"unionid":"u1"}"#,
    );
    sim.user(r#"{"subscribe":1,"openid":"oUser","unionid":"u1","remark":"r"}"#);
    sim.script(|_, _| Saying::After(5, 200, "welcome".into()));
    let edge = sim.threads(1, &settings()).remove(0);
    (sim, edge)
}

fn header(response: &Response, name: &str) -> String {
    response.headers.iter().find(|it| it.0 == name).map(|it| it.1.clone()).unwrap_or_default()
}

#[track_caller]
fn get(sim: &Sim, edge: &Edge, target: &str, cookie: &str) -> Response {
    let caller = edge.send(Method::Get, target, &[("cookie", cookie)], "");
    sim.settle();
    caller.answer()
}

/// A login on its way: what the browser was given.
struct Begun {
    /// Path and query to which WeChat sends the browser back, without code and state.
    back: String,
    state: String,
    cookie: String,
}

/// Begins a login.
#[track_caller]
fn begin(sim: &Sim, edge: &Edge, target: &str) -> Begun {
    let response = get(sim, edge, target, "");
    let location = header(&response, "location");
    assert_eq!((response.status, header(&response, "cache-control").as_str()), (302, "no-store"));
    let (page, query) = location.split_once('?').unwrap();
    assert_eq!(page, "https://open.weixin.qq.com/connect/oauth2/authorize");
    let query = query.strip_suffix("#wechat_redirect").expect("WeChat's fragment");
    let back = parameter(query, "redirect_uri").unwrap().unwrap();
    let back = back.strip_prefix("https://wx.example.com").expect("our own address, whatever Host says").to_owned();
    let state = parameter(query, "state").unwrap().unwrap();
    assert!(state.len() <= 64 && state.bytes().all(|it| it.is_ascii_alphanumeric()), "{state}");
    let cookie = header(&response, "set-cookie");
    let (pair, attributes) = cookie.split_once(';').unwrap();
    for it in ["Path=/app/", "HttpOnly", "SameSite=Lax", "Secure", "Max-Age=600"] {
        assert!(attributes.split("; ").any(|have| have.trim() == it), "{it} is not in {cookie}");
    }
    Begun { back, state, cookie: pair.to_owned() }
}

/// The browser comes back with `code`.
#[track_caller]
fn come_back(sim: &Sim, edge: &Edge, begun: &Begun, code: &str) -> Response {
    get(sim, edge, &format!("{}&code={code}&state={}", begun.back, begun.state), &begun.cookie)
}

#[track_caller]
fn refused(response: &Response, status: u16) -> String {
    let page = String::from_utf8(response.body.clone()).unwrap();
    assert_eq!(response.status, status, "{page}");
    assert!(header(response, "content-type").starts_with("text/html") && !page.contains("<script"), "{page}");
    page
}

#[test]
fn whoever_logs_in_is_told_to_the_back_end_whose_answer_the_browser_gets() {
    let (sim, edge) = world();
    let begun = begin(&sim, &edge, "/app/shop/auth/info?call=one&state=s%201&lang=en");
    let response = come_back(&sim, &edge, &begun, "c1");
    assert_eq!((response.status, &*response.body), (200, &b"welcome"[..]));
    let asked = sim.asked().remove(0);
    assert_eq!((&*asked.who, &*asked.target), ("one", "/login"));
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["nickname"], "Ü \"</script>😀\\");
    assert_eq!((&body["openid"], &body["unionid"], &body["state"]), (&json!("oUser"), &json!("u1"), &json!("s 1")));
    assert_eq!((&body["sex"], &body["privilege"], &body["city"]), (&json!(1), &json!(["a"]), &json!("")));
    assert!(body["appid"].is_string() && !asked.body.contains("OAUTH"));
    assert!(sim.calls("/sns/userinfo?")[0].ends_with("&lang=en"));
}

#[test]
fn a_silent_login_asks_who_follows_the_account() {
    let (sim, edge) = world();
    let begun = begin(&sim, &edge, "/app/shop/auth?call=one");
    come_back(&sim, &edge, &begun, "c1");
    let body: Value = serde_json::from_str(&sim.asked()[0].body).unwrap();
    assert_eq!((&body["remark"], &body["unionid"]), (&json!("r"), &json!("u1")));
    assert_eq!(sim.calls("/sns/userinfo?").len(), 0);
}

#[test]
fn a_code_is_exchanged_once_though_browsers_ask_twice() {
    let (sim, edge) = world();
    let begun = begin(&sim, &edge, "/app/shop/auth/info?call=one");
    for _ in 0..3 {
        assert_eq!(come_back(&sim, &edge, &begun, "c1").status, 200);
    }
    assert_eq!(sim.calls("/sns/oauth2/access_token?").len(), 1);
    sim.says("/sns/oauth2/access_token?", r#"{"errcode":40163,"errmsg":"code been used"}"#);
    sim.run_for(61_000);
    come_back(&sim, &edge, &begun, "c1");
    let body: Value = serde_json::from_str(&sim.asked().last().unwrap().body).unwrap();
    assert_eq!((&body["errcode"], &body["errmsg"]), (&json!(40163), &json!("code been used")));
    assert_eq!(body["openid"], Value::Null);
}

#[test]
fn what_somebody_else_began_leads_nowhere() {
    let (sim, edge) = world();
    let begun = begin(&sim, &edge, "/app/shop/auth?call=one");
    let other = begin(&sim, &edge, "/app/shop/auth?call=one");
    let back = |begun: &Begun, state: &str, cookie: &str| {
        let target = format!("{}&code=c1&state={state}", begun.back);
        get(&sim, &edge, &target, cookie)
    };
    refused(&back(&begun, &begun.state, ""), 403);
    refused(&back(&begun, &begun.state, &other.cookie), 403);
    refused(&back(&begun, &other.state, &other.cookie), 403);
    refused(&back(&begun, "", &begun.cookie), 403);
    refused(&back(&begun, &begun.state, &begun.cookie.replace(&begun.state, &other.state)), 403);
    refused(&back(&begun, &begun.state, &begun.cookie[..begun.cookie.len() - 1]), 403);
    assert_eq!((sim.asked().len(), sim.calls("/sns/").len()), (0, 0));
    // Beside other cookies it is found.
    let among = format!("a=b; {}; {}", other.cookie, begun.cookie);
    assert_eq!(back(&begun, &begun.state, &among).status, 200);
}

#[test]
fn a_context_that_was_changed_moved_or_is_too_old_leads_nowhere() {
    let (sim, edge) = world();
    let begun = begin(&sim, &edge, "/app/shop/auth?call=one");
    let (path, context) = begun.back.split_once("?ctx=").unwrap();
    let (text, mark) = context.split_once('.').unwrap();
    let forged = [
        format!("{path}?ctx={text}"),
        format!("{path}?ctx={text}."),
        format!("{path}?ctx=.{mark}"),
        format!("{path}?ctx={}.{mark}", &text[..text.len() - 2]),
        format!("{path}?ctx={text}A.{mark}"),
        format!("{path}?ctx="),
        format!("/app/twin/auth?ctx={context}"),
    ];
    for back in forged {
        let response = get(&sim, &edge, &format!("{back}&code=c1&state={}", begun.state), &begun.cookie);
        assert!((400..500).contains(&response.status), "{back}");
    }
    sim.run_for(600_000);
    refused(&come_back(&sim, &edge, &begun, "c1"), 403);
    assert_eq!((sim.asked().len(), sim.calls("/sns/").len()), (0, 0));
}

#[test]
fn a_login_leads_only_to_where_its_app_may() {
    let (sim, edge) = world();
    let tricks = [
        "two",
        "nobody",
        "https://evil.com",
        "https://shop.example.com.evil.com",
        "https://shop.example.com@evil.com",
        "https://evil.com\\@shop.example.com",
        "//evil.com",
        "\\\\evil.com",
        "/\\evil.com",
        "/echo",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://shop.example.com\r\nset-cookie: a=b",
        "https://shop.example.com/\u{0}",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://xn--shop-example.com",
        "https://shop。example.com",
        "https://127.0.0.1",
        "http://169.254.169.254/",
    ];
    for call in tricks {
        for mode in ["", "&mode=ticket"] {
            let response = get(&sim, &edge, &format!("/app/shop/auth?call={}{mode}", escape(call)), "");
            refused(&response, 403);
            assert_eq!(header(&response, "location"), "", "{call}");
        }
    }
    refused(&get(&sim, &edge, "/app/shop/auth", ""), 400);
    refused(&get(&sim, &edge, "/app/shop/auth?call=one&mode=ticket", ""), 403);
    refused(&get(&sim, &edge, "/app/shop/auth?call=one&mode=dance", ""), 400);
    refused(&get(&sim, &edge, "/app/nobody/auth?call=one", ""), 404);
}

#[test]
fn a_ticket_is_swapped_once_by_who_may() {
    let (sim, edge) = world();
    let begun = begin(
        &sim,
        &edge,
        "/app/shop/auth/info?call=https%3A%2F%2Fshop.example.com%2Fin%3Fa%3Db&state=s%261&mode=ticket",
    );
    let response = come_back(&sim, &edge, &begun, "c1");
    let location = header(&response, "location");
    let query = location.strip_prefix("https://shop.example.com/in?a=b&").expect("the page of the shop");
    assert_eq!((response.status, parameter(query, "state").unwrap().as_deref()), (302, Some("s&1")));
    assert_eq!(sim.asked().len(), 0);
    let ticket = parameter(query, "ticket").unwrap().unwrap();
    let swap = |app: &str, key: &str, ticket: &str| {
        let (bearer, body) = (format!("Bearer {key}"), json!({ "ticket": ticket }).to_string());
        let caller = edge.send(Method::Post, &format!("/app/{app}/auth/ticket"), &[("authorization", &bearer)], &body);
        sim.settle();
        caller.answer()
    };
    assert_eq!(swap("shop", READER_KEY, &ticket).status, 403, "another app's caller");
    assert_eq!(swap("shop", "nobody", &ticket).status, 401);
    assert_eq!(swap("twin", API_KEY, &ticket).status, 400, "another app's ticket");
    assert_eq!(swap("shop", API_KEY, &ticket[1..]).status, 400);
    let swapped = swap("shop", API_KEY, &ticket);
    let body: Value = serde_json::from_slice(&swapped.body).unwrap();
    assert_eq!((swapped.status, &body["openid"], &body["state"]), (200, &json!("oUser"), &json!("s&1")));
    assert_eq!(swap("shop", API_KEY, &ticket).status, 400, "swapped before");
    let begun = begin(&sim, &edge, "/app/shop/auth/info?call=https%3A%2F%2Fshop.example.com&mode=ticket");
    let location = header(&come_back(&sim, &edge, &begun, "c2"), "location");
    let late = parameter(location.split_once('?').unwrap().1, "ticket").unwrap().unwrap();
    sim.run_for(60_000);
    assert_eq!(swap("shop", API_KEY, &late).status, 400, "too old");
}

#[test]
fn a_user_who_cancels_or_a_back_end_that_is_down_ends_on_a_page() {
    let (sim, edge) = world();
    let begun = begin(&sim, &edge, "/app/shop/auth?call=one");
    let cancelled = get(&sim, &edge, &format!("{}&state={}", begun.back, begun.state), &begun.cookie);
    assert!(refused(&cancelled, 403).contains("cancelled"));
    sim.script(|_, _| Saying::Breaks);
    refused(&come_back(&sim, &edge, &begun, "c1"), 502);
    let xss = get(&sim, &edge, "/app/%3Cscript%3Ealert(1)%3C%2Fscript%3E/auth?call=one", "");
    refused(&xss, 404);
}

#[test]
fn a_code_that_somebody_has_seen_logs_nobody_else_in() {
    let (sim, edge) = world();
    let victim = begin(&sim, &edge, "/app/shop/auth/info?call=one&state=victim");
    assert_eq!(come_back(&sim, &edge, &victim, "c1").status, 200);
    sim.says("/sns/oauth2/access_token?", r#"{"errcode":40163,"errmsg":"code been used"}"#);
    for app in ["shop", "twin"] {
        let thief = begin(&sim, &edge, &format!("/app/{app}/auth/info?call=one&state=thief"));
        come_back(&sim, &edge, &thief, "c1");
        let body: Value = serde_json::from_str(&sim.asked().last().unwrap().body).unwrap();
        assert_eq!((&body["errcode"], &body["openid"]), (&json!(40163), &Value::Null), "{body}");
    }
}

#[test]
fn what_failed_a_moment_ago_may_be_tried_again() {
    let (sim, edge) = world();
    let good = r#"{"access_token":"OAUTH","openid":"oUser","scope":"snsapi_userinfo","unionid":"u1"}"#;
    sim.says("/sns/oauth2/access_token?", r#"{"errcode":-1,"errmsg":"system error"}"#);
    let begun = begin(&sim, &edge, "/app/shop/auth/info?call=one");
    for _ in 0..2 {
        come_back(&sim, &edge, &begun, "c1");
    }
    assert_eq!(sim.calls("/sns/oauth2/access_token?").len(), 1, "at once it is the same");
    sim.says("/sns/oauth2/access_token?", good);
    sim.run_for(3_000);
    come_back(&sim, &edge, &begun, "c1");
    let body: Value = serde_json::from_str(&sim.asked().last().unwrap().body).unwrap();
    assert_eq!(body["openid"], json!("oUser"), "{body}");
}

#[test]
fn one_user_who_comes_back_again_and_again_takes_no_ticket_away() {
    let (sim, edge) = world();
    let call = "/app/shop/auth/info?call=https%3A%2F%2Fshop.example.com&mode=ticket";
    let ticket = |response: &Response| {
        let location = header(response, "location");
        parameter(location.split_once('?').unwrap().1, "ticket").unwrap().unwrap()
    };
    let victim = ticket(&come_back(&sim, &edge, &begin(&sim, &edge, call), "cv"));
    let again = begin(&sim, &edge, call);
    let first = ticket(&come_back(&sim, &edge, &again, "ce"));
    for _ in 0..20 {
        let target = format!("{}&code=ce&state={}", again.back, again.state);
        let all: Vec<_> = (0..100).map(|_| edge.send(Method::Get, &target, &[("cookie", &again.cookie)], "")).collect();
        sim.settle();
        all.into_iter().for_each(|it| assert_eq!(it.answer().status, 302));
    }
    let swap = |ticket: &str| {
        let (bearer, body) = (format!("Bearer {API_KEY}"), json!({ "ticket": ticket }).to_string());
        let caller = edge.send(Method::Post, "/app/shop/auth/ticket", &[("authorization", &bearer)], &body);
        sim.settle();
        caller.answer().status
    };
    assert_eq!((swap(&victim), swap(&first)), (200, 400), "the last one of a login counts");
}

#[test]
fn codes_that_strangers_make_up_are_limited_and_short_and_take_nobodys_place() {
    let (sim, edge) = world();
    let victim = begin(&sim, &edge, "/app/shop/auth/info?call=one&state=victim");
    come_back(&sim, &edge, &victim, "cv");
    let long = refused(&come_back(&sim, &edge, &victim, &"a".repeat(513)), 400);
    assert!(long.contains("code"), "{long}");
    sim.says("/sns/oauth2/access_token?", r#"{"errcode":40029,"errmsg":"invalid code"}"#);
    let evil = begin(&sim, &edge, "/app/shop/auth?call=one&state=evil");
    for at in 0..30 {
        let made_up = |n| format!("{}&code=x{at}-{n}&state={}", evil.back, evil.state);
        let all: Vec<_> =
            (0..100).map(|n| edge.send(Method::Get, &made_up(n), &[("cookie", &evil.cookie)], "")).collect();
        sim.settle();
        drop(all);
        sim.run_for(1_000);
    }
    come_back(&sim, &edge, &victim, "cv");
    let body: Value = serde_json::from_str(&sim.asked().last().unwrap().body).unwrap();
    assert_eq!(body["openid"], json!("oUser"), "{body}");
    let codes = || sim.calls("/sns/oauth2/access_token?").len();
    let before = codes();
    let mut refusals = 0;
    for at in 0..70 {
        let made_up = |n| format!("{}&code=y{at}-{n}&state={}", evil.back, evil.state);
        let all: Vec<_> =
            (0..100).map(|n| edge.send(Method::Get, &made_up(n), &[("cookie", &evil.cookie)], "")).collect();
        sim.settle();
        refusals += all.into_iter().filter(|it| it.answer().status == 429).count();
    }
    assert!(refusals > 0 && codes() - before < 7_000, "{refusals}");
}

#[test]
fn strangers_do_not_have_the_registry_asked_without_end() {
    for route in ["auth?call=one", "js/config?url=https://a.b/", "js/card?type=choose"] {
        let sim = Sim::new(1);
        let settings = Settings { admin: true, copying: std::time::Duration::from_secs(10), ..settings() };
        let edge = sim.threads(1, &settings).remove(0);
        let limited = (0..6_500).any(|at| get(&sim, &edge, &format!("/app/r{at}/{route}"), "").status == 429);
        assert!(limited, "{route}");
    }
}

#[test]
fn a_back_end_answers_for_its_page_and_not_for_the_whole_origin() {
    let (sim, edge) = world();
    let begun = begin(&sim, &edge, "/app/shop/auth?call=one&state=s");
    let target = format!("{}&code=c1&state={}", begun.back, begun.state);
    let worker = edge.send(Method::Get, &target, &[("cookie", &begun.cookie), ("service-worker", "script")], "");
    sim.settle();
    refused(&worker.answer(), 403);
    let response = come_back(&sim, &edge, &begun, "c1");
    assert_eq!((response.status, &*header(&response, "referrer-policy")), (200, "no-referrer"));
}

#[test]
fn a_ticket_stands_beside_no_other() {
    let (sim, edge) = world();
    for name in ["ticket", "state", "errcode", "errmsg", "%74icket"] {
        let call = escape(&format!("https://shop.example.com/in?{name}=x"));
        refused(&get(&sim, &edge, &format!("/app/shop/auth?call={call}&mode=ticket"), ""), 400);
    }
}
