//! `make check` says what is wrong with a configuration before anything runs with it; what `make render` writes runs.

use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};
use wxedge_tests::harness::*;

use crate::support::*;

const SECRETS: [(&str, &str); 2] = [("DEMO_SECRET", DEMO_SECRET), ("CRM_KEY", CRM_KEY)];

/// What the command says of the configuration, with these variables and no others in its environment.
fn ask(command: &str, config: &Value, options: &[&str], env: &[(&str, &str)]) -> (Output, String) {
    let scratch = Scratch::new("own-config").unwrap();
    let file = scratch.write("my.json", format!("{config:#}")).unwrap();
    let mut wxedge = Command::new(own_binary("wxedge-config").unwrap());
    wxedge.arg(command).arg(file).args(options).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    let output = wxedge.envs(env.iter().copied()).output().unwrap();
    let said = [&*output.stdout, &*output.stderr].map(String::from_utf8_lossy).concat();
    for (_, secret) in SECRETS {
        assert!(!said.contains(secret), "a secret in {said}");
    }
    (output, said)
}

/// The line on one of the parts, after its name.
fn line<'a>(said: &'a str, part: &str) -> &'a str {
    let line = said.lines().find_map(|it| it.strip_prefix(part));
    line.unwrap_or_else(|| panic!("no line on {part} in {said}")).trim_start()
}

/// The default configuration with one value in it replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut config = default_config();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    config.pointer_mut(parent).unwrap()[name] = value;
    config
}

#[test]
fn a_good_configuration_passes_every_check() {
    let (output, said) = ask("check", &default_config(), &[], &SECRETS);
    assert!(output.status.success(), "{said}");
    assert_eq!(line(&said, "variables"), "ok      all set: CRM_KEY, DEMO_SECRET");
    assert_eq!(line(&said, "gateway"), "ok      apps: 1, callers: 1");
    assert_eq!(line(&said, "Envoy"), "ok      takes the rendered edge");
    assert_eq!(line(&said, "wrangler"), "ok      takes the Worker");
}

#[test]
fn a_bad_configuration_fails_with_its_path_by_the_gateway_and_by_the_filter_in_envoy() {
    let cases = [
        ("/apps/demo/sort", json!(1), "apps.demo.sort: unknown field `sort`"),
        ("/apps/demo/secret", json!("not a secret"), "apps.demo.secret: has characters"),
        ("/callers/0/key", json!("short"), "callers[0].key: is shorter than 16 bytes"),
        ("/callers/0/apps", json!(["demo", "shop"]), "callers[0].apps[1]: names an app that is not in apps"),
    ];
    for (pointer, value, sentence) in cases {
        let (output, said) = ask("check", &with(pointer, value), &["--placeholders"], &SECRETS);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for part in ["gateway", "Envoy"] {
            let sentence = format!("FAILED  the configuration cannot be used: {sentence}");
            assert!(line(&said, part).starts_with(&sentence), "{said}");
        }
        assert!(line(&said, "variables").starts_with("ok") && line(&said, "wrangler").starts_with("ok"), "{said}");
    }
}

#[test]
fn what_only_an_edge_cannot_be_made_of_fails_too() {
    let two = |one: &str, other: &str| {
        let bot = |url: &str| json!({ "url": url, "cluster": "lan" });
        with("/backends", json!({ "one": bot(one), "other": bot(other) }))
    };
    let cases = [
        (two("http://10.0.0.5/a", "http://10.0.0.6/b"), "backends.other.cluster: is that of another back-end too"),
        (two("http://example.com", "http://example.com"), "backends.one.cluster: is not in envoy.yaml"),
    ];
    for (config, sentence) in cases {
        let (output, said) = ask("check", &config, &[], &SECRETS);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(line(&said, "gateway").starts_with("ok"), "{said}");
        assert!(line(&said, "Envoy").starts_with(&format!("FAILED  {sentence}")), "{said}");
    }
    let (output, said) = ask("check", &with("/wechat/qyapi", json!("${QYAPI}")), &["--placeholders"], &SECRETS);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(line(&said, "Envoy").starts_with("FAILED  wechat.qyapi: the environment has no QYAPI"), "{said}");
}

#[test]
fn back_ends_are_clusters_of_the_rendered_edge() {
    let backends = json!({
        "bot": { "url": "http://10.0.0.5:8080/a" },
        "six": { "url": "http://[fd00::5]:8080/" },
        "far": { "url": "https://far.example.com/hook" },
        "one": { "url": "http://10.0.0.5/a", "cluster": "lan" },
        "other": { "url": "http://10.0.0.5/b", "cluster": "lan" },
        // Which is in envoy.yaml.
        "site": { "url": "http://example.com", "cluster": "site" },
    });
    let config = with("/backends", backends);
    let (output, said) = ask("check", &config, &[], &SECRETS);
    assert!(output.status.success(), "{said}");
    let text = ask("render", &config, &[], &[]).1;
    let count = |name: &str| text.matches(&format!("cluster_name: {name}\n")).count();
    let names = ["wxedge_backend_bot", "wxedge_backend_six", "wxedge_backend_far", "wxedge_backend_one", "lan", "site"];
    assert_eq!(names.map(count), [1, 1, 1, 0, 1, 1], "{text}");
}

#[test]
fn a_variable_that_is_not_set_is_named_and_a_placeholder_may_stand_for_it() {
    for env in [&SECRETS[..1], &[SECRETS[0], ("CRM_KEY", "")]] {
        let (output, said) = ask("check", &default_config(), &[], env);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(line(&said, "variables").starts_with("FAILED  the environment has no CRM_KEY: set"), "{said}");
        assert!(line(&said, "Envoy").starts_with("ok"), "what else there is to say is said: {said}");
    }
    let (output, said) = ask("check", &default_config(), &["--placeholders"], &SECRETS[..1]);
    assert!(output.status.success(), "{said}");
    assert_eq!(line(&said, "variables"), "ok      placeholders stand for what is not set: CRM_KEY");
}

#[test]
fn what_is_rendered_is_an_edge_that_serves() {
    block_on(async {
        let simulator = SimulatorProcess::start().await.unwrap();
        for account in [
            json!({ "appid": DEMO_APPID, "secret": DEMO_SECRET }),
            json!({ "appid": "ww1", "secret": "corp-secret", "kind": "wecom" }),
        ] {
            simulator.control().account(account).await.unwrap();
        }
        let mut config = with("/wechat", json!({ "api": [simulator.url()], "qyapi": "${WECOM}" }));
        config["apps"]["corp"] = json!({ "kind": "wecom", "corpid": "ww1", "secret": "${CORP_SECRET}" });
        config["callers"][0]["apps"] = json!(["demo", "corp"]);
        (config["verify_files"], config["helpers"]) =
            (json!({ "MP_verify_x.txt": "x" }), json!({ "health": "/health" }));
        let scratch = Scratch::new("rendered").unwrap();
        let out = scratch.path("edge.yaml");
        // Secrets are not asked for, and where a server is must be known.
        let url = simulator.url();
        let env = [("WECOM", url.as_str()), ("ENVOY_PORT", "0"), ("ADMIN_PORT", "0")];
        let (output, said) = ask("render", &config, &["--out", &out.to_string_lossy()], &env);
        assert!(output.status.success() && said.is_empty(), "{said}");
        let to_stdout = ask("render", &config, &[], &env).0.stdout;
        let text = fs::read_to_string(&out).unwrap();
        let body = |text: &str| text.split_once("admin:").unwrap().1.to_owned();
        assert_eq!(body(&String::from_utf8(to_stdout).unwrap()), body(&text));

        let secrets = SECRETS.into_iter().chain([("CORP_SECRET", "corp-secret"), ("WECOM", url.as_str())]);
        let env = secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let envoy = Envoy::start_from(&out, env).await.unwrap();
        for path in ["/app/demo/api", "/app/corp/qyapi"] {
            token(&Request::new(envoy.address(), "GET", path).bearer(CRM_KEY).await);
        }
        for (path, status) in [("/MP_verify_x.txt", 200), ("/health", 200), ("/app/demo/api", 401)] {
            assert_eq!(Request::new(envoy.address(), "GET", path).await.status, status, "{path}");
        }
    });
}

#[test]
fn what_cannot_be_used_is_not_rendered() {
    let scratch = Scratch::new("rendered").unwrap();
    let out = scratch.path("edge.yaml");
    let options = ["--out", &*out.to_string_lossy()];
    let cases = [
        (with("/apps/demo/sort", json!(1)), "apps.demo.sort: unknown field"),
        (with("/wechat/api", json!(["${WECHAT}"])), "wechat.api[0]: the environment has no WECHAT"),
        (json!("apps"), "expected struct Gateway"),
    ];
    for (config, sentence) in cases {
        let (output, said) = ask("render", &config, &options, &SECRETS);
        assert!(output.status.code() == Some(1) && said.contains(sentence), "{said}");
        assert!(!out.exists(), "{sentence}");
    }
}

#[test]
fn only_a_whole_text_names_a_variable() {
    let text = r#"{"a":["${ONE}","x${TWO}","${THREE}x",{"${FOUR}":"${ONE}"}],"b":"${}"}"#;
    let config = Config::new(text, |name| (name == "ONE").then(|| "1".to_owned())).unwrap();
    assert_eq!(config.names(), ["", "ONE"]);
    assert!(config.missing().iter().eq([""]), "{:?}", config.missing());
}
