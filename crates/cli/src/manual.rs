//! `windrow completions` and `windrow man`: what shells and readers of manuals are given.

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::exit::Exit;
use crate::output::{Failure, OutputArgs};

/// Writes the script by which a shell completes command lines
#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS)]
pub(crate) struct CompletionsArgs {
    /// For which shell
    shell: Shell,

    #[command(flatten)]
    output: OutputArgs,
}

const COMPLETIONS: &str = "\
Examples:
  windrow completions bash -o ~/.local/share/bash-completion/completions/windrow
  windrow completions fish -o ~/.config/fish/completions/windrow.fish
  windrow completions zsh -o ~/.zfunc/_windrow     with `fpath+=~/.zfunc` before `compinit`

Exit codes: 0 done, 1 it could not be written, 2 usage.";

/// Writes the manual page, of the program or of a command
#[derive(Debug, clap::Args)]
#[command(after_help = MAN)]
pub(crate) struct ManArgs {
    /// Of this command
    command: Option<String>,

    #[command(flatten)]
    output: OutputArgs,
}

const MAN: &str = "\
Examples:
  windrow man | man -l -
  windrow man stats -o ~/.local/share/man/man1/windrow-stats.1

Exit codes: 0 done, 1 there is no such command, or it could not be written, 2 usage.";

pub(crate) fn completions(args: &CompletionsArgs, mut program: Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "windrow", &mut script);
    args.output.open()?.stream(|output| output.write_all(&script))?;
    Ok(Exit::Done)
}

pub(crate) fn man(args: &ManArgs, mut program: Command) -> Result<Exit, Failure> {
    program.build(); // So that commands know what they have from the program.
    let page = match &args.command {
        None => program.clone().disable_help_subcommand(true),
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let error = format!("there is no command `{name}`");
                program.error(clap::error::ErrorKind::InvalidSubcommand, error).exit();
            }
        },
    };
    let mut text = Vec::new();
    let man = Man::new(page).source(concat!("windrow ", env!("CARGO_PKG_VERSION")));
    man.render(&mut text).expect("a vector takes every write");
    args.output.open()?.stream(|output| output.write_all(&text))?;
    Ok(Exit::Done)
}
