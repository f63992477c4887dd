//! Puts the options of a preset on the command line, where the user has not given others.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::{Preset, Setting};

/// The options of a user that replace others of a preset in addition to those of the same name.
const REPLACED: [(&str, &[&str]); 5] = [
    ("pattern", &["input", "delimiter", "columns", "embedded"]),
    ("input", &["pattern"]),
    ("value", &["count-only"]),
    ("count-only", &["value", "unit"]),
    // The format belongs to the timestamp of the preset.
    ("timestamp", &["timestamp-format"]),
];

/// The options that can be repeated: those of the user are added.
const ADDED: [&str; 3] = ["where", "replace", "missing"];

/// Returns the arguments of a command line with the options of its preset, if it names one.
///
/// The program parses the arguments; an error of it is left to the caller, who parses the result.
pub(crate) fn expand(program: impl FnOnce() -> Command, arguments: Vec<OsString>) -> Vec<OsString> {
    // Presets are read, and the command line is parsed once more, for those who use them only.
    let names_one = |argument: &OsString| argument.as_encoded_bytes().starts_with(b"--preset");
    if !arguments.iter().any(names_one) {
        return arguments;
    }
    let program = &program();
    // The whole command line may be valid only with the options of the preset.
    let tolerant = program.clone().ignore_errors(true);
    let Ok(matches) = tolerant.try_get_matches_from(&arguments) else { return arguments };
    let Some((name, given)) = matches.subcommand() else { return arguments };
    let Ok(Some(preset)) = given.try_get_one::<Preset>("preset") else { return arguments };
    let Some(command) = program.find_subcommand(name) else { return arguments };
    let Some(at) = arguments.iter().skip(1).position(|argument| argument == name) else {
        return arguments;
    };
    let settings = preset.options().iter().filter(|setting| is_kept(setting, command, given));
    let settings: Vec<OsString> = settings.map(|setting| setting.argument().into()).collect();
    let mut expanded = arguments;
    // After the program and the command.
    expanded.splice(at + 2..at + 2, settings);
    expanded
}

/// Returns whether the command has an option, and the user has not replaced it.
fn is_kept(setting: &Setting, command: &Command, given: &ArgMatches) -> bool {
    let is_given = |option: &str| {
        let arg = command.get_arguments().find(|arg| arg.get_long() == Some(option));
        arg.is_some_and(|arg| {
            given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
        })
    };
    let option = setting.option;
    let is_replaced = REPLACED
        .iter()
        .any(|(option, replaced)| replaced.contains(&setting.option) && is_given(option));
    let exists = command.get_arguments().any(|arg| arg.get_long() == Some(option));
    exists && !is_replaced && (ADDED.contains(&option) || !is_given(option))
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction};

    use super::super::{file, parser};
    use super::*;

    fn program() -> Command {
        let option = |name: &'static str| match name {
            "count-only" | "group-paths" | "clean-names" | "embedded" => {
                Arg::new(name).long(name).action(ArgAction::SetTrue)
            }
            _ => Arg::new(name).long(name).action(ArgAction::Append),
        };
        let stats = Command::new("stats")
            .args(file::OPTIONS.map(option))
            .arg(Arg::new("preset").long("preset").value_parser(parser()))
            .arg(Arg::new("needy").long("needy").action(ArgAction::SetTrue).requires("timestamp"))
            .arg(Arg::new("file").action(ArgAction::Append));
        Command::new("windrow").arg(Arg::new("color").long("color")).subcommand(stats)
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let arguments = line.split(' ').map(Into::into).collect();
        let expanded = expand(program, arguments);
        let words: Vec<_> = expanded.iter().map(|word| word.to_str().unwrap()).collect();
        assert_eq!(words.join(" "), expected, "{line}");
    }

    #[test]
    fn options_of_a_preset_come_first() {
        check(
            "windrow --color always stats x.log --preset zap --by a",
            "windrow --color always stats --input=json --unit=s --timestamp=ts x.log --preset zap \
             --by a",
        );
        check("windrow stats --by a", "windrow stats --by a");
        check("windrow stats -- --preset zap", "windrow stats -- --preset zap");
        check("windrow stats --preset none", "windrow stats --preset none");
    }

    #[test]
    fn options_of_the_user_replace_them() {
        check(
            "windrow stats --preset=gotest --by Test --where Package=a",
            "windrow stats --input=json --where=Action~^(pass|fail)$ --where=Test --value=Elapsed \
             --unit=s --timestamp=Time --preset=gotest --by Test --where Package=a",
        );
        check(
            "windrow stats --preset gotest --count-only --timestamp t",
            "windrow stats --input=json --where=Action~^(pass|fail)$ --where=Test \
             --by=Package,Test --preset gotest --count-only --timestamp t",
        );
        check(
            "windrow stats --preset cri --pattern x",
            "windrow stats --timestamp=@prefix --group-paths --clean-names --preset cri \
             --pattern x",
        );
    }

    #[test]
    fn options_of_the_user_may_need_those_of_the_preset() {
        check(
            "windrow stats --needy --preset zap",
            "windrow stats --input=json --unit=s --timestamp=ts --needy --preset zap",
        );
    }
}
