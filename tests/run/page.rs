//! What `make run` prints when everything answers.

use wxedge_tests::harness::{CRM_KEY, DEMO_APPID};

use crate::Running;
use crate::settings::{PUSH_KEY, PUSH_TOKEN, Settings};

/// The addresses, and what to try.
pub fn text(settings: &Settings, running: &Running) -> String {
    let (envoy, workerd) = (running.envoy.address(), running.workerd.address());
    let mut page = format!(
        "\n  Envoy      http://{envoy}      admin http://{}\n  workerd    http://{workerd}      Durable Objects in .state/\n",
        running.envoy.admin()
    );
    match &running.simulator {
        Some(simulator) => {
            page += &format!("  WeChat     {} (simulated)\n\n", simulator.url());
            page += &tries(running, &simulator.url());
        }
        None => {
            let urls = settings.config.servers().map(|it| (it.wechat.join(", "), it.qyapi)).unwrap_or_default();
            page += &format!("  WeChat     {} (the real one), WeCom {}\n", urls.0, urls.1);
        }
    }
    page + "\nCtrl-C stops all of them.\n"
}

fn tries(running: &Running, simulator: &str) -> String {
    let (envoy, workerd) = (running.envoy.address(), running.workerd.address());
    let push = format!(
        "target/debug/wxedge-simulator push --type text --content hi --appid {DEMO_APPID} --token {PUSH_TOKEN} --aes-key {PUSH_KEY} --mode safe"
    );
    let key = format!("-H 'authorization: Bearer {CRM_KEY}'");
    format!(
        "Try:\n\
         \x20 curl {key} http://{envoy}/app/demo/api          # the token, by Envoy\n\
         \x20 curl {key} http://{workerd}/app/demo/api          # and by the Worker\n\
         \x20 curl {key} http://{envoy}/app/demo/api/new      # another token\n\
         \x20 curl {key} http://{envoy}/app/demo/jsapi        # the ticket that signs wx.config\n\
         \x20 curl {key} http://{envoy}/app/corp/qyapi        # the token of an application of WeCom\n\
         \x20 curl -i http://{envoy}/app/demo/api             # without a key\n\
         \x20 curl {key} -o qr.png 'http://{envoy}/qrcode?path=hello'  # a QR code\n\
         \x20 http://{envoy}/example/ and http://{workerd}/example/   # in a browser: login, and a page that is signed\n\
         \x20 {push} --to http://{envoy}/app/demo/msg           # a user writes\n\
         \x20 curl {simulator}/_sim/state                       # how often WeChat was asked\n"
    )
}
