//! Counts of many processes and machines, from what they send of themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use core_time::{CounterChanges, Instance, Instances, Stamp, Statistic, WindowSpec};

use crate::action::name::ActionName;
use crate::action::unit::Unit;
use crate::row::Row;
use crate::snapshot::WindowedChanges;
use crate::statistics::count::Count;

mod error;
mod horizon;
mod member;
mod merged;
mod read;

pub use error::FleetError;

use horizon::Horizon;
use member::{Cell, Look, Member};
use merged::Merged;

/// Merges what many instances send of themselves, in any order and any number of times.
///
/// Each instance owns its rows: a row is absolute, and of each row the newest revision is kept. So
/// what is sent may be lost and sent again, doubled, or overtaken by what was sent later. A fleet
/// is a plain value without a clock or threads. Two fleets that got the same are equal, in whatever
/// order and however often they got it; [merging](Self::merge) them is commutative, associative and
/// idempotent, to the bit. Those that forgot old buckets at different times may differ in what is
/// left of instances, but not in their answers.
///
/// Windows equal those of one tracker with all records, if all has arrived. The number of instances
/// is not limited.
///
/// For event counters, use a `Fleet<Count>` and [`apply_events`](Self::apply_events), with a name
/// for each counter.
///
/// # What to send
///
/// Of each instance, snapshots, or the changes of one cursor. A new cursor may replace the earlier
/// one at any time, as its first changes are complete. With two cursors at once, one would not name
/// the removal of an action that only the other has seen.
///
/// # Clocks
///
/// The clocks of instances may differ from each other and from that of the reader. Buckets are kept
/// wherever they are in time. A window has those up to the present that is passed to it; ask at
/// [`latest`](Self::latest) for the newest records of instances whose clocks are ahead.
///
/// # Memory
///
/// That of the rows within the span, by instance, action and bucket; and of the sums over all
/// instances, by action and bucket, as far as they were read. With one instance there are as many
/// sums as rows, and with n instances that have the same actions an n-th of that; sums of several
/// buckets, for long windows, add a seventh to the sums.
///
/// Call [`forget_before_span`](Self::forget_before_span) regularly: it drops buckets that left the
/// span, and instances of which no record is in it. A bucket in the future is kept until it has
/// left the span, too: what an instance may send should be limited where it is received.
///
/// # Restored and forked trackers
///
/// A tracker that was restored is the same instance with later revisions, and replaces what it sent
/// before. Two processes that record in copies of one tracker would replace each other's rows:
/// [`FleetMember::is_ambiguous`] returns whether that may be so. Create trackers after a `fork`.
///
/// # Examples
///
/// ```
/// use core_actions::{Fleet, Mean, WindowedCursor, WindowedTracker};
/// use core_time::{ManualClock, Stamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// let new = || WindowedTracker::<Mean>::with_clock(Default::default(), clock.clone());
/// let (one, two) = (new()?, new()?);
/// let mut cursors = [WindowedCursor::default(), WindowedCursor::default()];
/// one.record("jump", 100)?;
/// two.record("jump", 300)?;
/// let sent = [one.changes(&mut cursors[0]), two.changes(&mut cursors[1])];
/// one.record("jump", 800)?;
/// let later = one.changes(&mut cursors[0]);
///
/// let mut fleet = Fleet::new(one.window_spec().clone(), one.spec().unit);
/// for changes in [&later, &sent[1], &sent[0], &later] {
///     fleet.apply(changes)?;
/// }
/// let minute = fleet.window(clock.now(), Duration::from_secs(60))?;
/// assert_eq!((minute.rows()[0].count(), minute.rows()[0].mean()), (3, 400.0));
/// # use core_time::Clock;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet<S> {
    spec: WindowSpec,
    unit: Unit,
    horizon: Horizon,
    /// By their instances without a process.
    members: BTreeMap<Instance, Member<S>>,
    merged: Merged<S>,
}

/// An instance in a [`Fleet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FleetMember {
    instance: Instance,
    revision: u64,
    at: Stamp,
    is_ambiguous: bool,
}

impl FleetMember {
    /// Returns the instance, in the process that has sent the newest revision.
    #[must_use]
    pub fn instance(self) -> Instance {
        self.instance
    }

    /// Returns the newest revision.
    #[must_use]
    pub fn revision(self) -> u64 {
        self.revision
    }

    /// Returns the time of the latest look at the instance, by its clock.
    #[must_use]
    pub fn at(self) -> Stamp {
        self.at
    }

    /// Returns whether two processes have sent revisions of the instance at the same time.
    ///
    /// Either a `fork` copied its tracker, and rows of one copy are missing; or it was restored
    /// from a snapshot older than what it had sent, and old rows may be left until it has sent as
    /// many revisions again.
    #[must_use]
    pub fn is_ambiguous(self) -> bool {
        self.is_ambiguous
    }
}

impl<S> Fleet<S> {
    /// Makes a fleet of trackers with these tiers and this unit.
    ///
    /// The tolerance does not matter.
    #[must_use]
    pub fn new(spec: WindowSpec, unit: Unit) -> Self {
        let horizon = Horizon::new(&spec);
        Self { spec, unit, horizon, members: BTreeMap::new(), merged: Merged::default() }
    }

    /// Returns the span and the resolution.
    #[must_use]
    pub fn window_spec(&self) -> &WindowSpec {
        &self.spec
    }

    /// Returns the unit of times.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Returns the instances that are known.
    pub fn members(&self) -> impl ExactSizeIterator<Item = FleetMember> + '_ {
        self.members.iter().map(|(&origin, member)| {
            let ranges: Vec<_> = member.processes.values().copied().collect();
            let newest = member.processes.iter().max_by_key(|&(_, &(_, last))| last);
            FleetMember {
                instance: newest.map_or(origin, |(&instance, _)| instance),
                revision: member.newest.0,
                at: member.at,
                is_ambiguous: overlap(ranges),
            }
        })
    }

    /// Returns the latest time of a look at an instance, by its clock.
    #[must_use]
    pub fn latest(&self) -> Option<Stamp> {
        self.members.values().map(|member| member.at).max()
    }

    /// Forgets the buckets and the instances that left the span.
    ///
    /// They are ignored when they arrive again. A present before that of an earlier call changes
    /// nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Fleet, Mean, WindowedTracker};
    /// use std::time::Duration;
    ///
    /// let tracker = WindowedTracker::<Mean>::new(Default::default())?;
    /// tracker.record("jump", 100)?;
    /// let mut fleet = Fleet::new(tracker.window_spec().clone(), tracker.spec().unit);
    /// fleet.apply(&(&tracker.snapshot()).into())?;
    /// fleet.forget_before_span(tracker.now());
    /// assert_eq!(fleet.members().len(), 1);
    /// fleet.forget_before_span(tracker.now() + Duration::from_secs(400));
    /// assert_eq!(fleet.members().len(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forget_before_span(&mut self, now: Stamp) {
        if self.horizon.advance(&self.spec, now) {
            self.forget();
        }
    }

    fn forget(&mut self) {
        let (horizon, merged) = (&self.horizon, &mut self.merged);
        self.members.retain(|_, member| {
            member.forget(horizon);
            let stays = !horizon.is_past(member.latest);
            if !stays {
                member.touch_all(merged);
            }
            stays
        });
        merged.forget(horizon);
    }
}

impl<S: Statistic> Fleet<S> {
    /// Adds the changes of one instance, or all that it holds, made of a snapshot.
    ///
    /// # Errors
    ///
    /// [`FleetError::OtherWindow`] if the tiers differ, [`FleetError::OtherUnit`] if the unit does,
    /// [`FleetError::Instances`] if they are of a tracker into which others were merged: send
    /// these to the fleet one by one.
    ///
    /// # Complexity
    ///
    /// A copy and two logarithmic steps for each row; for complete changes and for removals, also a
    /// step for each row of the instance or of the action.
    pub fn apply(&mut self, changes: &WindowedChanges<S>) -> Result<(), FleetError> {
        let (found, expected) = (changes.unit, self.unit);
        if found != expected {
            return Err(FleetError::OtherUnit { found, expected });
        }
        let instance = self.only(&changes.spec, changes.instances())?;
        let revision = changes.revision();
        let WindowedChanges { at, since, latest, .. } = *changes;
        self.note(Look { instance, revision, at, since, latest }, |member, horizon, merged| {
            if changes.is_complete {
                member.complete(revision, merged);
            }
            for name in &changes.removed {
                member.remove(name, (revision, latest), horizon, merged);
            }
            for bucket in &changes.buckets {
                for row in &bucket.rows {
                    let at = (bucket.tier, bucket.tick);
                    member.put(row.kept_name(), at, cell(revision, row), horizon, merged);
                }
            }
        });
        Ok(())
    }

    /// Adds rows of one instance in one bucket of the finest tier: those with the stamp `bucket`.
    ///
    /// For a store that keeps rows by bucket. Rows of actions that are not among them are kept. The
    /// instance counts as recording since ever, so that a rate is over the whole window.
    pub fn insert(&mut self, instance: Instance, revision: u64, bucket: Stamp, rows: &[Row<S>]) {
        let tick = self.horizon.tick_in(0, bucket);
        let [from, to] = [tick, tick.saturating_add(1)].map(|tick| self.horizon.start(0, tick));
        let latest = Stamp::from_nanos(to.as_nanos().saturating_sub(1));
        let look = Look { instance, revision, at: from, since: Stamp::MIN, latest };
        self.note(look, |member, horizon, merged| {
            for row in rows {
                member.put(row.kept_name(), (0, tick), cell(revision, row), horizon, merged);
            }
        });
    }

    /// Adds all that another fleet knows.
    ///
    /// # Errors
    ///
    /// [`FleetError::OtherWindow`] if the tiers differ, [`FleetError::OtherUnit`] if the unit does.
    pub fn merge(&mut self, other: &Self) -> Result<(), FleetError> {
        let (found, expected) = (other.unit, self.unit);
        if found != expected {
            return Err(FleetError::OtherUnit { found, expected });
        }
        self.same_tiers(&other.spec)?;
        self.horizon.merge(&other.horizon);
        for (&origin, theirs) in &other.members {
            match self.members.get_mut(&origin) {
                Some(mine) => mine.merge(theirs, &self.horizon, &mut self.merged),
                None => {
                    theirs.touch_all(&mut self.merged);
                    self.members.insert(origin, theirs.clone());
                }
            }
        }
        self.forget();
        Ok(())
    }

    /// Returns the only instance of changes with the same tiers.
    fn only(&self, spec: &WindowSpec, instances: &Instances) -> Result<Instance, FleetError> {
        self.same_tiers(spec)?;
        match instances[..] {
            [instance] => Ok(instance),
            _ => Err(FleetError::Instances { found: instances.len() }),
        }
    }

    fn same_tiers(&self, found: &WindowSpec) -> Result<(), FleetError> {
        if found.tiers().eq(self.spec.tiers()) {
            return Ok(());
        }
        Err(FleetError::OtherWindow { found: found.clone(), expected: self.spec.clone() })
    }

    /// Changes what is known of an instance, unless all of it is too old.
    fn note(&mut self, look: Look, change: impl FnOnce(&mut Member<S>, &Horizon, &mut Merged<S>)) {
        if self.horizon.is_past(look.latest) {
            return;
        }
        let origin = look.instance.without_process();
        let member = self.members.entry(origin).or_insert_with(|| Member::new(look));
        member.note(look);
        change(member, &self.horizon, &mut self.merged);
    }
}

impl Fleet<Count> {
    /// Adds the changes of an event counter, as records of an action.
    ///
    /// # Errors
    ///
    /// [`FleetError::Name`] if the name is not valid, [`FleetError::OtherWindow`] and
    /// [`FleetError::Instances`] as [`apply`](Self::apply).
    ///
    /// # Examples
    ///
    /// ```
    /// use core_actions::{Fleet, Unit};
    /// use core_time::{Clock, CounterCursor, EventCounter, ManualClock, Stamp};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let new = || EventCounter::with_clock(Default::default(), clock.clone());
    /// let (one, two) = (new(), new());
    /// one.record_many(3);
    /// two.record_many(4);
    /// let mut fleet = Fleet::new(one.spec().clone(), Unit::default());
    /// for counter in [&one, &two, &one] {
    ///     let changes = counter.changes(&mut CounterCursor::default());
    ///     fleet.apply_events("logins", &changes)?;
    /// }
    /// let minute = fleet.window(clock.now(), Duration::from_secs(60))?;
    /// assert_eq!(minute.rows()[0].count(), 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply_events(&mut self, name: &str, changes: &CounterChanges) -> Result<(), FleetError> {
        let name: Arc<str> = ActionName::new(name)?.as_str().into();
        let instance = self.only(changes.spec(), changes.instances())?;
        let revision = changes.revision();
        let (at, since, latest) = (changes.at(), changes.since(), changes.latest());
        self.note(Look { instance, revision, at, since, latest }, |member, horizon, merged| {
            if changes.is_complete() {
                member.complete(revision, merged);
            }
            for tier in 0..horizon.tiers() {
                for (start, events) in changes.buckets(tier) {
                    let statistic = (events > 0).then_some(Count(events));
                    let cell = Cell { revision, first: 0, statistic };
                    let at = (tier, horizon.tick_in(tier, start));
                    member.put(&name, at, cell, horizon, merged);
                }
            }
        });
        Ok(())
    }
}

fn cell<S: Clone>(revision: u64, row: &Row<S>) -> Cell<S> {
    Cell { revision, first: row.first(), statistic: Some(row.statistic().clone()) }
}

/// Returns whether two ranges of revisions overlap.
fn overlap(mut ranges: Vec<(u64, u64)>) -> bool {
    ranges.sort_unstable();
    ranges.windows(2).any(|pair| pair[1].0 <= pair[0].1)
}
