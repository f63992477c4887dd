//! A comparison as a table for people: on a terminal, and in Markdown.

use std::fmt::Write as _;

use facade::codec::{Field, visible};

use super::{Comparison, Row};
use crate::comparison::{Estimate, Figure, Sample, Verdict, float, relative};
use crate::fail_if::signed_percent;
use crate::output::figures::Figures;
use crate::output::render::{grouped, rate};
use crate::output::table::Table;
use crate::stat::Stat;

/// The mark of figures whose interval is approximate.
const APPROXIMATE: &str = " ≈";
/// The columns after the name, in order.
const TITLES: [&str; 7] = ["figure", "before", "after", "change", "interval", "p", "verdict"];
/// The columns that are omitted on a narrow terminal, in this order.
const OMITTED: [&str; 2] = ["p", "interval"];

/// A line of a table: the name of the action in its first line, and the other columns.
struct Line {
    name: String,
    cells: [String; TITLES.len()],
}

/// Formats the comparison for a terminal with a width, or for a file.
pub(super) fn table(comparison: &Comparison<'_>, columns: Option<usize>) -> String {
    let lines = lines(comparison);
    let mut table = Table::default();
    table.names("action", lines.iter().map(|line| &line.name));
    for (index, title) in titles(comparison) {
        table.column(title, lines.iter().map(|line| &line.cells[index]));
    }
    for title in OMITTED {
        if !table.fits(columns) {
            table.remove(title);
        }
    }
    table.fit(columns);
    let mut text = if lines.is_empty() { String::new() } else { format!("{table}\n") };
    for note in notes(comparison) {
        let note = columns.map_or_else(|| note.clone(), |columns| textwrap::fill(&note, columns));
        // Writing to a string succeeds.
        let _ = writeln!(text, "{note}");
    }
    text
}

/// Formats the comparison as a table in Markdown.
pub(super) fn markdown(comparison: &Comparison<'_>) -> String {
    let titles: Vec<_> = titles(comparison).collect();
    let mut text = String::new();
    if !comparison.rows.is_empty() {
        let header: Vec<_> = titles.iter().map(|(_, title)| *title).collect();
        let dashes = vec!["---:"; titles.len() - 1].join(" | ");
        let _ = writeln!(text, "| action | {} |\n| --- | --- | {dashes} |", header.join(" | "));
    }
    for Line { name, cells } in lines(comparison) {
        let name = if name.is_empty() { name } else { code(&name) };
        let cells: Vec<_> = titles
            .iter()
            .map(|&(index, title)| match title {
                "verdict" => emphasized(&cells[index]),
                _ => cells[index].clone(),
            })
            .collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    for note in notes(comparison) {
        let _ = writeln!(text, "\n{note}");
    }
    text.trim_start().to_owned()
}

/// Returns a name as code of Markdown, which no character of it can leave.
fn code(name: &str) -> String {
    let longest = name.split(|other| other != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    // A column ends at a bar, in code too.
    format!("{fence}{space}{}{space}{fence}", name.replace('|', "\\|"))
}

fn emphasized(verdict: &str) -> String {
    let is_change = [Verdict::Slower, Verdict::Faster, Verdict::Mixed]
        .iter()
        .any(|change| change.name() == verdict);
    if is_change { format!("**{verdict}**") } else { verdict.to_owned() }
}

/// Returns the titles of the columns that the comparison has, with their numbers.
fn titles(comparison: &Comparison<'_>) -> impl Iterator<Item = (usize, &'static str)> {
    let is_of_files = comparison.is_of_files();
    TITLES.into_iter().enumerate().filter(move |(_, title)| is_of_files || *title != "p")
}

/// Returns all lines: for each action its counts with the verdict, then its figures.
fn lines(comparison: &Comparison<'_>) -> Vec<Line> {
    let total = |row: &&Row<'_>| -> f64 {
        row.action.sides.iter().flatten().map(|kept| kept.0.sum()).sum()
    };
    let mut rows: Vec<_> = comparison.rows.iter().collect();
    // As the table of `stats`: by total, descending; equal ones in order of appearance.
    rows.sort_by(|one, two| total(two).total_cmp(&total(one)));
    rows.into_iter().flat_map(|row| lines_of(comparison, row)).collect()
}

fn lines_of(comparison: &Comparison<'_>, row: &Row<'_>) -> Vec<Line> {
    let verdict = row.verdict.map_or("-", Verdict::name).to_owned();
    let counts = row.action.counts();
    let is_of_both = row.action.is_of_both();
    let plain = |name: &str, cells: [Option<String>; 2], change: Option<f64>| {
        let [before, after] = cells.map(|cell| cell.unwrap_or_else(|| "-".into()));
        let change = change.filter(|_| is_of_both).map(signed_percent).unwrap_or_default();
        [name.into(), before, after, change, String::new(), String::new(), String::new()]
    };
    let change = relative(counts[0] as f64, counts[1] as f64);
    let cells = counts.map(|count| Some(count).filter(|count| *count > 0).map(grouped));
    let mut first = plain("count", cells, change);
    first[TITLES.len() - 1] = verdict;
    let mut lines = vec![Line { name: visible(row.action.name.as_bytes()), cells: first }];
    let mut push = |cells| lines.push(Line { name: String::new(), cells });
    if comparison.seconds.iter().any(Option::is_some) {
        let rates = comparison.rates(&row.action);
        let change = rates[0].zip(rates[1]).and_then(|(before, after)| relative(before, after));
        push(plain("rate", rates.map(|it| it.map(|it| format!("{}/s", rate(it)))), change));
    }
    for (stat, figure) in comparison.stats.iter().zip(&row.figures) {
        push(figure_cells(comparison, stat, figure));
    }
    lines
}

fn figure_cells(
    comparison: &Comparison<'_>,
    stat: &Stat,
    figure: &Figure,
) -> [String; TITLES.len()] {
    let figures = Figures::new(comparison.unit);
    let is_approximate = *stat == Stat::Mean && comparison.comparer.sample == Sample::Records;
    let mark = if is_approximate { APPROXIMATE } else { "" };
    let value = |side: usize, value: &Field<'_>| {
        let estimate = figure.sides.filter(|_| comparison.is_of_files()).map(|sides| sides[side]);
        let reach = estimate.map(reach).unwrap_or_default();
        format!("{}{reach}", figures.value(stat, value))
    };
    let interval = figure.interval.map(|[from, to]| {
        let (from, to) = (signed_percent(from), signed_percent(to));
        format!("{} … {to}", from.trim_end_matches(" %"))
    });
    [
        format!("{}{mark}", stat.name()),
        value(0, &figure.before),
        value(1, &figure.after),
        change(figure, figures),
        interval.unwrap_or_default(),
        figure
            .p
            .map(|p| if p < 0.0005 { "< 0.001".into() } else { format!("{p:.3}") })
            .unwrap_or_default(),
        figure.verdict.map_or_else(String::new, |verdict| verdict.name().to_owned()),
    ]
}

/// Formats the half width of an interval as a part of its value.
fn reach(Estimate { value, from, to }: Estimate) -> String {
    match (value - from).max(to - value) / value {
        reach if reach.is_finite() => format!(" ± {:.0} %", (reach * 100.0).ceil()),
        _ => String::new(),
    }
}

/// Formats a change as a percentage, or from zero as a difference.
fn change(figure: &Figure, figures: Figures) -> String {
    match (figure.change, float(&figure.before), float(&figure.after)) {
        (Some(change), ..) => signed_percent(change),
        (None, Some(_), Some(0.0)) => "0".to_owned(),
        (None, Some(_), Some(after)) => format!("+{}", figures.time(after)),
        _ => String::new(),
    }
}

/// Returns what is to be known about the table: a summary, the level and the assumptions.
fn notes(comparison: &Comparison<'_>) -> Vec<String> {
    let verdicts: Vec<_> = comparison
        .verdicts()
        .map(|(verdict, number)| format!("{} {verdict}", grouped(number as u64)))
        .collect();
    let mut notes = vec![match verdicts.is_empty() {
        true if comparison.rows.is_empty() => "No actions.".to_owned(),
        true => "No action has a verdict.".to_owned(),
        false => format!("Actions: {}.", verdicts.join(", ")),
    }];
    if comparison.judged > 0 {
        notes.push(level(comparison));
    }
    let [before, after] = comparison.files;
    notes.push(match comparison.comparer.sample {
        Sample::Records => "Assumes independent records: bursts make intervals too narrow. Means \
                            (≈) are approximate."
            .to_owned(),
        Sample::Files => format!(
            "Medians of the figures of {before} and {after} files, and a rank test (p). Assumes \
             independent files."
        ),
    });
    notes
}

/// Describes the level of the table and of its intervals.
fn level(comparison: &Comparison<'_>) -> String {
    let all = "Level: 95 % for the table";
    match comparison.judged {
        1 => format!("{all}, which has one interval."),
        judged => {
            let of_one = format!("{:.3}", comparison.level() * 100.0);
            let of_one = of_one.trim_end_matches('0').trim_end_matches('.');
            format!("{all}, {of_one} % for each of {} intervals.", grouped(judged as u64))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_code_of_markdown() {
        for (name, expected) in
            [("GET /a", "`GET /a`"), ("a|b", "`a\\|b`"), ("a`b", "`` a`b ``"), ("``", "``` `` ```")]
        {
            assert_eq!(code(name), expected);
        }
    }

    #[test]
    fn reach_is_the_larger_side_in_percent() {
        let reach = |value, from, to| super::reach(Estimate { value, from, to });
        assert_eq!(reach(100.0, 90.0, 101.0), " ± 10 %");
        assert_eq!(reach(100.0, 99.9, 100.2), " ± 1 %");
        assert_eq!(reach(0.0, 0.0, 0.0), "");
    }
}
