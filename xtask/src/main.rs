//! `cargo xtask`: builds, tests and measures the workspace from outside.
//!
//! It depends on no other member of the workspace, so it runs even if they do not compile. Each
//! command is a file with its `Args`, whose first sentence is the line in the list of commands.
//! Only [`step`] prints.

mod bench;
mod ci;
mod compare;
mod coverage;
mod demo;
mod doc;
mod e2e;
mod fuzz;
mod golden;
mod instructions;
mod interface;
mod loom;
mod measure;
mod mutants;
mod package;
mod release_check;
mod sanitizer;
mod step;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xshell::Shell;

/// Build, test and measure the workspace.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", after_help = EXIT_CODES)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 success, 1 a step failed, 2 invalid command line";

/// All commands, in the order of the help text.
#[derive(Subcommand)]
enum Command {
    Ci(ci::Args),
    Test(test::Args),
    Demo(demo::Args),
    E2e(e2e::Args),
    Bench(bench::Args),
    Compare(compare::Args),
    Instructions(instructions::Args),
    Loom(loom::Args),
    Fuzz(fuzz::Args),
    #[command(alias = "faults")]
    Mutants(mutants::Args),
    /// Run the tests under the address sanitizer
    Asan(sanitizer::Args),
    /// Run the tests under the thread sanitizer
    Tsan(sanitizer::Args),
    Coverage(coverage::Args),
    Doc(doc::Args),
    Package(package::Args),
    Interface(interface::Args),
    ReleaseCheck(release_check::Args),
    Tidy(tidy::Args),
}

fn main() -> ExitCode {
    match run(CommandLine::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            step::print(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs a command in the root of the workspace, whatever the current folder is.
fn run(command: Command) -> anyhow::Result<()> {
    let sh = &Shell::new()?;
    sh.change_dir(workspace::root());
    match command {
        Command::Ci(args) => args.run(sh),
        Command::Test(args) => args.run(sh),
        Command::Demo(args) => args.run(sh),
        Command::E2e(args) => args.run(sh),
        Command::Bench(args) => args.run(sh),
        Command::Compare(args) => args.run(sh),
        Command::Instructions(args) => args.run(sh),
        Command::Loom(args) => args.run(sh),
        Command::Fuzz(args) => args.run(sh),
        Command::Mutants(args) => args.run(sh),
        Command::Asan(args) => args.run(sh, &sanitizer::ADDRESS),
        Command::Tsan(args) => args.run(sh, &sanitizer::THREAD),
        Command::Coverage(args) => args.run(sh),
        Command::Doc(args) => args.run(sh),
        Command::Package(args) => args.run(sh),
        Command::Interface(args) => args.run(sh),
        Command::ReleaseCheck(args) => args.run(sh),
        Command::Tidy(args) => args.run(sh),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn refused(line: &str) -> String {
        let words = ["xtask"].into_iter().chain(line.split_whitespace());
        CommandLine::try_parse_from(words).err().map_or(String::new(), |error| error.to_string())
    }

    #[test]
    fn declarations_are_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn former_name_finds_the_command() {
        let line = CommandLine::try_parse_from(["xtask", "faults", "reader_checks_once"]).unwrap();
        assert!(matches!(line.command, Command::Mutants(_)));
    }

    #[test]
    fn unknown_words_are_refused_with_the_nearest() {
        for (line, found, nearest) in [
            ("tets", "'tets'", "'test'"),
            ("bench --quik", "'--quik'", "'--quick'"),
            ("demo a", "'a'", "cargo xtask demo"),
            ("bench -- a b", "'b'", "cargo xtask bench"),
            ("fuzz --seconds x", "'x'", "--seconds <N>"),
        ] {
            let error = refused(line);
            assert!(error.contains(found) && error.contains(nearest), "{line}: {error}");
        }
    }

    #[test]
    fn every_command_has_a_summary_and_examples() {
        for command in CommandLine::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("  cargo xtask {name}");
            assert!(examples.starts_with("Examples:") && examples.contains(&example), "{name}");
        }
    }
}
