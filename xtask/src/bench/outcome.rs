//! The runs of a program in a scenario, as a measurement and as a row of a table.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::{Value, json};

use super::contests::{Contender, Measure};
use super::runs::Usage;
use crate::measure::table::Table;
use crate::measure::{Measurement, Role, digits, groups, time};

/// The implementation that the overview of shapes compares with.
const CODEC: &str = "windrow_codec";

/// The runs of one program.
pub(super) struct Outcome<'c> {
    pub(super) contender: Contender<'c>,
    pub(super) runs: Vec<Usage>,
    /// The number of records that it reads.
    pub(super) records: u64,
    /// The size of what it reads, without compression.
    pub(super) plain_bytes: u64,
}

impl Outcome<'_> {
    pub(super) fn measurement(&self) -> anyhow::Result<Measurement> {
        let lines = self.records as f64;
        let time = |usage: &Usage| match self.contender.measure {
            Measure::User => usage.user_ns,
            _ => usage.wall_ns,
        };
        let samples = self.runs.iter().map(|usage| time(usage) / lines).collect();
        let unit = match self.contender.measure {
            Measure::User => "line, user time",
            _ => "line",
        };
        let mut one = Measurement::new(&self.contender.id(), unit, samples, [1, 1])?;
        one.unit_bytes = Some(self.plain_bytes as f64 / lines);
        Ok(one)
    }

    /// Encodes it for a record: as a measurement, with the usage of the process.
    pub(super) fn raw(&self, measurement: &Measurement) -> Value {
        let mut raw = measurement.to_json();
        let cpu: Vec<_> = self.runs.iter().map(|usage| usage.cpu_ns as u64).collect();
        let peaks: Vec<_> = self.runs.iter().map(|usage| usage.peak_bytes).collect();
        raw["cpu_ns_of_all_lines"] = json!(cpu);
        raw["peak_bytes"] = json!(peaks);
        raw
    }

    /// Returns the median processor time of a line.
    fn cpu_ns(&self) -> f64 {
        let of_line = |usage: &Usage| usage.cpu_ns / self.records as f64;
        let mut all: Vec<_> = self.runs.iter().map(of_line).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    }

    /// Returns the maximum peak memory of the runs.
    pub(super) fn peak_bytes(&self) -> u64 {
        self.runs.iter().map(|usage| usage.peak_bytes).max().unwrap_or_default()
    }
}

pub(super) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// Makes a table for each scenario, with the processor time of a line and the peak memory.
pub(super) fn tables(outcomes: &[Outcome<'_>], measured: &[Measurement]) -> Vec<Table> {
    let table = |(name, group): (&str, Vec<&Measurement>)| {
        let used = |program: &str| {
            let is_it = |one: &&Outcome<'_>| {
                one.contender.scenario == name && one.contender.name == program
            };
            let used = outcomes.iter().find(is_it);
            let used = used.map(|one| [time(one.cpu_ns()), mebibytes(one.peak_bytes())]);
            used.unwrap_or_default()
        };
        Table::of_group(name, &group).with(["processor", "memory"], used)
    };
    groups(measured).into_iter().map(table).collect()
}

/// Makes a table with a row for each form of lines and a column for each program.
///
/// The tables of the forms compare with the fastest rival; this one compares with the codec.
pub(super) fn overview(measured: &[Measurement]) -> Table {
    let others: BTreeSet<_> = measured
        .iter()
        .filter(|one| one.role() != Role::Floor && one.implementation() != CODEC)
        .map(Measurement::library)
        .collect();
    let row = |(group, all): (&str, Vec<&Measurement>)| {
        let codec = all.iter().find(|one| one.implementation() == CODEC);
        let multiple = |name: &&str| {
            let other = all.iter().find(|one| one.library() == *name);
            let ratio =
                other.zip(codec).map(|(other, codec)| other.median_ns() / codec.median_ns());
            ratio.map_or("-".to_owned(), digits)
        };
        let first = codec.map_or("-".to_owned(), |one| time(one.median_ns()));
        [group.to_owned(), first].into_iter().chain(others.iter().map(multiple)).collect()
    };
    let head = ["form", CODEC].into_iter().chain(others.iter().copied()).map(str::to_owned);
    let title = "User time of a line, and multiples of it (below 1: faster than the codec)";
    let rows = groups(measured).into_iter().map(row).collect();
    Table::new(title.to_owned(), head.collect(), rows)
}

/// The ratio of the larger input to the smaller one, where memory is measured.
pub(super) const TIMES: u64 = 10;
/// Peaks differ by as much from run to run.
const TOLERANCE_BYTES: u64 = 1 << 20;

/// The peaks of one program: of the smaller and of the larger input.
pub(super) struct Peaks {
    pub(super) name: String,
    pub(super) records: [u64; 2],
    pub(super) bytes: [u64; 2],
}

impl Peaks {
    /// Checks that the peak memory does not grow with the input.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let [small, large] = self.bytes;
        ensure!(
            large <= small + TOLERANCE_BYTES,
            "the peak memory of {} grows with its input: {} and {}",
            self.name,
            mebibytes(small),
            mebibytes(large)
        );
        Ok(())
    }

    /// Shows the peaks of all programs.
    pub(super) fn table(title: String, all: &[Self]) -> Table {
        let head = ["program", "records", "memory", "records", "memory"].map(str::to_owned);
        let row = |Self { name, records: [few, many], bytes: [small, large] }: &Self| {
            let (small, large) = (mebibytes(*small), mebibytes(*large));
            vec![name.clone(), few.to_string(), small, many.to_string(), large]
        };
        Table::new(title, head.into(), all.iter().map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::contests::Contests;
    use super::super::contests::tests::matching;
    use super::*;
    use crate::measure::record::Kind;
    use crate::measure::tests::measured;

    fn outcomes(contests: &Contests, kind: Kind, walls_ns: [f64; 3]) -> Vec<Outcome<'_>> {
        let (_, contenders) = contests.of(kind, &matching("/common")).remove(0);
        let outcome = |(contender, wall_ns)| {
            let usage = Usage {
                wall_ns,
                cpu_ns: wall_ns / 2.0,
                user_ns: wall_ns / 4.0,
                peak_bytes: 3 << 20,
            };
            let (records, plain_bytes) = (1_000_000, 33_000_000);
            Outcome { contender, runs: vec![usage; 3], records, plain_bytes }
        };
        contenders.into_iter().zip(walls_ns).map(outcome).collect()
    }

    #[test]
    fn forms_of_lines_are_compared_by_user_time() {
        let contests = Contests::read().unwrap();
        let of_shape = outcomes(&contests, Kind::Shapes, [4e8; 3]);
        let measured = of_shape[0].measurement().unwrap();
        assert_eq!((&*measured.id, measured.median_ns()), ("shapes/common/windrow_codec", 100.0));
        let text = tables(&of_shape, &[measured])[0].markdown();
        assert!(text.starts_with("## shapes/common, per line, user time\n"), "{text}");
    }

    #[test]
    fn table_has_time_work_memory_and_ratios() {
        let contests = Contests::read().unwrap();
        let outcomes = outcomes(&contests, Kind::E2e, [4e8, 1e8, 4e9]);
        let measured: Vec<_> = outcomes.iter().map(|one| one.measurement().unwrap()).collect();
        let text = tables(&outcomes, &measured)[0].markdown();
        let rows = [
            "implementation|median|spread|to floor_wc|to rival_duckdb|GB/s|processor|memory",
            "floor_wc|100 ns|100 ns to 100 ns|-|40.0x faster|0.33|50.0 ns|3.0 MiB",
            "windrow_means|400 ns|400 ns to 400 ns|4.00x slower|10.0x faster|0.08|200 ns|3.0 MiB",
            "rival_duckdb|4.00 µs|4.00 µs to 4.00 µs|40.0x slower|-|0.01|2.00 µs|3.0 MiB",
        ];
        assert!(text.starts_with("## e2e/common_threads_01, per line\n"), "{text}");
        for row in rows {
            let row = format!("| {} |", row.replace('|', " | "));
            assert!(text.lines().any(|line| line == row), "{row}\n{text}");
        }
        let raw = outcomes[0].raw(&measured[0]);
        assert_eq!(raw["peak_bytes"][2], 3 << 20);
        assert_eq!(Measurement::from_json(&raw).unwrap(), measured[0]);
    }

    #[test]
    fn overview_compares_all_programs_with_the_codec() {
        let times = [
            ("shapes/a/windrow_codec", 100.0),
            ("shapes/a/floor_newlines", 1.0),
            ("shapes/a/rival_sonic_rs", 150.0),
            ("shapes/a/rival_simdjson", 50.0),
            ("shapes/b/rival_simdjson", 50.0),
        ];
        let text = overview(&times.map(|(id, ns)| measured(id, ns, ns))).markdown();
        let rows: Vec<_> = text.lines().skip(2).collect();
        let expected = [
            "| form | windrow_codec | simdjson | sonic_rs |",
            "| --- | ---: | ---: | ---: |",
            "| shapes/a | 100 ns | 0.50 | 1.50 |",
            "| shapes/b | - | - | - |",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn growth_of_memory_is_refused_and_named() {
        let peaks = |large| Peaks {
            name: "windrow_csv".to_owned(),
            records: [1, 10],
            bytes: [5 << 20, large],
        };
        peaks(6 << 20).check().unwrap();
        let error = peaks((6 << 20) + 1).check().unwrap_err().to_string();
        let expected = "the peak memory of windrow_csv grows with its input: 5.0 MiB and 6.0 MiB";
        assert_eq!(error, expected);
    }
}
