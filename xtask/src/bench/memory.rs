//! Checks that the peak memory of `windrow` does not grow with its input, whatever the form.

use anyhow::{Context as _, ensure};
use xshell::Shell;

use super::inputs::{Place, warm};
use super::logs::FORMS;
use super::scenario::Scenario;
use super::tools::Tools;
use crate::measure::table::Table;
use crate::step;

/// The name among those of scenarios.
pub(super) const NAME: &str = "logs/memory";
const THREADS: u8 = 2;
/// The ratio of the larger input to the smaller one.
const TIMES: u64 = 10;
/// Peaks differ by as much from run to run.
const TOLERANCE_BYTES: u64 = 1 << 20;

/// The peaks of one program: of the smaller and of the larger input.
pub(super) struct Peaks {
    name: &'static str,
    records: [u64; 2],
    bytes: [u64; 2],
}

/// Runs each program on two inputs.
pub(super) fn measure(
    sh: &Shell,
    place: &Place,
    tools: &Tools,
    lines: u64,
) -> anyhow::Result<Vec<Peaks>> {
    let mut all = Vec::new();
    for program in &FORMS {
        let input = program.input.context("a program without an input")?;
        let scenario = Scenario::new(NAME, input, THREADS, &[]);
        let mut peaks = Peaks { name: program.name, records: [0; 2], bytes: [0; 2] };
        for (at, lines) in [lines / TIMES, lines].into_iter().enumerate() {
            step::show(program.name);
            let file = place.input(sh, tools, &input, lines)?.context("it is not compressed")?;
            warm(&file)?;
            let output = place.folder.join(format!("memory-{}.out", program.name));
            let usage = scenario.run(program, tools, &file, &output)?;
            peaks.records[at] = input.records(lines);
            peaks.bytes[at] = usage.peak_bytes.context("the system reports no memory")?;
        }
        all.push(peaks);
    }
    Ok(all)
}

/// Checks all peaks, and returns the largest as the figure.
pub(super) fn check(all: &[Peaks]) -> anyhow::Result<String> {
    for Peaks { name, bytes: [small, large], .. } in all {
        ensure!(
            *large <= small + TOLERANCE_BYTES,
            "the peak memory of {name} grows with its input: {} and {}",
            mebibytes(*small),
            mebibytes(*large)
        );
    }
    let largest = all.iter().map(|peaks| peaks.bytes[1]).max().unwrap_or_default();
    Ok(format!("{} forms, at most {}", all.len(), mebibytes(largest)))
}

/// Shows all peaks.
pub(super) fn table(all: &[Peaks]) -> Table {
    let head = ["program", "records", "memory", "records", "memory"].map(str::to_owned);
    let row = |peaks: &Peaks| {
        let Peaks { name, records: [few, many], bytes: [small, large] } = peaks;
        let (few, many) = (few.to_string(), many.to_string());
        vec![(*name).to_owned(), few, mebibytes(*small), many, mebibytes(*large)]
    };
    let title = format!("{NAME}, {THREADS} threads");
    Table::new(title, head.into(), all.iter().map(row).collect())
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_refused_and_named() {
        let peaks =
            |large| Peaks { name: "windrow_csv", records: [1, 10], bytes: [5 << 20, large] };
        assert_eq!(check(&[peaks(6 << 20)]).unwrap(), "1 forms, at most 6.0 MiB");
        let error = check(&[peaks(6 << 20), peaks((6 << 20) + 1)]).unwrap_err().to_string();
        assert_eq!(
            error,
            "the peak memory of windrow_csv grows with its input: 5.0 MiB and 6.0 MiB"
        );
    }
}
