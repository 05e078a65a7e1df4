//! The demo pages, as who tries them on a phone finds them.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::scene::{GATEWAY, Scene};

/// The demo pages are there, and the gateway signs them.
async fn demo(start: Start) -> Scene {
    let scene = Scene::new(start.config(|config| {
        config["examples"] = json!(true);
        config["apps"]["demo"]["jssdk"] = json!({ "hosts": ["wx.example.com"] });
    }));
    scene.await
}

on_every_host! {
    async fn a_user_finds_the_login_and_reads_what_it_tells(start: Start) {
        let scene = demo(start).await;
        scene.edge.simulator().user(json!({ "openid": "oA", "nickname": "小明 </pre><b>\"" })).await.unwrap();
        scene.phone.opens(&format!("{GATEWAY}/example/")).await;
        scene.phone.sees("微信网关的示例页面").await;
        scene.phone.picture(&format!("demo-index-{:?}", scene.edge.kind())).await;
        scene.phone.taps("微信登录").await;
        scene.phone.sees("后端得到的内容").await;
        scene.phone.picture(&format!("demo-login-before-{:?}", scene.edge.kind())).await;
        scene.phone.taps("授权登录").await;
        scene.phone.taps("允许 Allow").await;
        scene.phone.sees("小明 </pre><b>").await;
        scene.phone.picture(&format!("demo-login-{:?}", scene.edge.kind())).await;
        scene.phone.taps("静默登录").await;
        scene.phone.sees("\"openid\": \"oA\"").await;
        scene.phone.taps("返回").await;
        scene.phone.sees("微信网关的示例页面").await;
        assert_eq!(scene.phone.console().await, [""; 0]);
    }

    async fn a_page_is_signed_and_calls_wechat(start: Start) {
        let scene = demo(start).await;
        scene.phone.opens(&format!("{GATEWAY}/example/?app=demo")).await;
        scene.phone.taps("JS-SDK").await;
        scene.phone.sees("签名有效").await;
        scene.phone.taps("扫一扫").await;
        scene.phone.sees("scanQRCode:ok").await;
        scene.phone.picture(&format!("demo-jsapi-{:?}", scene.edge.kind())).await;
        assert_eq!(scene.phone.console().await, [""; 0]);
    }

    async fn a_page_that_is_not_signed_says_so(start: Start) {
        let scene = demo(start).await;
        let settings = json!({ "appid": DEMO_APPID, "js_domains": ["www.example.com"] });
        scene.edge.simulator().account(settings).await.unwrap();
        scene.phone.opens(&format!("{GATEWAY}/example/jsapi?app=demo")).await;
        scene.phone.sees("微信拒绝了签名").await;
        scene.phone.sees("wx.example.com is no JS safe domain").await;
        scene.phone.opens(&format!("{GATEWAY}/example/jsapi?app=nobody")).await;
        scene.phone.sees("网关没有签名").await;
        scene.phone.picture(&format!("demo-refused-{:?}", scene.edge.kind())).await;
    }
}
