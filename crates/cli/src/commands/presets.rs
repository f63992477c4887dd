//! `windrow presets`: the options for the logs of well-known programs.

use clap::builder::styling::Style;
use facade::codec::visible;

use crate::diagnostics;
use crate::exit::Exit;
use crate::output::names::shorten;
use crate::output::render::Styled;
use crate::output::{Failure, Output, OutputArgs};
use crate::presets::{self, Preset};
use crate::quote;

/// List the presets: options for the logs of well-known programs
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    /// Preset whose options to print as a command
    #[arg(value_name = "NAME", value_parser = presets::parser(), hide_possible_values = true)]
    name: Option<Preset>,

    #[command(flatten)]
    output: OutputArgs,
}

const DETAILS: &str = "\
A preset stands for options. Options on the command line replace those of the same name; --where,
--replace and --missing are added to them.

A preset of your own is a TOML file with an option on each line, such as `by = \"route\"`,
`unit = \"ms\"`, `where = [\"status>=500\", \"user\"]` or `group-paths = true`.

Examples:
  windrow presets
  windrow presets caddy
  windrow stats --preset caddy access.log
  windrow stats --preset ./shop.toml shop.log

Exit codes: 0 success, 1 output could not be written, 2 usage.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let output = args.output.open()?;
    let Some(preset) = &args.name else {
        let list = list(&output);
        output.print(list)?;
        return Ok(Exit::Done);
    };
    output.print(format_args!("{}\n", command(preset)))?;
    if let Some(note) = preset.about.as_ref().and_then(|about| about.note.as_ref()) {
        diagnostics::report(note);
    }
    if let [first, rest @ ..] = &preset.asks_for()[..] {
        let others: String = rest.iter().map(|option| format!(" and `--{option}`")).collect();
        diagnostics::report(format_args!(
            "add `--{first}`{others}, which the preset does not name"
        ));
    }
    Ok(Exit::Done)
}

/// Returns the options of a preset as a command line.
fn command(preset: &Preset) -> String {
    let words: Vec<_> = preset.words().collect();
    format!("windrow stats {}", quote::join(words.iter().map(String::as_str)))
}

/// Returns all presets: what each is for, a line of its log, and its options.
fn list(output: &Output) -> String {
    let columns = output.columns().unwrap_or(usize::MAX);
    let mut text = String::new();
    for preset in Preset::all() {
        let Some(about) = &preset.about else { continue };
        let is_comment = |line: &&str| line.starts_with('#');
        let line = about.sample.lines().find(|line| !is_comment(line)).unwrap_or_default();
        let line = visible(line.as_bytes());
        let words: Vec<_> = preset.words().collect();
        let options = quote::join(words.iter().map(String::as_str));
        let name = Styled(Style::new().bold(), &preset.name);
        let (line, options) = (cut(&line, columns), cut(&options, columns));
        text += &format!("{name}: {}\n  {line}\n  {options}\n", about.summary);
    }
    text
}

/// Shortens a line that is indented by two columns.
fn cut(line: &str, columns: usize) -> String {
    shorten(line, columns.saturating_sub(2).max(1)).into_owned()
}
