//! The command line of `wxedge-simulator`.

use std::net::SocketAddr;

use wxedge_tests::simulator::wechat::AccountChange;

use crate::push_args::{self, PushRun};

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Args {
    /// `--help`.
    Help,
    /// Run.
    Run(Run),
    /// `push --help`.
    PushHelp,
    /// `push`.
    Push(Box<PushRun>),
}

/// How to run.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Appid and secret of each account.
    pub accounts: Vec<(String, String)>,
    /// Life of tokens, in seconds.
    pub token_life_s: Option<u32>,
}

impl Run {
    /// The accounts with their settings.
    pub fn accounts(&self) -> impl Iterator<Item = AccountChange> {
        self.accounts.iter().map(|(appid, secret)| AccountChange {
            appid: appid.clone(),
            secret: Some(secret.clone()),
            token_life_s: self.token_life_s,
            ..AccountChange::default()
        })
    }
}

/// Reads the arguments (without the program's name). The error is a sentence.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Args, String> {
    let mut run = Run { listen: SocketAddr::from(([127, 0, 0, 1], 8900)), accounts: Vec::new(), token_life_s: None };
    let mut args = args.into_iter().peekable();
    if args.next_if(|it| it == "push").is_some() {
        return push_args::parse(args).map(|it| it.map_or(Args::PushHelp, |it| Args::Push(Box::new(it))));
    }
    while let Some(arg) = args.next() {
        if arg == "--help" || arg == "-h" {
            return Ok(Args::Help);
        }
        let (flag, value) = match arg.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (arg, None),
        };
        if !matches!(flag.as_str(), "--listen" | "--account" | "--token-life") {
            return Err(format!("there is no {flag}, see --help"));
        }
        let value = value.or_else(|| args.next()).ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--listen" => run.listen = listen(&value)?,
            "--account" => run.accounts.push(account(&value)?),
            _ => run.token_life_s = Some(seconds(&value)?),
        }
    }
    Ok(Args::Run(run))
}

fn listen(value: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = value.parse().map_err(|_| format!("--listen {value}: not an ADDRESS:PORT"))?;
    if !address.ip().is_loopback() {
        return Err(format!("--listen {value}: only loopback addresses, such as 127.0.0.1:8900"));
    }
    Ok(address)
}

fn account(value: &str) -> Result<(String, String), String> {
    match value.split_once(':') {
        Some((appid, secret)) if !appid.is_empty() && !secret.is_empty() => Ok((appid.to_owned(), secret.to_owned())),
        _ => Err(format!("--account {value}: not an APPID:SECRET")),
    }
}

fn seconds(value: &str) -> Result<u32, String> {
    value.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("--token-life {value}: not a number of seconds"))
}

/// The page of `--help`.
pub const HELP: &str = "\
wxedge-simulator: a WeChat that runs on your desk

Usage: wxedge-simulator [--listen ADDRESS:PORT] [--account APPID:SECRET]... [--token-life SECONDS]
       wxedge-simulator push --to URL ...    a message or an event to a gateway, see push --help

  --listen ADDRESS:PORT    a loopback address, default 127.0.0.1:8900; port 0 takes any free port
  --account APPID:SECRET   an account; may be repeated. More can be made while it runs
  --token-life SECONDS     life of the tokens of these accounts, default 7200
  --help                   this page

When it is ready it prints one line: {\"event\":\"listen\",\"address\":\"127.0.0.1:8900\"}

WeChat's endpoints (short names in brackets):
  GET  /cgi-bin/token                 [token]         a new token at each call; the old one lives on for 5 minutes
  POST /cgi-bin/stable_token          [stable_token]  the same token while it is valid; force_refresh kills it
  GET  /cgi-bin/ticket/getticket      [getticket]     needs access_token, type (jsapi | wx_card); the same ticket
                                                      while it is valid
  GET  /cgi-bin/user/info             [user_info]     needs access_token, openid
  POST /cgi-bin/message/custom/send   [custom_send]   needs access_token, a JSON message
  POST /cgi-bin/message/template/send [template_send] needs access_token, touser, template_id, data
  POST /cgi-bin/qrcode/create         [qrcode_create] needs access_token, action_name, action_info
  GET  /cgi-bin/showqrcode            [showqrcode]    needs ticket; a picture
  POST /cgi-bin/shorten/gen           [shorten_gen]   needs access_token, long_data
  POST /cgi-bin/shorten/fetch         [shorten_fetch] needs access_token, short_key
  POST /channels/ec/order/get         [channels_order]      needs access_token, order_id
  POST /channels/ec/aftersale/getaftersaleorder
                                      [channels_aftersale]  needs access_token, after_sale_order_id

Logins:
  GET  /connect/oauth2/authorize        [authorize]          the page that asks the user; snsapi_base leads back at once
  GET  /connect/oauth2/authorize_reply  [authorize_reply]    its two buttons
  GET  /sns/oauth2/access_token         [sns_access_token]   a code, within 5 minutes and once, for a user's tokens
  GET  /sns/oauth2/refresh_token        [sns_refresh_token]  another token of that user
  GET  /sns/userinfo                    [sns_userinfo]       the profile, with the scope snsapi_userinfo
  GET  /sns/auth                        [sns_auth]           whether a user's token works yet
  GET  /sns/jscode2session              [jscode2session]     a mini program's code for user and session key, once

JSSDK:
  GET  /open/js/jweixin-1.6.0.js      [jweixin]       a stand-in for WeChat's script. It asks the following whether
  POST /open/js/preVerifyJSAPI        [pre_verify]    wx.config or wx.agentConfig is signed for its page, and says
  POST /open/js/batchAddCard          [add_card]      in the console what was signed instead
  POST /open/js/chooseCard            [choose_card]

WeCom's endpoints, which take only WeCom's tokens, as the others take none of them:
  GET  /cgi-bin/gettoken              [gettoken]          one token per corpid and corpsecret while it is valid
  GET  /cgi-bin/get_jsapi_ticket      [get_jsapi_ticket]  needs access_token
  GET  /cgi-bin/ticket/get            [agent_ticket]      needs access_token, type (agent_config)
  GET  /cgi-bin/auth/getuserinfo      [getuserinfo]       needs access_token, code; userid, or openid of a stranger
  POST /cgi-bin/auth/getuserdetail    [getuserdetail]     needs access_token, user_ticket

Control:
  GET    /_sim/state       counters, connections, accounts with their tokens and tickets, the clock
  GET    /_sim/requests    the last 1000 requests
  POST   /_sim/reset       counters to zero, request log empty; accounts, faults and the clock stay
  POST   /_sim/accounts    make or change an account: appid, secret, token_life_s, ticket_life_s, grace_s, ip_allow,
                           seen_ip, quotas {endpoint: calls a day}, force_per_day, force_gap_s, frozen,
                           oauth_domains [host], js_domains [host], kind (official | wecom), agentid.
                           WeCom: appid is the corpid, each secret is an account of its own
  POST   /_sim/invalidate  kill tokens or tickets: appid (for one secret of WeCom corpid:secret),
                           which (classic | stable | wecom | all: these tokens | ticket), sticky
  POST   /_sim/users       make or change a user and hand over the phone: openid, nickname, sex, language, province,
                           city, country, headimgurl, privilege [text], unionid, subscribe, snapshot, info {of
                           user/info}; WeCom: userid, external_userid, detail {of getuserdetail}
  POST   /_sim/js_codes    appid, openid: what wx.login() gives a mini program, as code and session_key
  POST   /_sim/clock       advance_ms, or offset_ms from the real time
  POST   /_sim/faults      endpoint (or *), fault, ms, times, body, errcode, errmsg
  DELETE /_sim/faults      back to a WeChat that works

Faults (times: how often, default for ever; ms: delay before the answer):
  delay                the answer comes ms later              hang       no answer, the connection stays open
  http_500             status 500 with a text                 html       status 200 with an HTML page
  cut                  closed without an answer               cut_body   closed after half of the body
  accepted_reply_lost  takes effect, then closed              slow_body  the body in drops, over ms
  garbage              JSON of the wrong shape, or body       errcode    that errcode and errmsg

Examples:
  curl 'http://127.0.0.1:8900/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s1'
  curl -d '{\"endpoint\":\"token\",\"fault\":\"errcode\",\"errcode\":45009,\"times\":2}' http://127.0.0.1:8900/_sim/faults
  curl -d '{\"appid\":\"ww1\",\"secret\":\"s1\",\"kind\":\"wecom\"}' http://127.0.0.1:8900/_sim/accounts
  curl -d '{\"appid\":\"wx1\",\"which\":\"ticket\"}' http://127.0.0.1:8900/_sim/invalidate
  curl -d '{\"openid\":\"oA\",\"nickname\":\"小明\"}' http://127.0.0.1:8900/_sim/users
  curl -d '{\"advance_ms\":7200000}' http://127.0.0.1:8900/_sim/clock
";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Args, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn flags_take_their_value_with_a_space_or_an_equals_sign() {
        let Ok(Args::Run(run)) = parsed("--listen=[::1]:0 --account wx1:a:b --account=wx2:c --token-life 60") else {
            panic!()
        };
        assert_eq!(run.listen.to_string(), "[::1]:0");
        assert_eq!(run.accounts, [("wx1".into(), "a:b".into()), ("wx2".into(), "c".into())]);
        assert_eq!(run.accounts().last().and_then(|account| account.token_life_s), Some(60));
    }

    #[test]
    fn a_bad_argument_is_named() {
        for line in ["--listen 0.0.0.0:1", "--listen 1", "--account wx1", "--account :s", "--token-life 0", "--port 1"]
        {
            let sentence = parsed(line).unwrap_err();
            assert!(sentence.contains(line.split(' ').next().unwrap()), "{sentence}");
        }
        assert_eq!(parsed("--listen"), Err("--listen needs a value".to_owned()));
        assert_eq!(parsed("--account wx1:a -h"), Ok(Args::Help));
    }
}
