//! The completion script for bash.
//!
//! The script of `clap_complete` offers options in place of files, splits file names at spaces, and
//! completes neither lists nor `--option=value`. Here bash completes and quotes files.

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

/// Returns the script of a built program.
pub(super) fn script(program: &Command) -> String {
    let commands: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
    let mut text = BEGIN.to_owned();
    // Writing to a string succeeds.
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

/// Writes the values of each option of a command.
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
            // A space matches no typed word, so nothing is offered.
            _ => "words=' '".to_owned(),
        };
        let _ = writeln!(text, "    {names}) {then} ;;");
    }
}

/// Writes the options and positional words of a command.
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

/// Returns the names of an option as typed.
fn names(option: &Arg) -> Vec<String> {
    let long = option.get_long().map(|long| format!("--{long}"));
    let short = option.get_short().map(|short| format!("-{short}"));
    long.into_iter().chain(short).collect()
}
