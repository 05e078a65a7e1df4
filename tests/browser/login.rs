//! Logins, from the tap on a link to the page that the back-end answers with.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::scene::{GATEWAY, SHOP, SHOP_KEY, Scene, page};

/// What a user may be called.
const NICKNAME: &str = "O'Neil \"小明\" </script><img src=x onerror=\"window.hacked=1\">&amp;🎉\\";

/// The shop's front page, with a link that logs in.
fn front(link: &str) -> Spoken {
    page(&format!("<h1>小店</h1><a href=\"{GATEWAY}{link}\">登录</a>"))
}

on_every_host! {
    async fn a_user_taps_allows_and_reads_the_back_ends_page(start: Start) {
        let scene = Scene::new(start).await;
        let user = json!({
            "openid": "oA", "nickname": NICKNAME, "sex": 2, "city": "深圳", "province": "广东", "country": "中国",
            "headimgurl": "http://127.0.0.1/a?b=1&c=2", "privilege": ["chinaunicom"], "unionid": "uA", "language": "zh_CN"
        });
        scene.edge.simulator().user(user.clone()).await.unwrap();
        scene.shop.at("/", front("/app/demo/auth/info?call=shop&state=%E7%AF%AE%3Cb%3E%207"));
        let welcome = page("<h1>欢迎回来</h1>").header("set-cookie", "session=s1; Path=/").header("set-cookie", "theme=dark");
        scene.shop.at("/login", welcome);

        scene.phone.opens(SHOP).await;
        scene.phone.taps("登录").await;
        scene.phone.sees(NICKNAME).await;
        scene.phone.taps("允许 Allow").await;
        scene.phone.sees("欢迎回来").await;
        scene.phone.picture(&format!("login-{:?}", scene.edge.kind())).await;

        let cookies = scene.phone.runs("return document.cookie.split('; ').sort()").await;
        assert_eq!(cookies, json!(["session=s1", "theme=dark"]), "and the gateway's own is not for scripts");
        let told = scene.told("/login");
        assert_eq!(told.len(), 1);
        for (name, value) in user.as_object().unwrap() {
            assert_eq!(told[0][name], *value, "{name}");
        }
        assert_eq!((&told[0]["state"], &told[0]["appid"]), (&json!("篮<b> 7"), &json!(DEMO_APPID)));
        assert_eq!((scene.asked("sns_access_token").await, scene.asked("sns_userinfo").await), (1, 1));
        assert_eq!(scene.phone.console().await, [""; 0]);
    }

    async fn a_silent_login_asks_nothing_and_a_redirect_of_the_back_end_reaches_the_browser(start: Start) {
        let scene = Scene::new(start).await;
        scene.edge.simulator().user(json!({ "openid": "oA", "unionid": "uA" })).await.unwrap();
        scene.shop.at("/", front("/app/demo/auth?call=shop"));
        let away = says("").status(302).header("location", &format!("{SHOP}/home?a=1#top"));
        scene.shop.at("/login", away.header("set-cookie", "session=s1; Path=/; HttpOnly"));
        scene.shop.at("/home", page("<h1>首页</h1>"));
        scene.phone.opens(SHOP).await;
        scene.phone.taps("登录").await;
        scene.phone.sees("首页").await;
        assert_eq!(scene.phone.url().await, format!("{SHOP}/home?a=1#top"));
        let told = scene.told("/login");
        assert_eq!((&told[0]["openid"], &told[0]["unionid"], told.len()), (&json!("oA"), &json!("uA"), 1));
        assert_eq!((scene.asked("authorize_reply").await, scene.asked("sns_userinfo").await), (0, 0));
        // The cookie is the gateway's host's, where the back-end set it.
        scene.shop.at("/login", page("again"));
        scene.phone.opens(&format!("{GATEWAY}/app/demo/auth?call=shop")).await;
        scene.phone.sees("again").await;
    }

    async fn a_page_that_is_loaded_again_shows_the_same_and_the_code_is_used_once(start: Start) {
        let scene = Scene::new(start).await;
        scene.shop.at("/login", page("<h1>欢迎回来</h1>"));
        scene.phone.opens(&format!("{GATEWAY}/app/demo/auth?call=shop")).await;
        scene.phone.sees("欢迎回来").await;
        let back = scene.phone.url().await;
        assert!(back.starts_with(&format!("{GATEWAY}/app/demo/auth?ctx=")), "{back}");
        for _ in 0..2 {
            scene.phone.loads_again().await;
            scene.phone.sees("欢迎回来").await;
        }
        assert_eq!((scene.asked("sns_access_token").await, scene.told("/login").len()), (1, 3));
    }

    async fn a_ticket_in_the_url_is_swapped_once(start: Start) {
        let scene = Scene::new(start).await;
        scene.edge.simulator().user(json!({ "openid": "oA", "nickname": NICKNAME })).await.unwrap();
        scene.shop.at("/home", page("<h1>首页</h1>"));
        let link = format!("{GATEWAY}/app/demo/auth/info?mode=ticket&call={SHOP}/home&state=a%26b");
        scene.phone.opens(&link).await;
        scene.phone.taps("允许 Allow").await;
        scene.phone.sees("首页").await;
        let url = scene.phone.url().await;
        let ticket = url.strip_prefix(&format!("{SHOP}/home?ticket=")).and_then(|it| it.strip_suffix("&state=a%26b"));
        let body = json!({ "ticket": ticket.unwrap_or_else(|| panic!("{url}")) });
        let swap = async || scene.edge.post_json("/app/demo/auth/ticket", &body).bearer(SHOP_KEY).await;
        let told = swap().await;
        assert_eq!((told.status, &told.json()["nickname"]), (200, &json!(NICKNAME)));
        assert_eq!(swap().await.status, 400);
    }

    async fn a_login_that_began_on_a_page_of_the_back_end_lands_at_it(start: Start) {
        let scene = Scene::new(start).await;
        scene.edge.simulator().user(json!({ "openid": "oA", "nickname": NICKNAME })).await.unwrap();
        let link = |scope: &str, back: &str| {
            let sim = scene.edge.simulator().address();
            let back = format!("http%3A%2F%2Fwx.example.com{back}");
            format!("http://{sim}/connect/oauth2/authorize?appid={DEMO_APPID}&redirect_uri={back}&response_type=code&scope={scope}&state=S1#wechat_redirect")
        };
        scene.shop.always(page("<h1>着陆</h1>").header("set-cookie", "landed=1; Path=/"));
        scene.phone.opens(&link("snsapi_base", "%2Fredirect")).await;
        scene.phone.sees("着陆").await;
        scene.phone.opens(&link("snsapi_userinfo", "%2Fredirect%3Ffull%3D1")).await;
        scene.phone.taps("允许 Allow").await;
        scene.phone.sees("着陆").await;
        let landed = scene.shop.received().into_iter().filter(|it| it.method == "POST");
        let landed: Vec<_> = landed.map(|it| (it.json(), it.header("cookie").map(str::to_owned))).collect();
        assert_eq!(landed.len(), 2);
        assert_eq!((&landed[0].0["openId"], &landed[0].1), (&json!("oA"), &None));
        assert_eq!((&landed[1].0["userInfo"]["nickname"], landed[1].1.as_deref()), (&json!(NICKNAME), Some("landed=1")));
    }
}
