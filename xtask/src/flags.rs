//! The command line: parsing and help from the declarations of the commands.
//!
//! Uses no library, since commands are not nested and values are not typed.

use std::fmt::Write as _;

use xshell::Shell;

/// The declaration of a command, from which parsing, help and dispatch follow.
pub(crate) struct Command {
    /// The word after `cargo xtask`.
    pub(crate) name: &'static str,
    /// The operands, as shown in the usage line.
    pub(crate) operands: &'static str,
    /// The maximum number of operands.
    pub(crate) operands_max: usize,
    /// Whether arguments after `--` are passed to the underlying tool.
    pub(crate) passes_on: bool,
    /// The line in the list of commands, in the imperative.
    pub(crate) summary: &'static str,
    /// The options other than `--help`.
    pub(crate) options: &'static [Opt],
    /// Example command lines, without `cargo xtask`.
    pub(crate) examples: &'static [&'static str],
    /// Runs the command; its error is the last line printed.
    pub(crate) run: fn(&Shell, &Flags) -> anyhow::Result<()>,
}

/// An option of a command.
pub(crate) struct Opt {
    /// The name with its dashes: `--quick`.
    pub(crate) name: &'static str,
    /// The placeholder of the value; empty for a switch.
    pub(crate) value: &'static str,
    /// The line of help, in the imperative.
    pub(crate) help: &'static str,
}

/// The arguments after the command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// The arguments that are not options.
    pub(crate) operands: Vec<String>,
    /// The arguments after `--`.
    pub(crate) rest: Vec<String>,
    given: Vec<(&'static str, String)>,
}

impl Flags {
    /// Returns whether the option was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Returns the value of an option; the last one given wins.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.given.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| value.as_str())
    }
}

/// A parsed command line.
pub(crate) enum Request<'a> {
    /// Print this help text.
    Help(String),
    /// Run this command.
    Run(&'a Command, Flags),
}

/// Parses a command line; an error names the argument and suggests the nearest name.
pub(crate) fn parse<'a>(commands: &[&'a Command], args: &[String]) -> Result<Request<'a>, String> {
    let (first, rest) = match args.split_first() {
        None => return Ok(Request::Help(help(commands))),
        Some((first, rest)) => (first.as_str(), rest),
    };
    if matches!(first, "help" | "--help" | "-h") {
        return match rest.first() {
            None => Ok(Request::Help(help(commands))),
            Some(name) => Ok(Request::Help(find(commands, name)?.help())),
        };
    }
    let command = find(commands, first)?;
    let own = rest.split(|arg| arg == "--").next().unwrap_or_default();
    if own.iter().any(|arg| arg == "--help" || arg == "-h") {
        return Ok(Request::Help(command.help()));
    }
    Ok(Request::Run(command, command.parse(own, &rest[own.len()..])?))
}

/// Former names of commands, which still work.
const ALIASES: [(&str, &str); 1] = [("faults", "mutants")];

fn find<'a>(commands: &[&'a Command], name: &str) -> Result<&'a Command, String> {
    let alias = ALIASES.iter().find(|(former, _)| *former == name);
    let name = alias.map_or(name, |(_, current)| current);
    commands.iter().find(|command| command.name == name).copied().ok_or_else(|| {
        let names = commands.iter().map(|command| command.name);
        format!(
            "unknown command `{name}`{}; run `cargo xtask help` for the list",
            did_you_mean(name, names)
        )
    })
}

impl Command {
    /// Parses `own`, the arguments before `--`, and `rest`, which is empty or begins with `--`.
    fn parse(&self, own: &[String], rest: &[String]) -> Result<Flags, String> {
        let mut flags = Flags::default();
        let mut args = own.iter();
        while let Some(arg) = args.next() {
            if !arg.starts_with('-') {
                flags.operands.push(arg.clone());
                continue;
            }
            let (name, inline) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (arg.as_str(), None),
            };
            let option = self.option(name)?;
            let value = match (option.value, inline) {
                ("", None) => String::new(),
                ("", Some(_)) => return Err(format!("`{name}` takes no value")),
                (_, Some(value)) => value,
                (wanted, None) => {
                    args.next().cloned().ok_or_else(|| format!("`{name}` needs {wanted}"))?
                }
            };
            flags.given.push((option.name, value));
        }
        if let Some(extra) = flags.operands.get(self.operands_max) {
            return Err(format!("unexpected argument `{extra}`; usage: {}", self.usage()));
        }
        if !rest.is_empty() && !self.passes_on {
            return Err(format!("`{}` takes no arguments after `--`", self.name));
        }
        flags.rest = rest.iter().skip(1).cloned().collect();
        Ok(flags)
    }

    fn option(&self, name: &str) -> Result<&Opt, String> {
        self.options.iter().find(|option| option.name == name).ok_or_else(|| {
            let names = self.options.iter().map(|option| option.name);
            format!(
                "`{}` has no option `{name}`{}; usage: {}",
                self.name,
                did_you_mean(name, names),
                self.usage()
            )
        })
    }

    fn usage(&self) -> String {
        let mut usage = format!("cargo xtask {}", self.name);
        for Opt { name, value, .. } in self.options {
            let space = if value.is_empty() { "" } else { " " };
            let _ = write!(usage, " [{name}{space}{value}]");
        }
        for part in [self.operands, if self.passes_on { "[-- ARGS]" } else { "" }] {
            if !part.is_empty() {
                let _ = write!(usage, " {part}");
            }
        }
        usage
    }

    fn help(&self) -> String {
        let mut text = format!("{}\n\nUsage: {}\n", self.summary, self.usage());
        if !self.options.is_empty() {
            text.push_str("\nOptions:\n");
            for Opt { name, value, help } in self.options {
                let _ = writeln!(text, "  {:<12} {help}", format!("{name} {value}"));
            }
        }
        text.push_str("\nExamples:\n");
        for example in self.examples {
            let _ = writeln!(text, "  cargo xtask {example}");
        }
        text + "\n" + EXIT_CODES
    }
}

const EXIT_CODES: &str = "Exit codes: 0 success, 1 a step failed, 2 invalid command line";

fn help(commands: &[&Command]) -> String {
    let mut text = String::from(
        "Build, test and measure the workspace.\n\nUsage: cargo xtask COMMAND [OPTIONS]\n\n",
    );
    text.push_str("Commands:\n");
    let width = commands.iter().map(|command| command.name.len()).max().unwrap_or(0).max(8);
    for command in commands {
        let _ = writeln!(text, "  {:<width$} {}", command.name, command.summary);
    }
    let help = "Show the options and examples of a command";
    let _ = write!(text, "  {:<width$} {help}\n\nExamples:\n", "help");
    for command in commands {
        let _ = writeln!(text, "  cargo xtask {}", command.examples[0]);
    }
    text + "\n" + EXIT_CODES
}

/// Returns `, did you mean …?` for the nearest candidate, or nothing if none is near.
fn did_you_mean(word: &str, candidates: impl Iterator<Item = &'static str>) -> String {
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .min()
        .filter(|(edits, candidate)| edits * 2 <= candidate.trim_start_matches('-').len())
        .map_or_else(String::new, |(_, candidate)| format!(", did you mean `{candidate}`?"))
}

/// Returns the edit distance (insertions, deletions, replacements) of two words.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    const BENCH: Command = Command {
        name: "bench",
        operands: "[FILTER]",
        operands_max: 1,
        passes_on: false,
        summary: "Measure",
        options: &[
            Opt { name: "--quick", value: "", help: "less" },
            Opt { name: "--out", value: "DIR", help: "there" },
        ],
        examples: &["bench record"],
        run: |_, _| Ok(()),
    };
    const TEST: Command = Command { name: "test", options: &[], passes_on: true, ..BENCH };

    fn parsed(line: &str) -> Result<Flags, String> {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        match parse(&[&BENCH, &TEST], &args)? {
            Request::Help(text) => Err(text),
            Request::Run(_, flags) => Ok(flags),
        }
    }

    #[test]
    fn options_operands_and_rest_are_distinguished() {
        let flags = parsed("bench --quick ring --out here").unwrap();
        assert_eq!((flags.has("--quick"), flags.value("--out")), (true, Some("here")));
        assert_eq!(flags.operands, ["ring"]);
        assert_eq!(parsed("bench --out=a --out=b").unwrap().value("--out"), Some("b"));
        let flags = parsed("test codec -- --help --exact").unwrap();
        assert_eq!((flags.operands, flags.rest.len()), (vec!["codec".to_owned()], 2));
    }

    #[test]
    fn invalid_command_lines_get_messages_with_the_remedy() {
        let cases = [
            (
                "tets",
                "unknown command `tets`, did you mean `test`?; run `cargo xtask help` for the list",
            ),
            ("zzz", "unknown command `zzz`; run `cargo xtask help` for the list"),
            (
                "bench --quik",
                "`bench` has no option `--quik`, did you mean `--quick`?; \
                 usage: cargo xtask bench [--quick] [--out DIR] [FILTER]",
            ),
            ("bench --out", "`--out` needs DIR"),
            ("bench --quick=1", "`--quick` takes no value"),
            (
                "bench a b",
                "unexpected argument `b`; usage: cargo xtask bench [--quick] [--out DIR] [FILTER]",
            ),
            ("bench -- a", "`bench` takes no arguments after `--`"),
        ];
        for (line, message) in cases {
            assert_eq!(parsed(line).unwrap_err(), message, "{line}");
        }
    }

    #[test]
    fn help_is_printed_for_each_spelling() {
        for line in ["", "help", "--help", "-h"] {
            assert!(parsed(line).unwrap_err().contains("\nCommands:\n  bench    Measure\n"));
        }
        for line in ["help bench", "bench --help", "bench --quick -h"] {
            assert!(parsed(line).unwrap_err().contains("\n  --out DIR    there\n"), "{line}");
        }
    }

    #[test]
    fn former_name_finds_the_command() {
        let mutants = Command { name: "mutants", ..TEST };
        let found = find(&[&BENCH, &mutants], "faults").map(|command| command.name);
        assert_eq!(found, Ok("mutants"));
    }

    #[test]
    fn distance_is_the_number_of_single_edits() {
        let cases = [("", "", 0), ("ci", "", 2), ("demo", "deom", 2), ("bench", "benches", 2)];
        for (from, to, edits) in cases {
            assert_eq!(distance(from, to), edits, "{from} to {to}");
        }
    }
}
