//! A configuration that cannot be used: Envoy does not start with it, or keeps the one it has; a Worker says so to everybody.
//! On both hosts it is the same sentence, and it names the place.

use serde_json::{Value, json};
use wxedge_tests::harness::*;

use crate::support::*;

const BEGIN: &str = "the configuration cannot be used: ";

/// What is written in place of what in the good configuration, and the sentence about it.
const BAD: [(&str, &str, &str); 20] = [
    (
        "${DEMO_SECRET}",
        "${NOT_THERE}",
        "apps.demo.secret: the environment has no NOT_THERE: set it (Envoy: host_env_keys; \
      Worker: a secret of that name)",
    ),
    ("\"kind\"", "\"sort\":1,\"kind\"", "apps.demo.sort: unknown field `sort`"),
    ("\"apps\":{", "\"Apps\":{", "Apps: unknown field `Apps`"),
    ("\"official\"", "\"unofficial\"", "apps.demo.kind: unknown variant `unofficial`"),
    ("\"stable\"", "\"steady\"", "apps.demo.token_api: unknown variant `steady`"),
    ("\"stable\"", "7", "apps.demo.token_api: invalid type"),
    ("wx1234567890abcdef", "", "apps.demo.appid: is empty"),
    ("${CRM_KEY}", "fifteen-bytes-x", "callers[0].key: is shorter than 16 bytes: make one with `openssl rand -hex 16`"),
    ("${CRM_KEY}", "with a blank in it", "callers[0].key: cannot be sent in a header"),
    ("[\"demo\"]", "[\"demo\",\"shop\"]", "callers[0].apps[1]: names an app that is not in apps"),
    ("\"rotate\"", "\"dance\"", "callers[0].may[1]: unknown variant `dance`"),
    ("\"apps\":{", "\"apps\":{},\"apps\":{", "the key \"apps\" is there twice"),
    ("https://api.weixin.qq.com", "api.weixin.qq.com", "wechat.api[0]: is not an http or https URL: write https://"),
    ("https://api.weixin.qq.com", "https://", "wechat.api[0]: names no host"),
    ("\"wechat\":{", "\"wechat\":{\"pay\":1,", "wechat.pay: unknown field `pay`"),
    (
        "\"wechat\":{",
        "\"verify_files\":{\"healthz\":\"x\"},\"wechat\":{",
        "verify_files.healthz: is a path of the gateway's own: choose another one",
    ),
    (
        "\"wechat\":{",
        "\"helpers\":{\"wx_qr\":\"/qr\"},\"wechat\":{",
        "helpers.wx_qr: unknown field `wx_qr`, expected one of",
    ),
    ("\"wechat\":{", "\"admin\":{\"key\":\"${CRM_KEY}\"},\"wechat\":{", "admin.key: is a caller's key too"),
    ("\"apps\":[", "\"mtls\":[\"*.example.com\"],\"apps\":[", "callers[0].mtls[0]: is no name that can be compared"),
    ("}}}", "}}", "a comma or a } is expected at line 3"),
];

fn good() -> String {
    // The order of a BTreeMap: written out, so that the table above can name pieces of it.
    let text = r#"{"callers":[{"name":"crm","key":"${CRM_KEY}","apps":["demo"],"may":["token","rotate"]}],
        "wechat":{"api":["https://api.weixin.qq.com"]},
        "apps":{"demo":{"kind":"official","appid":"wx1234567890abcdef","secret":"${DEMO_SECRET}","token_api":"stable"}}}"#;
    text.to_owned()
}

fn bad() -> Vec<(String, &'static str)> {
    let broken = |(from, to, sentence): (&str, &str, &'static str)| {
        assert_eq!(good().matches(from).count(), 1, "{from}");
        (good().replace(from, to), sentence)
    };
    BAD.map(broken).to_vec()
}

/// What Envoy has logged since.
fn news(log: &str, since: usize) -> String {
    log.get(since..).unwrap_or_default().to_owned()
}

#[test]
fn envoy_rejects_an_update_it_cannot_use_and_goes_on_as_it_was() {
    block_on(async {
        let mut edge = Start::on(HostKind::Envoy).lds().config_text(good()).start().await;
        let token = read(&edge).await;
        let bad = bad();
        for (text, sentence) in &bad {
            let since = edge.log().len();
            let update = edge.envoy().unwrap().update_listener(|listener| {
                *plugin_part(listener, "/configuration/value")? = json!(text);
                Ok(())
            });
            assert_eq!(update.await.unwrap(), Update::Rejected, "{sentence}");
            let said = news(&edge.log(), since);
            assert!(said.contains(&format!("{BEGIN}{sentence}")), "{sentence}: {said}");
            assert!(!said.contains(DEMO_SECRET) && !said.contains(CRM_KEY), "{said}");
            assert_eq!(read(&edge).await, token);
        }
        let since = edge.log().len();
        let update = edge.envoy().unwrap().update_listener(|listener| {
            let config: Value = serde_json::from_str(&good()).unwrap();
            let written = json!({ "@type": "type.googleapis.com/google.protobuf.Struct", "value": config });
            *plugin_part(listener, "/configuration")? = written;
            Ok(())
        });
        assert_eq!(update.await.unwrap(), Update::Rejected);
        let remedy = "it is not JSON: give the plugin's configuration as a google.protobuf.StringValue";
        assert!(news(&edge.log(), since).contains(&format!("{BEGIN}{remedy}")));

        assert_eq!((read(&edge).await, fetches(&edge).await), (token, 1));
        let rejected = edge.envoy().unwrap().stat("listener_manager.lds.update_rejected").await.unwrap();
        assert_eq!(rejected, bad.len() as u64 + 1);
    });
}

#[test]
fn envoy_does_not_start_with_a_configuration_it_cannot_use() {
    block_on(async {
        for (text, sentence) in bad().into_iter().step_by(7) {
            let failure = Start::on(HostKind::Envoy).config_text(text).try_start().await;
            let Err(failure) = failure else { panic!("it started: {sentence}") };
            let failure = failure.to_string();
            assert!(failure.contains("Envoy ended") && failure.contains(sentence), "{failure}");
        }
        let start = Start::on(HostKind::Envoy).without_env("CRM_KEY").config_text(good()).try_start().await;
        let Err(failure) = start else { panic!("it started without CRM_KEY") };
        assert!(failure.to_string().contains("callers[0].key: the environment has no CRM_KEY"), "{failure}");
    });
}

#[test]
fn a_worker_with_a_configuration_it_cannot_use_says_so_to_everybody() {
    block_on(async {
        let one = async |text: String, sentence: &str| {
            let edge = Start::on(HostKind::Workerd).config_text(text).start().await;
            for path in ["/app/demo/api", "/healthz", "/cgi-bin/token", "/elsewhere"] {
                let (code, said) = error(&edge.get(path).bearer(CRM_KEY).await, 500);
                assert!(code == -10_001 && said.starts_with(&format!("{BEGIN}{sentence}")), "{said}");
            }
            assert_eq!(fetches(&edge).await, 0);
        };
        for some in bad().chunks(4) {
            join_all(some.iter().map(|(text, sentence)| one(text.clone(), sentence)).collect()).await;
        }
        one(String::new(), "").await;
    });
}
