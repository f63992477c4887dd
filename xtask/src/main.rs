//! The runner: `cargo xtask <command>` builds, tests and measures the workspace from outside.
//!
//! It depends on none of our crates, so it still runs when they do not compile. Each command is one
//! file that exports a `COMMAND`; the list below is all there is to add. Only [`step`] prints.

mod asan;
mod bench;
mod ci;
mod compare;
mod coverage;
mod demo;
mod doc;
mod e2e;
mod faults;
mod flags;
mod fuzz;
mod instructions;
mod interface;
mod loom;
mod measure;
mod nightly;
mod package;
mod step;
mod tally;
mod test;
mod tidy;
mod tsan;
mod workspace;

use std::env;
use std::process::ExitCode;

use flags::{Command, Request};
use xshell::Shell;

/// Every command, in the order of the help text.
const COMMANDS: [&Command; 17] = [
    &ci::COMMAND,
    &test::COMMAND,
    &demo::COMMAND,
    &e2e::COMMAND,
    &bench::COMMAND,
    &compare::COMMAND,
    &instructions::COMMAND,
    &loom::COMMAND,
    &fuzz::COMMAND,
    &faults::COMMAND,
    &asan::COMMAND,
    &tsan::COMMAND,
    &coverage::COMMAND,
    &doc::COMMAND,
    &package::COMMAND,
    &interface::COMMAND,
    &tidy::COMMAND,
];

/// Exit code of a run that did its work and found a fault.
const FAILED: u8 = 1;
/// Exit code of a command line that could not be understood; nothing was run.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<_> = env::args_os().skip(1).map(|arg| arg.display().to_string()).collect();
    if let [first, rest @ ..] = &args[..]
        && first == bench::MEASURE_PROGRAM
    {
        return match bench::measure_program(rest) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                step::complain(&format!("{error:#}"));
                ExitCode::from(FAILED)
            }
        };
    }
    match flags::parse(&COMMANDS, &args) {
        Ok(Request::Help(text)) => {
            step::say(&text);
            ExitCode::SUCCESS
        }
        Ok(Request::Run(command, flags)) => match run(command, &flags) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                step::say(&format!("{}: {error:#}", command.name));
                ExitCode::from(FAILED)
            }
        },
        Err(misuse) => {
            step::complain(&misuse);
            ExitCode::from(MISUSED)
        }
    }
}

/// Runs one command at the root of the workspace, wherever it was called from.
fn run(command: &Command, flags: &flags::Flags) -> anyhow::Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(workspace::root());
    (command.run)(&sh, flags)
}
