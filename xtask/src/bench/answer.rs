//! What a contestant found, to be compared with what the others did before anybody sees a time.
//!
//! Counts have to be equal. Others add floats up, one after the other, so their means are compared
//! to within what that may be off; a table for people is compared to within its digits.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::contestant::Form;

/// By how much of itself a mean may be off: ten million additions, each by half a unit at most,
/// come to less.
const ROUNDING: f64 = 1e-8;
/// By how much a number in a table may be off.
const TABLE_ROUNDING: f64 = 0.000_5;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Rows {
        rows: BTreeMap<String, Row>,
        /// How many lines are no actions, by those who tell.
        refused: Option<u64>,
        /// By how much a number may be off that was rounded for people.
        rounding: f64,
    },
    Lines(u64),
    /// What was found is nothing that others find.
    Nothing,
}

/// What was found of an action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    count: u64,
    mean: f64,
    min: f64,
    max: f64,
}

impl Answer {
    /// Reads what a contestant wrote, and what it complained of.
    pub(crate) fn read(form: Form, output: &str, errors: &str) -> anyhow::Result<Self> {
        let (rows, rounding) = match form {
            Form::Bytes => return Ok(Self::Nothing),
            Form::Lines => {
                let count = output.split_whitespace().next().and_then(|word| word.parse().ok());
                return Ok(Self::Lines(count.context("no number of lines")?));
            }
            Form::Json => (of_json(output, "")?, 0.0),
            Form::JsonOfTime => (of_json(output, "time_")?, 0.0),
            Form::Table => (of_table(output)?, TABLE_ROUNDING),
        };
        Ok(Self::Rows { rows, refused: refused(errors), rounding })
    }

    /// Checks that all lines of the input were found, taken or refused.
    ///
    /// Who does not say how many are refused has left out as many as others are `known` to refuse.
    pub(crate) fn check_lines(&self, lines: u64, known: Option<u64>) -> anyhow::Result<()> {
        let found = match self {
            Self::Rows { rows, refused, .. } => {
                let refused = refused.or(known).unwrap_or_default();
                rows.values().map(|row| row.count).sum::<u64>() + refused
            }
            Self::Lines(found) => *found,
            Self::Nothing => lines,
        };
        ensure!(found == lines, "{found} lines were found, not {lines}");
        Ok(())
    }

    /// How many lines are no actions, if that is told.
    pub(crate) fn refused(&self) -> Option<u64> {
        match self {
            Self::Rows { refused, .. } => *refused,
            _ => None,
        }
    }

    /// Checks that another found the same of each action.
    pub(crate) fn check_same(&self, other: &Self) -> anyhow::Result<()> {
        let (
            Self::Rows { rows, refused, rounding },
            Self::Rows { rows: others, refused: other_refused, rounding: other_rounding },
        ) = (self, other)
        else {
            return Ok(());
        };
        let rounding = rounding.max(*other_rounding);
        for (action, row) in rows {
            let theirs = others.get(action).with_context(|| format!("no `{action}`"))?;
            row.check_same(theirs, rounding).with_context(|| format!("`{action}` differs"))?;
        }
        let more = others.keys().find(|action| !rows.contains_key(*action));
        ensure!(more.is_none(), "`{}` besides", more.map_or("", String::as_str));
        if let (Some(mine), Some(theirs)) = (refused, other_refused) {
            ensure!(mine == theirs, "{theirs} lines refused, expected {mine}");
        }
        Ok(())
    }
}

impl Row {
    fn check_same(&self, other: &Self, rounding: f64) -> anyhow::Result<()> {
        ensure!(other.count == self.count, "count is {}, expected {}", other.count, self.count);
        for (name, mine, theirs) in [
            ("mean", self.mean, other.mean),
            ("min", self.min, other.min),
            ("max", self.max, other.max),
        ] {
            let off = (mine - theirs).abs();
            ensure!(off <= rounding + mine.abs() * ROUNDING, "{name} is {theirs}, expected {mine}");
        }
        Ok(())
    }
}

/// Reads objects: an array, or one after the other.
fn of_json(output: &str, prefix: &str) -> anyhow::Result<BTreeMap<String, Row>> {
    let mut rows = BTreeMap::new();
    for value in serde_json::Deserializer::from_str(output).into_iter::<Value>() {
        let value = value.context("the answer is no JSON")?;
        let objects = match value {
            Value::Array(objects) => objects,
            object => vec![object],
        };
        for object in objects {
            let action = object["action"].as_str().context("a row without `action`")?;
            let field = |name: &str| &object[format!("{prefix}{name}")];
            let number = |name: &str| {
                field(name).as_f64().with_context(|| format!("`{action}` has no `{name}`"))
            };
            let row = Row {
                count: number("count")? as u64,
                mean: field("avg").as_f64().map_or_else(|| number("mean"), Ok)?,
                min: number("min")?,
                max: number("max")?,
            };
            rows.insert(action.to_owned(), row);
        }
    }
    Ok(rows)
}

/// Reads a table in which numbers end where their headings do.
fn of_table(output: &str) -> anyhow::Result<BTreeMap<String, Row>> {
    let mut lines = output.lines();
    let head = lines.next().context("no table")?;
    let end = |name: &str| {
        let at = head.find(&format!(" {name} ")).with_context(|| format!("no column `{name}`"))?;
        Ok::<_, anyhow::Error>(at + 1 + name.len())
    };
    let (count, mean, min) = (end("count")?, end("mean")?, end("min")?);
    let (p99, max) = (end("p99")?, end("max")?);
    let mut rows = BTreeMap::new();
    for line in lines {
        let number = |from: usize, to: usize| {
            let text = line.get(from..to).unwrap_or_default().trim();
            text.parse::<f64>().with_context(|| format!("`{text}` is no number"))
        };
        // A name has no column that it ends with: the count is the word after it.
        let (action, counted) = line
            .get(..count)
            .and_then(|start| start.trim_end().rsplit_once(' '))
            .with_context(|| format!("`{line}` has no count"))?;
        let row = Row {
            count: counted.parse().with_context(|| format!("`{counted}` is no count"))?,
            mean: number(count, mean)?,
            min: number(mean, min)?,
            max: number(p99, max)?,
        };
        rows.insert(action.trim_end().to_owned(), row);
    }
    Ok(rows)
}

/// Finds `… 1,234 of 10,000 lines refused …` or `1234 lines refused`; `Some(0)` is not told so.
fn refused(errors: &str) -> Option<u64> {
    let line = errors.lines().find(|line| line.contains(" refused"))?;
    let number =
        line.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    number?.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
action       count      mean  min   p50   p99   max  distribution
barrel roll    249  2427.261    3  2451  4938  4991  ▁  ▁▁▂▄█
jump             1  9.5        9    95    95    95  █
";
    const LINES: &str =
        r#"{"action":"barrel roll","avg":2427.2610001,"count":249,"min":3,"max":4991}"#;

    fn read(form: Form, output: &str) -> Answer {
        Answer::read(form, output, "windrow: 1,001 of 9,999 lines refused and not counted:")
            .unwrap()
    }

    #[test]
    fn forms_say_the_same() {
        let table: String = TABLE.lines().take(2).map(|line| format!("{line}\n")).collect();
        let json = read(Form::Json, LINES);
        let array = read(Form::Json, &format!("[{LINES}]"));
        let of_time = LINES.replace("avg", "time_mean").replace("\"m", "\"time_m");
        let of_time = read(Form::JsonOfTime, &of_time.replace("count", "time_count"));
        json.check_same(&array).unwrap();
        json.check_same(&of_time).unwrap();
        json.check_same(&read(Form::Table, &table)).unwrap();
        assert_eq!(json.refused(), Some(1_001));
        assert_eq!(read(Form::Lines, "12 a.ndjson\n"), Answer::Lines(12));
    }

    #[test]
    fn difference_is_named() {
        let expected = read(Form::Json, LINES);
        let cases = [
            ("249", "250", "`barrel roll` differs: count is 250, expected 249"),
            (
                "2427.2610001",
                "2427.262",
                "`barrel roll` differs: mean is 2427.262, expected 2427.2610001",
            ),
            ("4991", "4990", "`barrel roll` differs: max is 4990, expected 4991"),
            ("barrel roll", "jump", "no `barrel roll`"),
        ];
        for (from, to, message) in cases {
            let other = read(Form::Json, &LINES.replace(from, to));
            assert_eq!(format!("{:#}", expected.check_same(&other).unwrap_err()), message);
        }
        let both = format!("{LINES}\n{}", LINES.replace("barrel roll", "jump"));
        let error = expected.check_same(&read(Form::Json, &both)).unwrap_err();
        assert_eq!(error.to_string(), "`jump` besides");
    }

    #[test]
    fn lines_are_all_there() {
        let answer = read(Form::Json, LINES);
        answer.check_lines(1_250, None).unwrap();
        assert!(answer.check_lines(1_249, None).is_err());
        let silent = Answer::read(Form::Json, LINES, "").unwrap();
        silent.check_lines(1_250, Some(1_001)).unwrap();
        assert!(silent.check_lines(1_250, None).is_err());
    }
}
