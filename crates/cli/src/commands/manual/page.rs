//! A manual page with the standard sections.
//!
//! The `after_long_help` of a command has prose, `Examples:` and `Exit codes:`. The library puts it
//! into one filled section, where examples run into each other. Here each part is a section.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

const EXAMPLES: &str = "Examples:";
const CODES: &str = "Exit codes:";

/// Returns the page of a command.
pub(super) fn page(command: Command) -> Vec<u8> {
    let after = command.get_after_long_help().map(|after| after.to_string()).unwrap_or_default();
    let has_commands = command.has_subcommands();
    let man = Man::new(command).source(concat!("windrow ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    let library = [
        Man::render_title,
        Man::render_name_section,
        Man::render_synopsis_section,
        Man::render_description_section,
    ];
    let parts = Parts::of(&after);
    let written = library.into_iter().try_for_each(|render| render(&man, &mut text));
    let written = written.and_then(|()| prose(parts.prose).to_writer(&mut text));
    let written = written.and_then(|()| prose(parts.rest).to_writer(&mut text));
    let written = written.and_then(|()| man.render_options_section(&mut text));
    let written = written.and_then(|()| match has_commands {
        true => man.render_subcommands_section(&mut text),
        false => Ok(()),
    });
    let written = written.and_then(|()| examples(parts.examples).to_writer(&mut text));
    let written = written.and_then(|()| codes(parts.codes).to_writer(&mut text));
    written.expect("writing to a vector succeeds");
    text
}

/// The parts of the help after the options.
#[derive(Debug, Default, PartialEq)]
struct Parts<'a> {
    prose: &'a str,
    examples: &'a str,
    codes: &'a str,
    /// Prose after the codes.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (prose, rest) = text.split_once(EXAMPLES).unwrap_or((text, ""));
        let (examples, rest) = rest.split_once(CODES).unwrap_or((rest, ""));
        let (codes, rest) = rest.split_once("\n\n").unwrap_or((rest, ""));
        Self { prose, examples, codes, rest }
    }
}

/// Formats filled paragraphs.
fn prose(text: &str) -> Roff {
    let mut roff = Roff::new();
    for paragraph in text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()) {
        roff.control("PP", []);
        roff.text([roman(paragraph.replace('\n', " "))]);
    }
    roff
}

/// Formats lines as they are.
fn examples(text: &str) -> Roff {
    let mut roff = Roff::new();
    if text.trim().is_empty() {
        return roff;
    }
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}

/// Formats a list of codes: `0 success, 1 failure`, or a line each.
fn codes(text: &str) -> Roff {
    let mut roff = Roff::new();
    let codes = split(text);
    if codes.is_empty() {
        return roff;
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in codes {
        roff.control("TP", []);
        roff.text([bold(code)]);
        roff.text([roman(meaning)]);
    }
    roff
}

/// Splits a text into codes and their meanings.
fn split(text: &str) -> Vec<(String, String)> {
    let begins = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    let mut parts: Vec<String> = Vec::new();
    let is_list = text.starts_with('\n');
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<_> = match is_list {
        true => text.lines().map(str::trim).filter(|line| !line.is_empty()).collect(),
        false => joined.trim_end_matches('.').split(", ").collect(),
    };
    for line in lines {
        match parts.last_mut() {
            // A meaning may contain a comma.
            Some(part) if !begins(line) => *part = format!("{part}, {line}"),
            _ => parts.push(line.to_owned()),
        }
    }
    let is_code = |word: &&str| begins(word) || *word == "and";
    let part = |part: String| {
        let code: Vec<_> = part.split_whitespace().take_while(is_code).collect();
        let meaning: Vec<_> = part.split_whitespace().skip_while(is_code).collect();
        (code.join(" "), meaning.join(" "))
    };
    parts.into_iter().filter(|part| !part.is_empty()).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = split(text);
        let found: Vec<_> =
            found.iter().map(|(code, meaning)| (code.as_str(), meaning.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn codes_are_read_from_a_line_or_a_list() {
        check("", &[]);
        check(
            " 0 done, 1 could not be done, or\nnot all, 2 usage, 129 and 143 ended.",
            &[
                ("0", "done"),
                ("1", "could not be done, or not all"),
                ("2", "usage"),
                ("129 and 143", "ended"),
            ],
        );
        check(
            "\n  0    done, all of it\n  130  Ctrl-C: what was known\n",
            &[("0", "done, all of it"), ("130", "Ctrl-C: what was known")],
        );
    }

    #[test]
    fn parts_are_found_by_their_headings() {
        let text = "Some prose.\n\nExamples:\n  windrow\n\nExit codes: 0 done.\n\nThe rest.";
        let parts = Parts::of(text);
        assert_eq!(
            (parts.prose, parts.codes, parts.rest),
            ("Some prose.\n\n", " 0 done.", "The rest.")
        );
        assert_eq!(parts.examples, "\n  windrow\n\n");
        assert_eq!(Parts::of("Only prose."), Parts { prose: "Only prose.", ..Parts::default() });
    }
}
