//! The options of the command line that change what the page shows.

use clap::error::Error;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use facade::codec::visible;

use crate::quote;

/// The options that do not change the page.
///
/// The result does not depend on the number of threads, nor on where it is written.
const IRRELEVANT: [&str; 4] = ["output", "threads", "refused", "skipped"];

/// The options that were given, with those of a preset, as one types them.
///
/// Parsing leaves nothing of an option in the matches, so this must be the first part of a command.
#[derive(Debug, Clone, Default)]
pub(super) struct Given(pub(super) Vec<String>);

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let command = super::Args::augment_args(Command::new("report"));
        let mut given = Vec::new();
        for arg in command.get_arguments() {
            let Some(option) = arg.get_long().filter(|option| !IRRELEVANT.contains(option)) else {
                continue; // The files have their own place.
            };
            let id = arg.get_id().as_str();
            if matches.value_source(id) != Some(ValueSource::CommandLine) {
                continue;
            }
            if !arg.get_action().takes_values() {
                given.push(format!("--{option}"));
                continue;
            }
            let option = format!("--{option}");
            for value in matches.get_raw(id).into_iter().flatten() {
                let words = quote::join([&*option, &value.to_string_lossy()]);
                given.push(visible(words.as_bytes()));
            }
        }
        Ok(Self(given))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
