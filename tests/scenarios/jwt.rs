//! Callers that sign JSON Web Tokens: which tokens open what, and that all others open nothing.

use serde_json::{Value, json};
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::support::*;

const KEY: &str = "jwt-key-0123456789";
const OTHER_KEY: &str = "jwt-other-0123456789";
/// A time that has not come yet.
const LATER: u64 = 4_102_444_800;

/// `k1` may read the demo account, `k2` only the shop; `k2` means it where a route names none.
fn signing(start: Start) -> Start {
    start.env("JWT_KEY_1", KEY).config(|config| {
        config["apps"]["shop"] = app(SHOP_APPID, "shop-secret", "stable");
        config["callers"] = json!([
            { "name": "one", "jwt": { "kid": "k1", "key": "${JWT_KEY_1}" } },
            { "name": "two", "jwt": { "kid": "k2", "key": OTHER_KEY }, "apps": ["shop"], "app": "shop", "may": ["token"] },
            { "name": "crm", "key": "${CRM_KEY}", "apps": ["demo"] },
        ]);
    })
}

fn good() -> Jwt {
    Jwt::new("k1")
}

on_every_host! {
    async fn a_token_that_is_signed_for_us_and_valid_opens(start: Start) {
        let edge = signing(start).start().await;
        let demo = read(&edge).await;
        let tokens = [
            good(),
            good().claim("aud", "wechat-token-hub"),
            good().claim("aud", json!(["another", "wxedge"])),
            good().claim("exp", LATER).claim("nbf", 1).claim("iat", LATER).claim("sub", 7),
            good().claim("exp", 4_102_444_800.5),
            good().header("typ", Value::Null),
            // token-hub's own sample has it there.
            good().header("kid", Value::Null).claim("kid", "k1"),
            good().claim("kid", "k2"),
            good().claim("app", "demo"),
        ];
        for jwt in tokens {
            let signed = jwt.sign(KEY);
            assert_eq!(token(&edge.get("/app/demo/api").bearer(&signed).await), demo, "{jwt:?}");
            assert_eq!(token(&edge.get("/app/demo/api").header("x-api-key", &signed).await), demo, "{jwt:?}");
        }
        assert_eq!(fetches(&edge).await, 1);
    }

    async fn any_other_token_opens_nothing_and_learns_nothing(start: Start) {
        let edge = signing(start).start().await;
        read(&edge).await;
        let own = |jwt: Jwt| jwt.sign(KEY);
        let signed = good().sign(KEY);
        let (head, mac) = signed.rsplit_once('.').unwrap();
        let (header, claims) = head.split_once('.').unwrap();
        let strange = good().claim("app", "shop").sign(KEY);
        let strange = strange.split('.').nth(1).unwrap();
        let tokens = [
            own(good().claim("exp", 1)),
            own(good().claim("exp", 0)),
            own(good().claim("exp", -1)),
            own(good().claim("exp", "4102444800")),
            own(good().claim("nbf", LATER)),
            own(good().claim("nbf", "1")),
            own(good().claim("aud", Value::Null)),
            own(good().claim("aud", "")),
            own(good().claim("aud", "wxedge2")),
            own(good().claim("aud", "WXEDGE")),
            own(good().claim("aud", json!([]))),
            own(good().claim("aud", json!({ "wxedge": 1 }))),
            own(good().claim("aud", json!([["wxedge"]]))),
            own(good().header("alg", "none")),
            own(good().header("alg", "None")),
            own(good().header("alg", "HS512")),
            own(good().header("alg", "HS384")),
            own(good().header("alg", "RS256")),
            own(good().header("alg", "ES256")),
            own(good().header("alg", "hs256")),
            own(good().header("alg", Value::Null)),
            own(good().header("alg", json!(["HS256"]))),
            own(good().header("crit", json!(["b64"])).header("b64", false)),
            own(good().header("kid", Value::Null)),
            own(good().header("kid", "k3")),
            own(good().header("kid", "K1")),
            own(good().header("kid", "")),
            own(good().header("kid", "k1\0")),
            own(good().header("kid", "../k1")),
            own(good().header("kid", "JWT_KEY_1")),
            own(good().header("kid", "${JWT_KEY_1}")),
            own(good().header("kid", "k1' OR '1'='1")),
            own(good().header("kid", json!(["k1"]))),
            own(good().header("kid", 1)),
            own(good().header("kid", "k2")),
            own(good().header("kid", "k2").claim("kid", "k1")),
            own(good().header("kid", Value::Null).claim("kid", "k2")),
            good().sign(OTHER_KEY),
            good().sign(""),
            good().sign("k1"),
            good().sign(CRM_KEY),
            good().header("jwk", json!({ "kty": "oct", "k": "eA" })).sign("x"),
            good().header("jku", "https://evil.example/keys").sign("x"),
            format!("{head}."),
            head.to_owned(),
            format!("{header}.{strange}.{mac}"),
            format!("{header}.{claims}=.{mac}"),
            format!("{signed}.x"),
            format!("Bearer {signed}"),
            format!("{signed}, {signed}"),
            signed.to_uppercase(),
            KEY.to_owned(),
            "..".to_owned(),
            "eyJ".repeat(2_000),
        ];
        for jwt in &tokens {
            for path in ["/app/demo/api", "/app/demo/api/new"] {
                let answer = edge.get(path).bearer(jwt).await;
                let (code, text) = error(&answer, 401);
                assert!(code == -10_001 && text.starts_with("an API key or a JWT is required"), "{jwt} {text}");
                assert!(!answer.text().contains(KEY) && !answer.text().contains(OTHER_KEY));
            }
        }
        assert_eq!(fetches(&edge).await, 1);
    }

    async fn a_good_token_opens_what_its_caller_may_and_no_more(start: Start) {
        let edge = signing(start).start().await;
        let (one, two) = (good().sign(KEY), Jwt::new("k2").sign(OTHER_KEY));
        token(&edge.get("/app/shop/api").bearer(&two).await);
        token(&edge.get("/app/shop/api").bearer(&one).await);
        // A good key of somebody else's, and a `kid` in the payload that names the one who may.
        let posing = Jwt::new("k2").claim("kid", "k1").sign(OTHER_KEY);
        for (path, jwt) in [
            ("/app/demo/api", &two),
            ("/app/demo/api", &posing),
            ("/app/shop/api/new", &two),
            ("/app/shop/api/new", &one),
            ("/app/shop/jsapi", &two),
            ("/app/nobody/api", &two),
        ] {
            error(&edge.get(path).bearer(jwt).await, 403);
        }
    }

    async fn the_claim_app_names_the_app_and_is_for_that_one_only(start: Start) {
        let edge = signing(start).start().await;
        let (demo, shop) = (read(&edge).await, token(&edge.get("/app/shop/api").bearer(&good().sign(KEY)).await));
        let hub = async |jwt: Jwt, key: &str| edge.get("/access-token").bearer(&jwt.sign(key)).await;
        assert_eq!(bare(&hub(good().claim("app", "demo"), KEY).await), demo);
        assert_eq!(bare(&hub(good().claim("app", "shop"), KEY).await), shop);
        assert_eq!(bare(&hub(Jwt::new("k2"), OTHER_KEY).await), shop);
        refused(&hub(good(), KEY).await, 400);
        refused(&hub(good().claim("app", "nobody"), KEY).await, 404);
        refused(&hub(Jwt::new("k2").claim("app", "demo"), OTHER_KEY).await, 403);
        refused(&hub(good().claim("app", json!(["demo"])), KEY).await, 401);
        let for_shop = good().claim("app", "shop").sign(KEY);
        assert_eq!(token(&edge.get("/app/shop/api").bearer(&for_shop).await), shop);
        error(&edge.get("/app/demo/api").bearer(&for_shop).await, 403);
        refused(&edge.get("/token/demo").bearer(&for_shop).await, 403);
    }

    async fn a_token_that_expires_is_good_until_then(start: Start) {
        let edge = signing(start).start().await;
        let now = edge.simulator().state().await.unwrap().now_ms / 1000;
        let ends = good().claim("exp", now + 2).sign(KEY);
        let begins = good().claim("nbf", now + 2).sign(KEY);
        token(&edge.get("/app/demo/api").bearer(&ends).await);
        error(&edge.get("/app/demo/api").bearer(&begins).await, 401);
        tokio::time::sleep(std::time::Duration::from_millis(2_600)).await;
        error(&edge.get("/app/demo/api").bearer(&ends).await, 401);
        token(&edge.get("/app/demo/api").bearer(&begins).await);
    }
}
