//! The runs of a program in a scenario, as a measurement and as a row of a table.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use serde_json::json;

use super::programs::{Form, Program};
use super::rusage::{self, Usage};
use super::scenario::{Scenario, Timing};
use super::tools::{Tool, Tools};
use crate::measure::table::Table;
use crate::measure::{Measurement, Role, groups, time};
use crate::workspace::root;

/// The exit code of `windrow` if it refused lines.
const REFUSED: i64 = 3;

/// The runs of one program.
pub(super) struct Outcome {
    pub(super) scenario: &'static Scenario,
    pub(super) program: &'static Program,
    pub(super) runs: Vec<Usage>,
    /// The number of records that it reads.
    pub(super) records: u64,
    /// The size of its input without compression.
    pub(super) plain_bytes: u64,
    /// The file of its last answer.
    pub(super) output: PathBuf,
}

impl Scenario {
    /// Runs a program once, and writes its answer to `output`.
    pub(super) fn run(
        &self,
        program: &Program,
        tools: &Tools,
        file: &Path,
        output: &Path,
    ) -> anyhow::Result<Usage> {
        let Program { name, tool, form, .. } = program;
        let args = self.args(program, file, &root().join("benches/e2e"));
        let kept = (*form != Form::Bytes).then_some(output);
        let usage = rusage::run(&tools.program(*tool), &args, program.env(self.threads), kept)?;
        let is_done =
            usage.code == Some(0) || (*tool == Tool::Windrow && usage.code == Some(REFUSED));
        if !is_done {
            let errors = fs::read_to_string(output.with_extension("err"));
            let end = match usage.code {
                Some(code) => format!("exit code {code}"),
                None => "a signal".to_owned(),
            };
            bail!("{name} ended with {end}: {}", errors.unwrap_or_default());
        }
        Ok(usage)
    }
}

impl Outcome {
    pub(super) fn measurement(&self) -> anyhow::Result<Measurement> {
        let id = format!("{}/{}", self.scenario.name, self.program.name);
        let lines = self.records as f64;
        let time = |usage: &Usage| match self.scenario.timing {
            Timing::Wall => usage.wall,
            Timing::User => usage.user,
        };
        let samples = self.runs.iter().map(|usage| time(usage).as_nanos() as f64 / lines);
        let mut one = Measurement::new(&id, "line", samples.collect(), [1, 1])?;
        one.unit_bytes = Some(self.plain_bytes as f64 / lines);
        Ok(one)
    }

    /// Encodes it for a record: as a measurement, with the usage of the process.
    pub(super) fn raw(&self, measurement: &Measurement) -> serde_json::Value {
        let mut raw = measurement.to_json();
        let cpu: Vec<_> = self.runs.iter().map(|usage| usage.cpu.as_nanos() as u64).collect();
        raw["cpu_ns_of_all_lines"] = json!(cpu);
        let peaks: Vec<_> = self.runs.iter().map(|usage| usage.peak_bytes).collect();
        raw["peak_bytes"] = json!(peaks);
        raw
    }

    /// Returns the median processor time of the runs.
    fn cpu(&self) -> Duration {
        let mut all: Vec<_> = self.runs.iter().map(|usage| usage.cpu).collect();
        all.sort_unstable();
        all[all.len() / 2]
    }

    /// Returns the maximum peak memory of the runs.
    fn peak(&self) -> Option<u64> {
        self.runs.iter().filter_map(|usage| usage.peak_bytes).max()
    }
}

/// Makes a table for each scenario: time, processor time, memory and ratios of each program.
pub(super) fn tables(outcomes: &[Outcome], measured: &[Measurement]) -> Vec<Table> {
    let table = |(name, group): (&str, Vec<&Measurement>)| {
        let of_group = outcomes.iter().find(|outcome| outcome.scenario.name == name);
        let lines = of_group.map_or(0, |outcome| outcome.records);
        let whole = |ns: f64| time(ns * lines as f64);
        let of = |role| group.iter().copied().filter(move |one| one.role() == role);
        // The slowest floor and the fastest rival.
        let marks: Vec<_> =
            of(Role::Floor).next_back().into_iter().chain(of(Role::Rival).next()).collect();
        let timing = of_group.map_or(Timing::Wall, |outcome| outcome.scenario.timing);
        let time_head = if timing == Timing::User { "user time" } else { "time" };
        let mut head: Vec<String> = ["program", time_head, "spread", "processor", "memory", "GB/s"]
            .map(str::to_owned)
            .into();
        head.extend(marks.iter().map(|mark| format!("to {}", mark.implementation())));
        let rows = group.iter().map(|one| {
            let of_one = |outcome: &&Outcome| {
                one.id == format!("{}/{}", outcome.scenario.name, outcome.program.name)
            };
            let outcome = outcomes.iter().find(of_one);
            let [low, high] = one.spread_ns().map(whole);
            let cpu = outcome.map(|outcome| time(outcome.cpu().as_nanos() as f64));
            let peak = outcome.and_then(Outcome::peak);
            let peak = peak.map(|bytes| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)));
            let speed = one.gigabytes_per_s().map(|speed| format!("{speed:.2}"));
            let mut row = vec![
                one.implementation().to_owned(),
                whole(one.median_ns()),
                format!("{low} to {high}"),
            ];
            row.extend([cpu, peak, speed].map(|cell| cell.unwrap_or_else(|| "unknown".to_owned())));
            row.extend(marks.iter().map(|mark| match mark.id == one.id {
                true => "-".to_owned(),
                false => one.against(mark),
            }));
            row
        });
        Table::new(format!("{name}, {lines} lines"), head, rows.collect())
    };
    groups(measured).into_iter().map(table).collect()
}

#[cfg(test)]
mod tests {
    use super::super::scenarios::SCENARIOS;
    use super::super::shapes;
    use super::*;

    #[test]
    fn forms_of_lines_are_compared_by_user_time() {
        let scenario = &shapes::SCENARIOS[0];
        let of_shape = Outcome { scenario, program: &scenario.programs[0], ..outcome(0, 400) };
        let measured = of_shape.measurement().unwrap();
        assert_eq!(
            (measured.id.as_str(), measured.median_ns()),
            ("shapes/common/windrow_codec", 100.0)
        );
        assert_eq!(outcome(0, 400).measurement().unwrap().median_ns(), 400.0);
        let text = tables(&[of_shape], &[measured])[0].markdown();
        assert!(text.contains("| program | user time |"), "{text}");
    }

    fn outcome(index: usize, wall_ms: u64) -> Outcome {
        let usage = Usage {
            wall: Duration::from_millis(wall_ms),
            cpu: Duration::from_millis(wall_ms / 2),
            user: Duration::from_millis(wall_ms / 4),
            peak_bytes: Some(3 << 20),
            code: Some(0),
        };
        let scenario = &SCENARIOS[0];
        let program = &scenario.programs[index];
        let (records, plain_bytes) = (1_000_000, 33_000_000);
        let runs = vec![usage; 3];
        Outcome { scenario, program, runs, records, plain_bytes, output: PathBuf::new() }
    }

    #[test]
    fn table_has_time_work_memory_and_ratios() {
        let outcomes = [outcome(0, 400), outcome(1, 100), outcome(2, 4_000)];
        let measured: Vec<_> = outcomes.iter().map(|one| one.measurement().unwrap()).collect();
        let text = tables(&outcomes, &measured)[0].markdown();
        let rows = [
            "program|time|spread|processor|memory|GB/s|to floor_wc|to rival_duckdb",
            "floor_wc|100 ms|100 ms to 100 ms|50.0 ms|3.0 MiB|0.33|-|40.0x faster",
            "windrow_means|400 ms|400 ms to 400 ms|200 ms|3.0 MiB|0.08|4.00x slower|10.0x faster",
            "rival_duckdb|4.00 s|4.00 s to 4.00 s|2.00 s|3.0 MiB|0.01|40.0x slower|-",
        ];
        assert!(text.starts_with("## e2e/common_threads_01, 1000000 lines\n"), "{text}");
        for row in rows {
            let row = format!("| {} |", row.replace('|', " | "));
            assert!(text.lines().any(|line| line == row), "{row}\n{text}");
        }
        let raw = outcomes[0].raw(&measured[0]);
        assert_eq!(raw["peak_bytes"][2], 3 << 20);
        assert_eq!(Measurement::from_json(&raw).unwrap(), measured[0]);
    }
}
