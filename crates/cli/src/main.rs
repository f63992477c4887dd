#![doc = include_str!("../README.md")]

mod commands;
mod diagnostics;
mod exit;
mod failure;
mod input;
mod options;
mod output;
mod signals;
mod stat;
mod stdio;
mod terminal;
mod timeline;
mod timestamps;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use colorchoice_clap::Color;

use crate::commands::{count, demo, generate, manual, report, series, stats, top};
use crate::exit::Exit;

/// Action logs in, per-action statistics out.
///
/// An action is a line of JSON such as {"action":"jump","time":100}: what was done, and how long it
/// took, in any unit. Other keys are ignored.
#[derive(Debug, Parser)]
#[command(name = "windrow", bin_name = "windrow", version, after_help = EXAMPLES)]
#[command(arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    color: Color,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Stats(stats::Args),
    Series(series::Args),
    Report(report::Args),
    Count(count::Args),
    Top(top::Args),
    Generate(generate::Args),
    Demo(demo::Args),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
}

const EXAMPLES: &str = "\
Examples:
  windrow stats actions.ndjson                       count, mean, quantiles of each action
  windrow stats --sort p99 --top 10 *.ndjson.gz      the ten slowest
  windrow stats --format json < actions.ndjson       for programs
  windrow series --stamp-key at actions.ndjson       the same on the axis of time
  windrow report actions.ndjson -o report.html       all there is to see, as a page
  tail -f service.log | windrow count                how many lines, live
  windrow top --follow actions.ndjson                the actions of the last minute, live
  windrow generate --lines 100000 | windrow stats    something to try it on
  windrow demo                                       three ways of averaging, compared

Exit codes:
  0    done
  1    an input was not read to its end, or an output was not written
  2    the command line was not understood, or asks to write over an input
  3    done, but some lines were refused and are not counted
  130  Ctrl-C: the result so far was written

Results go to standard output, all else to standard error.
`windrow <COMMAND> --help` tells more about a command.";

fn main() -> ExitCode {
    let Cli { color, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        // That is help or the version, which are results: `parse` would hide that they are lost.
        Err(text) if !text.use_stderr() => {
            return Exit::Done.or(output::print(text.render().ansi())).into();
        }
        Err(error) => error.exit(),
    };
    color.write_global();
    let exit = match command {
        Command::Stats(args) => stats::run(&args),
        Command::Series(args) => series::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Count(args) => count::run(&args),
        Command::Top(args) => top::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Completions(args) => manual::completions(&args, Cli::command()),
        Command::Man(args) => manual::man(&args, Cli::command()),
    };
    exit.unwrap_or_else(Exit::without_output).into()
}
