//! Runs criterion and reads the files that it writes.
//!
//! Criterion writes into a folder of its own, which is emptied first: every file in it is of this
//! run, and the history of a developer in `target/criterion` is not touched.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use xshell::{Cmd, Shell, cmd};

use super::Measurement;
use crate::step;
use crate::workspace::{Workspace, walk};

/// The environment variable that sets the folder of criterion.
const HOME: &str = "CRITERION_HOME";

/// Half a second and 20 samples per benchmark, so that `compare` ends within two minutes.
const QUICK: [&str; 8] = [
    "--warm-up-time",
    "0.1",
    "--measurement-time",
    "0.4",
    "--sample-size",
    "20",
    "--nresamples", // Only the report of criterion uses them, and they take longest.
    "2000",
];

/// Selects the benchmarks and how long each is measured.
pub(crate) struct Plan<'a> {
    /// A regular expression that matches a part of the name; all benchmarks if absent.
    pub(crate) filter: Option<&'a str>,
    /// Measures briefly instead of as long as the benchmarks ask for.
    pub(crate) quick: bool,
}

impl Plan<'_> {
    /// Returns the cargo command, to run and to print.
    pub(crate) fn command<'sh>(&self, sh: &'sh Shell) -> Cmd<'sh> {
        let quick: &[&str] = if self.quick { &QUICK } else { &[] };
        let filter = self.filter;
        cmd!(sh, "cargo bench --package benches --bench windrow -- --noplot {quick...} {filter...}")
    }

    /// Measures quietly; the error shows the end of the output of a failed run.
    pub(crate) fn run(&self, sh: &Shell) -> anyhow::Result<Vec<Measurement>> {
        let home = self.home(sh)?;
        let command = self.command(sh);
        let repeat = command.to_string();
        let (succeeded, output) = step::capture(command.quiet().into())?;
        ensure!(succeeded, "{}\nrepeat: {repeat}", step::last_lines(&output));
        read(&home)
    }

    /// Empties the folder of results and sets it for criterion.
    pub(crate) fn home(&self, sh: &Shell) -> anyhow::Result<PathBuf> {
        let home = Workspace::read(sh)?.target.join("xtask-criterion");
        sh.remove_path(&home)?;
        sh.create_dir(&home)?;
        sh.set_var(HOME, &home);
        Ok(home)
    }
}

const NO_BENCHMARK: &str = "no benchmark ran: the filter matches no name";

/// Reads all results of a run, at least one.
pub(crate) fn read(home: &Path) -> anyhow::Result<Vec<Measurement>> {
    let mut measured = Vec::new();
    for file in walk(home, |_| false)? {
        if file.ends_with("new/benchmark.json") {
            let sample = file.with_file_name("sample.json");
            measured.push(measurement(&json(&file)?, &json(&sample)?)?);
        }
    }
    ensure!(!measured.is_empty(), NO_BENCHMARK);
    Ok(measured)
}

fn json(file: &Path) -> anyhow::Result<Value> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}

/// Converts the total times of samples to nanoseconds per unit of work.
fn measurement(benchmark: &Value, sample: &Value) -> anyhow::Result<Measurement> {
    let id = benchmark["full_id"].as_str().context("a benchmark without `full_id`")?;
    let (unit, count) = unit(&benchmark["throughput"]);
    let list = |key: &str| sample[key].as_array().into_iter().flatten().filter_map(Value::as_f64);
    let samples = list("times").zip(list("iters")).map(|(time, n)| time / (n * count)).collect();
    let iterations =
        [list("iters").fold(f64::INFINITY, f64::min), list("iters").fold(0.0, f64::max)];
    let bytes = benchmark["throughput"]["ElementsAndBytes"]["bytes"].as_f64();
    let measured = Measurement::new(id, unit, samples, iterations.map(|n| n as u64))?;
    Ok(Measurement { unit_bytes: bytes.map(|bytes| bytes / count), ..measured })
}

/// Reads the work of one iteration, such as `{"Elements": 1000}`; one iteration if it is absent.
fn unit(throughput: &Value) -> (&'static str, f64) {
    let names = [("Elements", "element"), ("Bytes", "byte"), ("BytesDecimal", "byte")];
    let both = throughput["ElementsAndBytes"]["elements"].as_f64().map(|n| ("element", n));
    let found = names.iter().find_map(|(key, unit)| throughput[key].as_f64().map(|n| (*unit, n)));
    found.or(both).unwrap_or(("iteration", 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_divided_by_iterations_and_elements() {
        let benchmark = json!({"full_id": "record/one/ring", "throughput": {"Elements": 10}});
        let sample = json!({"iters": [2.0, 4.0], "times": [60.0, 80.0]});
        let one = measurement(&benchmark, &sample).unwrap();
        assert_eq!((one.id.as_str(), one.unit.as_str()), ("record/one/ring", "element"));
        assert_eq!(one.median_ns(), 2.5); // 60 / 20 and 80 / 40.
        assert_eq!(one.iterations, [2, 4]);
    }

    #[test]
    fn bytes_are_divided_by_elements_too() {
        let throughput = json!({"ElementsAndBytes": {"elements": 10, "bytes": 330}});
        let benchmark = json!({"full_id": "decode/one/batch", "throughput": throughput});
        let sample = json!({"iters": [1.0], "times": [110.0]});
        let one = measurement(&benchmark, &sample).unwrap();
        assert_eq!((one.median_ns(), one.unit_bytes), (11.0, Some(33.0)));
        assert_eq!(one.gigabytes_per_s(), Some(3.0));
    }

    #[test]
    fn every_throughput_has_a_unit() {
        assert_eq!(unit(&json!({"Bytes": 64})), ("byte", 64.0));
        assert_eq!(
            unit(&json!({"ElementsAndBytes": {"elements": 3, "bytes": 90}})),
            ("element", 3.0)
        );
        assert_eq!(unit(&Value::Null), ("iteration", 1.0));
    }

    #[test]
    fn benchmark_without_samples_is_refused() {
        assert!(measurement(&json!({"full_id": "a"}), &json!({"iters": [], "times": []})).is_err());
    }
}
