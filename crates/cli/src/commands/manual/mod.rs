//! `windrow completions` and `windrow man`: completion scripts and manual pages.

mod bash;
mod page;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;

use crate::exit::Exit;
use crate::output::{Failure, OutputArgs};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_long_help = COMPLETIONS)]
pub(crate) struct CompletionsArgs {
    /// Shell of the script
    shell: Shell,

    #[command(flatten)]
    output: OutputArgs,
}

const COMPLETIONS: &str = "\
Examples:
  mkdir -p ~/.local/share/bash-completion/completions ~/.config/fish/completions ~/.zfunc
  windrow completions bash -o ~/.local/share/bash-completion/completions/windrow
  windrow completions fish -o ~/.config/fish/completions/windrow.fish
  windrow completions zsh -o ~/.zfunc/_windrow     with `fpath+=~/.zfunc` before `compinit`

Exit codes: 0 success, 1 output could not be written, 2 usage.";

/// Print a manual page
#[derive(Debug, clap::Args)]
#[command(after_long_help = MAN)]
pub(crate) struct ManArgs {
    /// Command of the page [default: the program]
    command: Option<String>,

    #[command(flatten)]
    output: OutputArgs,
}

const MAN: &str = "\
Examples:
  windrow man | man -l -
  mkdir -p ~/.local/share/man/man1
  windrow man stats -o ~/.local/share/man/man1/windrow-stats.1

Exit codes: 0 success, 1 output could not be written, 2 usage.";

pub(crate) fn completions(args: &CompletionsArgs, program: Command) -> Result<Exit, Failure> {
    let mut program = offering(program);
    program.build();
    let mut script = Vec::new();
    match args.shell {
        Shell::Bash => script.extend_from_slice(bash::script(&program).as_bytes()),
        shell => clap_complete::generate(shell, &mut program, "windrow", &mut script),
    }
    if args.shell == Shell::Fish {
        // The script of the library does not complete positional arguments.
        script.extend_from_slice(fish_positionals(&program).as_bytes());
    }
    args.output.open()?.stream(|output| output.write_all(&script))?;
    Ok(Exit::Done)
}

pub(crate) fn man(args: &ManArgs, program: Command) -> Result<Exit, Failure> {
    let mut program = program.disable_help_subcommand(true);
    program.build(); // So that commands have the options of the program.
    let command = match &args.command {
        None => program.clone(),
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let error = format!("no such command: `{name}`");
                program.error(clap::error::ErrorKind::InvalidSubcommand, error).exit();
            }
        },
    };
    let text = page::page(command);
    args.output.open()?.stream(|output| output.write_all(&text))?;
    Ok(Exit::Done)
}

/// Adds value hints for the shells: words, files or nothing.
fn offering(program: Command) -> Command {
    let names: Vec<_> =
        program.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let program = program.mut_subcommand("man", |man| {
        man.mut_arg("command", |arg| arg.value_parser(PossibleValuesParser::new(names)))
    });
    // Values are not paths unless they are marked as such.
    program.mut_subcommands(|command| {
        command.mut_args(|arg| match arg.get_value_hint() {
            ValueHint::Unknown if arg.get_action().takes_values() => {
                arg.value_hint(ValueHint::Other)
            }
            _ => arg,
        })
    })
}

/// Returns the possible values of an argument.
fn values(arg: &Arg) -> Vec<String> {
    if !arg.get_action().takes_values() {
        return Vec::new();
    }
    let values = arg.get_value_parser().possible_values().into_iter().flatten();
    values.filter(|value| !value.is_hide_set()).map(|value| value.get_name().to_owned()).collect()
}

/// Returns lines for fish: the words of the positional argument of each command, or no files.
fn fish_positionals(program: &Command) -> String {
    let mut text = String::new();
    for command in program.get_subcommands() {
        let positional = command.get_positionals().next();
        let words = positional.map(values).unwrap_or_default();
        let words = match positional {
            Some(_) if words.is_empty() => continue,
            Some(_) => format!(" -a '{}'", words.join(" ")),
            None => String::new(),
        };
        let name = command.get_name();
        let when = format!("__fish_windrow_using_subcommand {name}");
        text += &format!("complete -c windrow -n \"{when}\" -f{words}\n");
    }
    text
}
