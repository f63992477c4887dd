//! The binary form of changes, and of snapshots, which are changes since nothing was known.
//!
//! `ROWS.md` describes each byte. Names are listed once, because an action has a row in each of its
//! buckets.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use core_time::{Instances, SnapshotHeader, Stamp, Tier, TieredRing, WindowSpec};

use super::WindowedSnapshot;
use super::changes::{ChangedBucket, WindowedChanges};
use crate::binary::envelope::{self, Kind};
use crate::binary::error::{BinaryError, Problem};
use crate::binary::rows::check_name;
use crate::binary::{BinaryForm, BinaryReader, BinaryWriter, RowsHeader};
use crate::row::{Row, shown};
use crate::snapshot::{TrackerSnapshot, TrackerSnapshotError, forgotten};

const KIND: Kind = Kind { magic: "wchg", version: 1, content: "changes" };

impl<S: BinaryForm> WindowedChanges<S> {
    /// Writes the changes in the binary form, to be sent or kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Fleet, Mean, WindowedChanges, WindowedCursor, WindowedTracker};
    /// use std::time::Duration;
    ///
    /// let tracker = WindowedTracker::<Mean>::new(Default::default())?;
    /// tracker.record("jump", 100)?;
    /// let sent = tracker.changes(&mut WindowedCursor::default()).to_bytes();
    ///
    /// let changes = WindowedChanges::from_bytes(&sent)?;
    /// let mut fleet = Fleet::<Mean>::new(changes.window_spec().clone(), changes.unit());
    /// fleet.apply(&changes)?;
    /// let minute = fleet.window(changes.latest(), Duration::from_secs(60))?;
    /// assert_eq!(minute.rows()[0].mean(), 100.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.write([0, 0])
    }

    /// Reads changes in the binary form.
    ///
    /// # Errors
    ///
    /// [`TrackerSnapshotError::Binary`] if the bytes are not such a form, damaged, or of another
    /// statistic, and the errors of any snapshot that is read.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrackerSnapshotError> {
        read(bytes).map(|(changes, _)| changes)
    }

    fn write(&self, forgotten: [u64; 2]) -> Vec<u8> {
        let mut writer = KIND.begin::<S>();
        let header = RowsHeader {
            resolution: self.spec.resolution(),
            zone: String::new(),
            unit: Some(self.unit),
            instances: self.instances().to_vec(),
            revision: self.revision(),
            forgotten,
        };
        header.write(&mut writer);
        write_window(&self.spec, &mut writer);
        for stamp in [self.at, self.since, self.latest] {
            writer.signed(stamp.as_nanos());
        }
        writer.integer(self.is_complete.into());
        writer.integer(self.removed.len() as u64);
        self.removed.iter().for_each(|name| writer.text(name));
        self.write_buckets(&mut writer);
        envelope::finish(writer)
    }

    fn write_buckets(&self, writer: &mut BinaryWriter) {
        let rows = self.buckets.iter().flat_map(|bucket| &bucket.rows);
        let actions = rows.map(|row| ((row.first(), row.kept_name()), 0));
        let mut actions: BTreeMap<_, u64> = actions.collect();
        writer.integer(actions.len() as u64);
        let mut before = 0;
        for (number, (&(first, name), of)) in (0..).zip(&mut actions) {
            writer.text(name);
            writer.integer(first - before);
            (before, *of) = (first, number);
        }
        for bucket in &self.buckets {
            writer.integer(bucket.rows.len() as u64);
            writer.integer(bucket.tier as u64);
            writer.signed(bucket.interval.from.as_nanos());
            let mut before = 0;
            for row in &bucket.rows {
                let number = actions.get(&(row.first(), row.kept_name())).copied().unwrap_or(0);
                writer.integer(number - before);
                before = number;
                row.statistic().write(writer);
            }
        }
        writer.integer(0);
    }
}

impl<S: BinaryForm> WindowedSnapshot<S> {
    /// Writes the snapshot in the binary form, as [complete](WindowedChanges::is_complete) changes.
    ///
    /// # Complexity
    ///
    /// Copies each bucket.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Mean, WindowedSnapshot, WindowedTracker};
    ///
    /// let tracker = WindowedTracker::<Mean>::new(Default::default())?;
    /// tracker.record("jump", 100)?;
    /// let snapshot = tracker.snapshot();
    /// let read = WindowedSnapshot::<Mean>::from_bytes(&snapshot.to_bytes())?;
    /// assert_eq!(read, snapshot);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        WindowedChanges::from(self).write(self.rings.forgotten())
    }

    /// Reads a snapshot, or complete changes, in the binary form.
    ///
    /// # Errors
    ///
    /// [`TrackerSnapshotError::Incomplete`] for changes since an earlier look, and as
    /// [`WindowedChanges::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrackerSnapshotError> {
        let (changes, [start, end]) = read::<S>(bytes)?;
        let WindowedChanges { header, spec, at, since, unit, is_complete, buckets, .. } = changes;
        if !is_complete {
            return Err(TrackerSnapshotError::Incomplete);
        }
        let mut actions = BTreeMap::<_, Vec<_>>::new();
        for ChangedBucket { tier, tick, rows, .. } in buckets {
            for Row { name, first, statistic } in rows {
                actions.entry((first, name)).or_default().push(((tier, tick), statistic));
            }
        }
        let mut rows = Vec::with_capacity(actions.len());
        for ((first, name), buckets) in actions {
            let Some(rings) = TieredRing::from_buckets(&spec, buckets) else {
                return Err(TrackerSnapshotError::NoRing { action: shown(&name).to_owned() });
            };
            rows.push(Row::new(name, first, rings));
        }
        let rings = TrackerSnapshot::new(header, unit, start..end, rows);
        Ok(Self::new(spec, at, since, rings))
    }
}

fn nanos(length: Duration) -> u64 {
    length.as_nanos() as u64 // Not longer than 292 years.
}

fn write_window(spec: &WindowSpec, writer: &mut BinaryWriter) {
    let mut tiers = spec.tiers();
    writer.integer(tiers.next().map_or(0, |finest| nanos(finest.span)));
    writer.integer(nanos(spec.tolerance()));
    writer.integer(tiers.len() as u64);
    for tier in tiers {
        writer.integer(nanos(tier.resolution));
        writer.integer(nanos(tier.span));
    }
}

fn read_window(
    resolution: Duration,
    reader: &mut BinaryReader<'_>,
) -> Result<WindowSpec, TrackerSnapshotError> {
    let mut length = || reader.integer().map(Duration::from_nanos);
    let builder = WindowSpec::builder().resolution(resolution).span(length()?);
    let mut builder = builder.tolerance(length()?);
    for _ in 0..reader.number_of(2)? {
        let mut length = || reader.integer().map(Duration::from_nanos);
        builder = builder.tier(Tier { resolution: length()?, span: length()? });
    }
    Ok(builder.build()?)
}

/// Reads changes, and how often something had been forgotten before and after.
fn read<S: BinaryForm>(
    bytes: &[u8],
) -> Result<(WindowedChanges<S>, [u64; 2]), TrackerSnapshotError> {
    let (tag, mut reader) = KIND.open(bytes)?;
    KIND.check_tag::<S>(tag)?;
    let RowsHeader { resolution, zone, unit, instances, revision, forgotten: [start, end] } =
        RowsHeader::read(&mut reader)?;
    if !zone.is_empty() {
        return Err(reader.impossible("changes have a time zone").into());
    }
    let unit = unit.ok_or(TrackerSnapshotError::Missing { key: "unit" })?;
    let spec = read_window(resolution, &mut reader)?;
    let tag = WindowedSnapshot::<S>::tag(&spec);
    let header = SnapshotHeader::read(tag, Instances::of(instances)?, revision)?;
    let mut stamp = || reader.signed().map(Stamp::from_nanos);
    let (at, since, latest) = (stamp()?, stamp()?, stamp()?);
    let is_complete = reader.flag("whether all is there")?;
    let removed = read_removed(is_complete, &mut reader)?;
    let buckets = read_buckets(&spec, latest, &mut reader)?;
    let changes =
        WindowedChanges { header, spec, at, since, latest, unit, is_complete, removed, buckets };
    Ok((changes, [forgotten(start)?, forgotten(end)?]))
}

fn read_removed(
    is_complete: bool,
    reader: &mut BinaryReader<'_>,
) -> Result<Vec<Arc<str>>, BinaryError> {
    let mut removed = Vec::new();
    for _ in 0..reader.number_of(1)? {
        let name = reader.text()?;
        check_name(name, reader)?;
        removed.push(name.into());
    }
    if is_complete && !removed.is_empty() {
        return Err(reader.impossible("complete changes name what was removed"));
    }
    Ok(removed)
}

/// An action in the list of names.
struct Listed {
    name: Arc<str>,
    first: u64,
    has_row: bool,
}

fn read_actions(reader: &mut BinaryReader<'_>) -> Result<Vec<Listed>, BinaryError> {
    let (mut actions, mut names, mut first) = (Vec::<Listed>::new(), HashSet::new(), 0_u64);
    for _ in 0..reader.number_of(2)? {
        let name = reader.text()?;
        check_name(name, reader)?;
        let sum = first.checked_add(reader.integer()?);
        first = sum.ok_or_else(|| reader.error(Problem::TooLarge))?;
        let is_after = |last: &Listed| (last.first, &*last.name) < (first, name);
        if !actions.last().is_none_or(is_after) {
            return Err(reader.error(Problem::RowsDescend { name: name.to_owned() }));
        }
        if !names.insert(name) {
            return Err(reader.error(Problem::RowTwice { name: name.to_owned() }));
        }
        actions.push(Listed { name: name.into(), first, has_row: false });
    }
    Ok(actions)
}

fn read_buckets<S: BinaryForm>(
    spec: &WindowSpec,
    latest: Stamp,
    reader: &mut BinaryReader<'_>,
) -> Result<Vec<ChangedBucket<S>>, BinaryError> {
    let mut actions = read_actions(reader)?;
    let (mut buckets, mut last) = (BTreeMap::new(), None);
    loop {
        let rows = match reader.integer()? {
            0 => break,
            rows => reader.fitting(rows, 2)?,
        };
        let (bucket, start) = read_bucket(spec, latest, reader)?;
        if let Some((_, before)) = last.filter(|&(last, _)| last >= bucket) {
            return Err(reader.error(Problem::BlocksDescend { start, before }));
        }
        last = Some((bucket, start));
        buckets.insert(bucket, read_rows(rows, &mut actions, reader)?);
    }
    if let Some(unused) = actions.iter().find(|action| !action.has_row) {
        return Err(reader.impossible(format_args!("action `{}` has no row", unused.name)));
    }
    match reader.left() {
        0 => Ok(ChangedBucket::all(spec, buckets)),
        left => Err(reader.error(Problem::Trailing { left })),
    }
}

/// Reads the tier and the start of a bucket, and returns its tier, its tick and its start.
fn read_bucket(
    spec: &WindowSpec,
    latest: Stamp,
    reader: &mut BinaryReader<'_>,
) -> Result<((usize, i64), Stamp), BinaryError> {
    let found = reader.integer()?;
    let tier = usize::try_from(found).unwrap_or(usize::MAX);
    let Some(of) = spec.tiers().nth(tier) else {
        let tiers = spec.tiers().len();
        let reason = format_args!("tier is {found}, expected a number below {tiers}");
        return Err(reader.impossible(reason));
    };
    let (start, width) = (reader.signed()?, of.resolution.as_nanos() as i64);
    if start.rem_euclid(width) != 0 {
        return Err(reader.impossible("bucket does not start at a multiple of its width"));
    }
    if start > latest.as_nanos() {
        return Err(reader.impossible("bucket starts after the latest record"));
    }
    Ok(((tier, start / width), Stamp::from_nanos(start)))
}

fn read_rows<S: BinaryForm>(
    number: usize,
    actions: &mut [Listed],
    reader: &mut BinaryReader<'_>,
) -> Result<Vec<Row<S>>, BinaryError> {
    let (mut rows, mut next) = (Vec::new(), 0_u64);
    for at in 0..number {
        let by = reader.integer()?;
        if by == 0 && at > 0 {
            return Err(reader.impossible("rows of a bucket do not ascend"));
        }
        next = next.saturating_add(by);
        let listed = actions.len();
        let action = usize::try_from(next).ok().and_then(|next| actions.get_mut(next));
        let Some(Listed { name, first, has_row }) = action else {
            let reason = format_args!("action is {next}, expected a number below {listed}");
            return Err(reader.impossible(reason));
        };
        *has_row = true;
        let mut statistic = S::default();
        statistic.add_from(reader)?;
        rows.push(Row::new(Arc::clone(name), *first, statistic));
    }
    Ok(rows)
}
