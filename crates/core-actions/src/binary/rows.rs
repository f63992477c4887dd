//! Rows of one or several trackers in the binary form, with a header and a checksum.
//!
//! `ROWS.md` describes each byte, for readers and writers in other languages.

use std::collections::HashSet;
use std::marker::PhantomData;
use std::time::Duration;

use core_time::{Instance, Stamp, Statistic};

use super::BinaryForm;
use super::envelope::{self, Kind};
use super::error::{BinaryError, Problem};
use super::reader::BinaryReader;
use super::writer::BinaryWriter;
use crate::action::key::FOLDED;
use crate::action::name::ActionName;
use crate::action::unit::Unit;

const KIND: Kind = Kind { magic: "wrow", version: 1, content: "rows" };

/// What all rows of a file have in common.
///
/// The statistic is part of the header, too: of the writer's type, and checked when rows are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowsHeader {
    /// The width of the intervals that rows are divided into; zero if they are not.
    pub resolution: Duration,
    /// The time zone at whose midnights intervals begin, empty for UTC or without intervals.
    pub zone: String,
    /// The unit of times, if it is known.
    pub unit: Option<Unit>,
    /// What was recorded, so that nothing counts twice: trackers, or the inputs of a program.
    ///
    /// In the order of the records, each once.
    pub instances: Vec<Instance>,
    /// The number that grows with each snapshot of the same instances.
    pub revision: u64,
    /// How often rows had been forgotten before these were read, and after: see
    /// `TrackerSnapshot::diff`.
    pub forgotten: [u64; 2],
}

impl RowsHeader {
    pub(crate) fn write(&self, writer: &mut BinaryWriter) {
        writer.integer(u64::try_from(self.resolution.as_nanos()).unwrap_or(u64::MAX));
        writer.text(&self.zone);
        let unit = self.unit.and_then(|unit| Unit::ALL.iter().position(|&other| other == unit));
        writer.integer(unit.map_or(0, |at| at as u64 + 1));
        writer.integer(self.instances.len() as u64);
        for instance in &self.instances {
            writer.raw(&instance.to_bytes());
        }
        writer.integer(self.revision);
        for number in self.forgotten {
            writer.integer(number);
        }
    }

    pub(crate) fn read(reader: &mut BinaryReader<'_>) -> Result<Self, BinaryError> {
        let resolution = Duration::from_nanos(reader.integer()?);
        let zone = reader.text()?.to_owned();
        let unit = match reader.integer()? {
            0 => None,
            found => {
                let at = usize::try_from(found - 1).ok();
                let unit = at.and_then(|at| Unit::ALL.get(at));
                let max = Unit::ALL.len();
                Some(*unit.ok_or_else(|| reader.error(Problem::NoUnit { found, max }))?)
            }
        };
        let number = reader.number_of(Instance::BYTES)?;
        let (mut instances, mut known) = (Vec::with_capacity(number), HashSet::new());
        for _ in 0..number {
            let bytes = reader.raw(Instance::BYTES)?;
            let bytes = bytes.first_chunk().copied().unwrap_or_default();
            let instance = Instance::from_bytes(bytes);
            if !known.insert(instance) {
                return Err(reader.error(Problem::InstanceTwice { instance }));
            }
            instances.push(instance);
        }
        let revision = reader.integer()?;
        let forgotten = [reader.integer()?, reader.integer()?];
        Ok(Self { resolution, zone, unit, instances, revision, forgotten })
    }
}

/// What a row has apart from its statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowHead<'a> {
    /// The start of the interval of the row; the Unix epoch without intervals.
    pub start: Stamp,
    /// The name of the action; empty for a row that no action has for itself.
    pub name: &'a str,
    /// The number of the first record, by which rows are in order.
    pub first: u64,
}

/// Writes rows of one statistic in the binary form.
///
/// # Examples
///
/// ```
/// use core_actions::{BinaryForm, Mean, RowsHeader, RowsReader, RowsWriter, Statistic};
/// use core_time::Stamp;
///
/// let mut mean = Mean::default();
/// mean.insert(100_u32.into());
///
/// let mut writer = RowsWriter::<Mean>::new(&RowsHeader::default());
/// writer.block(Stamp::UNIX_EPOCH, [("jump", 0, &mean)]);
/// let bytes = writer.finish();
///
/// let reader = RowsReader::new(&bytes)?;
/// assert_eq!(reader.tag(), "mean");
/// let mut all = Mean::default();
/// reader.add_each::<Mean>(|row, bytes| {
///     assert_eq!(row.name, "jump");
///     all.add_from(bytes)
/// })?;
/// assert_eq!(all, mean);
/// # Ok::<(), core_actions::BinaryError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RowsWriter<S> {
    writer: BinaryWriter,
    /// The start of the last block.
    before: Option<Stamp>,
    statistic: PhantomData<fn(S)>,
}

impl<S: BinaryForm> RowsWriter<S> {
    /// Writes the header.
    #[must_use]
    pub fn new(header: &RowsHeader) -> Self {
        let mut writer = KIND.begin::<S>();
        header.write(&mut writer);
        Self { writer, before: None, statistic: PhantomData }
    }

    /// Writes the rows of an interval: of each its name, the number of its first record, and its
    /// statistic.
    ///
    /// They may come in any order. Without a row, writes nothing.
    ///
    /// # Panics
    ///
    /// If the interval does not start after the one before, or if two rows have the same name.
    pub fn block<'r>(
        &mut self,
        start: Stamp,
        rows: impl IntoIterator<Item = (&'r str, u64, &'r S)>,
    ) {
        let mut rows: Vec<_> = rows.into_iter().collect();
        if rows.is_empty() {
            return;
        }
        assert!(self.before < Some(start), "intervals must be written in ascending order");
        self.before = Some(start);
        rows.sort_unstable_by_key(|&(name, first, _)| (first, name));
        self.writer.integer(rows.len() as u64);
        self.writer.signed(start.as_nanos());
        let (mut names, mut before) = (HashSet::with_capacity(rows.len()), 0);
        for (name, first, statistic) in rows {
            assert!(names.insert(name), "each row must have a name of its own");
            self.writer.text(name);
            self.writer.integer(first - before);
            before = first;
            statistic.write(&mut self.writer);
        }
    }

    /// Writes the end and the checksum, and returns all bytes.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.writer.integer(0);
        envelope::finish(self.writer)
    }
}

/// Reads rows in the binary form.
///
/// A byte that was changed, and bytes that are missing, are errors.
///
/// # Examples
///
/// See [`RowsWriter`].
#[derive(Debug, Clone)]
pub struct RowsReader<'a> {
    tag: &'a str,
    header: RowsHeader,
    /// After the header, up to the checksum.
    rows: BinaryReader<'a>,
}

impl<'a> RowsReader<'a> {
    /// Checks all bytes against the checksum, and reads the header.
    ///
    /// # Errors
    ///
    /// [`BinaryError`] if the bytes are not rows, of another version, damaged or incomplete.
    pub fn new(bytes: &'a [u8]) -> Result<Self, BinaryError> {
        let (tag, mut rows) = KIND.open(bytes)?;
        let header = RowsHeader::read(&mut rows)?;
        Ok(Self { tag, header, rows })
    }

    /// Returns the name of the statistic.
    #[must_use]
    pub fn tag(&self) -> &'a str {
        self.tag
    }

    /// Returns what the rows have in common.
    #[must_use]
    pub fn header(&self) -> &RowsHeader {
        &self.header
    }

    /// Returns whether the rows are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        { self.rows }.integer() == Ok(0)
    }

    /// Checks that the rows have this statistic.
    ///
    /// # Errors
    ///
    /// [`BinaryError`] if they have another one. The message names both.
    pub fn check_tag<S: Statistic>(&self) -> Result<(), BinaryError> {
        KIND.check_tag::<S>(self.tag)
    }

    /// Passes each row to a function that adds its statistic: to which one, it decides.
    ///
    /// The function must call [`BinaryForm::add_from`] or [`BinaryForm::check`] of the statistic.
    /// All rows are checked first, so that it is called for all of them or for none.
    ///
    /// # Errors
    ///
    /// [`BinaryError`] if the rows have another statistic, or are not as a writer makes them, and
    /// any error of the function.
    ///
    /// # Complexity
    ///
    /// Reads the rows twice. Allocates one name of a row at most for each, as a reference.
    pub fn add_each<S: BinaryForm>(
        &self,
        add: impl FnMut(RowHead<'a>, &mut BinaryReader<'a>) -> Result<(), BinaryError>,
    ) -> Result<(), BinaryError> {
        self.check_each::<S>(|_, reader| S::default().check(reader))?;
        self.each(add)
    }

    /// Checks the rows: their order, their names, and their statistics by a function.
    pub(crate) fn check_each<S: Statistic>(
        &self,
        mut check: impl FnMut(RowHead<'a>, &mut BinaryReader<'a>) -> Result<(), BinaryError>,
    ) -> Result<(), BinaryError> {
        self.check_tag::<S>()?;
        let (mut names, mut before) = (HashSet::new(), None);
        self.each(|row, reader| {
            let RowHead { start, name, first } = row;
            match before {
                Some((last, _)) if start > last => names.clear(),
                Some((_, of_last)) if of_last >= (first, name) => {
                    return Err(reader.error(Problem::RowsDescend { name: name.to_owned() }));
                }
                _ => {}
            }
            before = Some((start, (first, name)));
            if !names.insert(name) {
                return Err(reader.error(Problem::RowTwice { name: name.to_owned() }));
            }
            check_name(name, reader)?;
            check(row, reader)
        })
    }

    /// Passes each row to a function that reads its statistic.
    pub(crate) fn each(
        &self,
        mut pass: impl FnMut(RowHead<'a>, &mut BinaryReader<'a>) -> Result<(), BinaryError>,
    ) -> Result<(), BinaryError> {
        let (mut reader, mut before) = (self.rows, None);
        loop {
            let number = match reader.integer()? {
                0 => break,
                number => reader.fitting(number, 2)?,
            };
            let start = Stamp::from_nanos(reader.signed()?);
            if let Some(before) = before.filter(|&before| before >= start) {
                return Err(reader.error(Problem::BlocksDescend { start, before }));
            }
            before = Some(start);
            let mut first = 0_u64;
            for _ in 0..number {
                let name = reader.text()?;
                let sum = first.checked_add(reader.integer()?);
                first = sum.ok_or_else(|| reader.error(Problem::TooLarge))?;
                pass(RowHead { start, name, first }, &mut reader)?;
            }
        }
        match reader.left() {
            0 => Ok(()),
            left => Err(reader.error(Problem::Trailing { left })),
        }
    }
}

/// Checks the name of a row, which may be that of all actions beyond a limit.
pub(crate) fn check_name(name: &str, reader: &BinaryReader<'_>) -> Result<(), BinaryError> {
    if name != FOLDED {
        let checked = ActionName::with_limit(name, usize::MAX);
        checked.map_err(|error| reader.error(error))?;
    }
    Ok(())
}
