//! What the phone itself promises, and the simulator to a browser.

use serde_json::json;
use wxedge_tests::harness::*;

const BACK: &str = "http%3A%2F%2Fshop.example.com%2Fback%3Fa%3D1%23top";

/// A page of a shop, and a phone that finds the shop.
async fn shop(page: &str) -> (Backend, Phone) {
    let shop = Backend::start().await.unwrap();
    shop.always(says(page).header("content-type", "text/html; charset=utf-8"));
    let phone = Phone::start(&[("shop.example.com", shop.address())]).await;
    (shop, phone)
}

#[test]
fn a_phone_leads_every_name_to_this_machine_and_nowhere_else() {
    block_on(async {
        let page = "<p>你好</p><img src='//elsewhere.example/a.png'><img src='http://192.0.2.1/b.png'>";
        let (shop, phone) = shop(page).await;
        let port = shop.address().port();
        phone.opens(&format!("http://elsewhere.example:{port}/店?a=1&b=2#x")).await;
        phone.sees("你好").await;
        assert_eq!(phone.url().await, format!("http://elsewhere.example:{port}/%E5%BA%97?a=1&b=2#x"));
        phone.opens("http://shop.example.com/").await;
        phone.sees("你好").await;
        let received = shop.received();
        let hosts: Vec<_> = received.iter().filter_map(|it| it.header("host")).collect();
        assert!(
            hosts.contains(&"shop.example.com") && hosts.contains(&&*format!("elsewhere.example:{port}")),
            "{hosts:?}"
        );
        assert!(received[0].header("user-agent").unwrap().contains("MicroMessenger"));
        assert!(received[0].header("accept-language").unwrap().starts_with("zh-CN"));
        let (urls, addresses) = phone.traffic().await;
        assert!(urls.iter().any(|it| it == "http://192.0.2.1/b.png"), "{urls:?}");
        assert_eq!(addresses.iter().map(String::as_str).collect::<Vec<_>>(), ["127.0.0.1"]);
    });
}

#[test]
fn the_user_is_asked_and_led_back() {
    block_on(async {
        let simulator = SimulatorProcess::start().await.unwrap();
        let control = simulator.control();
        control.account(json!({ "appid": "wx1", "secret": "s1" })).await.unwrap();
        control.user(json!({ "openid": "oA", "nickname": "小明 \"</script><b>\"" })).await.unwrap();
        let (shop, phone) = shop("<p>欢迎 welcome</p>").await;
        let link = |scope: &str| {
            let parameters = format!("appid=wx1&redirect_uri={BACK}&response_type=code&scope={scope}&state=S1");
            format!("{}/connect/oauth2/authorize?{parameters}#wechat_redirect", simulator.url())
        };
        phone.opens(&link("snsapi_userinfo")).await;
        phone.sees("小明 \"</script><b>\"").await;
        phone.picture("simulator-consent").await;
        phone.taps("允许 Allow").await;
        phone.sees("欢迎 welcome").await;
        let allowed = phone.url().await;
        assert!(
            allowed.starts_with("http://shop.example.com/back?a=1&code=") && allowed.ends_with("&state=S1#top"),
            "{allowed}"
        );

        phone.opens(&link("snsapi_userinfo")).await;
        phone.taps("拒绝 Deny").await;
        phone.sees("欢迎 welcome").await;
        assert_eq!(phone.url().await, "http://shop.example.com/back?a=1&state=S1#top");

        phone.opens(&link("snsapi_base")).await;
        assert!(phone.url().await.contains("&code="), "nothing is asked");

        phone.opens(&link("snsapi_login")).await;
        phone.sees("错误码：10005").await;
        phone.picture("simulator-refusal").await;
        let pages = shop.received().iter().filter(|it| it.target.starts_with("/back?")).count();
        assert_eq!((pages, phone.console().await), (3, vec![]));
    });
}
