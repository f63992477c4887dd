//! The answers of programs, which are compared before any time is shown.
//!
//! Counts must be equal. Other programs add floats one by one, so their means are compared within
//! the rounding error of that.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::contests::{Form, Program};

/// The relative error allowed in a mean: the rounding of ten million additions stays below it.
const ROUNDING: f64 = 1e-8;
/// The difference allowed in quantiles of many values, as a share of their range.
const ESTIMATE_ERROR: f64 = 0.01;

/// The answer of a program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Rows {
        rows: BTreeMap<String, Row>,
        /// The number of refused lines, if the program reports it.
        refused: Option<u64>,
    },
    Sums(Sums),
    Lines(u64),
    /// Output that is not compared.
    Nothing,
}

/// The statistics of one action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    count: u64,
    mean: f64,
    min: f64,
    max: f64,
    /// Estimates of the median and the 99th percentile, if the program prints them.
    quantiles: Option<[f64; 2]>,
}

/// The totals of all lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sums {
    accepted: u64,
    refused: u64,
    name_bytes: u64,
    time: f64,
}

impl Answer {
    /// Reads an answer from standard output and standard error.
    pub(super) fn read(program: &Program, output: &str, errors: &str) -> anyhow::Result<Self> {
        Ok(match program.answer {
            Form::Bytes => Self::Nothing,
            Form::Sums => Self::Sums(Sums::of_json(output)?),
            Form::Lines => {
                let count = output.split_whitespace().next().and_then(|word| word.parse().ok());
                Self::Lines(count.context("no number of lines")?)
            }
            Form::Json => {
                let rows = of_json(output, &program.names, &program.prefix)?;
                Self::Rows { rows, refused: refused(errors) }
            }
        })
    }

    /// Checks that accepted and refused lines add up to the lines of the input.
    ///
    /// For a program that does not report refused lines, the `known` number of another is used.
    pub(crate) fn check_lines(&self, lines: u64, known: Option<u64>) -> anyhow::Result<()> {
        let found = match self {
            Self::Rows { rows, refused } => {
                let refused = refused.or(known).unwrap_or_default();
                rows.values().map(|row| row.count).sum::<u64>() + refused
            }
            Self::Sums(sums) => sums.accepted + sums.refused,
            Self::Lines(found) => *found,
            Self::Nothing => lines,
        };
        ensure!(found == lines, "{found} lines were found, expected {lines}");
        Ok(())
    }

    /// Returns the number of refused lines, if the program reports it.
    pub(crate) fn refused(&self) -> Option<u64> {
        match self {
            Self::Rows { refused, .. } => *refused,
            _ => None,
        }
    }

    /// Returns the totals of all lines, and the relative error allowed in the sum of times.
    fn sums(&self) -> Option<(Sums, f64)> {
        match self {
            Self::Sums(sums) => Some((*sums, 0.0)),
            Self::Rows { rows, refused } => {
                let none = Sums { accepted: 0, refused: 0, name_bytes: 0, time: 0.0 };
                let mut sums = Sums { refused: refused.unwrap_or_default(), ..none };
                for (action, row) in rows {
                    sums.accepted += row.count;
                    sums.name_bytes += row.count * action.len() as u64;
                    sums.time += row.count as f64 * row.mean;
                }
                Some((sums, ROUNDING))
            }
            Self::Lines(_) | Self::Nothing => None,
        }
    }

    /// Checks that another answer has the same statistics for each action, or the same totals.
    pub(crate) fn check_same(&self, other: &Self) -> anyhow::Result<()> {
        if let (Self::Sums(_), _) | (_, Self::Sums(_)) = (self, other) {
            let (Some(mine), Some(theirs)) = (self.sums(), other.sums()) else { return Ok(()) };
            return mine.0.check_same(&theirs.0, mine.1.max(theirs.1));
        }
        let (Self::Rows { rows, refused }, Self::Rows { rows: others, refused: other_refused }) =
            (self, other)
        else {
            return Ok(());
        };
        for (action, row) in rows {
            let theirs = others.get(action).with_context(|| format!("no `{action}`"))?;
            row.check_same(theirs).with_context(|| format!("`{action}` differs"))?;
        }
        let more = others.keys().find(|action| !rows.contains_key(*action));
        ensure!(more.is_none(), "unexpected `{}`", more.map_or("", String::as_str));
        if let (Some(mine), Some(theirs)) = (refused, other_refused) {
            ensure!(mine == theirs, "{theirs} lines refused, expected {mine}");
        }
        Ok(())
    }
}

impl Row {
    fn check_same(&self, other: &Self) -> anyhow::Result<()> {
        ensure!(other.count == self.count, "count is {}, expected {}", other.count, self.count);
        for (name, mine, theirs) in [
            ("mean", self.mean, other.mean),
            ("min", self.min, other.min),
            ("max", self.max, other.max),
        ] {
            let off = (mine - theirs).abs();
            ensure!(off <= mine.abs() * ROUNDING, "{name} is {theirs}, expected {mine}");
        }
        if let Some((mine, theirs)) = self.quantiles.zip(other.quantiles) {
            // Of few values, one estimate may be the value before a gap and another that after it.
            let share = ESTIMATE_ERROR + 2.0 / (self.count as f64).sqrt();
            let allowed = (self.max - self.min) * share;
            for (name, mine, theirs) in [("p50", mine[0], theirs[0]), ("p99", mine[1], theirs[1])] {
                let off = (mine - theirs).abs();
                ensure!(off <= allowed, "{name} is {theirs}, expected about {mine}");
            }
        }
        Ok(())
    }
}

impl Sums {
    fn of_json(output: &str) -> anyhow::Result<Self> {
        let json: Value = serde_json::from_str(output).context("the totals are not JSON")?;
        let count = |name: &str| json[name].as_u64().with_context(|| format!("no `{name}`"));
        Ok(Self {
            accepted: count("accepted")?,
            refused: count("refused")?,
            name_bytes: count("name_bytes")?,
            time: json["time"].as_f64().context("no `time`")?,
        })
    }

    fn check_same(&self, other: &Self, rounding: f64) -> anyhow::Result<()> {
        let counts = |sums: &Self| [sums.accepted, sums.refused, sums.name_bytes];
        let is_same = counts(self) == counts(other)
            && (self.time - other.time).abs() <= self.time.abs() * rounding;
        ensure!(is_same, "the totals are {other:?}, expected {self:?}");
        Ok(())
    }
}

/// Reads objects in an array or in lines.
fn of_json(output: &str, names: &[String], prefix: &str) -> anyhow::Result<BTreeMap<String, Row>> {
    let mut rows = BTreeMap::new();
    for value in serde_json::Deserializer::from_str(output).into_iter::<Value>() {
        let value = value.context("the answer is not JSON")?;
        let objects = match value {
            Value::Array(objects) => objects,
            object => vec![object],
        };
        for object in objects {
            let part = |name: &String| match &object[name] {
                Value::String(text) => Ok(text.clone()),
                Value::Number(number) => Ok(number.to_string()),
                _ => bail!("a row without `{name}`"),
            };
            let action = names.iter().map(part).collect::<anyhow::Result<Vec<_>>>()?.join(" ");
            let field = |name: &str| &object[format!("{prefix}{name}")];
            let number = |name: &str| {
                field(name).as_f64().with_context(|| format!("`{action}` has no `{name}`"))
            };
            let row = Row {
                count: number("count")? as u64,
                mean: field("avg").as_f64().map_or_else(|| number("mean"), Ok)?,
                min: number("min")?,
                max: number("max")?,
                quantiles: field("p50").as_f64().zip(field("p99").as_f64()).map(<[f64; 2]>::from),
            };
            rows.insert(action, row);
        }
    }
    Ok(rows)
}

/// Reads `… 1,234 of 10,000 lines refused …` or `1234 lines refused`.
///
/// No program prints such a line if it refused none, so the result is never `Some(0)`.
fn refused(errors: &str) -> Option<u64> {
    let line = errors.lines().find(|line| line.contains(" refused"))?;
    let number =
        line.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    number?.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str =
        r#"{"action":"barrel roll","avg":2427.2610001,"count":1249,"min":3,"max":4991}"#;

    /// A program whose answers are in a form, which is what a table in the file says.
    fn program(answer: &str) -> Program {
        toml::from_str(&format!("command = \"a\"\n{answer}")).unwrap()
    }

    fn read(answer: &str, output: &str) -> Answer {
        let errors = "windrow: 1,001 of 9,999 lines refused and not counted:";
        Answer::read(&program(answer), output, errors).unwrap()
    }

    #[test]
    fn all_forms_give_the_same_answer() {
        let json = read("", LINES);
        let array = read("", &format!("[{LINES}]"));
        let of_time = LINES.replace("avg", "time_mean").replace("\"m", "\"time_m");
        let of_time = read("prefix = \"time_\"", &of_time.replace("count", "time_count"));
        let parts = LINES.replace(r#""action":"barrel roll""#, r#""a":"barrel","b":"roll""#);
        json.check_same(&read("names = [\"a\", \"b\"]", &parts)).unwrap();
        json.check_same(&array).unwrap();
        json.check_same(&of_time).unwrap();
        assert_eq!(json.refused(), Some(1_001));
        assert_eq!(read("answer = \"lines\"", "12 a.ndjson\n"), Answer::Lines(12));
    }

    #[test]
    fn quantiles_are_compared_as_estimates() {
        let with = |p50: f64, p99: f64| {
            let quantiles = format!(r#","p50":{p50},"p99":{p99}}}"#);
            read("", &LINES.replace('}', &quantiles))
        };
        // A share of 0.01 + 2 / sqrt(1249) of the range of 4,988 is 332.
        let expected = with(2_451.0, 4_938.0);
        expected.check_same(&with(2_782.0, 4_938.0)).unwrap();
        for (wrong, message) in [
            (with(2_784.0, 4_938.0), "p50 is 2784, expected about 2451"),
            (with(2_451.0, 2_451.0), "p99 is 2451, expected about 4938"),
        ] {
            let error = format!("{:#}", expected.check_same(&wrong).unwrap_err());
            assert_eq!(error, format!("`barrel roll` differs: {message}"));
        }
    }

    #[test]
    fn totals_are_compared_with_totals_and_with_rows() {
        let totals = |time: f64| {
            let output =
                format!(r#"{{"accepted":1249,"refused":1001,"name_bytes":13739,"time":{time}}}"#);
            Answer::read(&program("answer = \"sums\""), &output, "").unwrap()
        };
        let rows = read("", LINES);
        let sum = 1_249.0 * 2_427.261_000_1;
        totals(sum).check_same(&rows).unwrap();
        totals(sum).check_same(&totals(sum)).unwrap();
        totals(sum).check_lines(2_250, None).unwrap();
        // Rows allow for rounding, totals do not.
        rows.check_same(&totals(sum * (1.0 + 1e-9))).unwrap();
        assert!(totals(sum).check_same(&totals(sum * (1.0 + 1e-9))).is_err());
        let other = rows.check_same(&totals(sum * 1.001)).unwrap_err().to_string();
        assert!(
            other.starts_with("the totals are Sums { accepted: 1249, refused: 1001"),
            "{other}"
        );
        let longer = read("", &LINES.replace("barrel roll", "barrel rolls"));
        assert!(totals(sum).check_same(&longer).is_err());
    }

    #[test]
    fn difference_is_named() {
        let expected = read("", LINES);
        let cases = [
            ("1249", "1250", "`barrel roll` differs: count is 1250, expected 1249"),
            (
                "2427.2610001",
                "2427.262",
                "`barrel roll` differs: mean is 2427.262, expected 2427.2610001",
            ),
            ("4991", "4990", "`barrel roll` differs: max is 4990, expected 4991"),
            ("barrel roll", "jump", "no `barrel roll`"),
        ];
        for (from, to, message) in cases {
            let other = read("", &LINES.replace(from, to));
            assert_eq!(format!("{:#}", expected.check_same(&other).unwrap_err()), message);
        }
        let both = format!("{LINES}\n{}", LINES.replace("barrel roll", "jump"));
        let error = expected.check_same(&read("", &both)).unwrap_err();
        assert_eq!(error.to_string(), "unexpected `jump`");
    }

    #[test]
    fn lines_add_up() {
        let answer = read("", LINES);
        answer.check_lines(2_250, None).unwrap();
        assert!(answer.check_lines(2_249, None).is_err());
        let silent = Answer::read(&program(""), LINES, "").unwrap();
        silent.check_lines(2_250, Some(1_001)).unwrap();
        assert!(silent.check_lines(2_250, None).is_err());
    }
}
