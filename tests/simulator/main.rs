//! `wxedge-simulator`: the simulator as a process of its own.

mod args;
mod push_args;

use std::io::{self, Write};
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use wxedge_tests::simulator::Server;
use wxedge_tests::simulator::push::{Schedule, UrlCheck, check, deliver};

use args::{Args, HELP, Run};
use push_args::PushRun;

#[tokio::main]
async fn main() -> ExitCode {
    let done = match args::parse(std::env::args().skip(1)) {
        Ok(Args::Help) => say(HELP).map(|()| true),
        Ok(Args::PushHelp) => say(&push_args::help()).map(|()| true),
        Ok(Args::Run(args)) => run(&args).await.map(|()| true),
        Ok(Args::Push(args)) => push(&args).await,
        Err(sentence) => Err(io::Error::other(sentence)),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing is left to do if the error cannot be told.
            let _ = writeln!(io::stderr(), "wxedge-simulator: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(args: &Run) -> io::Result<()> {
    // Before the line that says ready: whoever reads it may stop us at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = Server::start(args.listen)?;
    for account in args.accounts() {
        server.account(account).map_err(io::Error::other)?;
    }
    let address = server.address();
    say(&format!("{{\"event\":\"listen\",\"address\":\"{address}\"}}\n"))?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Pushes, or checks the URL, and says what came of it. Whether all went well.
async fn push(args: &PushRun) -> io::Result<bool> {
    let schedule = Schedule::default();
    if args.check {
        let checked = check(&args.to, &UrlCheck::of(&args.push.account), schedule).await;
        say(&format!("{}\n", serde_json::to_string(&checked)?))?;
        return Ok(checked.taken);
    }
    let mut all = JoinSet::new();
    for _ in 0..args.times {
        let (to, push) = (args.to.clone(), args.push.clone());
        all.spawn(async move { deliver(&to, &push, schedule).await });
    }
    let mut well = true;
    while let Some(outcome) = all.join_next().await {
        let outcome = outcome.map_err(io::Error::other)?;
        well &= !outcome.is_toast();
        say(&format!("{}\n", serde_json::to_string(&outcome)?))?;
    }
    Ok(well)
}

fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
