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

    /// Returns whether the condition is about an action of this name.
    pub(crate) fn is_about(&self, name: &str) -> bool {
        self.name.as_deref().is_none_or(|wanted| is_match(wanted, name))
    }

    /// Describes that none of these names is that of the condition.
    pub(crate) fn no_action<'n>(&self, names: impl Iterator<Item = &'n str>) -> String {
        let wanted = self.name.as_deref().unwrap_or_default();
        let near = nearest(wanted, names);
        format!("no such action `{}`{near}", visible(wanted.as_bytes()))
    }

    /// Returns whether the condition is about an action and holds for its statistic.
    pub(crate) fn holds(&self, name: &str, value: Field<'static>, unit: Option<Unit>) -> bool {
        let compared = || self.compare(&value.into(), unit);
        self.is_about(name) && compared().is_some_and(|(ordering, _)| self.operator.holds(ordering))
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
        let mut named = rows.iter().filter(|row| self.is_about(name(row))).peekable();
        if named.peek().is_none() {
            return vec![self.no_action(rows.iter().map(&name))];
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
mod tests;
