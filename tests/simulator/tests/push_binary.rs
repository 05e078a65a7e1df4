//! `wxedge-simulator push` as a process.

use std::process::Output;

use serde_json::Value;
use tokio::process::Command;
use wxedge_tests::harness::{Backend, says};

async fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wxedge-simulator"));
    command.arg("push").args(args).kill_on_drop(true).output().await.unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

#[tokio::test]
async fn the_exit_status_tells_whether_the_user_was_served() {
    let gateway = Backend::start().await.unwrap();
    let to = gateway.url("/app/demo/msg");
    gateway.next([says("success"), says("success"), says("sorry"), says("")]);
    let served = run(&["--type", "text", "--content", "hi", "--times", "2", "--to", &to]).await;
    assert_eq!(served.status.code(), Some(0));
    assert!(lines(&served).iter().all(|it| it["user_sees"] == "nothing") && lines(&served).len() == 2);
    let toast = run(&["--type", "CLICK", "--to", &to]).await;
    assert_eq!((toast.status.code(), &lines(&toast)[0]["user_sees"]), (Some(1), &"service unavailable".into()));
    let check = run(&["--check", "--to", &to]).await;
    assert_eq!((check.status.code(), &lines(&check)[0]["taken"]), (Some(1), &false.into()));
    assert_eq!(gateway.received().len(), 4);
}

#[tokio::test]
async fn nothing_leaves_the_machine() {
    let output = run(&["--to", "http://192.0.2.1/app/demo/msg"]).await;
    assert_eq!(output.status.code(), Some(2));
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert!(sentence.contains("only a loopback address"), "{sentence}");
    let help = run(&["--help"]).await;
    assert!(help.status.success() && String::from_utf8(help.stdout).unwrap().contains("--aes-key"));
}
