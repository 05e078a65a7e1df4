//! A Worker that has nothing but wechat-token-hub's variables.

use serde_json::json;
use wxedge_tests::harness::*;

use crate::support::*;

const KEY_1: &str = "hub-key-one-0123456789";
const KEY_2: &str = "hub-key-two-0123456789";

fn hub() -> Start {
    let start = Start::on(HostKind::Workerd).from_environment();
    start.env("APPID", DEMO_APPID).env("APPSECRET", DEMO_SECRET).env("JWT_KEY_k1", KEY_1).env("JWT_KEY_k2", KEY_2)
}

fn signed(kid: &str, key: &str) -> String {
    Jwt::new(kid).claim("aud", "wechat-token-hub").sign(key)
}

#[test]
fn it_serves_as_wechat_token_hub_did() {
    block_on(async {
        let mut edge = hub().start().await;
        let by = async |path: &str, token: &str| edge.get(path).bearer(token).await;
        let (one, two) = (signed("k1", KEY_1), signed("k2", KEY_2));
        let first = bare(&by("/access_token", &one).await);
        assert_eq!(bare(&by("/access-token", &two).await), first);
        bare(&by("/ticket?type=jsapi", &one).await);
        let second = bare(&by(&format!("/access-token?rotate_token={first}"), &two).await);
        assert_ne!(second, first);
        assert_eq!(token(&by("/app/default/api", &one).await), second);
        for wrong in
            [signed("k1", KEY_2), signed("k3", KEY_1), signed("JWT_KEY_k1", KEY_1), signed("DEMO_SECRET", DEMO_SECRET)]
        {
            refused(&by("/access-token", &wrong).await, 401);
        }
        refused(&edge.get("/access-token").bearer(KEY_1).await, 401);
        refused(&edge.get("/access-token").await, 401);
        let ready = by("/readyz", &one).await.json();
        assert_eq!((&ready["ready"], &ready["apps"]["default"]["state"]), (&json!(true), &json!("ready")));
        unharmed(&mut edge).await;
        assert!(!edge.log().contains(KEY_1) && !edge.log().contains(KEY_2));
    });
}

#[test]
fn what_is_wrong_with_a_variable_is_said_with_its_name() {
    block_on(async {
        let none = "there is none: put it into the secret WXEDGE_CONFIG, or set APPID, APPSECRET and a JWT_KEY_<kid>";
        let cases = [
            (hub().without_env("APPID"), none.to_owned()),
            (hub().without_env("APPSECRET"), "APPSECRET: the environment has no APPSECRET: set it".to_owned()),
            (hub().env("APPSECRET", "a b"), "APPSECRET: has characters that no such value has".to_owned()),
            (hub().env("JWT_KEY_k2", "s3cret"), "JWT_KEY_k2: is shorter than 16 bytes: make one with".to_owned()),
            (
                hub().without_env("JWT_KEY_k1").without_env("JWT_KEY_k2"),
                "JWT_KEY_<kid>: is not set, so nobody could ask".to_owned(),
            ),
            (
                hub().wechat([WeChat::At("api.weixin.qq.com".to_owned())]),
                "WECHAT_API_ROOT: is not an http or https URL".to_owned(),
            ),
        ];
        for (start, sentence) in cases {
            let edge = start.start().await;
            let (code, said) = error(&edge.get("/access-token").await, 500);
            assert_eq!(code, -10_001);
            assert!(said.starts_with(&format!("the configuration cannot be used: {sentence}")), "{said}");
            assert!(!said.contains("s3cret") && !said.contains(DEMO_SECRET), "{said}");
        }
    });
}

#[test]
fn a_configuration_counts_more_than_the_variables() {
    block_on(async {
        let start = Start::on(HostKind::Workerd).env("APPID", "wxother").env("APPSECRET", "x").env("JWT_KEY_k1", KEY_1);
        let edge = start.start().await;
        read(&edge).await;
        refused(&edge.get("/access-token").bearer(&signed("k1", KEY_1)).await, 401);
    });
}
