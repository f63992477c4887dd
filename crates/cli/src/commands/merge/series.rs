//! The statistics over time of saved rows.

use std::num::NonZero;

use facade::actions::{BinaryError, BinaryForm, BinaryReader, Count, Mean, MinMax};

use super::{Args, add_count, misused};
use crate::commands::series::rows::Rows;
use crate::commands::series::view::{MAX_ROWS, Style, View};
use crate::commands::stats::view as stats;
use crate::diagnostics;
use crate::exit::Exit;
use crate::output::{Failure, Outputs};
use crate::saved::files::{Files, Intervals};
use crate::saved::{self, Saved};
use crate::stat::{NoStat, Stats};
use crate::timeline::{ByAction, Timeline, TimelineBuilder, Width};
use crate::timestamps;

impl Args {
    /// Prints the rows of intervals.
    pub(super) fn show_series(
        &self,
        files: Files,
        intervals: &Intervals,
        outputs: Outputs,
    ) -> Result<Result<Exit, Failure>, Exit> {
        if let Some(option) = self.view.of_stats_only() {
            return Err(misused(option, files.first(), "series"));
        }
        if files.counts_only {
            type Counts = (Mean, MinMax, NoStat);
            return self.show_rows::<Count, Counts>(files, intervals, outputs, add_count);
        }
        let add = |kept: &mut Saved, bytes: &mut BinaryReader<'_>| kept.add_from(bytes);
        self.show_rows::<Saved, Saved>(files, intervals, outputs, add)
    }

    /// Adds all rows and prints them. `W` is written, `S` is kept.
    fn show_rows<W: BinaryForm, S: Stats>(
        &self,
        files: Files,
        intervals: &Intervals,
        outputs: Outputs,
        add: impl Fn(&mut S, &mut BinaryReader<'_>) -> Result<(), BinaryError>,
    ) -> Result<Result<Exit, Failure>, Exit> {
        let (view, name) = (self.series_view(&files), files.first().to_owned());
        let instances = files.instances();
        let (width, max) = (Width::Given(intervals.width), view.max_rows.get());
        let mut builder = TimelineBuilder::<ByAction<S>>::new(width, max, &intervals.zone);
        let mut has_names = None;
        files.add_each::<W>(|row, bytes| {
            let has_name = !row.name.is_empty();
            if *has_names.get_or_insert(has_name) != has_name {
                let kinds = ["rows of all actions", "rows by action"];
                let [found, before] = [has_name, !has_name].map(|named| kinds[usize::from(named)]);
                return Err(bytes.impossible(format_args!(
                    "{found} cannot follow {before}, save all files with `--by-action` or none"
                )));
            }
            if !builder.is_start(row.start) {
                let start = timestamps::write(&intervals.zone, row.start, intervals.width);
                return Err(bytes.impossible(format_args!("no interval starts at {start}")));
            }
            match builder.row_mut(row.start, row.name, row.first) {
                Some(kept) => add(kept, bytes),
                // Reported below. The bytes must be read all the same.
                None => add(&mut S::default(), bytes),
            }
        })?;
        let timeline = builder.build();
        if has_names == Some(true) {
            return self.finish(&view, timeline, instances, outputs);
        }
        if view.top.is_some() && has_names.is_some() {
            diagnostics::report(format_args!(
                "`--top` is of rows by action, and those of {name} are of all actions\n  leave it \
                 out, or save them with `--by-action`"
            ));
            return Err(Exit::Misused);
        }
        self.finish(&view, timeline.into_combined(), instances, outputs)
    }

    fn finish<C: Rows<Statistic: Stats>>(
        &self,
        view: &View,
        timeline: Timeline<C>,
        instances: Vec<facade::time::Instance>,
        outputs: Outputs,
    ) -> Result<Result<Exit, Failure>, Exit> {
        if view.is_too_long(&timeline, Some("save rows with")) {
            return Err(Exit::Failed);
        }
        let encode = || saved::encode_timeline(&timeline, view.unit, instances, view.counts_only);
        let rows = self.view.saves().then(encode);
        let printed = view.show(timeline, outputs.results, rows.as_deref());
        let written =
            outputs.saved.zip(rows).map_or(Ok(()), |(file, rows)| saved::write(file, &rows));
        Ok(Ok(Exit::Done.or(printed).or(written)))
    }

    fn series_view(&self, files: &Files) -> View {
        let counts_only = files.counts_only;
        View {
            format: match self.view.format {
                // Prometheus was refused.
                stats::Style::Table | stats::Style::Prometheus => Style::Table,
                stats::Style::Plot => Style::Plot,
                stats::Style::Json => Style::Json,
                stats::Style::Ndjson => Style::Ndjson,
                stats::Style::Csv => Style::Csv,
                stats::Style::Rows => Style::Rows,
            },
            stats: View::stats_of(&self.view.stat, counts_only),
            counts_only,
            unit: files.unit,
            top: self.view.top.map(NonZero::get),
            max_rows: self.max_rows.unwrap_or(MAX_ROWS),
        }
    }
}
