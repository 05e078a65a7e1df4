//! Pushes that are WeChat's, to targets that nobody has allowed.

use wxedge_tests::harness::*;
use wxedge_tests::simulator::push::Push;

use super::attempts::Attempt;
use crate::callback_support::*;

/// Hosts that lead to this machine, its network or its cloud, in notations that some resolver or parser takes.
const PRIVATE: [&str; 56] = [
    "127.0.0.1",
    "127.1.2.3",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "127.1",
    "0177.0.0.1",
    "0x7f.1",
    "127.0.0.1.",
    "127.0.0.01",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "127。0。0。1",
    "１２７.0.0.1",
    "localhost",
    "LocalHost",
    "localhost.",
    "a.localhost",
    "local%68ost",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7F00:1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "[::1%25lo]",
    "::1",
    "0.0.0.0",
    "0",
    "[::]",
    "10.0.0.1",
    "012.0.0.1",
    "167772161",
    "172.16.0.1",
    "192.168.0.1",
    "192.168.257",
    "100.64.0.1",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[::ffff:10.0.0.1]",
    "intranet",
    "bot.internal",
    "bot.default.svc.cluster.local",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "[::ffff:169.254.169.254]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "metadata.google.internal",
    "metadata",
    "metadata.tencentyun.com",
];

/// All of them. The first back-end listens on `port` of this machine.
pub fn all(edge: &Edge, port: u16) -> Vec<Attempt> {
    let mut named: Vec<String> = PRIVATE.iter().map(|it| format!("http://{it}:{port}/x")).collect();
    named.extend(PRIVATE.iter().map(|it| format!("{it}:{port}/x")));
    named.extend(
        [
            // Other parsers read another host.
            "http://a.partner.com@127.0.0.1:{port}/",
            "http://a.partner.com:80@127.0.0.1:{port}/",
            "http://127.0.0.1:{port}#@a.partner.com:{port}/",
            "http://127.0.0.1:{port}\\@a.partner.com:{port}/",
            "http://127.0.0.1:{port}?a.partner.com:{port}",
            "http://127.0.0.1:{port};a.partner.com:{port}/",
            "http://127.0.0.1:{port} a.partner.com:{port}/",
            "http://127.0.0.1:{port}\ta.partner.com:{port}/",
            "http://127.0.0.1:{port}/.a.partner.com:{port}",
            "http:/127.0.0.1:{port}/",
            "http:127.0.0.1:{port}/",
            "http:///127.0.0.1:{port}/",
            "http:\\\\127.0.0.1:{port}\\",
            "//127.0.0.1:{port}/",
            "http://a.partner.com:{port}@127.0.0.1:{port}/",
            "HTTP://127.0.0.1:{port}/",
            // What no origin allows.
            "http://partner.com:{port}/",
            "http://a.partner.com/",
            "http://a.partner.com:80/",
            "https://a.partner.com:{port}/",
            "http://apartner.com:{port}/",
            "http://a.partner.com.evil.net:{port}/",
            "http://evil.net/a.partner.com:{port}/",
            "https://example.com/",
            "http://8.8.8.8/",
            "ftp://a.partner.com:{port}/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:{port}/_x",
            "javascript:alert(1)",
            "http://a.partner.com:{port}/\r\nx: y",
            "http://a.partner.com:{port}/ x",
            "http://a.partner.com:99999/",
            // The gateway's own paths, of which only /echo is for everybody.
            "/",
            "/echo/",
            "/Echo",
            "/echo?x",
            "//echo",
            "/app/demo/api",
            "/register",
            "/readyz",
            "/healthz",
            "/../echo",
            // Back-ends that are none.
            "b9",
            "B1",
            "b1 ",
            " b1",
            "b1/",
            "b1\0",
            "b1,b1",
            "wxedge_backend_b1",
        ]
        .map(|it| it.replace("{port}", &port.to_string())),
    );
    let mut all = Vec::new();
    for call in &named {
        let escaped: String = call.bytes().map(|it| format!("%{it:02X}")).collect();
        let request = |query: String| edge.knock(&hi().to(format!("/app/demo/msg/json?{query}")));
        all.push(Attempt::new(format!("call {call:?}"), &request(format!("call={escaped}")), &[403]));
        // One that is allowed does not help the other.
        all.push(Attempt::new(format!("b1 and {call:?}"), &request(format!("call=b1&call={escaped}")), &[403]));
        let host =
            edge.knock(&Push::text("hi").by(&sealed()).to(format!("/entry?call={escaped}")).host("svc.example.com"));
        all.push(Attempt::new(format!("callback host, call {call:?}"), &host, &[403]));
    }
    let many = edge.knock(&hi().to(format!("/app/demo/msg/json?{}", ["call=b1"; 9].join("&"))));
    all.push(Attempt::new("nine calls", &many, &[400]));
    let odd = edge.knock(&hi().to("/app/demo/msg/json?call=%ff"));
    all.push(Attempt::new("a call that is no text", &odd, &[400]));
    all
}
