//! `cargo xtask bench`: measures every implementation and writes a dated record.

mod answer;
mod contests;
mod e2e;
mod outcome;
mod runs;

use std::path::{Path, PathBuf};

use clap::value_parser;
use regex::Regex;
use xshell::Shell;

use crate::measure::criterion::{self, Plan};
use crate::measure::record::{self, Circumstances, Kind};
use crate::measure::{Measurement, headline, readme, table};
use crate::step::{self, Steps};
use crate::workspace;

/// Measure every implementation and write a dated record
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask bench
  cargo xtask bench --quick record/default
  cargo xtask bench shapes/caddy
  cargo xtask bench '^(limit|keyed|read_)'
  cargo xtask bench '^(adapter_|exposition)'
  cargo xtask bench '^(snapshot|changes|merged)/'
  cargo xtask bench --e2e logs/ --lines 100000
  cargo xtask bench --e2e 'e2e/(common|names|service_log)_'")]
pub(crate) struct Args {
    /// Measure only the benchmarks whose names match this
    filter: Option<Regex>,
    /// Measure each for half a second; too noisy for a record to keep
    #[arg(long)]
    quick: bool,
    /// Measure whole programs on large files
    #[arg(long)]
    e2e: bool,
    /// Measure programs on N lines
    #[arg(long, value_name = "N", default_value_t = LINES)]
    #[arg(value_parser = value_parser!(u64).range(1..))]
    lines: u64,
    /// Measure nothing, rewrite the tables of the README
    #[arg(long)]
    readme: bool,
    /// Write the record below DIR instead of benches/record
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// The default number of lines in a file.
const LINES: u64 = 10_000_000;
const RECORDS: &str = "benches/record";

impl Args {
    /// Measures operations in this process, then programs on lines of several forms, and writes a
    /// record of each.
    ///
    /// A record with all headlines of its kind, measured at length, also replaces the figures of
    /// the README.
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        if self.readme {
            let all = workspace::root().join(RECORDS);
            let newest = Kind::ALL.into_iter().filter_map(|kind| record::newest(&all, kind).ok());
            return newest.into_iter().try_for_each(|record| update_readme(sh, &record));
        }
        if self.e2e {
            return e2e::run(sh, &self);
        }
        // A filter names benchmarks of one of the two.
        let filter = self.filter.as_ref().map(Regex::as_str);
        let is_of_shapes = filter.is_some_and(|filter| filter.starts_with("shapes"));
        if !is_of_shapes {
            self.measure_operations(sh)?;
        }
        if is_of_shapes || filter.is_none() {
            e2e::run_kind(sh, &self, Kind::Shapes)?;
        }
        Ok(())
    }

    /// Prints the report of criterion as it is written, and writes a record.
    fn measure_operations(&self, sh: &Shell) -> anyhow::Result<()> {
        let plan = Plan { filter: self.filter.as_ref().map(Regex::as_str), quick: self.quick };
        let command = plan.command(sh);
        let circumstances = Circumstances::now(sh, command.to_string())?;
        let home = plan.home(sh)?;
        step::print(&format!("$ {command}"));
        let (mut steps, mut measured) = (Steps::new(), Vec::new());
        steps.run("measure", || {
            command.quiet().run()?;
            measured = criterion::read(&home)?;
            Ok(format!("{} benchmarks", measured.len()))
        });
        steps.finish("bench")?;
        for kind in Kind::OF_OPERATIONS {
            let is_of_kind = |one: &&Measurement| Kind::of_operation(&one.id) == kind;
            let measured: Vec<_> = measured.iter().filter(is_of_kind).cloned().collect();
            if !measured.is_empty() {
                self.keep(sh, kind, &circumstances, &measured)?;
            }
        }
        Ok(())
    }

    /// Writes a record, and its figures to the README if it has them all.
    fn keep(
        &self,
        sh: &Shell,
        kind: Kind,
        circumstances: &Circumstances,
        measured: &[Measurement],
    ) -> anyhow::Result<()> {
        let folder = record::write(
            kind,
            &self.records(),
            circumstances,
            &measured.iter().map(Measurement::to_json).collect::<Vec<_>>(),
            &table::by_group(measured),
        )?;
        let complete = headline::check_complete(kind, measured);
        if self.is_whole() {
            complete?;
            update_readme(sh, &folder)?;
        } else if kind != Kind::Operations && self.is_at_length() && complete.is_ok() {
            update_readme(sh, &folder)?;
        }
        let shown = folder.strip_prefix(workspace::root()).unwrap_or(&folder);
        step::print(&format!("bench: {} benchmarks, {}", measured.len(), shown.display()));
        Ok(())
    }

    /// Returns the folder of the records.
    fn records(&self) -> PathBuf {
        workspace::root().join(self.out.as_deref().unwrap_or(Path::new(RECORDS)))
    }

    /// Says whether a record is complete, so that the README may show it.
    fn is_whole(&self) -> bool {
        self.filter.is_none() && self.is_of_whole_files()
    }

    /// Says whether programs read files of the default length.
    fn is_of_whole_files(&self) -> bool {
        self.lines == LINES && self.is_at_length()
    }

    /// Says whether a record is one to keep.
    fn is_at_length(&self) -> bool {
        !self.quick && self.out.is_none()
    }
}

/// Writes the figures of a record to the README.
fn update_readme(sh: &Shell, record: &Path) -> anyhow::Result<()> {
    let name = record.file_name().unwrap_or_default().display().to_string();
    let measured = record::read(record)?;
    for file in Kind::of(&name).files() {
        let path = workspace::root().join(file);
        sh.write_file(&path, readme::update(&sh.read_file(&path)?, file, &name, &measured)?)?;
        step::print(&format!("bench: wrote the figures of {name} to {file}"));
    }
    Ok(())
}
