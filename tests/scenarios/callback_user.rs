//! What stands beside a message: headers, who wrote, ids as numbers; and the gateway's own echo.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};
use tokio::time::Instant;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::push::Push;

use crate::callback_support::*;
use crate::support::*;

/// What WeChat gives of a user, with the nine fields of go-wx-gateway.
fn user(openid: &str) -> Json {
    json!({
        "openid": openid, "nickname": "", "sex": 0, "province": "", "city": "", "country": "", "headimgurl": "",
        "privilege": [], "unionid": format!("u-{openid}"), "subscribe": 1, "language": "zh_CN",
        "subscribe_time": 1_700_000_000, "remark": "", "groupid": 0, "tagid_list": [128, 2],
        "subscribe_scene": "ADD_SCENE_QR_CODE", "qr_scene": 98765, "qr_scene_str": "",
    })
}

/// A text of that user to go-wx-gateway's door.
fn from(openid: &str) -> Push {
    Push::text("hi").from(openid).by(&sealed()).to("/wx")
}

fn gateway(start: Start, backend: &Backend) -> Start {
    callback(safe(start, std::slice::from_ref(backend)), "path", "/wx").threads(1)
}

on_every_host! {
    #[expect(clippy::disallowed_methods, reason = "what is compared is real time")]
    async fn a_message_is_signed_and_has_an_id_of_its_own(start: Start) {
        let [signed, unsigned] = backends().await;
        let backends = [signed, unsigned];
        let mut edge = safe(start, &backends).start().await;
        let push = hi();
        edge.knock(&push).header("x-request-id", "trace-1").header("cookie", "a=b").header("x-secret", "c").await;
        edge.push(Push::text("hi").by(&sealed()).to("/app/demo/msg/json")).await;
        let [signed, unsigned] = backends.each_ref().map(Backend::received);
        assert_eq!((signed.len(), unsigned.len()), (2, 2));
        for it in signed.iter().chain(&unsigned) {
            assert_eq!((it.method.as_str(), it.header("x-wxedge-app")), ("POST", Some("demo")));
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
            assert!(it.header("webhook-timestamp").unwrap().parse::<u64>().unwrap().abs_diff(now) < 30);
            let id = it.header("webhook-id").and_then(|it| it.strip_prefix("msg_")).unwrap();
            assert!(id.len() == 32 && id.bytes().all(|it| it.is_ascii_hexdigit()), "{id}");
            let strange = ["x-envoy-", "x-forwarded-", "cookie", "x-secret", "authorization"];
            assert!(!it.headers.iter().any(|(name, _)| strange.iter().any(|it| name.starts_with(it))), "{it:?}");
        }
        assert!(signed.iter().all(|it| it.is_signed_with(BACKEND_KEY.as_bytes())));
        assert!(unsigned.iter().all(|it| it.header("webhook-signature").is_none()), "its key is nobody else's");
        let ids = |all: &[Received]| all.iter().map(|it| it.header("webhook-id").unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(ids(&signed), ids(&unsigned), "one message has one id");
        assert_ne!(ids(&signed)[0], ids(&signed)[1]);
        // Envoy gives each request from outside an id of its own.
        let traced = if edge.kind() == HostKind::Envoy { unsigned[0].header("x-request-id") } else { Some("trace-1") };
        assert_eq!(signed[0].header("x-request-id"), traced);
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn who_wrote_stands_beside_the_message(start: Start) {
        let [backend] = backends().await;
        let mut edge = gateway(start, &backend).start().await;
        for openid in ["oA", "oA", "oB", "oA"] {
            assert!(edge.push(from(openid)).await.is_nothing());
        }
        let received = backend.received();
        assert_eq!(received.len(), 4);
        for (it, openid) in received.iter().zip(["oA", "oA", "oB", "oA"]) {
            assert_eq!((&it.json()["userInfo"], &it.json()["userInfoError"]), (&user(openid), &json!("")));
            assert_eq!(it.json()["Content"], "hi");
        }
        assert_eq!(calls(&edge, "user_info").await, 2, "one of each user, within a minute");
        let log = edge.simulator().requests().await.unwrap();
        let asked = log.iter().find(|it| it.endpoint == "user_info").unwrap();
        assert!(asked.target.ends_with("&openid=oA&lang=zh_CN"), "{}", asked.target);
        unharmed(&mut edge).await;
    }

    async fn a_message_goes_on_without_who_wrote_it(start: Start) {
        let [backend] = backends().await;
        let mut edge = gateway(start, &backend).start().await;
        let token = read(&edge).await;
        backend.always(text("hello"));
        let errors = [
            json!({ "fault": "errcode", "errcode": 48001, "errmsg": "api unauthorized" }),
            json!({ "fault": "http_500" }),
            json!({ "fault": "cut" }),
            json!({ "fault": "garbage" }),
            json!({ "fault": "hang" }),
        ];
        for (number, mut fault) in errors.into_iter().enumerate() {
            fault["endpoint"] = json!("user_info");
            edge.simulator().fault(fault.clone()).await.unwrap();
            let begin = Instant::now();
            assert_eq!(edge.push(from(&format!("o{number}"))).await.text(), "hello", "{fault}");
            assert!(begin.elapsed() < ms(2_500), "{:?}", begin.elapsed());
            let received = backend.received();
            let body = received.last().unwrap().json();
            let error = body["userInfoError"].as_str().unwrap();
            assert!(body["userInfo"].is_null() && !error.is_empty(), "{fault} {body}");
            assert!(!body.to_string().contains(&token) && !error.contains("access_token"), "{body}");
            edge.simulator().clear_faults().await.unwrap();
        }
        unharmed(&mut edge).await;
    }

    async fn who_wrote_is_asked_with_a_fresh_token(start: Start) {
        let [backend] = backends().await;
        let mut edge = gateway(start, &backend).start().await;
        read(&edge).await;
        edge.simulator().invalidate(DEMO_APPID, wxedge_tests::simulator::wechat::Which::Stable).await.unwrap();
        assert!(edge.push(from("oA")).await.is_nothing());
        assert_eq!(only(&backend).json()["userInfo"], user("oA"));
        assert_eq!(calls(&edge, "user_info").await, 2, "the first with the token that was dead");
        unharmed(&mut edge).await;
    }

    async fn who_wrote_is_asked_only_where_it_is_wanted(start: Start) {
        let [backend] = backends().await;
        let start = gateway(start, &backend).config(|config| {
            config["apps"]["with"] = config["apps"]["demo"].clone();
            config["apps"]["without"] = config["apps"]["demo"].clone();
            config["apps"]["with"]["callback"]["userinfo"] = json!(true);
            config["apps"]["with"]["callback"]["path"] = json!("/with");
            config["apps"]["without"]["callback"]["userinfo"] = json!(false);
            config["apps"]["without"]["callback"]["path"] = json!("/without");
        });
        let mut edge = start.start().await;
        for (path, there) in [
            ("/wx", true),
            ("/app/demo/msg/json", false),
            ("/app/demo/msg", false),
            ("/app/with/msg/json", true),
            ("/without", false),
        ] {
            assert!(edge.push(from("oA").to(path)).await.is_nothing());
            let received = backend.received();
            assert_eq!(received.last().unwrap().body.windows(8).any(|it| it == b"userInfo"), there, "{path}");
        }
        assert_eq!(calls(&edge, "user_info").await, 1);
        unharmed(&mut edge).await;
    }

    async fn ids_are_texts_unless_numbers_are_wanted(start: Start) {
        let [backend] = backends().await;
        let mut edge = gateway(start, &backend).start().await;
        for (query, quoted) in [("", true), ("?ids=text", true), ("?ids=number", false)] {
            for door in ["/app/demo/msg/json", "/wx"] {
                let before = backend.received().len();
                let push = hi().to(format!("{door}{query}"));
                let id = push.fields().unwrap().text_at("MsgId").to_owned();
                assert!(edge.push(push).await.is_nothing());
                let it = &backend.received()[before];
                let body = String::from_utf8(it.body.clone()).unwrap();
                // go-wx-gateway's own are texts whatever is wanted.
                let quoted = quoted || door == "/wx";
                let expected = if quoted { format!("\"MsgId\":\"{id}\"") } else { format!("\"MsgId\":{id},") };
                assert!(body.contains(&expected) || body.contains(&expected.replace(',', "}")), "{query} {body}");
            }
        }
        error(&edge.knock(&hi().to("/app/demo/msg/json?ids=7")).await, 400);
        error(&edge.knock(&hi().to("/app/demo/msg/json?ids=number&ids=text")).await, 400);
        unharmed(&mut edge).await;
    }

    async fn a_gateway_without_back_ends_shows_that_it_works(start: Start) {
        let mut edge = callback(safe(start, &[]), "path", "/wx").start().await;
        for door in ["/app/demo/msg", "/app/demo/msg/json", "/wx"] {
            let say = |push: Push| edge.push(push.by(&sealed()).to(door));
            let number = door.len().to_string();
            let spoken = format!("hi {number} ]]> <你好>");
            assert_eq!(say(Push::text(&spoken)).await.text(), spoken);
            assert_eq!(say(Push::text("json").with("N", number.as_str())).await.text(), "json");
            let click = Push::named("CLICK").with("EventKey", format!("K{number}").as_str());
            assert_eq!(say(click).await.text(), format!("event key K{number} clicked"));
            assert_eq!(say(Push::named("subscribe").with("N", number.as_str())).await.text(), "welcome");
            let scan = say(Push::named("scancode_waitmsg").with("N", number.as_str())).await;
            assert_eq!(scan.text(), "scan result: qrcode, 2");
            let image = say(Push::named("image")).await;
            assert_eq!(image.reply().body.text_at("Image/MediaId"), "media-1_A");
            for name in ["video", "location", "VIEW", "unsubscribe"] {
                let answer = say(Push::named(name).with("N", number.as_str())).await;
                assert_eq!(answer.answer().text(), "success", "{name}");
            }
        }
        assert_eq!(edge.push(Push::text("in JSON").by(&sealed().json())).await.text(), "in JSON");
        assert_eq!(calls(&edge, "user_info").await, 0);
        unharmed(&mut edge).await;
        silent(&edge);
    }

    async fn echo_is_a_back_end_that_says_what_it_hears(start: Start) {
        let [backend] = backends().await;
        let mut edge = gateway(start, &backend).start().await;
        assert_eq!(edge.push(Push::text("json").by(&sealed()).to("/app/demo/msg/json?call=/echo")).await.text(), "json");
        assert_eq!(edge.push(Push::text("gateway").by(&sealed()).to("/wx?call=/echo")).await.text(), "gateway");
        backend.always(text("from the back-end"));
        let both = Push::text("after").by(&sealed()).to("/app/demo/msg/json?call=b1&call=/echo");
        assert_eq!(edge.push(both).await.text(), "from the back-end");
        backend.always(Manners::Says(503));
        let both = Push::text("alone").by(&sealed()).to("/app/demo/msg/json?call=b1&call=/echo");
        assert_eq!(edge.push(both).await.text(), "alone");
        unharmed(&mut edge).await;
    }
}
