//! `cargo xtask`: builds, tests and measures the workspace from outside.
//!
//! It depends on no other member of the workspace, so it runs even if they do not compile. Each
//! command is a file that exports a `COMMAND`, listed below. Only [`step`] prints.

mod asan;
mod bench;
mod ci;
mod compare;
mod coverage;
mod demo;
mod doc;
mod e2e;
mod flags;
mod fuzz;
mod instructions;
mod interface;
mod loom;
mod measure;
mod mutants;
mod nightly;
mod package;
mod release_check;
mod step;
mod test;
mod test_counts;
mod tidy;
mod tsan;
mod workspace;

use std::env;
use std::process::ExitCode;

use flags::{Command, Request};
use xshell::Shell;

/// All commands, in the order of the help text.
const COMMANDS: [&Command; 18] = [
    &ci::COMMAND,
    &test::COMMAND,
    &demo::COMMAND,
    &e2e::COMMAND,
    &bench::COMMAND,
    &compare::COMMAND,
    &instructions::COMMAND,
    &loom::COMMAND,
    &fuzz::COMMAND,
    &mutants::COMMAND,
    &asan::COMMAND,
    &tsan::COMMAND,
    &coverage::COMMAND,
    &doc::COMMAND,
    &package::COMMAND,
    &interface::COMMAND,
    &release_check::COMMAND,
    &tidy::COMMAND,
];

/// The exit code when a step failed.
const FAILED: u8 = 1;
/// The exit code for an invalid command line; nothing was run.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<_> = env::args_os().skip(1).map(|arg| arg.display().to_string()).collect();
    if let [first, rest @ ..] = &args[..]
        && first == bench::MEASURE_PROGRAM
    {
        return match bench::measure_program(rest) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                step::print_error(&format!("{error:#}"));
                ExitCode::from(FAILED)
            }
        };
    }
    match flags::parse(&COMMANDS, &args) {
        Ok(Request::Help(text)) => {
            step::print(&text);
            ExitCode::SUCCESS
        }
        Ok(Request::Run(command, flags)) => match run(command, &flags) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                step::print(&format!("{}: {error:#}", command.name));
                ExitCode::from(FAILED)
            }
        },
        Err(usage) => {
            step::print_error(&usage);
            ExitCode::from(MISUSED)
        }
    }
}

/// Runs a command in the root of the workspace, whatever the current folder is.
fn run(command: &Command, flags: &flags::Flags) -> anyhow::Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(workspace::root());
    (command.run)(&sh, flags)
}
