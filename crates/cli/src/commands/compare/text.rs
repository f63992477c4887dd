//! A comparison as a table for people: on a terminal, and in Markdown.

use std::fmt::Write as _;

use facade::codec::{Field, visible};

use super::{Comparison, Row};
use crate::comparison::{Estimate, Figure, Sample, Verdict, relative};
use crate::fail_if::signed_percent;
use crate::output::figures::Figures;
use crate::output::render::{grouped, rate};
use crate::output::table::Table;
use crate::stat::{Stat, float};

/// The mark of figures whose interval is approximate.
const APPROXIMATE: &str = " ≈";
/// The column of the names of figures, in Markdown.
const FIGURE: &str = "figure";
/// The columns after the name, in order.
const TITLES: [&str; 7] = [FIGURE, "before", "after", "change", "interval", "p", "verdict"];
/// The columns that are omitted on a narrow terminal, in this order.
const OMITTED: [&str; 2] = ["p", "interval"];

/// A line of a table: the name of the action in its first line, and the other columns.
struct Line {
    name: String,
    cells: [String; TITLES.len()],
}

impl Line {
    /// Returns the name of the action, or the figure as a part of it.
    fn label(&self) -> String {
        if self.name.is_empty() { format!("  {}", self.cells[0]) } else { self.name.clone() }
    }
}

/// Formats the comparison for a terminal with a width, or for a file.
pub(super) fn table(comparison: &Comparison<'_>, columns: Option<usize>) -> String {
    let lines = lines(comparison);
    let mut table = Table::default();
    table.names("action", lines.iter().map(Line::label));
    // The label has the figure, so that it stays next to its numbers in a table that is split.
    for (index, title) in titles(comparison).filter(|(_, title)| *title != FIGURE) {
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

/// Returns all lines: for each action its verdict, then its count and its figures.
fn lines(comparison: &Comparison<'_>) -> Vec<Line> {
    let rows = comparison.order.shown(&comparison.rows, false);
    rows.into_iter().flat_map(|row| lines_of(comparison, row)).collect()
}

fn lines_of(comparison: &Comparison<'_>, row: &Row<'_>) -> Vec<Line> {
    let mut first: [String; TITLES.len()] = Default::default();
    first[TITLES.len() - 1] = row.verdict.map_or("-", Verdict::name).to_owned();
    let mut lines = vec![Line { name: visible(row.action.name.as_bytes()), cells: first }];
    let mut push = |cells| lines.push(Line { name: String::new(), cells });
    let counts = row.action.counts();
    let is_of_both = row.action.is_of_both();
    let plain = |name: &str, cells: [Option<String>; 2], change: Option<f64>| {
        let [before, after] = cells.map(|cell| cell.unwrap_or_else(|| "-".into()));
        let change = change.filter(|_| is_of_both).map(signed_percent).unwrap_or_default();
        [name.into(), before, after, change, String::new(), String::new(), String::new()]
    };
    let change = relative(counts[0] as f64, counts[1] as f64);
    let cells = counts.map(|count| Some(count).filter(|count| *count > 0).map(grouped));
    push(plain("count", cells, change));
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
    [
        format!("{}{mark}", stat.name()),
        value(0, &figure.before),
        value(1, &figure.after),
        change(figure, figures),
        figure.interval.map(interval).unwrap_or_default(),
        figure
            .p
            .map(|p| if p < 0.0005 { "< 0.001".into() } else { format!("{p:.3}") })
            .unwrap_or_default(),
        figure.verdict.map_or_else(String::new, |verdict| verdict.name().to_owned()),
    ]
}

/// Formats an interval of a relative change: `-7.0 … +6.9 %`.
fn interval([from, to]: [f64; 2]) -> String {
    let (from, to) = (signed_percent(from), signed_percent(to));
    format!("{} … {to}", from.trim_end_matches(" %"))
}

/// Formats the verdict on a figure with its interval, if it has them.
pub(super) fn verdict_with_interval(figure: &Figure) -> Option<String> {
    let verdict = figure.verdict?;
    let interval = figure.interval.map(|ends| format!(", interval {}", interval(ends)));
    Some(format!("{verdict}{}", interval.unwrap_or_default()))
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
    let shown = comparison.order.shown(&comparison.rows, false).len();
    if shown < comparison.rows.len() {
        let [shown, all] = [shown, comparison.rows.len()].map(|number| grouped(number as u64));
        notes[0].push_str(&format!(" The first {shown} of {all} are shown."));
    }
    if comparison.judged > 0 {
        notes.push(level(comparison));
    }
    let [before, after] = comparison.files;
    notes.push(match comparison.comparer.sample {
        Sample::Records => {
            let has_mean = comparison.stats.contains(&Stat::Mean);
            let means = if has_mean { " Means (≈) are approximate." } else { "" };
            format!("Assumes independent records: bursts make intervals too narrow.{means}")
        }
        Sample::Files => format!(
            "Medians of the figures of {before} and {after} files, and a rank test (p). Assumes \
             independent files."
        ),
    });
    if comparison.is_of_files() && comparison.has_too_few() {
        notes.push(
            "Too few files for the level of each interval: add files, or compare fewer figures."
                .to_owned(),
        );
    }
    notes
}

/// Describes the level of the table and of its intervals.
fn level(comparison: &Comparison<'_>) -> String {
    let all = "Level: 95 % for the table";
    match comparison.judged {
        1 => format!("{all}, which has one interval."),
        judged => {
            let of_one = level_of_one(comparison.comparer.alpha);
            format!("{all}, {of_one} % for each of {} intervals.", grouped(judged as u64))
        }
    }
}

/// Formats a level in percent, with as many digits as its distance from 100 % needs.
fn level_of_one(alpha: f64) -> String {
    let percent = alpha * 100.0;
    let zeros = (-percent.log10()).floor().clamp(0.0, 12.0) as usize;
    let text = format!("{:.*}", zeros + 3, 100.0 - percent);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
    fn level_of_many_intervals_is_not_100_percent() {
        for (intervals, expected) in
            [(1.0, "95"), (4.0, "98.75"), (7.0, "99.286"), (400.0, "99.9875"), (2e4, "99.99975")]
        {
            assert_eq!(level_of_one(0.05 / intervals), expected);
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
