//! Reading what all writers published.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use core_actions::{BinaryForm, Fleet, Unit};
use core_time::{Instance, ManualClock, Stamp, TimeAxis, WindowError, WindowSpec};

use crate::cell::{STRIPES, Version};
use crate::error::ReadError;
use crate::rows::{Form, MergedBucket};
use crate::spec::{GRACE, StoreSpec};
use crate::store::{BucketContents, Store, WriterState};
use crate::view::{View, Writer};

/// Reads what all publishers of a set have stored.
///
/// It keeps the buckets that it has read, merged over all writers, and reads a bucket again when
/// its contents changed. All times are those of the store's clock; a record is in the bucket of its
/// writer's clock.
///
/// # Memory
///
/// The rows of the span, merged over all writers.
///
/// # Examples
///
/// See [`Publisher`](crate::Publisher).
#[derive(Debug)]
pub struct Reader<S> {
    store: Box<dyn Store>,
    window: WindowSpec,
    form: Form,
    fleet: Fleet<S>,
    /// Stands for all writers in the fleet.
    all: Instance,
    /// Higher for each bucket that is read.
    revision: u64,
    buckets: BTreeMap<i64, Known>,
    /// By writer and stripe.
    writers: BTreeMap<(Instance, usize), WriterState>,
}

/// A bucket that was read.
#[derive(Debug)]
struct Known {
    version: Option<Version>,
    names: HashSet<Arc<str>>,
    unreadable: Vec<(Instance, String)>,
}

impl<S: BinaryForm> Reader<S> {
    /// Creates a reader of statistics with this unit.
    ///
    /// # Errors
    ///
    /// [`ReadError::Spec`] if the specification is not valid.
    pub fn new(
        store: impl Store + 'static,
        spec: &StoreSpec,
        unit: Unit,
    ) -> Result<Self, ReadError> {
        let window = spec.window()?;
        Ok(Self {
            store: Box::new(store),
            form: Form { resolution: spec.resolution, unit },
            fleet: Fleet::new(window.clone(), unit),
            window,
            all: Instance::draw(),
            revision: 0,
            buckets: BTreeMap::new(),
            writers: BTreeMap::new(),
        })
    }

    /// Reads what changed in the buckets of the past `window`.
    ///
    /// # Errors
    ///
    /// [`ReadError::Store`] if the store does not answer, [`ReadError::Window`] if the window is
    /// longer than the span.
    pub fn read(&mut self, window: Duration) -> Result<View<'_, S>, ReadError> {
        let now = self.store.now()?;
        let touched = self.touched(now, window)?;
        // The second round reads everything, if rows are gone: a fleet does not forget rows alone.
        if !self.update(now, touched.clone())? {
            self.buckets.clear();
            self.fleet = Fleet::new(self.window.clone(), self.form.unit);
            self.update(now, touched.clone())?;
        }
        self.forget(now);
        let unreadable = self.buckets.range(touched);
        let unreadable = unreadable.flat_map(|(_, bucket)| bucket.unreadable.iter().cloned());
        let (writers, unreadable) = (self.writers(now), unreadable.collect());
        Ok(View { fleet: &self.fleet, now, writers, unreadable })
    }

    fn touched(&self, now: Stamp, window: Duration) -> Result<RangeInclusive<i64>, WindowError> {
        let axis = TimeAxis::with_clock(self.window.clone(), ManualClock::new(now));
        Ok(axis.past(window)?.touched())
    }

    /// Reads the buckets that changed, and returns whether only rows were added or replaced.
    fn update(&mut self, now: Stamp, buckets: RangeInclusive<i64>) -> Result<bool, ReadError> {
        let version = |bucket| self.buckets.get(&bucket).and_then(|known| known.version.clone());
        let known: Vec<_> = buckets.map(|bucket| (bucket, version(bucket))).collect();
        let contents = self.store.read(&known)?;
        for state in contents.writers {
            self.writers.insert((state.writer, state.stripe), state);
        }
        self.writers.retain(|_, state| now <= state.seen + state.keep);
        let mut is_growing = true;
        for bucket in contents.buckets {
            is_growing &= self.put(bucket);
        }
        Ok(is_growing)
    }

    /// Replaces the rows of a bucket, and returns whether none is gone.
    fn put(&mut self, contents: BucketContents) -> bool {
        let BucketContents { bucket, version, cells } = contents;
        let MergedBucket { rows, unreadable } = MergedBucket::<S>::of(self.form, bucket, &cells);
        let name = |row: &core_actions::Row<S>| if row.is_other() { "" } else { row.name() }.into();
        let names = rows.iter().map(name).collect();
        let unreadable = unreadable.into_iter().map(|(writer, error)| (writer, error.to_string()));
        let known = Known { version, names, unreadable: unreadable.collect() };
        self.revision += 1;
        self.fleet.insert(self.all, self.revision, self.form.start(bucket), &rows);
        let before = self.buckets.insert(bucket, known);
        let Some(known) = self.buckets.get(&bucket) else { return true };
        before.is_none_or(|before| before.names.is_subset(&known.names))
    }

    /// Forgets what no window touches, even if the clock of the store steps back a little.
    fn forget(&mut self, now: Stamp) {
        let span = self.window.span() + self.form.resolution + GRACE;
        self.buckets = self.buckets.split_off(&self.form.bucket(now - span));
        self.fleet.forget_before_span(now - GRACE);
    }

    fn writers(&self, now: Stamp) -> Vec<Writer> {
        let mut writers = Vec::<Writer>::new();
        let mut stripes = 0;
        for state in self.writers.values() {
            let WriterState { writer: instance, seen, interval, .. } = *state;
            let age = now.saturating_since(seen);
            match writers.last_mut().filter(|writer| writer.instance == instance) {
                Some(writer) => {
                    // It writes into all stripes at each flush. Where it is older, rows were lost.
                    writer.age = writer.age.max(age);
                    writer.interval = writer.interval.min(interval);
                    stripes += 1;
                    writer.is_whole = stripes == STRIPES;
                }
                None => {
                    stripes = 1;
                    writers.push(Writer { instance, age, interval, is_whole: false });
                }
            }
        }
        writers
    }
}
