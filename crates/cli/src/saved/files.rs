//! Reads files of rows: first what they are, then one after the other.

use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use facade::actions::{BinaryForm, BinaryReader, RowHead, RowsReader, Unit};
use facade::codec::{Zone, ZoneError, visible};
use facade::time::{Instance, Statistic, Tag};
use xxhash_rust::xxh3::xxh3_128;

use super::Saved;
use super::choice::{self, Identity};
use crate::diagnostics;
use crate::exit::Exit;
use crate::input::{self, source};
use crate::output::render::counted;
use crate::stdio;
use crate::timestamps;

/// The tag of records that are only counted.
const COUNTS: Tag = <facade::actions::Count as Statistic>::TAG;

/// Files of rows that go together, and which of them count.
pub(crate) struct Files {
    files: Vec<SavedFile>,
    /// Whether their records were only counted.
    pub(crate) counts_only: bool,
    /// The unit of their times, if it is known.
    pub(crate) unit: Option<Unit>,
    /// The intervals of their rows, if they are those of `series`.
    pub(crate) intervals: Option<Intervals>,
}

/// How the time of rows is divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intervals {
    pub(crate) width: Duration,
    pub(crate) zone: Zone,
}

impl fmt::Display for Intervals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "intervals of {} in {}", timestamps::span(self.width), self.zone)
    }
}

/// One file that counts.
struct SavedFile {
    name: String,
    source: Source,
    identity: Identity,
}

/// Where the bytes of a file are from.
enum Source {
    /// Read again when they are needed.
    Path(PathBuf),
    /// Of a pipe, which can be read once.
    Bytes(Vec<u8>),
}

/// What the header of a file says.
struct Header {
    tag: String,
    unit: Option<Unit>,
    intervals: Option<Intervals>,
    /// Whether it has rows: without any, its unit does not matter.
    has_rows: bool,
}

impl Files {
    /// Reads the headers of all files, and chooses those that count. Reports what is wrong.
    ///
    /// # Errors
    ///
    /// The exit code of the command.
    pub(crate) fn open(paths: &[PathBuf]) -> Result<Self, Exit> {
        let (mut files, mut headers) = (Vec::new(), Vec::new());
        for path in paths {
            let (file, header) = open(path)?;
            files.push(file);
            headers.push(header);
        }
        let names: Vec<_> = files.iter().map(|file| file.name.clone()).collect();
        let intervals = check_intervals(&names, &headers)?;
        let counts_only = check_tags(&names, &headers)?;
        let unit = check_units(&names, &headers)?;
        let identities: Vec<_> = files.iter().map(|file| file.identity.clone()).collect();
        let chosen = choice::choose(&identities).map_err(|clash| {
            let [one, other] = clash.files().map(|at| &names[at]);
            diagnostics::report(format_args!(
                "{one} and {other} {clash}\n  merge one of them, or save rows of different inputs"
            ));
            Exit::Failed
        })?;
        for (at, owner) in chosen.iter().enumerate() {
            if let Some(owner) = owner {
                let (name, owner) = (&names[at], &names[*owner]);
                diagnostics::report(format_args!(
                    "{name} is left out, since its inputs are in {owner}, too"
                ));
            }
        }
        let mut chosen = chosen.into_iter();
        files.retain(|_| chosen.next() == Some(None));
        Ok(Self { files, counts_only, unit, intervals })
    }

    /// Returns the inputs of all files that count, in order.
    pub(crate) fn instances(&self) -> Vec<Instance> {
        self.files.iter().flat_map(|file| &file.identity.instances).copied().collect()
    }

    /// Returns the name of the first file.
    pub(crate) fn first(&self) -> &str {
        self.files.first().map_or("", |file| &file.name)
    }

    /// Reads all rows, one file after the other, and passes each on with the number of its first
    /// record in all inputs.
    ///
    /// # Errors
    ///
    /// The exit code of the command; the reason is reported.
    pub(crate) fn add_each<S: BinaryForm>(
        self,
        mut add: impl FnMut(
            RowHead<'_>,
            &mut BinaryReader<'_>,
        ) -> Result<(), facade::actions::BinaryError>,
    ) -> Result<(), Exit> {
        let mut before = 0;
        for SavedFile { name, source, identity } in self.files {
            let bytes = match source {
                Source::Path(path) => {
                    fs::read(path).map_err(|error| failed(&name, diagnostics::reason(&error)))?
                }
                Source::Bytes(bytes) => bytes,
            };
            if xxh3_128(&bytes) != identity.hash {
                return Err(failed(&name, "changed while it was read, run the command again"));
            }
            let first = input::first_of(before);
            let added = RowsReader::new(&bytes).and_then(|reader| {
                reader.add_each::<S>(|row, bytes| {
                    let first = first.and_then(|first| first.checked_add(row.first));
                    let first = first.ok_or_else(|| bytes.impossible("too many inputs"))?;
                    add(RowHead { first, ..row }, bytes)
                })
            });
            added.map_err(|error| failed(&name, error))?;
            before += identity.instances.len();
        }
        Ok(())
    }
}

fn failed(name: &str, error: impl Display) -> Exit {
    diagnostics::report(format_args!("{name}: {error}"));
    Exit::Failed
}

/// Reads the header of a file, and checks all of its bytes against the checksum.
fn open(path: &Path) -> Result<(SavedFile, Header), Exit> {
    let name = source::name(path);
    let (bytes, can_repeat) =
        read(path).map_err(|error| failed(&name, diagnostics::reason(&error)))?;
    let reader = RowsReader::new(&bytes).map_err(|error| failed(&name, error))?;
    let header = reader.header();
    let intervals = match header.resolution {
        Duration::ZERO => None,
        width => Some(Intervals { width, zone: zone(&header.zone).map_err(|e| failed(&name, e))? }),
    };
    let found = Header {
        tag: visible(reader.tag().as_bytes()),
        unit: header.unit,
        intervals,
        has_rows: !reader.is_empty(),
    };
    let identity = Identity {
        instances: header.instances.clone(),
        revision: header.revision,
        hash: xxh3_128(&bytes),
    };
    let source = if can_repeat { Source::Path(path.to_owned()) } else { Source::Bytes(bytes) };
    Ok((SavedFile { name, source, identity }, found))
}

/// Parses the time zone of intervals.
fn zone(text: &str) -> Result<Zone, ZoneError> {
    if text.is_empty() { Ok(Zone::UTC) } else { visible(text.as_bytes()).parse() }
}

/// Reads a file, and returns whether it can be read again.
fn read(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    if source::is_stdin(path) {
        stdio::check_stdin()?;
        io::stdin().read_to_end(&mut bytes)?;
        return Ok((bytes, false));
    }
    stdio::check_path(path)?;
    let mut file = File::open(path)?;
    let is_file = file.metadata()?.is_file() && stdio::descriptor(path).is_none();
    file.read_to_end(&mut bytes)?;
    Ok((bytes, is_file))
}

/// Checks that the rows of all files are of the same intervals, or of none, and returns them.
fn check_intervals(names: &[String], headers: &[Header]) -> Result<Option<Intervals>, Exit> {
    let text = |intervals: &Option<Intervals>| match intervals {
        Some(intervals) => intervals.to_string(),
        None => "no intervals".to_owned(),
    };
    let Some(first) = headers.first() else { return Ok(None) };
    let other = headers.iter().position(|header| header.intervals != first.intervals);
    let Some(other) = other else { return Ok(first.intervals.clone()) };
    let are_both = first.intervals.is_some() && headers[other].intervals.is_some();
    diagnostics::report(format_args!(
        "rows of {} have {}, those of {} {}\n  {}",
        names[other],
        text(&headers[other].intervals),
        names[0],
        text(&first.intervals),
        if are_both {
            "save them with the same `--every` and `--timezone`"
        } else {
            "merge files of `stats`, or files of `series`"
        }
    ));
    Err(Exit::Failed)
}

/// Checks that all files have the same statistics, and returns whether they only count.
fn check_tags(names: &[String], headers: &[Header]) -> Result<bool, Exit> {
    let known = [Saved::TAG.to_string(), COUNTS.to_string()];
    let Some(first) = headers.first() else { return Ok(false) };
    for (name, header) in names.iter().zip(headers) {
        let Header { tag, .. } = header;
        if *tag != first.tag {
            diagnostics::report(format_args!(
                "{name} has the statistics `{tag}`, {} has `{}`\n  merge files of one kind",
                names[0], first.tag
            ));
            return Err(Exit::Failed);
        }
        if !known.contains(tag) {
            let [all, counts] = &known;
            diagnostics::report(format_args!(
                "{name} has the statistics `{tag}`, expected `{all}`, or `{counts}` of \
                 `--count-only`"
            ));
            return Err(Exit::Failed);
        }
    }
    Ok(first.tag == known[1])
}

/// Checks that all files with rows have the same unit, and returns it.
fn check_units(names: &[String], headers: &[Header]) -> Result<Option<Unit>, Exit> {
    let text = |unit: Option<Unit>| unit.map_or("no unit", Unit::symbol);
    let mut with_rows = names.iter().zip(headers).filter(|(_, header)| header.has_rows);
    let Some((first, Header { unit, .. })) = with_rows.next() else {
        return Ok(headers.first().and_then(|header| header.unit));
    };
    for (name, header) in with_rows {
        if header.unit != *unit {
            let (one, other) = (text(header.unit), text(*unit));
            diagnostics::report(format_args!(
                "times of {name} have the unit {one}, those of {first} {other}\n  \
                 save them with the same `--unit`"
            ));
            return Err(Exit::Failed);
        }
    }
    Ok(*unit)
}

/// Reports how many rows have no place of their own.
pub(crate) fn report_folded(folded: u64, max: usize) {
    if folded > 0 {
        diagnostics::report(format_args!(
            "{} of further actions share the row `(other)`, since there are more than {max}\n  \
             raise the limit with `--max-actions`",
            counted(folded, "row")
        ));
    }
}
