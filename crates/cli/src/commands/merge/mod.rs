//! `windrow merge`: the statistics of saved rows.

use std::mem;
use std::path::PathBuf;

use facade::WhenFull;
use facade::actions::{
    BinaryError, BinaryForm, BinaryReader, Count, HasCount, LocalTracker, Mean, TrackerSpec,
};
use facade::time::Statistic;

use crate::commands::stats::view::{View, ViewArgs};
use crate::exit::Exit;
use crate::memory;
use crate::output::{Failure, Outputs};
use crate::saved::files::{self, Files};
use crate::saved::{self, Saved};
use crate::stat::{NoStat, Stats};

/// Print statistics of saved rows
#[derive(Debug, clap::Args)]
#[command(after_long_help = DETAILS)]
pub(crate) struct Args {
    /// Files that `windrow stats --save` wrote; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    view: ViewArgs,
}

const DETAILS: &str = "\
Rows are saved by `windrow stats --save FILE`, or written to standard output by its `--format rows`.
The result is that of one run over all inputs in the order of the files, exactly and with the rows
in the same order, as long as no action shares the row `(other)`. All statistics can be printed.

An input counts once: it is known by its path, its length and a hash of its content. A file whose
inputs are all in another file is left out, with a message. So a job that is run again on the same
input replaces itself. A log that has grown, or has another path, is another input. Files that have
some inputs in common, and others, are refused.

Files of another version, unit or set of statistics are refused, and so are damaged ones. Nothing
is printed then.

Examples:
  windrow stats --save monday.rows --unit ms monday.ndjson
  windrow merge --sort p99 --top 10 monday.rows tuesday.rows
  windrow merge <(ssh a windrow stats --format rows app.log) b.rows
  windrow merge --save week.rows monday.rows tuesday.rows

Exit codes: 0 success, 1 a file could not be read or is refused, 2 usage, 3 --only found no action,
4 a condition of --fail-if holds.";

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    // Before anything is read: a message may go into an input.
    let outputs = args.view.output.open_for(&args.files, None, None, args.view.saved())?;
    match args.run(outputs) {
        Ok(exit) => exit,
        Err(exit) => Ok(exit),
    }
}

impl Args {
    fn run(&self, outputs: Outputs) -> Result<Result<Exit, Failure>, Exit> {
        let view = |counts_only| View { args: &self.view, counts_only };
        view(false).check_options()?;
        view(false).check_output(&outputs.results)?;
        let files = Files::open(&self.files)?;
        view(files.counts_only).check_options()?;
        if files.counts_only {
            let add = |kept: &mut (Mean, NoStat, NoStat), bytes: &mut BinaryReader<'_>| {
                let mut count = Count::default();
                count.add_from(bytes)?;
                kept.insert_n(1_u8.into(), count.count());
                Ok(())
            };
            return self.show::<Count, _>(files, outputs, add);
        }
        self.show::<Saved, Saved>(files, outputs, |kept, bytes| kept.add_from(bytes))
    }

    /// Adds all rows and prints them. `W` is written, `S` is kept.
    fn show<W: BinaryForm, S: Stats>(
        &self,
        files: Files,
        outputs: Outputs,
        add: impl Fn(&mut S, &mut BinaryReader<'_>) -> Result<(), BinaryError>,
    ) -> Result<Result<Exit, Failure>, Exit> {
        let view = View { args: &self.view, counts_only: files.counts_only };
        let spec = TrackerSpec {
            actions: self.view.max_actions,
            when_full: WhenFull::Fold,
            name_bytes: usize::MAX,
            ..TrackerSpec::default()
        };
        let (names, budget) = self.view.memory.names(spec, 1, view.row_bytes::<S>(1))?;
        let mut tracker = LocalTracker::<S>::new(&names);
        let (unit, instances) = (files.unit, files.instances());
        files.add_each::<W>(|name, first, bytes| {
            let kept = tracker.row_mut(name, first);
            add(kept.map_err(|error| bytes.impossible(error))?, bytes)
        })?;
        if let Some(budget) = budget.as_deref().filter(|budget| budget.is_exceeded()) {
            memory::report_exceeded(budget);
            return Err(Exit::Failed);
        }
        let all = tracker.into_rows();
        self.view.fail_if.check_unit(unit)?;
        let rows = view.saves().then(|| saved::encode(&all, unit, instances, view.counts_only));
        let printed = view.show(&all, unit, outputs.results, rows.as_deref());
        let written = match (outputs.saved, rows) {
            (Some(output), Some(rows)) => saved::write(output, &rows),
            _ => Ok(()),
        };
        let folded = names.overflow().folded;
        if !budget.is_some_and(|budget| memory::report_folded(&budget, folded)) {
            files::report_folded(folded, self.view.max_actions);
        }
        let judged = view.verdict(&all, unit);
        // The program ends: 100,000 rows take longer to free than to find.
        mem::forget(all);
        Ok(Ok(Exit::Done.or(printed).or(written).max(judged)))
    }
}
