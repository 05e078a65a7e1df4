//! What else back-ends ask of WeChat: QR codes, template messages, short keys, orders of a shop. And what holds of every endpoint.

use std::time::Duration;

use serde_json::{Value, json};
use wxedge_tests::simulator::Server;
use wxedge_tests::simulator::endpoints::ENDPOINTS;

use crate::http::{Answer, component, get, post, send, simulator, stable};

const CALLS: [(&str, &str); 6] = [
    ("qrcode_create", "/cgi-bin/qrcode/create"),
    ("template_send", "/cgi-bin/message/template/send"),
    ("shorten_gen", "/cgi-bin/shorten/gen"),
    ("shorten_fetch", "/cgi-bin/shorten/fetch"),
    ("channels_order", "/channels/ec/order/get"),
    ("channels_aftersale", "/channels/ec/aftersale/getaftersaleorder"),
];

async fn call(on: &Server, path: &str, body: Value) -> Answer {
    let token = stable(on, false).await.token();
    post(on, &format!("{path}?access_token={token}"), body).await
}

#[tokio::test]
async fn each_needs_a_token_and_a_body() {
    let (server, control) = simulator().await;
    let token = stable(&server, false).await.token();
    for (name, path) in CALLS {
        let target = format!("{path}?access_token={token}");
        assert_eq!(get(&server, &target).await.errcode(), 43002, "{name}");
        assert_eq!(send(&server, "POST", &target, "").await.unwrap().errcode(), 44002, "{name}");
        assert_eq!(send(&server, "POST", &target, "[").await.unwrap().errcode(), 47001, "{name}");
        assert_eq!(post(&server, path, json!({})).await.errcode(), 41001, "{name}");
        assert_eq!(post(&server, &format!("{path}?access_token=x"), json!({})).await.errcode(), 40014, "{name}");
        assert_eq!(control.state().await.unwrap().counters[name].calls, 5, "{name}");
    }
}

#[tokio::test]
async fn every_endpoint_is_counted_and_suffers_faults() {
    let (server, control) = simulator().await;
    for endpoint in ENDPOINTS {
        let (name, path) = (endpoint.name, endpoint.path);
        for fault in ["errcode", "http_500", "cut"] {
            control.fault(json!({ "endpoint": name, "fault": fault, "times": 1 })).await.unwrap();
        }
        assert_eq!(get(&server, path).await.errcode(), -1, "{name}");
        assert_eq!(get(&server, path).await.status, 500, "{name}");
        assert!(send(&server, "GET", path, "").await.is_none(), "{name}");
        let counter = control.state().await.unwrap().counters[name].clone();
        assert_eq!((counter.calls, counter.faults.len(), counter.issued), (3, 3, 0), "{name}");
    }
}

#[tokio::test]
async fn a_qr_code_is_shown_to_who_has_its_ticket_until_its_end() {
    let (server, control) = simulator().await;
    let scene = |text: &str| json!({ "scene": { "scene_str": text } });
    let create = async |body: Value| call(&server, "/cgi-bin/qrcode/create", body).await.json();
    let made = create(json!({ "action_name": "QR_STR_SCENE", "expire_seconds": 600, "action_info": scene("a") })).await;
    let ticket = made["ticket"].as_str().unwrap();
    assert_eq!(made["expire_seconds"], 600);
    assert!(made["url"].as_str().unwrap().starts_with("http://weixin.qq.com/q/"), "{made}");
    let lasting = create(json!({ "action_name": "QR_LIMIT_STR_SCENE", "action_info": scene("b") })).await;
    assert_eq!(lasting.get("expire_seconds"), None);
    let short = create(json!({ "action_name": "QR_SCENE", "action_info": { "scene": { "scene_id": 7 } } })).await;
    assert_eq!(short["expire_seconds"], 60);

    let show =
        async |ticket: &str| get_bytes(&server, &format!("/cgi-bin/showqrcode?ticket={}", component(ticket))).await;
    let (head, picture) = show(ticket).await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-type: image/jpg"), "{head}");
    assert!(picture.starts_with(&[0xff, 0xd8, 0xff]));
    assert!(show("nobodys").await.0.starts_with("HTTP/1.1 404"));
    // As it is, its plus sign is a blank.
    assert_eq!(get(&server, &format!("/cgi-bin/showqrcode?ticket={ticket}")).await.status, 404);
    control.advance(Duration::from_secs(600)).await.unwrap();
    assert!(show(ticket).await.0.starts_with("HTTP/1.1 404"));
    assert!(show(lasting["ticket"].as_str().unwrap()).await.0.starts_with("HTTP/1.1 200"));
}

/// The head and the body of an answer that is no text.
async fn get_bytes(to: &Server, target: &str) -> (String, Vec<u8>) {
    use tokio::io::AsyncReadExt;
    let mut bytes = Vec::new();
    crate::http::open(to, "GET", target, "").await.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8(bytes[..end].to_vec()).unwrap(), bytes[end + 4..].to_vec())
}

#[tokio::test]
async fn a_scene_that_cannot_be_is_refused() {
    let (server, _) = simulator().await;
    for (body, code) in [
        (json!({}), 40052),
        (json!({ "action_name": "QR_OTHER", "action_info": { "scene": { "scene_str": "a" } } }), 40052),
        (json!({ "action_name": "QR_STR_SCENE" }), 40053),
        (json!({ "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": "" } } }), 40053),
        (json!({ "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": "a".repeat(65) } } }), 40053),
        (json!({ "action_name": "QR_STR_SCENE", "action_info": { "scene": { "scene_str": 7 } } }), 40053),
        (json!({ "action_name": "QR_SCENE", "action_info": { "scene": { "scene_id": 0 } } }), 40053),
        (json!({ "action_name": "QR_LIMIT_SCENE", "action_info": { "scene": { "scene_id": 100_001 } } }), 40053),
        (
            json!({ "action_name": "QR_SCENE", "expire_seconds": 2_592_001, "action_info": { "scene": { "scene_id": 1 } } }),
            40097,
        ),
    ] {
        assert_eq!(call(&server, "/cgi-bin/qrcode/create", body.clone()).await.errcode(), code, "{body}");
    }
}

#[tokio::test]
async fn a_template_message_is_taken_for_a_follower_and_gets_a_long_number() {
    let (server, control) = simulator().await;
    control.user(json!({ "openid": "oStranger", "subscribe": false })).await.unwrap();
    let whole =
        json!({ "touser": "oA", "template_id": "t", "data": { "first": { "value": "你好" }, "n": { "value": 5 } } });
    let with = |name: &str, value: Value| {
        let mut message = whole.clone();
        message[name] = value;
        message
    };
    let path = "/cgi-bin/message/template/send";
    let sent = call(&server, path, whole.clone()).await.json();
    assert!(sent["errcode"] == 0 && sent["msgid"].as_u64().unwrap() > 1 << 40, "{sent}");
    for (message, code) in [
        (with("touser", json!("")), 40003),
        (with("touser", json!("oStranger")), 43004),
        (with("template_id", Value::Null), 40037),
        (with("data", json!("x")), 47003),
        (with("data", json!({ "first": "bare" })), 47003),
    ] {
        assert_eq!(call(&server, path, message.clone()).await.errcode(), code, "{message}");
    }
    let token = stable(&server, false).await.token();
    let stranger = get(&server, &format!("/cgi-bin/user/info?access_token={token}&openid=oStranger")).await.json();
    assert_eq!(stranger, json!({ "subscribe": 0, "openid": "oStranger", "unionid": "u-oStranger" }));
}

#[tokio::test]
async fn a_follower_is_told_as_the_user_was_made() {
    let (server, control) = simulator().await;
    let user = json!({ "openid": "oA", "unionid": "uA", "info": { "nickname": "\"</script>🎉", "remark": "r" } });
    control.user(user).await.unwrap();
    let token = stable(&server, false).await.token();
    let told = get(&server, &format!("/cgi-bin/user/info?access_token={token}&openid=oA")).await.json();
    assert_eq!(
        (&told["unionid"], &told["nickname"], &told["remark"]),
        (&json!("uA"), &json!("\"</script>🎉"), &json!("r"))
    );
}

#[tokio::test]
async fn a_short_key_stands_for_its_text_until_its_end() {
    let (server, control) = simulator().await;
    control.account(json!({ "appid": "wx2", "secret": "s2" })).await.unwrap();
    let (generate, fetch) = ("/cgi-bin/shorten/gen", "/cgi-bin/shorten/fetch");
    let text = format!("https://example.com/?q={}", "x".repeat(4000));
    let made = call(&server, generate, json!({ "long_data": text, "expire_seconds": 600 })).await.json();
    let key = made["short_key"].as_str().unwrap();
    assert!(key.len() == 15 && key.bytes().all(|it| it.is_ascii_alphanumeric()), "{made}");
    control.advance(Duration::from_secs(100)).await.unwrap();
    let told = call(&server, fetch, json!({ "short_key": key })).await.json();
    let left = told["expire_seconds"].as_u64().unwrap();
    assert!(told["long_data"] == *text && (490..=500).contains(&left) && told["create_time"].is_u64(), "{told}");
    let other = get(&server, "/cgi-bin/token?grant_type=client_credential&appid=wx2&secret=s2").await.token();
    let foreign = post(&server, &format!("{fetch}?access_token={other}"), json!({ "short_key": key })).await;
    assert_eq!(foreign.errcode(), 9_410_012);
    control.advance(Duration::from_secs(500)).await.unwrap();
    assert_eq!(call(&server, fetch, json!({ "short_key": key })).await.errcode(), 9_410_012);
    for (path, body, code) in [
        (generate, json!({}), 47003),
        (generate, json!({ "long_data": "x".repeat(4097) }), 9_410_010),
        (generate, json!({ "long_data": "x", "expire_seconds": 2_592_001 }), 9_410_011),
        (fetch, json!({}), 47003),
        (fetch, json!({ "short_key": "nobodys" }), 9_410_012),
    ] {
        assert_eq!(call(&server, path, body).await.errcode(), code, "{path} {code}");
    }
}

#[tokio::test]
async fn a_shop_tells_of_an_order_whose_id_comes_as_a_text() {
    let (server, _) = simulator().await;
    let id = "3705115058471208928";
    let order = call(&server, "/channels/ec/order/get", json!({ "order_id": id })).await.json();
    assert_eq!((&order["errcode"], &order["order"]["order_id"]), (&json!(0), &json!(id)));
    let path = "/channels/ec/aftersale/getaftersaleorder";
    let complaint = call(&server, path, json!({ "after_sale_order_id": "77" })).await.json();
    assert_eq!(complaint["after_sale_order"]["after_sale_order_id"], "77");
    for (path, body) in [
        ("/channels/ec/order/get", json!({ "order_id": 3_705_115_058_471_208_928_u64 })),
        ("/channels/ec/order/get", json!({ "order_id": "x" })),
        (path, json!({ "order_id": "77" })),
    ] {
        assert_eq!(call(&server, path, body.clone()).await.errcode(), 47003, "{body}");
    }
}
