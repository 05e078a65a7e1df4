//! What the user reads when a login is not to be.

use serde_json::json;
use wxedge_tests::harness::*;
use wxedge_tests::on_every_host;

use crate::scene::{GATEWAY, Scene, page};

const UNFINISHED: &str = "登录没有完成";

on_every_host! {
    async fn who_denies_reads_so_in_chinese_and_english(start: Start) {
        let scene = Scene::new(start).await;
        scene.phone.opens(&format!("{GATEWAY}/app/demo/auth/info?call=shop")).await;
        scene.phone.taps("拒绝 Deny").await;
        scene.phone.sees(UNFINISHED).await;
        scene.phone.sees("The login was not completed").await;
        scene.phone.sees("it was cancelled").await;
        scene.phone.picture(&format!("refusal-denied-{:?}", scene.edge.kind())).await;
        assert_eq!((scene.told("/login").len(), scene.asked("sns_access_token").await), (0, 0));
    }

    async fn a_link_that_was_sent_on_logs_nobody_in(start: Start) {
        let scene = Scene::new(start).await;
        scene.shop.at("/login", page("<h1>欢迎回来</h1>"));
        // The victim's phone follows the way back of the attacker, code and all.
        scene.edge.simulator().fault(json!({ "endpoint": "sns_access_token", "fault": "errcode", "times": 1 })).await.unwrap();
        scene.phone.opens(&format!("{GATEWAY}/app/demo/auth?call=shop")).await;
        let back = scene.phone.url().await;
        let before = (scene.told("/login").len(), scene.asked("sns_access_token").await);
        let victim = Scene::another_phone(&scene.edge, &scene.shop).await;
        victim.opens(&back).await;
        victim.sees(UNFINISHED).await;
        victim.picture(&format!("refusal-foreign-{:?}", scene.edge.kind())).await;
        // Not even in the middle of a login of its own.
        victim.opens(&format!("{GATEWAY}/app/demo/auth/info?call=shop")).await;
        victim.sees("允许 Allow").await;
        victim.opens(&back).await;
        victim.sees(UNFINISHED).await;
        assert_eq!((scene.told("/login").len(), scene.asked("sns_access_token").await), before, "nobody was called");
    }

    async fn a_back_end_that_is_down_is_told_as_what_it_is(start: Start) {
        let scene = Scene::new(start).await;
        scene.shop.at("/login", Manners::Resets);
        scene.phone.opens(&format!("{GATEWAY}/app/demo/auth?call=shop")).await;
        scene.phone.sees("暂时无法登录").await;
        scene.phone.picture(&format!("refusal-down-{:?}", scene.edge.kind())).await;
    }
}
