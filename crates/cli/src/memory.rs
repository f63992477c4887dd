//! The option `--max-memory`, and what is reported about it.

use std::sync::Arc;

use bytesize::ByteSize;
use facade::WhenFull;
use facade::actions::{NameTable, TrackerSpec};

use crate::budget::{Budget, resident};
use crate::diagnostics;
use crate::exit::Exit;
use crate::options::STATISTICS_OPTIONS;
use crate::output::render::{counted, grouped};

/// What memory grows by between two measurements, and what threads need to begin.
const SLACK: usize = 2 << 20;
/// The same for each thread: blocks of lines, and a chunk of rows.
const THREAD_SLACK: usize = 3 << 20;
/// The option of commands that keep a row for each action.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct MemoryArgs {
    /// Maximum memory of the program, such as 64MiB
    ///
    /// Once it is nearly used, further actions share the row `(other)`, with a message: how many
    /// have rows depends on the statistics and the format, and may differ from run to run. If the
    /// rows outgrow it all the same, reading ends without a result.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    #[arg(help_heading = STATISTICS_OPTIONS)]
    max_memory: Option<ByteSize>,
}

/// Parses a size with or without a unit.
fn parse_size(text: &str) -> Result<ByteSize, String> {
    text.parse().map_err(|_| "expected a size such as 64MiB or 500MB".to_owned())
}

impl MemoryArgs {
    /// Returns whether there is a limit.
    pub(crate) fn is_limited(&self) -> bool {
        self.max_memory.is_some()
    }

    /// Returns the names of a run, and its budget if it has one.
    ///
    /// # Errors
    ///
    /// The exit code of the command, if the budget cannot be kept. The reason is reported.
    pub(crate) fn names(
        &self,
        spec: TrackerSpec,
        threads: usize,
        row_bytes: usize,
    ) -> Result<(NameTable, Option<Arc<Budget>>), Exit> {
        let names = NameTable::new(spec);
        let Some(ByteSize(bytes)) = self.max_memory else { return Ok((names, None)) };
        let Some(used) = resident() else {
            diagnostics::report(
                "memory cannot be measured on this system, leave out `--max-memory`",
            );
            return Err(Exit::Misused);
        };
        let slack = SLACK + threads * THREAD_SLACK;
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        if used + slack > bytes {
            let [given, needed] = [bytes, used + slack].map(size);
            diagnostics::report(format_args!(
                "`--max-memory` is {given}, the program needs {needed} to begin\n  \
                 raise it, or lower `--threads`"
            ));
            return Err(Exit::Misused);
        }
        let budget = Arc::new(Budget::new(bytes, slack, row_bytes));
        let gate = Arc::clone(&budget);
        Ok((names.with_gate(move |names| gate.has_room(names)), Some(budget)))
    }
}

/// Reports that reading ended, because the budget is exceeded.
pub(crate) fn report_exceeded(budget: &Budget) {
    diagnostics::report(format_args!(
        "the statistics of all rows outgrew `--max-memory`, {}, and nothing is printed\n  \
         raise it, lower `--max-actions`, or choose fewer statistics with `--stat`",
        size(budget.bytes())
    ));
}

/// Reports the number of lines of actions without a row. Returns whether there are any because of
/// the budget.
pub(crate) fn report_folded(budget: &Budget, folded: u64) -> bool {
    let Some(rows) = budget.rows().filter(|_| folded > 0) else { return false };
    let (lines, rows) = (counted(folded, "line"), grouped(rows as u64));
    diagnostics::report(format_args!(
        "counted {lines} of further actions as `{}`, since {rows} actions fill {}\n  \
         raise it with `--max-memory`",
        WhenFull::OTHER,
        size(budget.bytes())
    ));
    true
}

fn size(bytes: usize) -> String {
    ByteSize(bytes as u64).display().iec().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_either_kind() {
        for (text, bytes) in
            [("64MiB", 64 << 20), ("64MB", 64_000_000), ("1G", 1_000_000_000), ("7", 7)]
        {
            assert_eq!(parse_size(text), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "x", "-1MB", "1XB", "MiB"] {
            assert_eq!(parse_size(text), Err("expected a size such as 64MiB or 500MB".into()));
        }
        assert_eq!(size(64 << 20), "64.0 MiB");
    }
}
