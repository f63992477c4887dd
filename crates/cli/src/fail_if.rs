//! Conditions of `--fail-if`, for jobs that must notice a slow action.
//!
//! A condition is read from the right, where no part can be mistaken for another: the value, the
//! operator, the statistic. So the name of an action may contain colons and operators.

use std::cmp::Ordering;
use std::str::FromStr;

use facade::Unit;
use facade::codec::{Field, Quantity, visible};
use thiserror::Error;

use crate::diagnostics::{self, BAD};
use crate::exit::Exit;
use crate::options::STATISTICS_OPTIONS;
use crate::output::names::nearest;
use crate::output::render::Styled;
use crate::stat::{self, Dimension, Stat};

/// From here on, numbers are written with an exponent.
const LONG: f64 = 1e15;

/// The option for conditions.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct FailIfArgs {
    /// Exit with 4 if a statistic of an action is beyond a value: 'p99 > 250ms'
    ///
    /// CONDITION is a statistic, one of > >= < <=, and a number with or without a unit. It applies
    /// to all actions, or to those with a name, in which `*` stands for any text:
    /// 'GET /cart*: p99 > 250ms'. Failing actions are printed to standard error. The result is
    /// written in any case. No action at all, or none with the name, fails too. Can be repeated.
    #[arg(long, value_name = "CONDITION", value_parser = FailIf::from_str)]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    fail_if: Vec<FailIf>,
}

/// A condition under which the program fails.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FailIf {
    /// As typed.
    text: String,
    /// The name of the actions, all without it.
    name: Option<String>,
    stat: Stat,
    operator: Operator,
    value: Threshold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Operator {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Threshold {
    Value(Quantity),
    /// A relative change: 0.1 for `+10%`.
    Change(f64),
}

/// Why a text is not a condition.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum FailIfError {
    #[error("no operator, expected a condition such as `p99 > 250ms` or `checkout: mean >= 80`")]
    Operator,
    #[error("{0}")]
    Stat(String),
    #[error("{0}")]
    Value(String),
    #[error("`{0}` has no unit, expected a number without one")]
    Unit(String),
    #[error("name before `: ` is empty, expected an action, or a condition without a name")]
    Name,
    #[error("percentage needs a sign and digits, such as `+10%` or `-2.5%`")]
    Percentage,
    #[error("a change needs two inputs, expected a value, such as `p99 > 250ms`")]
    Change,
}

impl FromStr for FailIf {
    type Err = FailIfError;

    fn from_str(text: &str) -> Result<Self, FailIfError> {
        // A value has none of these, so the last one is part of the operator.
        let (left, right) = text.rsplit_once(['<', '>']).ok_or(FailIfError::Operator)?;
        let is_greater = text[left.len()..].starts_with('>');
        let (value, or_equal) = match right.strip_prefix('=') {
            Some(value) => (value, true),
            None => (right, false),
        };
        let operator = match (is_greater, or_equal) {
            (true, false) => Operator::Greater,
            (true, true) => Operator::GreaterOrEqual,
            (false, false) => Operator::Less,
            (false, true) => Operator::LessOrEqual,
        };
        let (name, stat) = match left.rsplit_once(": ") {
            Some((name, stat)) => (Some(name.trim()), stat.trim()),
            None => (None, left.trim()),
        };
        if name == Some("") {
            return Err(FailIfError::Name);
        }
        let of_stat = |error: stat::UnknownStat| {
            FailIfError::Stat(format!("`{}` is not a statistic, {error}", visible(stat.as_bytes())))
        };
        let stat: Stat = stat.parse().map_err(of_stat)?;
        let value = threshold(value.trim())?;
        match &value {
            Threshold::Value(value) if value.has_unit() && stat.dimension() != Dimension::Time => {
                return Err(FailIfError::Unit(stat.name().to_owned()));
            }
            _ => {}
        }
        Ok(Self { text: text.to_owned(), name: name.map(str::to_owned), stat, operator, value })
    }
}

fn threshold(text: &str) -> Result<Threshold, FailIfError> {
    if let Some(percent) = text.strip_suffix('%') {
        let percent = percent.trim_end();
        let digits = percent.strip_prefix(['+', '-']).ok_or(FailIfError::Percentage)?;
        let change = stat::fraction(digits).ok_or(FailIfError::Percentage)?;
        return Ok(Threshold::Change(if percent.starts_with('-') { -change } else { change }));
    }
    let quantity = Quantity::parse(text).map_err(|error| FailIfError::Value(error.to_string()))?;
    // What cannot be compared later is refused now.
    quantity.to_time(None).map_err(|error| FailIfError::Value(error.to_string()))?;
    Ok(Threshold::Value(quantity))
}

/// A statistic of an action.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) value: Field<'static>,
    /// The relative change, if two inputs are compared and both have the action.
    pub(crate) change: Option<f64>,
    /// What a message adds to the change.
    pub(crate) detail: Option<String>,
}

impl From<Field<'static>> for Found {
    fn from(value: Field<'static>) -> Self {
        Self { value, change: None, detail: None }
    }
}

impl FailIfArgs {
    /// Returns the statistics that are needed.
    pub(crate) fn stats(&self) -> impl Iterator<Item = &Stat> {
        self.fail_if.iter().map(|condition| &condition.stat)
    }

    /// Checks that no condition is on a change, because there is one input.
    ///
    /// # Errors
    ///
    /// The exit code of the command. The first such condition is reported.
    pub(crate) fn check_values(&self) -> Result<(), Exit> {
        match self.fail_if.iter().find(|it| matches!(it.value, Threshold::Change(_))) {
            None => Ok(()),
            Some(condition) => {
                diagnostics::report(format_args!(
                    "`--fail-if '{}'` is about a change, expected a value\n  \
                     `windrow compare` compares two inputs",
                    condition.shown()
                ));
                Err(Exit::Misused)
            }
        }
    }

    /// Checks that times have a unit, if a condition has one.
    ///
    /// # Errors
    ///
    /// The exit code of the command. The first such condition is reported.
    pub(crate) fn check_unit(&self, unit: Option<Unit>) -> Result<(), Exit> {
        match self.fail_if.iter().find(|it| it.has_unit()) {
            Some(condition) if unit.is_none() => {
                diagnostics::report(format_args!(
                    "`--fail-if '{}'` has a unit, and the times have none, no result\n  \
                     add `--unit` for those without",
                    condition.shown()
                ));
                Err(Exit::Misused)
            }
            _ => Ok(()),
        }
    }

    /// Reports the rows for which a condition holds, and returns the exit code.
    pub(crate) fn judge<R>(
        &self,
        rows: &[R],
        name: impl Fn(&R) -> &str,
        found: impl Fn(&R, &Stat) -> Found,
        unit: Option<Unit>,
    ) -> Exit {
        let mut exit = Exit::Done;
        for condition in &self.fail_if {
            let failures = condition.failures(rows, &name, &found, unit);
            for failure in &failures {
                let condition = condition.shown();
                diagnostics::report(format_args!(
                    "{}: {failure} (`--fail-if '{condition}'`)",
                    Styled(BAD, "failed")
                ));
                exit = Exit::Beyond;
            }
        }
        exit
    }
}

impl FailIf {
    /// Parses a condition on the values of one input.
    ///
    /// # Errors
    ///
    /// As for any condition, and [`FailIfError::Change`] for one on a change.
    pub(crate) fn on_value(text: &str) -> Result<Self, FailIfError> {
        let condition: Self = text.parse()?;
        match condition.value {
            Threshold::Value(_) => Ok(condition),
            Threshold::Change(_) => Err(FailIfError::Change),
        }
    }

    pub(crate) fn stat(&self) -> &Stat {
        &self.stat
    }

    /// Returns whether the threshold has a unit.
    pub(crate) fn has_unit(&self) -> bool {
        matches!(&self.value, Threshold::Value(value) if value.has_unit())
    }

    /// Returns whether the condition is about an action and holds for its statistic.
    pub(crate) fn holds(&self, name: &str, value: Field<'static>, unit: Option<Unit>) -> bool {
        let is_named = self.name.as_deref().is_none_or(|wanted| is_match(wanted, name));
        let compared = || self.compare(&value.into(), unit);
        is_named && compared().is_some_and(|(ordering, _)| self.operator.holds(ordering))
    }

    /// Returns the condition as it was typed, as printable characters.
    pub(crate) fn shown(&self) -> String {
        visible(self.text.as_bytes())
    }

    /// Describes each row for which the condition holds, or why it cannot be judged.
    fn failures<R>(
        &self,
        rows: &[R],
        name: impl Fn(&R) -> &str,
        found: impl Fn(&R, &Stat) -> Found,
        unit: Option<Unit>,
    ) -> Vec<String> {
        if rows.is_empty() {
            return vec!["no action was measured".into()];
        }
        let wanted = self.name.as_deref();
        let matches = |row: &&R| wanted.is_none_or(|wanted| is_match(wanted, name(row)));
        let mut named = rows.iter().filter(matches).peekable();
        if named.peek().is_none() {
            let wanted = wanted.unwrap_or_default();
            let near = nearest(wanted, rows.iter().map(&name));
            return vec![format!("no such action `{}`{near}", visible(wanted.as_bytes()))];
        }
        let (mut failures, mut is_judged) = (Vec::new(), false);
        for row in named {
            let found = found(row, &self.stat);
            let Some((ordering, shown)) = self.compare(&found, unit) else { continue };
            is_judged = true;
            if self.operator.holds(ordering) {
                let (name, stat) = (visible(name(row).as_bytes()), self.stat.name());
                failures.push(format!("{stat} of `{name}` is {shown}"));
            }
        }
        if !is_judged {
            let what = if let Threshold::Change(_) = self.value { "change of " } else { "" };
            let figure = format!("{what}{}", self.stat.name());
            failures.push(match wanted {
                Some(wanted) => format!("`{}` has no {figure}", visible(wanted.as_bytes())),
                None => format!("no action has a {figure}"),
            });
        }
        failures
    }

    /// Compares a figure with the threshold, and formats it; `None` for a missing figure.
    fn compare(&self, found: &Found, unit: Option<Unit>) -> Option<(Ordering, String)> {
        match &self.value {
            Threshold::Change(threshold) => {
                let change = found.change?;
                let detail = found.detail.as_ref().map(|detail| format!(", {detail}"));
                let shown = format!("{}{}", signed_percent(change), detail.unwrap_or_default());
                Some((change.total_cmp(threshold), shown))
            }
            Threshold::Value(threshold) => {
                if found.value == Field::Missing {
                    return None;
                }
                let threshold = threshold.to_time(unit).ok()?;
                let ordering = stat::compare(&found.value, &Some(threshold).into());
                Some((ordering, exactly(&self.stat, &found.value, unit)))
            }
        }
    }
}

/// Formats a value with all digits, because rounded ones may be on the other side of the threshold.
fn exactly(stat: &Stat, value: &Field<'_>, unit: Option<Unit>) -> String {
    let number = match *value {
        Field::Integer(integer) => integer.to_string(),
        Field::Float(float) if float >= LONG => format!("{float:e}"),
        Field::Float(float) => float.to_string(),
        _ => String::new(),
    };
    match unit.filter(|_| stat.dimension() == Dimension::Time) {
        Some(unit) => format!("{number} {unit}"),
        None => number,
    }
}

/// Formats a relative change with a sign and one decimal: `+12.3 %`.
pub(crate) fn signed_percent(change: f64) -> String {
    match change {
        f64::INFINITY => "+∞".to_owned(),
        _ => {
            let text = format!("{:+.1} %", change * 100.0);
            // A change that is rounded to zero has no direction.
            if matches!(&*text, "+0.0 %" | "-0.0 %") { "0.0 %".to_owned() } else { text }
        }
    }
}

/// Returns whether a name is the pattern, in which `*` stands for any text.
fn is_match(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut parts = rest.split('*');
    let end = parts.next_back().unwrap_or_default();
    for part in parts {
        // The first place leaves the most for the others.
        let Some((_, after)) = name.split_once(part) else { return false };
        name = after;
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parsed(text: &str) -> FailIf {
        text.parse().unwrap()
    }

    #[test]
    fn conditions_are_read_from_the_right() {
        for (text, name, stat) in [
            ("p99 > 250ms", None, "p99"),
            ("p99>250ms", None, "p99"),
            (" mean  >= 1.5 ", None, "mean"),
            ("checkout: mean < 80", Some("checkout"), "mean"),
            ("a: b: count <= 8", Some("a: b"), "count"),
            ("a:b: count <= 8", Some("a:b"), "count"),
            ("a > b: p50 < 8", Some("a > b"), "p50"),
            ("p99 > 1: max > 2s", Some("p99 > 1"), "max"),
            ("GET /cart*: p99.9 > +10%", Some("GET /cart*"), "p99.9"),
        ] {
            let condition = parsed(text);
            assert_eq!((condition.name.as_deref(), condition.stat.name()), (name, stat), "{text}");
        }
        assert_eq!(parsed("p50 > +10%").value, Threshold::Change(0.1));
        assert_eq!(parsed("p50 < -2.5 %").value, Threshold::Change(-0.025));
        let operators =
            [">", ">=", "<", "<="].map(|operator| parsed(&format!("max {operator} 1")).operator);
        use Operator::{Greater, GreaterOrEqual, Less, LessOrEqual};
        assert_eq!(operators, [Greater, GreaterOrEqual, Less, LessOrEqual]);
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        assert_eq!(text.parse::<FailIf>().unwrap_err().to_string(), expected, "{text}");
    }

    #[test]
    fn other_texts_are_refused_with_what_to_do() {
        let operator =
            "no operator, expected a condition such as `p99 > 250ms` or `checkout: mean >= 80`";
        check_refused("", operator);
        check_refused("p99 = 5", operator);
        let stats = "expected count, total, share, mean, min, max, stddev, variance, median, \
                     or a quantile from p0 to p100";
        check_refused("checkout:p99 > 5", &format!("`checkout:p99` is not a statistic, {stats}"));
        check_refused("> 5", &format!("`` is not a statistic, {stats}"));
        check_refused(
            ": p99 > 5",
            "name before `: ` is empty, expected an action, or a condition without a name",
        );
        check_refused("count > 5ms", "`count` has no unit, expected a number without one");
        let percentage = "percentage needs a sign and digits, such as `+10%` or `-2.5%`";
        for text in ["p99 > 10%", "p99 > +%", "p99 > +1e2%", "p99 > +inf%", "p99 > --1%"] {
            check_refused(text, percentage);
        }
        for text in ["p99 >", "p99 > ms", "p99 > -5", "p99 > 1,5s", "p99 >= "] {
            assert!(matches!(text.parse::<FailIf>(), Err(FailIfError::Value(_))), "{text}");
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, name, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*", "a", true),
            ("a*", "abc", true),
            ("a*", "ba", false),
            ("*c", "abc", true),
            ("*c", "abcd", false),
            ("a*c", "ac", true),
            ("a*a", "a", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("*b*b*", "ab", false),
            ("*b*b*", "abb", true),
            ("a**c", "abc", true),
        ] {
            assert_eq!(is_match(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[track_caller]
    fn check(condition: &str, unit: Option<Unit>, rows: &[(&str, Found)], expected: &[&str]) {
        let found = parsed(condition).failures(rows, |row| row.0, |row, _| row.1.clone(), unit);
        assert_eq!(found, expected, "{condition}");
    }

    #[test]
    fn each_failing_row_is_named_with_its_figure() {
        let found = Found::from;
        let rows = [
            ("run", found(Field::Integer(250))),
            ("jump", found(Field::Float(250.5))),
            ("hop", found(Field::Missing)),
        ];
        let unit = Some(Unit::Milliseconds);
        check("p99 > 250ms", unit, &rows, &["p99 of `jump` is 250.5 ms"]);
        check(
            "p99 >= 0.25s",
            unit,
            &rows,
            &["p99 of `run` is 250 ms", "p99 of `jump` is 250.5 ms"],
        );
        check("p99 < 250", None, &rows, &[]);
        check("p99 <= 250", None, &rows, &["p99 of `run` is 250"]);
        check("*u*: p99 > 1", None, &rows[..1], &["p99 of `run` is 250"]);
        check("hop: p99 > 1", None, &rows, &["`hop` has no p99"]);
        check("jum: p99 > 1", None, &rows, &["no such action `jum`, the nearest is `jump`"]);
        check("p99 > 1", None, &rows[2..], &["no action has a p99"]);
        check("p99 > 1", None, &[], &["no action was measured"]);
    }

    #[test]
    fn changes_are_compared_with_their_sign() {
        let found = |change| Found { change, ..Field::Integer(1).into() };
        let rows = [("run", found(Some(0.1))), ("new", found(None)), ("hop", found(Some(-0.2)))];
        check("p99 > +10%", None, &rows, &[]);
        check("p99 >= +10%", None, &rows, &["p99 of `run` is +10.0 %"]);
        check("p99 < -19.9%", None, &rows, &["p99 of `hop` is -20.0 %"]);
        check("new: p99 > +10%", None, &rows, &["`new` has no change of p99"]);
        check("p99 > +10%", None, &rows[1..2], &["no action has a change of p99"]);
        let detailed = Found { detail: Some("slower".into()), ..rows[0].1.clone() };
        check("p99 > +1%", None, &[("run", detailed)], &["p99 of `run` is +10.0 %, slower"]);
        assert_eq!(
            [f64::INFINITY, 0.000_4, -0.000_4].map(signed_percent),
            ["+∞", "0.0 %", "0.0 %"]
        );
    }
}
