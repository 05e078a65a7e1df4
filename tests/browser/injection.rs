//! Scripts in what a link, a user or another page says: none of them runs.

use serde_json::json;
use wxedge::query::escape;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;
use wxedge_tests::simulator::push::{Account, UrlCheck};

use crate::scene::{GATEWAY, SHOP, Scene, page};

/// It ends whatever it stands in.
const EVIL: &str =
    "'\"</p></pre></text></svg></script><img src=x onerror='window.hacked=1'><script>window.hacked=1</script>";

/// The demo pages are there, and the demo app takes messages.
async fn scene(start: Start) -> Scene {
    let scene = Scene::new(start.config(|config| {
        config["examples"] = json!(true);
        config["apps"]["demo"]["callback"] = json!({ "token": Account::TOKEN, "to": ["shop"] });
        config["apps"]["demo"]["jssdk"] = json!({ "hosts": ["wx.example.com"] });
    }));
    scene.await
}

/// How many pieces of [`EVIL`] are more than text, and whether one has run.
const LOOK: &str = "return [document.querySelectorAll('img, script:not([src])').length, window.hacked === 1]";

async fn nothing_ran(phone: &Phone, what: &str) {
    assert_eq!(phone.runs(LOOK).await, json!([0, false]), "{what}");
}

on_every_host! {
    async fn nothing_that_a_link_says_becomes_a_part_of_the_page(start: Start) {
        let scene = scene(start).await;
        let evil = escape(EVIL);
        scene.shop.at("/careless", page(EVIL));
        scene.phone.opens(&format!("{SHOP}/careless")).await;
        assert_eq!(scene.phone.runs(LOOK).await, json!([2, true]), "this is what is looked for");
        for path in [
            format!("/app/{evil}/auth?call=shop"),
            format!("/app/{evil}/api"),
            format!("/app/{evil}/js/config?url={GATEWAY}/"),
            format!("/app/demo/auth?call={evil}"),
            format!("/app/demo/auth?call=shop&mode={evil}"),
            format!("/app/demo/auth?ctx={evil}&code={evil}&state={evil}"),
            format!("/app/demo/auth/info?call=shop&call={evil}"),
            format!("/redirect?code={evil}&state={evil}"),
            format!("/app/demo/ticket?type={evil}"),
            format!("/app/demo/msg?signature={evil}&timestamp=1&nonce=1&echostr={evil}"),
            format!("/app/demo/js/config?url={GATEWAY}/{evil}"),
            format!("/app/demo/js/config?url=http://{evil}/"),
            format!("/js-config/demo?url={GATEWAY}/{evil}"),
            format!("/qrcode?path={evil}&format={evil}"),
            format!("/s/demo~{evil}~1"),
            format!("/example/?app={evil}"),
            format!("/example/login?app={evil}"),
        ] {
            scene.phone.opens(&format!("{GATEWAY}{path}")).await;
            nothing_ran(&scene.phone, &path).await;
            assert!(!scene.phone.text().await.is_empty(), "{path}");
        }
        assert_eq!(scene.told("/login").len(), 0);
    }

    async fn what_is_echoed_is_text_whoever_signed_it(start: Start) {
        let scene = scene(start).await;
        let check = UrlCheck { echo: EVIL.to_owned(), ..UrlCheck::of(&Account::default()) };
        let query = check.seal().query.into_iter().map(|(name, value)| format!("{name}={}", escape(&value)));
        let url = format!("{GATEWAY}/app/demo/msg?{}", query.collect::<Vec<_>>().join("&"));
        scene.phone.opens(&url).await;
        scene.phone.sees(EVIL).await;
        nothing_ran(&scene.phone, "echostr").await;
        // A page elsewhere has the browser send it.
        let value = format!("<!doctype html>{EVIL}").replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let form = format!(
            "<form method=post enctype=text/plain action=\"{GATEWAY}/echo\"><input type=hidden name=\"{value}\"><button>发送</button></form>"
        );
        scene.shop.at("/", page(&form));
        scene.phone.opens(SHOP).await;
        scene.phone.taps("发送").await;
        scene.phone.sees(EVIL).await;
        assert_eq!(scene.phone.url().await, format!("{GATEWAY}/echo"));
        nothing_ran(&scene.phone, "a form").await;
    }

    async fn a_picture_of_a_script_is_a_picture(start: Start) {
        let scene = scene(start).await;
        let link = scene.link(&format!("/qrcode?path={}&format=svg", escape(EVIL))).await;
        scene.phone.opens(&link).await;
        let seen = "return [document.documentElement.localName, document.querySelectorAll('script, img').length, window.hacked === undefined]";
        assert_eq!(scene.phone.runs(seen).await, json!(["svg", 0, true]));
    }

    async fn what_a_user_is_called_and_a_login_began_with_is_text_on_the_demo_page(start: Start) {
        let scene = scene(start).await;
        scene.edge.simulator().user(json!({ "openid": "oA", "nickname": EVIL })).await.unwrap();
        scene.phone.opens(&format!("{GATEWAY}/app/demo/auth/info?call=/example/login&state={}", escape(EVIL))).await;
        scene.phone.taps("允许 Allow").await;
        scene.phone.sees("后端得到的内容").await;
        let told = scene.phone.runs("const it = JSON.parse(document.getElementById('told').innerText); return [it.nickname, it.state]");
        assert_eq!(told.await, json!([EVIL, EVIL]));
        nothing_ran(&scene.phone, "a nickname and a state").await;
    }
}
