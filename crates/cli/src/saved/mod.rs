//! Rows that are saved, to be merged later: files in the binary form.
//!
//! A file names the inputs of its rows in their order, so that none counts twice, and that rows of
//! several files are in the order of one run over all inputs. It has all statistics, so that any
//! of them can be printed later.

mod choice;
pub(crate) mod files;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use facade::actions::{
    BinaryForm, Count, HasCount, MinMax, Quantiles, Row, RowsHeader, RowsWriter, Unit, Variance,
};
use facade::codec::Zone;
use facade::time::{Instance, Stamp, Statistic};
use thiserror::Error;

use crate::diagnostics;
use crate::exit::Exit;
use crate::options::OUTPUT_OPTIONS;
use crate::output::{Failure, Output};
use crate::stat::Stats;
use crate::timeline::{Saves, Timeline};

/// The statistics of saved rows.
pub(crate) type Saved = (Variance, MinMax, Quantiles);

/// The option for the file of rows.
#[derive(Debug, clap::Args)]
pub(crate) struct SaveArgs {
    /// Save all rows and statistics to FILE, for `windrow merge`
    ///
    /// In addition to the result. FILE is replaced when it is complete, and only if all inputs were
    /// read to their ends.
    #[arg(long, value_name = "FILE", help_heading = OUTPUT_OPTIONS)]
    save: Option<PathBuf>,
}

impl SaveArgs {
    /// Returns the file.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.save.as_deref()
    }
}

/// Why rows are not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Unsaved {
    #[error("no rows are saved, since an input was not read to its end")]
    Unread,
    #[error("no rows are saved, since an input is given twice\n  leave one of them out")]
    Twice,
}

impl Unsaved {
    /// Reports it, and returns the exit code of the command.
    pub(crate) fn report(self) -> Exit {
        diagnostics::report(self);
        match self {
            Self::Unread => Exit::Failed,
            Self::Twice => Exit::Misused,
        }
    }
}

/// Checks that the inputs of rows identify them.
///
/// # Errors
///
/// [`Unsaved`] if an input was not read to its end, so that there are none, or is given twice.
pub(crate) fn check_inputs(instances: Option<Vec<Instance>>) -> Result<Vec<Instance>, Unsaved> {
    let instances = instances.ok_or(Unsaved::Unread)?;
    let mut known = HashSet::new();
    if !instances.iter().all(|instance| known.insert(instance)) {
        return Err(Unsaved::Twice);
    }
    Ok(instances)
}

/// Encodes rows with the inputs that they come from.
pub(crate) fn encode<S: Stats>(
    rows: &[Row<S>],
    unit: Option<Unit>,
    instances: Vec<Instance>,
    counts_only: bool,
) -> Vec<u8> {
    let header = RowsHeader { unit, instances, revision: 1, ..RowsHeader::default() };
    if counts_only {
        let counts: Vec<_> = rows.iter().map(|row| count(row.statistic().count())).collect();
        return encode_all(&header, rows.iter().zip(&counts));
    }
    encode_all::<S, S>(&header, rows.iter().map(|row| (row, row.statistic())))
}

fn encode_all<'r, S: 'r, T: BinaryForm>(
    header: &RowsHeader,
    rows: impl Iterator<Item = (&'r Row<S>, &'r T)>,
) -> Vec<u8> {
    let mut writer = RowsWriter::<T>::new(header);
    let name = |row: &'r Row<S>| if row.is_other() { "" } else { row.name() };
    let rows = rows.map(|(row, statistic)| (name(row), row.first(), statistic));
    writer.block(Stamp::UNIX_EPOCH, rows);
    writer.finish()
}

/// Encodes the rows of a timeline with the inputs that they come from.
pub(crate) fn encode_timeline<C: Saves<Statistic: Stats>>(
    timeline: &Timeline<C>,
    unit: Option<Unit>,
    instances: Vec<Instance>,
    counts_only: bool,
) -> Vec<u8> {
    let zone = match timeline.zone() {
        zone if *zone == Zone::UTC => String::new(),
        zone => zone.to_string(),
    };
    let resolution = timeline.width();
    let header =
        RowsHeader { resolution, zone, unit, instances, revision: 1, ..RowsHeader::default() };
    if counts_only {
        return encode_intervals(&header, timeline, |statistic| count(statistic.count()));
    }
    encode_intervals(&header, timeline, C::Statistic::clone)
}

fn encode_intervals<C: Saves, T: BinaryForm>(
    header: &RowsHeader,
    timeline: &Timeline<C>,
    written: impl Fn(&C::Statistic) -> T,
) -> Vec<u8> {
    let mut writer = RowsWriter::<T>::new(header);
    for (start, interval) in timeline.intervals() {
        let rows = interval.map(Saves::saved).unwrap_or_default();
        let rows = rows.into_iter().map(|(name, first, row)| (name, first, written(row)));
        let rows: Vec<_> = rows.collect();
        writer.block(start, rows.iter().map(|(name, first, row)| (*name, *first, row)));
    }
    writer.finish()
}

/// Checks that rows as bytes do not go to a terminal.
///
/// # Errors
///
/// The exit code of the command.
pub(crate) fn check_output(are_rows: bool, output: &Output) -> Result<(), Exit> {
    if are_rows && output.is_terminal() {
        diagnostics::report(
            "`--format rows` is not for a terminal\n  redirect it, or use `--save FILE`",
        );
        return Err(Exit::Misused);
    }
    Ok(())
}

fn count(records: u64) -> Count {
    let mut count = Count::default();
    count.insert_n(1_u8.into(), records);
    count
}

/// Writes encoded rows.
///
/// # Errors
///
/// The error of the system.
pub(crate) fn write(output: Output, bytes: &[u8]) -> Result<(), Failure> {
    output.stream(|output| output.write_all(bytes))
}
