//! `wxedge-simulator`: the simulator as a process of its own.

mod args;

use std::io::{self, Write};
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use wxedge_tests::simulator::Server;

use args::{Args, HELP, Run};

#[tokio::main]
async fn main() -> ExitCode {
    let done = match args::parse(std::env::args().skip(1)) {
        Ok(Args::Help) => say(HELP),
        Ok(Args::Run(args)) => run(&args).await,
        Err(sentence) => Err(io::Error::other(sentence)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
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

fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
