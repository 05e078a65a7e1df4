//! The command line of `wxedge-simulator push`.

use std::fs;

use wxedge_tests::simulator::push::{Account, Kind, Mode, Push, Target, Value, crypto, templates};

/// What to push, and to where.
#[derive(Debug, PartialEq, Eq)]
pub struct PushRun {
    /// The gateway.
    pub to: Target,
    /// The message or event.
    pub push: Push,
    /// Whether only the URL is checked.
    pub check: bool,
    /// How often it is pushed at once.
    pub times: usize,
}

const FLAGS: &[&str] = &[
    "--to",
    "--host",
    "--type",
    "--content",
    "--field",
    "--body",
    "--kind",
    "--appid",
    "--name",
    "--agent",
    "--from",
    "--token",
    "--aes-key",
    "--mode",
    "--format",
    "--times",
];

/// Reads the arguments behind `push`; `None` if the help page is wanted. The error is a sentence.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Option<PushRun>, String> {
    let (mut given, mut check) = (Vec::new(), false);
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--help" | "-h" => return Ok(None),
            "--check" => {
                check = true;
                continue;
            }
            _ => {}
        }
        let (flag, value) = match arg.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (arg, None),
        };
        let Some(flag) = FLAGS.iter().find(|it| **it == flag) else {
            return Err(format!("there is no {flag}, see push --help"));
        };
        let value = value.or_else(|| args.next()).ok_or_else(|| format!("{flag} needs a value"))?;
        given.push((*flag, value));
    }
    let given = Given(given);
    let to = given.last("--to").ok_or("--to: where shall it go?")?;
    let to = Target::parse(to).map_err(|why| format!("--to {to}: {why}"))?;
    let host = given.last("--host").map_or(to.host.clone(), str::to_owned);
    let account = given.account()?;
    let times = given.parsed("--times")?.unwrap_or(1);
    Ok(Some(PushRun { to: Target { host, ..to }, push: given.push()?.by(&account), check, times }))
}

/// The flags with their values, in their order.
struct Given(Vec<(&'static str, String)>);

impl Given {
    fn all<'a>(&'a self, flag: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |it| it.0 == flag).map(|it| it.1.as_str())
    }

    fn last(&self, flag: &str) -> Option<&str> {
        self.all(flag).last()
    }

    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&self, flag: &str) -> Result<Option<T>, String> {
        let parse = |text: &str| text.parse().map_err(|why| format!("{flag} {text}: {why}"));
        self.last(flag).map(parse).transpose()
    }

    fn account(&self) -> Result<Account, String> {
        let mut account = Account::of(self.parsed("--kind")?.unwrap_or(Kind::Official));
        if let Some(id) = self.last("--appid") {
            account = account.id(id);
        }
        if let Some(key) = self.last("--aes-key") {
            account.key = Some(crypto::Key::parse(key).ok_or("--aes-key: not 43 characters of base64")?);
            account.mode = Mode::Safe;
        }
        for (flag, field) in
            [("--token", &mut account.token), ("--name", &mut account.name), ("--agent", &mut account.agent)]
        {
            if let Some(value) = self.last(flag) {
                value.clone_into(field);
            }
        }
        account.mode = self.parsed("--mode")?.unwrap_or(account.mode);
        account.format = self.parsed("--format")?.unwrap_or(account.format);
        match (account.mode, &account.key) {
            (Mode::Plain, _) if account.kind == Kind::Wecom => Err("--mode plain: WeCom has none".to_owned()),
            (Mode::Plain, _) | (_, Some(_)) => Ok(account),
            _ => Err("--aes-key: what is encrypted needs one".to_owned()),
        }
    }

    fn push(&self) -> Result<Push, String> {
        let mut push = match (self.last("--body"), self.last("--type").unwrap_or("text")) {
            (Some(file), _) => Push::raw(fs::read_to_string(file).map_err(|why| format!("--body {file}: {why}"))?),
            (None, name) => match templates::find(name) {
                Some(it) => Push::new(it),
                None => return Err(format!("--type {name}: there is no such template, see push --help")),
            },
        };
        if let Some(content) = self.last("--content") {
            push = push.with("Content", content);
        }
        for field in self.all("--field") {
            let (name, value) = field.split_once('=').ok_or_else(|| format!("--field {field}: not a NAME=VALUE"))?;
            push = push.with(name, Value::text(value));
        }
        Ok(match self.last("--from") {
            Some(user) => push.from(user),
            None => push,
        })
    }
}

/// The page of `push --help`.
pub fn help() -> String {
    let mut lines = vec![String::from(" ")];
    for name in templates::names() {
        match lines.last_mut() {
            Some(line) if line.len() + name.len() < 118 => line.push_str(&format!(" {name}")),
            _ => lines.push(format!("  {name}")),
        }
    }
    format!(
        "\
wxedge-simulator push: WeChat pushes a message or an event, and you see what the user would see

Usage: wxedge-simulator push --to URL [--type NAME] [--content TEXT] [options]

  --to URL            the gateway's callback URL: http://, on a loopback address
  --host NAME         the Host header, if it is not that of the URL
  --type NAME         what is pushed (names below), default text
  --content TEXT      of a text
  --field NAME=VALUE  another value of a field, or one more; may be repeated
  --body FILE         any text instead
  --kind KIND         official (default), miniprogram, channels, wecom
  --appid ID          the AppID, WeCom's corpid or suite id, default {id}
  --name NAME         ToUserName, default {name}; WeCom's is the corpid
  --agent ID          WeCom's AgentID, default {agent}
  --from USER         who wrote, default {user}
  --token TOKEN       the token, default {token}
  --aes-key KEY       the EncodingAESKey, 43 characters
  --mode MODE         plain, compatible, safe; default safe with a key, else plain
  --format FORMAT     xml (default), json (default of channels)
  --check             no push, but the check of the URL
  --times N           so often, all at once
  --help              this page

As WeChat does it waits 5 seconds for an answer, tries three times in all, and takes nothing but what it documents. It
prints one line of JSON for each push: user_sees (reply, nothing, service unavailable), reply, and of each attempt
status, ms, why. The exit status is 1 if a user saw \"service unavailable\" or the URL was not taken, and 2 for a wrong
argument.

Names:
{}

Examples:
  wxedge-simulator push --type text --content hi --to http://127.0.0.1:8080/app/demo/msg
  wxedge-simulator push --type CLICK --field EventKey=MENU_1 --aes-key $KEY --to http://127.0.0.1:8787/app/demo/msg/json
  wxedge-simulator push --kind wecom --aes-key $KEY --check --to http://127.0.0.1:8080/app/corp/msg
",
        lines.join("\n"),
        id = Account::ID,
        name = Account::default().name,
        agent = Account::default().agent,
        user = Push::USER,
        token = Account::TOKEN,
    )
}

#[cfg(test)]
mod tests {
    use wxedge_tests::simulator::push::Format;

    use super::*;

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    const TO: &str = "--to http://127.0.0.1:1/wx";

    fn parsed(line: &str) -> Result<Option<PushRun>, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn run(line: &str) -> PushRun {
        parsed(&format!("{TO} {line}")).unwrap().unwrap()
    }

    #[test]
    fn a_text_is_pushed_if_nothing_else_is_said() {
        let it = run("--content=a=b --from oA --times 3");
        assert_eq!((it.times, it.check, it.to.path.as_str()), (3, false, "/wx"));
        let said = it.push.fields().unwrap();
        assert_eq!((said.text_at("Content"), said.text_at("FromUserName")), ("a=b", "oA"));
        assert_eq!(it.push.account, Account::default());
    }

    #[test]
    fn the_account_is_what_the_flags_say() {
        let it =
            run(&format!("--type click --kind wecom --appid ww9 --agent 7 --aes-key {KEY} --format json --token t"));
        let account = &it.push.account;
        assert_eq!((account.kind, account.mode, account.format), (Kind::Wecom, Mode::Safe, Format::Json));
        assert_eq!((account.id.as_str(), account.name.as_str(), account.agent.as_str()), ("ww9", "ww9", "7"));
        let it = run(&format!("--mode compatible --aes-key {KEY} --name gh_9 --check --host svc.example.com"));
        assert_eq!((it.push.account.mode, it.check, it.to.host.as_str()), (Mode::Compatible, true, "svc.example.com"));
        assert_eq!(run("--type SCAN --field EventKey=k").push.fields().unwrap().text_at("EventKey"), "k");
    }

    #[test]
    fn a_bad_argument_is_named() {
        for line in [
            "--to http://10.0.0.1/",
            "--type nothing",
            "--kind bank",
            "--mode safe",
            "--mode loud",
            "--aes-key short",
            "--times many",
            "--field x",
            "--body /nowhere",
            "--port 1",
            "--content",
        ] {
            let sentence = parsed(&format!("{TO} {line}")).unwrap_err();
            let flag = if line == "--mode safe" { "--aes-key" } else { line.split(' ').next().unwrap() };
            assert!(sentence.contains(flag), "{sentence}");
        }
        assert!(parsed("").unwrap_err().contains("--to"));
        assert_eq!(parsed("--help"), Ok(None));
        assert!(parsed(&format!("{TO} --kind wecom --mode plain")).unwrap_err().contains("WeCom"));
    }

    #[test]
    fn the_help_page_names_every_flag_and_template() {
        let page = help();
        assert!(FLAGS.iter().all(|it| page.contains(&format!("  {it} "))));
        assert!(templates::names().all(|it| page.contains(it)));
        assert!(page.lines().all(|it| it.chars().count() <= 120), "{page}");
    }
}
