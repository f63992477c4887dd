//! The script for bash.
//!
//! That of `clap_complete` offers options where a file is expected, so that the first Tab inserts
//! `-`, breaks names of files with spaces, and completes neither lists nor `--option=value`. Here
//! files are left to bash, which quotes them.

use std::fmt::Write as _;

use clap::{Arg, Command, ValueHint};

use super::values;

const BEGIN: &str = r#"_windrow() {
    local cur=$2 prev=$3 command='' words='' list='' head='' word
    COMPREPLY=()
    # `--option=value` is three words.
    [[ $cur == = ]] && cur=''
    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
"#;

const END: &str = r#"    if [[ -n $list ]]; then
        [[ $cur == *,* ]] && head=${cur%,*},
        compopt -o nospace 2>/dev/null
        COMPREPLY=($(compgen -P "$head" -W "$list" -- "${cur##*,}"))
    elif [[ -n $words ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    else
        return
    fi
    # Where there are words, files are not offered.
    compopt +o default +o bashdefault 2>/dev/null
}
complete -o bashdefault -o default -F _windrow windrow
"#;

/// Writes the script of a program that was built.
pub(super) fn script(program: &Command) -> String {
    let commands: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
    let mut text = BEGIN.to_owned();
    // A string takes every write.
    let _ = writeln!(text, "        {}) command=$word && break ;;", commands.join(" | "));
    text += "        esac\n    done\n    case \"$command $prev\" in\n";
    write_values(&mut text, "", program);
    for command in program.get_subcommands() {
        write_values(&mut text, command.get_name(), command);
    }
    text += "    *)\n        case $command in\n";
    write_words(&mut text, "''", program, &commands.join(" "));
    for command in program.get_subcommands() {
        let positional = command.get_positionals().next();
        let words = match (command.get_name(), positional) {
            ("help", _) => commands.join(" "),
            (_, Some(positional)) => values(positional).join(" "),
            (_, None) => String::new(),
        };
        write_words(&mut text, command.get_name(), command, &words);
    }
    text + "        esac\n        ;;\n    esac\n" + END
}

/// Writes what follows each option of a command that has a value.
fn write_values(text: &mut String, name: &str, command: &Command) {
    for option in command.get_opts() {
        let names: Vec<_> =
            names(option).iter().map(|option| format!("'{name} {option}'")).collect();
        let (names, values) = (names.join(" | "), values(option).join(" "));
        let then = match option.get_value_hint() {
            _ if !values.is_empty() && option.get_value_delimiter().is_some() => {
                format!("list='{values}'")
            }
            _ if !values.is_empty() => format!("words='{values}'"),
            ValueHint::AnyPath | ValueHint::FilePath => "return".to_owned(),
            // A word that begins with nothing that was typed: nothing is offered.
            _ => "words=' '".to_owned(),
        };
        let _ = writeln!(text, "    {names}) {then} ;;");
    }
}

/// Writes what a command has where no option needs a value.
fn write_words(text: &mut String, pattern: &str, command: &Command, words: &str) {
    let options: Vec<_> = command.get_arguments().flat_map(names).collect();
    let options = options.join(" ");
    let takes_files = command
        .get_positionals()
        .any(|positional| positional.get_value_hint() == ValueHint::AnyPath);
    let words = if words.is_empty() && !takes_files { " " } else { words };
    let _ = writeln!(
        text,
        "        {pattern}) [[ $cur == -* ]] && words='{options}' || words='{words}' ;;"
    );
}

/// The names of an option, as they are typed.
fn names(option: &Arg) -> Vec<String> {
    let long = option.get_long().map(|long| format!("--{long}"));
    let short = option.get_short().map(|short| format!("-{short}"));
    long.into_iter().chain(short).collect()
}
