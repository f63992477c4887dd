#![doc = include_str!("../README.md")]

mod budget;
mod commands;
mod comparison;
mod diagnostics;
mod exit;
mod fail_if;
mod failure;
mod input;
mod inspect;
mod memory;
mod options;
mod output;
mod presets;
mod quote;
mod saved;
mod signals;
mod stat;
mod stdio;
mod terminal;
mod timeline;
mod timestamps;
mod units;

use std::env;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use colorchoice_clap::Color;

use crate::commands::{
    compare, count, demo, generate, inspect as inspection, manual, merge, presets as preset_list,
    report, series, serve, stats, top,
};
use crate::exit::Exit;

/// Print statistics of action logs.
///
/// An action is a line of JSON such as {"action":"jump","time":100}: a name, and a time in any
/// unit. Other keys are ignored. Options name other fields, and read logfmt, CSV and lines of text.
#[derive(Debug, Parser)]
#[command(name = "windrow", bin_name = "windrow", version)]
#[command(after_help = EXAMPLES, after_long_help = DETAILS)]
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
    Merge(merge::Args),
    Series(series::Args),
    Report(report::Args),
    Compare(compare::Args),
    Count(count::Args),
    Top(top::Args),
    Serve(serve::Args),
    Inspect(inspection::Args),
    Presets(preset_list::Args),
    Generate(generate::Args),
    Demo(demo::Args),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
}

const EXAMPLES: &str = "\
Examples:
  windrow inspect access.log                         what is in a log, and a command that reads it
  windrow stats --preset caddy access.log            statistics of the log of a program
  windrow stats actions.ndjson                       count, mean and percentiles of each action
  windrow stats --sort p99 --top 10 *.ndjson.gz      the ten slowest actions
  windrow stats --by path --value took app.log       fields of other names
  windrow series --timestamp at actions.ndjson       statistics over time
  windrow report actions.ndjson -o report.html       an HTML report
  windrow compare before.ndjson after.ndjson         what changed, and is it real?
  windrow merge monday.rows tuesday.rows             statistics of saved rows
  tail -f service.log | windrow count                live line counts
  windrow top --follow actions.ndjson                live statistics of the past minute
  windrow serve --listen 127.0.0.1:8080              a server that receives and shows actions
  windrow generate --lines 100000 | windrow stats    random actions to try it on

See `windrow <COMMAND> --help` for details.";

const DETAILS: &str = "\
Results go to standard output, messages to standard error.

Examples:
  windrow inspect access.log                         what is in a log, and a command that reads it
  windrow stats --preset caddy access.log            statistics of the log of a program
  windrow stats actions.ndjson                       count, mean and percentiles of each action
  windrow stats --sort p99 --top 10 *.ndjson.gz      the ten slowest actions
  windrow stats --format json < actions.ndjson       output for programs
  windrow stats --by path --value took app.log       fields of other names
  windrow series --timestamp at actions.ndjson       statistics over time
  windrow report actions.ndjson -o report.html       an HTML report
  windrow compare before.ndjson after.ndjson         what changed, and is it real?
  windrow merge monday.rows tuesday.rows             statistics of saved rows
  tail -f service.log | windrow count                live line counts
  windrow top --follow actions.ndjson                live statistics of the past minute
  windrow serve --listen 127.0.0.1:8080              a server that receives and shows actions
  windrow generate --lines 100000 | windrow stats    random actions to try it on
  windrow demo                                       three trackers compared

Exit codes:
  0    success
  1    an input could not be read to its end, or an output could not be written
  2    invalid command line, or an output that is also an input
  3    more records were refused than --max-refused allows, or none was accepted
  4    a condition of --fail-if holds; the result was written
  130  Ctrl-C; the result so far was written

See `windrow <COMMAND> --help` for the options of a command.";

/// Parses the command line, with the options of a preset if it names one.
fn parse() -> Result<Cli, clap::Error> {
    let arguments = presets::expand(Cli::command, env::args_os().collect());
    let matches = Cli::command().try_get_matches_from(arguments)?;
    if let Some(command) = matches.subcommand_name() {
        diagnostics::set_command(command);
    }
    Cli::from_arg_matches(&matches)
}

fn main() -> ExitCode {
    let Cli { color, command } = match parse() {
        Ok(cli) => cli,
        // Help and version are results. `parse` would ignore an error of writing them.
        Err(text) if !text.use_stderr() => {
            return Exit::Done.or(output::print(text.render().ansi())).into();
        }
        Err(error) => error.exit(),
    };
    color.write_global();
    let exit = match command {
        Command::Stats(args) => stats::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Series(args) => series::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Count(args) => count::run(&args),
        Command::Top(args) => top::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Inspect(args) => inspection::run(&args),
        Command::Presets(args) => preset_list::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Completions(args) => manual::completions(&args, Cli::command()),
        Command::Man(args) => manual::man(&args, Cli::command()),
    };
    exit.unwrap_or_else(Exit::without_output).into()
}
