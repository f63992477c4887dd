//! A comparison as one object of JSON.

use std::io::{self, Write};

use facade::codec::Field;
use serde::{Serialize, Serializer};

use super::{Comparison, Row};
use crate::comparison::{ALPHA, Figure, Sample, Verdict};
use crate::stat::{Stat, float};

/// Up to here, a float without a fraction is an exact integer.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

#[derive(Serialize)]
struct Document<'c> {
    /// What the sample consists of.
    sample: &'static str,
    files: [usize; 2],
    /// Of the whole result, and of one interval.
    level: f64,
    level_of_interval: f64,
    intervals: usize,
    min_change: Number,
    assumes: &'static str,
    actions: Vec<Action<'c>>,
}

#[derive(Serialize)]
struct Action<'c> {
    action: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
    verdict: Option<&'static str>,
    count: [u64; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<[Option<f64>; 2]>,
    figures: Vec<FigureOf<'c>>,
}

#[derive(Serialize)]
struct FigureOf<'c> {
    stat: &'c str,
    before: Number,
    after: Number,
    /// A fraction: 0.1 is 10 % more.
    change: Option<Number>,
    /// Instead of a fraction: from zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Number>,
    interval: Option<[Number; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before_interval: Option<[Number; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after_interval: Option<[Number; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
    #[serde(skip_serializing_if = "is_false")]
    approximate: bool,
    verdict: Option<&'static str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A number as all results have it: `150`, not `150.0`, and `null` if it is missing or infinite.
struct Number(Field<'static>);

impl From<f64> for Number {
    fn from(float: f64) -> Self {
        Self(Field::Float(float))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Field::Integer(integer) => serializer.serialize_u64(integer),
            Field::Float(float) if float.fract() == 0.0 && float.abs() < EXACT_MAX => {
                serializer.serialize_i64(float as i64)
            }
            Field::Float(float) if float.is_finite() => serializer.serialize_f64(float),
            _ => serializer.serialize_none(),
        }
    }
}

/// Writes the comparison and a line end.
pub(super) fn write(output: &mut dyn Write, comparison: &Comparison<'_>) -> io::Result<()> {
    let (sample, assumes) = match comparison.comparer.sample {
        Sample::Records => ("records", "independent records"),
        Sample::Files => ("files", "independent files"),
    };
    let rows = comparison.order.shown(&comparison.rows, true).into_iter();
    let document = Document {
        sample,
        files: comparison.files,
        level: 1.0 - ALPHA,
        level_of_interval: comparison.level(),
        intervals: comparison.judged,
        min_change: comparison.comparer.rule.min_change.into(),
        assumes,
        actions: rows.map(|row| action(comparison, row)).collect(),
    };
    serde_json::to_writer(&mut *output, &document)?;
    output.write_all(b"\n")
}

fn action<'c>(comparison: &'c Comparison<'_>, row: &'c Row<'_>) -> Action<'c> {
    let is_timed = comparison.seconds.iter().any(Option::is_some);
    let figures = comparison.stats.iter().zip(&row.figures);
    Action {
        action: row.action.name,
        unit: comparison.unit.map(|unit| unit.symbol()),
        verdict: row.verdict.map(Verdict::name),
        count: row.action.counts(),
        rate: is_timed.then(|| comparison.rates(&row.action)),
        figures: figures.map(|(stat, of)| figure(comparison, stat, of)).collect(),
    }
}

fn figure<'c>(comparison: &Comparison<'_>, stat: &'c Stat, figure: &Figure) -> FigureOf<'c> {
    let from_zero = (figure.change.is_none() && float(&figure.before).is_some())
        .then(|| float(&figure.after))
        .flatten();
    let side =
        |at: usize| figure.sides.map(|sides| [sides[at].from, sides[at].to].map(Number::from));
    FigureOf {
        stat: stat.name(),
        before: Number(figure.before),
        after: Number(figure.after),
        change: figure.change.map(Number::from),
        difference: from_zero.map(Number::from),
        interval: figure.interval.map(|ends| ends.map(Number::from)),
        before_interval: side(0),
        after_interval: side(1),
        p: figure.p,
        approximate: *stat == Stat::Mean && comparison.comparer.sample == Sample::Records,
        verdict: figure.verdict.map(Verdict::name),
    }
}
