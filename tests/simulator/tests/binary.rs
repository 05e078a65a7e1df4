//! The simulator as a process.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use wxedge_tests::simulator::Control;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wxedge-simulator"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn stop(mut child: Child, signal: &str) -> Option<i32> {
    let id = child.id().unwrap().to_string();
    Command::new("kill").args([signal, &id]).status().await.unwrap();
    child.wait().await.unwrap().code()
}

#[tokio::test]
async fn the_process_says_where_it_listens_and_leaves_cleanly() {
    for signal in ["-TERM", "-INT"] {
        let mut child =
            command(&["--listen", "127.0.0.1:0", "--account", "wx7:s7", "--token-life", "90"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        let address = line["address"].as_str().unwrap();
        assert_eq!(line, json!({ "event": "listen", "address": address }));
        let state = Control::new(address.parse().unwrap()).state().await.unwrap();
        assert_eq!(state.accounts.keys().collect::<Vec<_>>(), ["wx7"]);
        assert_eq!(stop(child, signal).await, Some(0), "{signal}");
        assert_eq!(lines.next_line().await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_process_refuses_an_address_of_the_network() {
    let output = command(&["--listen", "0.0.0.0:0"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert!(sentence.contains("only loopback addresses"), "{sentence}");
    assert!(output.stdout.is_empty());
}

#[tokio::test]
async fn the_help_page_names_every_endpoint_and_fault() {
    let output = command(&["--help"]).output().await.unwrap();
    assert!(output.status.success());
    let page = String::from_utf8(output.stdout).unwrap();
    for endpoint in wxedge_tests::simulator::endpoints::ENDPOINTS {
        assert!(page.contains(endpoint.path) && page.contains(&format!("[{}]", endpoint.name)), "{}", endpoint.name);
    }
    let faults = "delay hang http_500 html cut cut_body accepted_reply_lost garbage errcode slow_body";
    for fault in faults.split(' ') {
        assert!(page.contains(&format!("  {fault} ")), "{fault}");
    }
}
