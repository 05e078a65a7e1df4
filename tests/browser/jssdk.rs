//! Pages that use WeChat's JSSDK: what the gateway signs, the WeChat client takes, whatever the page's URL looks like.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::scene::{GATEWAY, SHOP, Scene, page};

/// URLs that are easily got wrong.
const PATHS: [&str; 6] = [
    "/店?a=1&b=2#/home?c=3",
    "/%E5%BA%97%2F?q=%26x%3D1+2&%E5=%",
    "/",
    "/index.html?from=singlemessage&isappinstalled=0#wechat_redirect",
    "/a//b/;c=1,2/'x'(y)*?u=https://other.example/?v=1#",
    "/?e=🎉&amp=<b>\"",
];

/// A page of the shop's: what came of `wx.config` is told when both callbacks had their say. `load` is what has it signed.
fn with_wx(scene: &Scene, load: &str) -> Spoken {
    let simulator = scene.edge.simulator().address();
    page(&format!(
        "<meta name=viewport content='width=device-width'><h1>小店</h1><p id=said></p>
        <script src='http://{simulator}/open/js/jweixin-1.6.0.js'></script>
        <script>
          const url = location.href.split('#')[0];
          const say = (text) => {{ document.getElementById('said').append(text + '; ') }};
          let failed;
          wx.error((it) => {{ failed = it.errMsg + ': ' + it.why }});
          wx.ready(() => say(failed || 'taken'));
          function load(src, policy) {{
            const it = document.createElement('script');
            Object.assign(it, {{ src, onerror: () => say('no script') }}, policy && {{ referrerPolicy: policy }});
            document.head.append(it);
          }}
          {load}
        </script>"
    ))
}

const BY_SCRIPT: &str = "load('http://wx.example.com/app/demo/js/config?url=' + encodeURIComponent(url))";
const BY_FETCH: &str = "fetch('http://wx.example.com/js-config/demo?url=' + encodeURIComponent(url))
    .then((it) => it.json()).then((it) => wx.config({ ...it, jsApiList: ['scanQRCode'] })).catch((it) => say(it.name))";

/// A gateway that signs the shop's pages.
async fn signing(start: Start) -> Scene {
    let scene =
        Scene::new(start.config(|it| it["apps"]["demo"]["jssdk"] = json!({ "hosts": ["shop.example.com"] }))).await;
    let settings = json!({ "appid": DEMO_APPID, "js_domains": ["shop.example.com"] });
    scene.edge.simulator().account(settings).await.unwrap();
    scene
}

on_every_host! {
    async fn whatever_a_pages_url_looks_like_it_is_signed_as_the_client_sees_it(start: Start) {
        let scene = signing(start).await;
        for way in [BY_SCRIPT, BY_FETCH] {
            scene.shop.always(with_wx(&scene, way));
            for path in PATHS {
                scene.phone.opens("about:blank").await;
                scene.phone.opens(&format!("{SHOP}{path}")).await;
                scene.phone.sees("taken;").await;
            }
        }
        scene.phone.picture(&format!("jssdk-{:?}", scene.edge.kind())).await;
        assert_eq!((scene.phone.console().await, scene.asked("pre_verify").await), (vec![], 12));
        assert_eq!(scene.asked("getticket").await, 1);
    }

    async fn a_referer_will_do_if_the_browser_tells_all_of_it(start: Start) {
        let scene = signing(start).await;
        let bare = "'http://wx.example.com/app/demo/js/config'";
        scene.shop.at("/whole", with_wx(&scene, &format!("load({bare}, 'unsafe-url')")));
        scene.shop.at("/bare", with_wx(&scene, &format!("load({bare})")));
        scene.shop.at("/", with_wx(&scene, &format!("load({bare})")));
        for path in ["/whole?a=1&b=2#x", "/"] {
            scene.phone.opens(&format!("{SHOP}{path}")).await;
            scene.phone.sees("taken;").await;
        }
        // From elsewhere a browser tells only the origin: the stand-in finds out, and the script says it.
        scene.phone.opens(&format!("{SHOP}/bare?a=1")).await;
        scene.phone.sees("config:invalid signature: it is that of the origin and a slash only").await;
        let script = scene.edge.get("/app/demo/js/config").header("referer", format!("{SHOP}/")).await.text();
        assert!(script.contains("/* wxedge: Referer tells the site and perhaps not the page"), "{script}");
    }

    async fn a_page_elsewhere_is_not_signed_for(start: Start) {
        let scene = signing(start).await;
        let elsewhere = format!("http://shop.example.com.evil.example:{}", scene.shop.address().port());
        scene.shop.at("/script", with_wx(&scene, BY_SCRIPT));
        scene.shop.at("/fetch", with_wx(&scene, BY_FETCH));
        // Not even for a page of the shop's: the browser does not show it to this one.
        let stolen = "fetch('http://wx.example.com/js-config/demo?url=http%3A%2F%2Fshop.example.com%2F').then(() => say('stolen'), (it) => say(it.name))";
        scene.shop.at("/steal", with_wx(&scene, stolen));
        for (path, seen) in [("/script", "no script;"), ("/fetch", "TypeError;"), ("/steal", "TypeError;")] {
            scene.phone.opens(&format!("{elsewhere}{path}")).await;
            scene.phone.sees(seen).await;
        }
        assert_eq!(scene.asked("pre_verify").await, 0);
    }

    async fn cards_are_added_and_chosen(start: Start) {
        let scene = signing(start).await;
        let cards = "load('http://wx.example.com/app/demo/js/config?url=' + encodeURIComponent(url));
            const card = (query) => fetch('http://wx.example.com/app/demo/js/card?' + query).then((it) => it.json());
            const told = (name) => ({ success: () => say(name + ' ok'), fail: (it) => say(JSON.stringify(it)) });
            wx.ready(async () => {
              const one = await card('type=add&card_id=pA&code=C%221&openid=oA&outer_str=%3C%2Fscript%3E');
              const other = await card('type=add&card_id=pB');
              wx.addCard({ cardList: [one, other], ...told('add') });
              wx.chooseCard({ ...await card('type=choose&card_type=GROUPON&location_id=7'), ...told('choose') });
              wx.chooseCard({ ...await card('type=choose'), ...told('any') });
              wx.chooseCard({ ...await card('type=choose'), cardId: 'pA', ...told('changed') });
            });";
        scene.shop.at("/cards", with_wx(&scene, cards));
        scene.phone.opens(&format!("{SHOP}/cards?a=1#x")).await;
        for seen in ["taken;", "add ok;", "choose ok;", "any ok;", "\"chooseCard:invalid signature\""] {
            scene.phone.sees(seen).await;
        }
        assert_eq!((scene.asked("add_card").await, scene.asked("choose_card").await), (1, 3));
    }

    async fn only_what_was_listed_may_be_called(start: Start) {
        let scene = signing(start).await;
        let listed = "load('http://wx.example.com/app/demo/js/config?debug=true&apilist=scanQRCode,getLocation&url=' + encodeURIComponent(url));
            const told = { success: (it) => say(it.errMsg), fail: (it) => say(it.errMsg) };
            wx.ready(() => { wx.scanQRCode(told); wx.closeWindow(told); wx.checkJsApi({ jsApiList: ['getLocation', 'fly'], success: (it) => say(JSON.stringify(it.checkResult)) }) });";
        scene.shop.at("/", with_wx(&scene, listed));
        scene.phone.opens(SHOP).await;
        for seen in ["scanQRCode:ok", "closeWindow:permission denied", "{\"getLocation\":true,\"fly\":false}"] {
            scene.phone.sees(seen).await;
        }
    }

    async fn a_page_in_wecom_is_signed_for_the_corp_and_for_the_application(start: Start) {
        let scene = signing(start.config(|config| {
            config["apps"]["desk"] = json!({
                "kind": "wecom", "corpid": "ww1234567890abcdef", "secret": "desk-secret", "agentid": "1000002",
                "jssdk": { "hosts": ["*.example.com"] }
            });
        })).await;
        let load = "load('http://wx.example.com/app/desk/js/config?agent=true&url=' + encodeURIComponent(url));
            const agent = wx.agentConfig;
            wx.agentConfig = (it) => agent({ ...it, success: (it) => say(it.errMsg), fail: (it) => say(JSON.stringify(it)) });";
        scene.shop.at("/desk", with_wx(&scene, load));
        scene.phone.opens(&format!("{SHOP}/desk?名=1#x")).await;
        scene.phone.sees("taken;").await;
        scene.phone.sees("agentConfig:ok;").await;
        assert_eq!((scene.asked("get_jsapi_ticket").await, scene.asked("agent_ticket").await), (1, 1));
    }

    async fn a_link_of_the_gateway_is_no_page(start: Start) {
        let scene = signing(start).await;
        scene.phone.opens(&format!("{GATEWAY}/app/demo/js/config?url={SHOP}/%3Cimg%20src=x%20onerror=window.hacked=1%3E")).await;
        let seen = scene.phone.runs("return [document.querySelectorAll('img').length, window.hacked === undefined]").await;
        assert_eq!(seen, json!([0, true]));
    }
}
