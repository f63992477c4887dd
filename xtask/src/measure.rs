//! Measurements: what a benchmark found, its spread, and how two of them compare.
//!
//! A benchmark is named `operation/scenario/implementation`. Benchmarks that share the part before
//! the last `/` form a group: every implementation in it does the same work. The beginning of its
//! name gives the role of an implementation: `mutex_*`, `shared_*` and `local_*` are baselines
//! (hand-written code), `floor_*` lower bounds, `rival_*` other libraries or programs, and all
//! others are Windrow. Where another thread disturbs the work, `x_alone` is `x` undisturbed.
//!
//! The spread is the middle 80 % of the samples. A confidence interval of the median would be too
//! narrow: on a shared machine, samples of one run agree better with each other than with the next
//! run.

pub(crate) mod criterion;
pub(crate) mod headline;
pub(crate) mod machine;
pub(crate) mod readme;
pub(crate) mod record;
pub(crate) mod table;

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::{Value, json};

/// Medians that differ by less are the same, however narrow the spreads: runs differ by as much.
pub(crate) const SAME_WITHIN: f64 = 0.02;

/// The result of one benchmark. Times are nanoseconds per `unit` of work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measurement {
    /// `operation/scenario/implementation`.
    pub(crate) id: String,
    /// The unit of work: an element, a byte, a line or a whole iteration.
    pub(crate) unit: String,
    /// The number of bytes in a unit, if the work is on bytes.
    pub(crate) unit_bytes: Option<f64>,
    /// One time per sample; sorted and not empty.
    samples_ns: Vec<f64>,
    /// The minimum and maximum number of iterations in a sample.
    iterations: [u64; 2],
}

/// The role of an implementation in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Hand-written code.
    Baseline,
    /// A lower bound: it does less work than asked, so nothing can be faster.
    Floor,
    /// Another library or program. It may do less work than asked, too.
    Rival,
    /// An implementation of any role that runs undisturbed.
    Alone,
    /// An implementation of Windrow.
    Ours,
}

/// The end of the name of an implementation that runs undisturbed.
const ALONE: &str = "_alone";

/// The beginning of the name of a rival.
const RIVAL: &str = "rival_";

fn role_of(name: &str) -> Role {
    let begins_with = |prefixes: &[&str]| prefixes.iter().any(|p| name.starts_with(p));
    match () {
        () if begins_with(&["mutex_", "shared_", "local_"]) => Role::Baseline,
        () if begins_with(&["floor_"]) => Role::Floor,
        () if begins_with(&[RIVAL]) => Role::Rival,
        () => Role::Ours,
    }
}

impl Measurement {
    /// Collects the samples of a benchmark, at least one.
    pub(crate) fn new(
        id: &str,
        unit: &str,
        mut samples_ns: Vec<f64>,
        iterations: [u64; 2],
    ) -> anyhow::Result<Self> {
        samples_ns.sort_by(f64::total_cmp);
        samples_ns.first().with_context(|| format!("{id} has no samples"))?;
        let (id, unit) = (id.to_owned(), unit.to_owned());
        Ok(Self { id, unit, unit_bytes: None, samples_ns, iterations })
    }

    /// Returns the group, `operation/scenario`.
    pub(crate) fn group(&self) -> &str {
        self.id.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// Returns the name of the implementation.
    pub(crate) fn implementation(&self) -> &str {
        self.id.rsplit_once('/').map_or(&self.id, |(_, name)| name)
    }

    /// Returns the name of the implementation without the prefix of a rival.
    pub(crate) fn library(&self) -> &str {
        let name = self.implementation();
        name.strip_prefix(RIVAL).unwrap_or(name)
    }

    /// Reads the role from the name.
    pub(crate) fn role(&self) -> Role {
        match self.implementation() {
            name if name.ends_with(ALONE) => Role::Alone,
            name => role_of(name),
        }
    }

    /// Says whether this measures code of Windrow, disturbed or not.
    pub(crate) fn is_ours(&self) -> bool {
        let name = self.implementation();
        role_of(name.strip_suffix(ALONE).unwrap_or(name)) == Role::Ours
    }

    /// Says whether this is `other` running undisturbed.
    pub(crate) fn is_undisturbed(&self, other: &Self) -> bool {
        self.implementation().strip_suffix(ALONE) == Some(other.implementation())
    }

    /// Returns the median of the samples.
    pub(crate) fn median_ns(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Returns the throughput by the median, if the work is on bytes.
    pub(crate) fn gigabytes_per_s(&self) -> Option<f64> {
        self.unit_bytes.map(|bytes| bytes / self.median_ns())
    }

    /// Returns the bounds of the middle 80 % of the samples.
    pub(crate) fn spread_ns(&self) -> [f64; 2] {
        [self.quantile(0.1), self.quantile(0.9)]
    }

    /// Says whether neither is measurably faster.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        let ([low, high], [other_low, other_high]) = (self.spread_ns(), other.spread_ns());
        let ratio = self.median_ns() / other.median_ns();
        (low <= other_high && other_low <= high) || (ratio.ln().abs() < SAME_WITHIN.ln_1p())
    }

    /// Renders the comparison with another: `same`, `2.50x faster`, `1.30x slower`.
    pub(crate) fn against(&self, other: &Self) -> String {
        match self.same_as(other) {
            true => "same".to_owned(),
            false => change(self.median_ns() / other.median_ns()),
        }
    }

    fn quantile(&self, part: f64) -> f64 {
        let at = part * (self.samples_ns.len() - 1) as f64;
        let [low, high] = [at.floor(), at.ceil()].map(|index| self.samples_ns[index as usize]);
        low + (high - low) * at.fract()
    }

    /// Encodes it for a record.
    pub(crate) fn to_json(&self) -> Value {
        let [low, high] = self.spread_ns();
        let ns = |x: f64| (x * 1e4).round() / 1e4;
        json!({
            "id": self.id, "unit": self.unit, "unit_bytes": self.unit_bytes,
            "median_ns": ns(self.median_ns()),
            "low_ns": ns(low), "high_ns": ns(high),
            "iterations_min": self.iterations[0], "iterations_max": self.iterations[1],
            "samples_ns": self.samples_ns.iter().map(|&sample| ns(sample)).collect::<Vec<_>>(),
        })
    }

    /// Decodes it from a record.
    pub(crate) fn from_json(json: &Value) -> anyhow::Result<Self> {
        let text = |key: &str| json[key].as_str().with_context(|| format!("no `{key}`"));
        let count = |key: &str| json[key].as_u64().with_context(|| format!("no `{key}`"));
        let samples = json["samples_ns"].as_array().context("no `samples_ns`")?;
        let samples = samples.iter().filter_map(Value::as_f64).collect();
        let iterations = [count("iterations_min")?, count("iterations_max")?];
        let measured = Self::new(text("id")?, text("unit")?, samples, iterations)?;
        Ok(Self { unit_bytes: json["unit_bytes"].as_f64(), ..measured })
    }
}

/// Groups measurements, the fastest first in each group.
pub(crate) fn groups(measured: &[Measurement]) -> BTreeMap<&str, Vec<&Measurement>> {
    let mut groups: BTreeMap<&str, Vec<&Measurement>> = BTreeMap::new();
    for one in measured {
        groups.entry(one.group()).or_default().push(one);
    }
    for group in groups.values_mut() {
        group.sort_by(|a, b| a.median_ns().total_cmp(&b.median_ns()));
    }
    groups
}

/// Renders a time with three digits and a unit: `0.31 ns`, `12.5 µs`.
pub(crate) fn time(ns: f64) -> String {
    let (scale, unit) = match ns {
        ns if ns < 1e3 => (1.0, "ns"),
        ns if ns < 1e6 => (1e3, "µs"),
        ns if ns < 1e9 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    format!("{} {unit}", digits(ns / scale))
}

/// Renders a ratio of times: `2.50x faster` below 1, `1.30x slower` above.
pub(crate) fn change(ratio: f64) -> String {
    match ratio {
        r if r <= 1.0 => format!("{}x faster", digits(1.0 / r)),
        r => format!("{}x slower", digits(r)),
    }
}

/// Renders a number with three digits: `0.31`, `12.5`, `2000`.
pub(crate) fn digits(x: f64) -> String {
    match x {
        x if x < 10.0 => format!("{x:.2}"),
        x if x < 100.0 => format!("{x:.1}"),
        _ => format!("{x:.0}"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Makes a measurement with evenly spaced samples from `low` to `high`.
    pub(crate) fn measured(id: &str, low: f64, high: f64) -> Measurement {
        let samples = (0..=10).map(|i| low + (high - low) * f64::from(i) / 10.0).collect();
        Measurement::new(id, "element", samples, [1, 9]).unwrap()
    }

    #[test]
    fn name_gives_group_implementation_and_role() {
        let one = measured("record/threads_08/mutex_deque", 1.0, 1.0);
        assert_eq!((one.group(), one.implementation()), ("record/threads_08", "mutex_deque"));
        let role = |id| measured(id, 1.0, 1.0).role();
        assert_eq!(["mutex_map", "shared_ring", "local_map"].map(role), [Role::Baseline; 3]);
        assert_eq!(["floor_add", "rival_metrics"].map(role), [Role::Floor, Role::Rival]);
        assert_eq!(["ring", "mutex_ring_alone"].map(role), [Role::Ours, Role::Alone]);
        let [disturbed, alone] = ["ring", "ring_alone"].map(|id| measured(id, 1.0, 1.0));
        assert!(alone.is_undisturbed(&disturbed) && !disturbed.is_undisturbed(&alone));
        assert!(alone.is_ours() && !measured("mutex_ring_alone", 1.0, 1.0).is_ours());
        assert_eq!(measured("a/b/rival_metrics", 1.0, 1.0).library(), "metrics");
    }

    #[test]
    fn spread_is_the_middle_80_percent() {
        let one = measured("a", 10.0, 20.0);
        assert_eq!((one.median_ns(), one.spread_ns()), (15.0, [11.0, 19.0]));
        let two = Measurement::new("a", "element", vec![4.0, 2.0], [1, 1]).unwrap();
        assert_eq!((two.median_ns(), two.spread_ns()), (3.0, [2.2, 3.8]));
        assert!(Measurement::new("a", "element", vec![], [1, 1]).is_err());
    }

    #[test]
    fn ratio_is_claimed_only_outside_the_noise() {
        let cases = [
            ([1.0, 1.1], [10.0, 10.1], "9.57x faster"),
            ([2000.0, 2000.0], [1.0, 1.0], "2000x slower"),
            ([1.0, 3.0], [1.5, 9.0], "same"), // The spreads touch.
            ([100.0, 100.0], [101.9, 101.9], "same"), // Apart, but runs differ by as much.
            ([100.0, 100.0], [102.1, 102.1], "1.02x faster"),
        ];
        for ([a, b], [c, d], text) in cases {
            assert_eq!(measured("a", a, b).against(&measured("b", c, d)), text);
        }
    }

    #[test]
    fn record_form_reads_back() {
        let one = measured("record/one/ring", 0.25, 0.75);
        assert_eq!(Measurement::from_json(&one.to_json()).unwrap(), one);
        let of_bytes = Measurement { unit_bytes: Some(33.5), ..one.clone() };
        assert_eq!(Measurement::from_json(&of_bytes.to_json()).unwrap(), of_bytes);
        assert!(Measurement::from_json(&json!({"id": "a"})).is_err());
    }

    #[test]
    fn times_have_three_digits_and_a_unit() {
        let cases = [
            (0.314, "0.31 ns"),
            (12.34, "12.3 ns"),
            (999.0, "999 ns"),
            (12_340.0, "12.3 µs"),
            (5.6e6, "5.60 ms"),
            (2e9, "2.00 s"),
        ];
        for (ns, text) in cases {
            assert_eq!(time(ns), text);
        }
    }

    #[test]
    fn groups_hold_the_fastest_first() {
        let all = [measured("g/slow", 2.0, 2.0), measured("g/fast", 1.0, 1.0)];
        let order: Vec<_> = groups(&all)["g"].iter().map(|one| one.implementation()).collect();
        assert_eq!(order, ["fast", "slow"]);
    }
}
