//! Headings and value parsers that options of several commands share.

use std::ffi::OsStr;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, Error, ValueEnum};

use crate::diagnostics;
use crate::exit::Exit;
use crate::stat::Stat;

/// The heading of options about the input.
pub(crate) const INPUT_OPTIONS: &str = "Input options";
/// The heading of options about the fields of records.
pub(crate) const FIELD_OPTIONS: &str = "Field options";
/// The heading of options about the statistics.
pub(crate) const STATISTICS_OPTIONS: &str = "Statistics options";
/// The heading of options about the output.
pub(crate) const OUTPUT_OPTIONS: &str = "Output options";

/// The short form of an output format.
///
/// A command with it sets `default_value_if("json", ArgPredicate::IsPresent, ...)` for its format.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct JsonArg {
    /// Short for `--format json`
    #[arg(long)]
    json: bool,
}

impl JsonArg {
    /// Checks that `--format` does not name another format, and reports it if it does.
    ///
    /// # Errors
    ///
    /// The exit code of the command.
    pub(crate) fn check<F: ValueEnum + PartialEq>(self, format: &F, json: &F) -> Result<(), Exit> {
        let name = |format: &F| format.to_possible_value().map(|value| value.get_name().to_owned());
        if !self.json || format == json {
            return Ok(());
        }
        diagnostics::report(format_args!(
            "`--json` differs from `--format {}`\n  give one of them",
            name(format).unwrap_or_default(),
        ));
        Err(Exit::Misused)
    }
}

/// Checks that records that are only counted are shown by statistics of counts.
///
/// # Errors
///
/// The exit code of the command. The first other statistic is reported.
pub(crate) fn check_counts<'s>(stats: impl IntoIterator<Item = &'s Stat>) -> Result<(), Exit> {
    let is_of_times = |stat: &&Stat| !matches!(stat, Stat::Count | Stat::Share);
    match stats.into_iter().find(is_of_times) {
        None => Ok(()),
        Some(stat) => {
            diagnostics::report(format_args!(
                "`--count-only` reads no value, so that there is no `{}`\n  \
                 use `count` or `share`, or leave out `--count-only`",
                stat.name()
            ));
            Err(Exit::Misused)
        }
    }
}

/// A parser with a list of common values, for shells to complete.
#[derive(Debug, Clone)]
pub(crate) struct Offering<P> {
    parser: P,
    /// Called for completions and messages only.
    values: fn() -> &'static [&'static str],
}

/// Adds a list of common values to a parser that accepts more.
pub(crate) fn offering<P: TypedValueParser>(
    parser: P,
    values: fn() -> &'static [&'static str],
) -> Offering<P> {
    Offering { parser, values }
}

impl<P: TypedValueParser> TypedValueParser for Offering<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, Error> {
        self.parser.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.values)().iter().map(PossibleValue::new)))
    }
}

/// Returns a parser of integers in a range.
///
/// Those of clap report `number would be zero for non-zero type` or `invalid digit found`.
pub(crate) fn integer<N>(range: RangeInclusive<N>) -> impl TypedValueParser<Value = N>
where
    N: Clone + Display + FromStr + PartialOrd + Send + Sync + 'static,
{
    move |text: &str| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("expected an integer from {} to {}", range.start(), range.end())),
    }
}

/// Returns the distinct values of a list, in order of first appearance.
///
/// A repeated value would be written as two equal keys of an object or two samples of one series.
/// Readers refuse or misread both.
pub(crate) fn distinct<T: Clone + PartialEq>(values: &[T]) -> Vec<T> {
    let mut distinct = Vec::new();
    for value in values {
        if !distinct.contains(value) {
            distinct.push(value.clone());
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn statistics_are_distinct_by_value() {
        let cases = [
            ("p95,p95", "p95"),
            ("mean,avg", "mean"),
            ("p50,median", "p50"),
            ("median,count,p50.0,p50,count", "median,count"),
            ("p0,min,p100,max", "p0,min,p100,max"),
            ("p99,p99.9,stddev,variance", "p99,p99.9,stddev,variance"),
        ];
        for (asked, expected) in cases {
            let stats: Vec<Stat> = asked.split(',').map(|name| name.parse().unwrap()).collect();
            let stats = distinct(&stats);
            let found: Vec<_> = stats.iter().map(Stat::name).collect();
            assert_eq!(found.join(","), expected, "{asked}");
        }
    }

    #[test]
    fn windows_are_distinct_by_length() {
        let windows = [1_000, 10_000, 1_000].map(Duration::from_millis);
        assert_eq!(distinct(&windows), windows[..2]);
    }
}
