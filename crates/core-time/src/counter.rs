//! The event counter: how many events in the past x seconds, from any number of threads.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::axis::TimeAxis;
use crate::clock::Clock;
use crate::error::{RecordError, SnapshotError, WindowError};
use crate::instance::{Instance, Instances};
use crate::ledger::{Cell, Ledger};
use crate::per_thread::{Number, PerThread};
use crate::question::{Look, Question};
use crate::recorder::Recorder;
use crate::refused::RefusedCounts;
use crate::snapshot::{CounterSnapshot, Destination, same_tiers};
use crate::spec::WindowSpec;
use crate::stamp::{Interval, Stamp};
use crate::window::{Series, Window};

/// Counts events over sliding windows of time.
///
/// Events are counted by bucket of time, one second wide unless told otherwise, as far back as the
/// span of 300 s. Any window up to that can be asked for at any time, from any thread, at the same
/// cost.
///
/// ```
/// use core_time::{EventCounter, ManualClock, Stamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(Stamp::from_secs(1_000));
/// let counter = EventCounter::with_clock(Default::default(), clock.clone());
///
/// counter.record();
/// counter.record_many(45);
/// counter.record_at(Stamp::from_secs(980), 1)?; // 20 s late.
///
/// assert_eq!(counter.count(Duration::from_secs(10))?.events, 46);
/// assert_eq!(counter.count(Duration::from_secs(300))?.events, 47);
///
/// clock.advance(Duration::from_secs(290));
/// assert_eq!(counter.count(Duration::from_secs(300))?.events, 46);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Accuracy
///
/// Exact to one bucket, and [`Window`] tells the bounds. A bucket takes at least 2^40 events; what
/// it has no room for is refused, and disturbs no other.
///
/// # Refusals
///
/// An event older than the span, further ahead of the clock than the tolerance, or beyond the room
/// of its bucket, in whichever tier, or of all (2^63) is not counted, changes nothing, and is
/// counted in [`refused`](Self::refused).
///
/// # Complexity
///
/// A record in the bucket that is open for its thread is a few loads and one store to the thread's
/// own memory. The first in a new bucket takes a lock and a step of constant cost, or after nothing
/// happened for long at most one for each block of the ring, of which there are about the square
/// root of the number of buckets; one in another bucket takes the lock and at most two such roots.
/// A read costs by the threads that ever recorded at once, whatever its window. Recording allocates
/// once for each of these threads, reading never does.
///
/// # Concurrency
///
/// A record that happened before a read began is in the answer exactly if its bucket is in the
/// window; one that runs beside the read may or may not be. A read changes nothing. A thread that
/// ends or panics loses nothing. After `fork` in a process with several threads, the child must not
/// use a counter that it inherited: another thread may have held its lock.
///
/// # Clocks that step back
///
/// The clocks of this crate do not. With one that does, events are still counted by their stamps,
/// and a window still ends at what the clock says: an event stamped ahead of that is seen once the
/// clock is there again. Buckets are held as far behind the newest one as the span, the tolerance
/// and two buckets, at least. Where the clock stepped back by more than the last two, old buckets
/// were given up that it would still ask for: an event for one is refused, and so is a question
/// that reaches back to one. To tell, every record takes the lock as long as
/// [`Clock::may_step_back`].
pub struct EventCounter {
    ledger: Ledger,
    axis: TimeAxis,
    /// One cell for each thread that recorded. A thread that ends leaves its own to the next one.
    cells: PerThread<Cell>,
    /// Tells this counter from others in snapshots, with the number of the process.
    instance: Instance,
    merged: Mutex<Merged>,
}

/// What snapshots need that is not in the ledger, under a lock.
#[derive(Default)]
struct Merged {
    /// Whose snapshots were merged into this counter since the last reset.
    instances: Instances,
    /// The revision of the last snapshot.
    revision: u64,
}

impl Default for EventCounter {
    /// Counts with one-second buckets over 300 s, by the system's clock.
    fn default() -> Self {
        Self::new(WindowSpec::default())
    }
}

impl EventCounter {
    /// Counts to a specification, by the cheapest clock of the system that is fine enough for it.
    #[must_use]
    pub fn new(spec: WindowSpec) -> Self {
        Self::on(TimeAxis::new(spec))
    }

    /// Counts to a specification, by a clock of one's own.
    #[must_use]
    pub fn with_clock(spec: WindowSpec, clock: impl Clock) -> Self {
        Self::on(TimeAxis::with_clock(spec, clock))
    }

    fn on(axis: TimeAxis) -> Self {
        Self {
            ledger: Ledger::new(axis.spec.clone(), axis.now()),
            axis,
            cells: PerThread::default(),
            instance: Instance::draw(),
            merged: Mutex::default(),
        }
    }

    /// What the counter remembers.
    #[must_use]
    pub fn spec(&self) -> &WindowSpec {
        self.ledger.spec()
    }

    /// Returns the clock, to share it with another counter or tracker.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_time::{Clock, EventCounter, ManualClock, Stamp};
    ///
    /// let manual = ManualClock::new(Stamp::from_secs(1_000));
    /// let calls = EventCounter::with_clock(Default::default(), manual.clone());
    /// let errors = EventCounter::with_clock(Default::default(), calls.clock());
    /// manual.set(Stamp::from_secs(1_060));
    /// assert_eq!((calls.now(), errors.now()), (manual.now(), manual.now()));
    /// ```
    #[must_use]
    pub fn clock(&self) -> impl Clock + Clone + use<> {
        self.axis.clock.clone()
    }

    /// The present, by the counter's clock.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Stamp {
        self.axis.clock.now()
    }

    /// Counts one event now.
    #[inline(always)]
    pub fn record(&self) {
        self.record_many(1);
    }

    /// Counts so many events now.
    ///
    /// More than 2^40 in one bucket may be refused, all of them, and are then counted in
    /// [`refused`](Self::refused).
    #[inline(always)]
    pub fn record_many(&self, events: u64) {
        let present = self.axis.clock.tell();
        self.record_in(self.cells.get(), present, events);
    }

    /// Counts events that happened at a stamp, in the bucket of that stamp.
    ///
    /// # Errors
    ///
    /// [`RecordError::TooOld`] if the stamp is older than the span, [`RecordError::TooNew`] if it
    /// is further ahead of the clock than the tolerance (and what the clock may be behind),
    /// [`RecordError::Full`] if its bucket has no room, [`RecordError::GivenUp`] if the clock
    /// stepped back and its bucket was given up meanwhile. Nothing is counted then but the refusal.
    pub fn record_at(&self, stamp: Stamp, events: u64) -> Result<(), RecordError> {
        self.record_at_in(self.cells.get(), stamp, events)
    }

    /// A cell of one's own to record in, for hot loops: finding the thread's costs as much as the
    /// record itself.
    ///
    /// # Panics
    ///
    /// If there are 2^32 threads and recorders in the process.
    #[must_use]
    pub fn recorder(&self) -> Recorder<'_> {
        let number = Number::take();
        let cell =
            self.cells.of(&number, Cell::new).expect("fewer than 2^32 threads and recorders");
        Recorder::new(self, cell, number)
    }

    #[inline(always)]
    pub(crate) fn tell(&self) -> (Stamp, bool) {
        self.axis.clock.tell()
    }

    /// Counts events of the present, in the cell of the caller if it has one.
    #[inline(always)]
    pub(crate) fn record_in(
        &self,
        cell: Option<&Cell>,
        (now, may_step_back): (Stamp, bool),
        events: u64,
    ) {
        let open = cell.filter(|_| !may_step_back);
        if events > 0 && !open.is_some_and(|cell| cell.count(now, events)) {
            // A refusal has been counted, and the caller, who gave no stamp, could not avoid it.
            drop(self.turn(cell, now, now, events));
        }
    }

    /// Counts events at a stamp, in the cell of the caller if it has one.
    pub(crate) fn record_at_in(
        &self,
        cell: Option<&Cell>,
        stamp: Stamp,
        events: u64,
    ) -> Result<(), RecordError> {
        let (now, may_step_back) = self.axis.clock.tell();
        if let Err(refusal) = self.axis.believe(stamp, now) {
            return self.refuse(refusal, events);
        }
        if events == 0 {
            return Ok(());
        }
        // What is refused must leave no trace, and what is counted must not be seen before this is.
        let open = cell.filter(|cell| !may_step_back && cell.takes(stamp, events));
        let Some(cell) = open else { return self.turn(cell, stamp, now, events) };
        self.ledger.note(stamp, now);
        cell.count(stamp, events); // What it takes it takes until it turns, which only we can do.
        Ok(())
    }

    /// Counts the events of the past `window`, and says how exact that is.
    ///
    /// The bucket holding the present counts although it is still filling. With buckets of one
    /// second and a window of x seconds, [`Window::events`] sums the seconds `floor(now) - x +
    /// 1` to `floor(now)`. A read changes nothing.
    ///
    /// # Errors
    ///
    /// [`WindowError::LongerThanSpan`] if `window` is longer than the counter remembers,
    /// [`WindowError::GivenUp`] if the clock stepped back and buckets were given up meanwhile.
    pub fn count(&self, window: Duration) -> Result<Window, WindowError> {
        self.answer(Question::Past(self.spec().nanos_in_span(window)?))
    }

    /// Counts the events of several windows at one moment, each as [`count`](Self::count) would.
    ///
    /// All answers are of the same state and the same present, so of two that are answered from one
    /// tier, the longer never has fewer events. Costs two looks at the clock.
    ///
    /// # Errors
    ///
    /// As [`count`](Self::count), if there is an error for any of them.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::EventCounter;
    /// # use std::time::Duration;
    /// let counter = EventCounter::default();
    /// counter.record_many(3);
    /// let [ten, all] = counter.count_each([10, 300].map(Duration::from_secs))?;
    /// assert_eq!((ten.events, all.events), (3, 3));
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    pub fn count_each<const N: usize>(
        &self,
        windows: [Duration; N],
    ) -> Result<[Window; N], WindowError> {
        let mut questions = [Question::Past(0); N];
        for (question, window) in questions.iter_mut().zip(windows) {
            *question = Question::Past(self.spec().nanos_in_span(window)?);
        }
        let mut looks = [None; N];
        let (may_step_back, ()) = self.look(&questions, &mut looks, |_| ())?;
        Ok(self.conclude(&questions, looks, may_step_back))
    }

    /// Counts the events of an interval `from..to`, and says how exact that is.
    ///
    /// It may end ahead of the clock: events stamped so, within the tolerance, are counted. Where
    /// it begins and ends at the edges of buckets, the answer is exact.
    ///
    /// # Errors
    ///
    /// [`WindowError::BeforeSpan`] if it begins before what the counter remembers,
    /// [`WindowError::Backwards`] if it ends before it begins, [`WindowError::GivenUp`] as
    /// [`count`](Self::count).
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{EventCounter, ManualClock, Stamp};
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let counter = EventCounter::with_clock(Default::default(), clock);
    /// counter.record_at(Stamp::from_secs(990), 3)?;
    /// let found = counter.count_between(Stamp::from_secs(990)..Stamp::from_secs(991))?;
    /// assert_eq!((found.at_least, found.at_most), (3, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn count_between(&self, interval: impl Into<Interval>) -> Result<Window, WindowError> {
        self.answer(Question::Between(interval.into().forwards()?))
    }

    /// How many events fell in each bucket of the past `window`, the oldest first.
    ///
    /// The buckets are those of [`Window::events`].
    ///
    /// # Errors
    ///
    /// As [`count`](Self::count).
    ///
    /// # Complexity
    ///
    /// Linear in the number of buckets, and allocates for them.
    ///
    /// # Concurrency
    ///
    /// All buckets are of one state: what moves from one thread's cell to the ring meanwhile is in
    /// its bucket, once.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{EventCounter, ManualClock, Stamp};
    /// # use std::time::Duration;
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let counter = EventCounter::with_clock(Default::default(), clock.clone());
    /// counter.record_many(2);
    /// clock.advance(Duration::from_secs(2));
    /// counter.record();
    /// assert_eq!(counter.series(Duration::from_secs(4))?.counts, [0, 2, 0, 1]);
    /// # Ok::<(), core_time::WindowError>(())
    /// ```
    pub fn series(&self, window: Duration) -> Result<Series, WindowError> {
        let question = Question::Past(self.spec().nanos_in_span(window)?);
        let mut looks = [None];
        let (_, series) = self.look(&[question], &mut looks, |[look]| {
            look.map(|Look { tier, touched, .. }| Series {
                from: tier.grid.start(*touched.counted().start()),
                resolution: tier.grid.resolution(),
                counts: self.ledger.read_each(&self.cells, tier, touched.counted()),
            })
        })?;
        let now = self.axis.clock.now();
        series.ok_or_else(|| self.ledger.unanswered(question, now))
    }

    /// How many events were counted since the start or the last reset, however long ago.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::{EventCounter, ManualClock, Stamp};
    /// # use std::time::Duration;
    /// let clock = ManualClock::new(Stamp::from_secs(1_000));
    /// let counter = EventCounter::with_clock(Default::default(), clock.clone());
    /// counter.record_many(5);
    /// clock.advance(Duration::from_secs(86_400));
    /// assert_eq!(counter.total(), 5);
    /// ```
    #[must_use]
    pub fn total(&self) -> u64 {
        self.ledger.total(&self.cells)
    }

    /// How many events were refused, by reason.
    #[must_use]
    pub fn refused(&self) -> RefusedCounts {
        let refused = self.axis.refused.read();
        RefusedCounts { full: refused.full.saturating_add(self.ledger.cut_off()), ..refused }
    }

    /// What the counter holds, as a value: to be kept, sent, merged and restored.
    ///
    /// # Complexity
    ///
    /// Linear in the number of buckets that are held, and allocates for them.
    ///
    /// # Concurrency
    ///
    /// All buckets and the total are of one state, as in [`series`](Self::series).
    #[must_use]
    pub fn snapshot(&self) -> CounterSnapshot {
        let mut merged = self.merged();
        // Under the lock, so that the snapshot with the larger revision is the later one. No clock
        // can wait for the lock: what takes it reads the clock, so a clock that did would never
        // return anyway.
        let now = self.axis.clock.now();
        merged.revision += 1;
        let instances = merged.instances.with(self.instance.here());
        let contents = self.ledger.contents(&self.cells, now);
        let header = (instances, merged.revision);
        CounterSnapshot::new(header, self.spec().clone(), now, contents, self.refused())
    }

    /// Adds the events of other counters: those of a snapshot, to those that are here.
    ///
    /// As if they had been recorded here, each in its bucket; those in buckets that are not held
    /// any more are only in the [`total`](Self::total). Refusals are not added. The counter keeps
    /// the [instances](crate::Instances) of the snapshot, 16 bytes each, unless it has no events:
    /// up to [`Instances::MAX`](crate::Instances::MAX) until the next reset.
    ///
    /// # Errors
    ///
    /// [`SnapshotError::OtherTiers`] if the counter has other tiers, [`SnapshotError::Instances`]
    /// if events of the same counter are here already, be it this one, or those of too many,
    /// [`SnapshotError::TooManyEvents`] if a bucket or the total has no room for them, and
    /// [`SnapshotError::TooNew`] if it was taken, or a bucket begins, further ahead of the clock
    /// than the tolerance, or if its counter gave up buckets for one that does before its clock
    /// stepped back. Nothing is added then.
    ///
    /// # Complexity
    ///
    /// As many late records as there are buckets with events, under one lock; threads that record
    /// in their open bucket go on meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// # use core_time::EventCounter;
    /// # use std::time::Duration;
    /// let (here, there) = (EventCounter::default(), EventCounter::default());
    /// here.record();
    /// there.record_many(2);
    /// here.merge(&there.snapshot())?;
    /// assert_eq!(here.count(Duration::from_secs(300))?.events, 3);
    /// assert!(here.merge(&there.snapshot()).is_err()); // Twice would be twice as many.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge(&self, snapshot: &CounterSnapshot) -> Result<(), SnapshotError> {
        self.merge_into(snapshot, Destination::Running)
    }

    fn merge_into(
        &self,
        snapshot: &CounterSnapshot,
        into: Destination,
    ) -> Result<(), SnapshotError> {
        same_tiers(self.spec(), snapshot.spec())?;
        let now = self.axis.clock.now();
        // The other counter's clock may have been behind, and so believed an event more.
        let believed_ahead = self.spec().believed_ahead(self.spec().resolution());
        snapshot.believe(now, believed_ahead, into)?;
        let mut merged = self.merged();
        let empty = snapshot.total() == 0;
        let instances = merged.instances.accept(snapshot.instances(), empty, self.instance)?;
        self.ledger.merge(&self.cells, snapshot, now)?;
        merged.instances = instances;
        Ok(())
    }

    /// A counter that goes on from a snapshot, by the cheapest clock of the system that is fine
    /// enough.
    ///
    /// It is the counter that the snapshot is of, as far as merging goes: the events before are in
    /// the snapshots of both. The clock may be behind the moment of the snapshot by the tolerance.
    /// What the counter had given up before its clock stepped back stays given up.
    ///
    /// # Errors
    ///
    /// As [`merge`](Self::merge).
    pub fn restore(snapshot: &CounterSnapshot) -> Result<Self, SnapshotError> {
        Self::new(snapshot.spec().clone()).with(snapshot)
    }

    /// A counter that goes on from a snapshot, by a clock of one's own.
    ///
    /// # Errors
    ///
    /// As [`merge`](Self::merge).
    pub fn restore_with_clock(
        snapshot: &CounterSnapshot,
        clock: impl Clock,
    ) -> Result<Self, SnapshotError> {
        Self::with_clock(snapshot.spec().clone(), clock).with(snapshot)
    }

    fn with(mut self, snapshot: &CounterSnapshot) -> Result<Self, SnapshotError> {
        self.merge_into(snapshot, Destination::New)?;
        self.axis.refused.add_all(snapshot.refused());
        // One of the counters of the snapshot goes on, so that to restore again and again names no
        // more of them.
        let mut instances = snapshot.instances().clone();
        let own = instances.pop();
        *self.merged() = Merged { instances, revision: snapshot.revision() };
        self.instance = own.unwrap_or(self.instance);
        Ok(self)
    }

    /// Forgets all events that were recorded before, and all refusals.
    ///
    /// # Concurrency
    ///
    /// An event that is recorded beside the reset is forgotten or kept, never half. If one was
    /// ahead of the clock before, [`Window::at_least`] leaves the filling bucket out until the
    /// clock has come there.
    pub fn reset(&self) {
        let now = self.axis.clock.now();
        let mut merged = self.merged();
        self.ledger.reset(&self.cells, now);
        merged.instances.clear();
        self.axis.refused.reset();
    }

    /// Records where the open bucket cannot take it, in a cell made for this thread if there is
    /// none yet.
    #[cold]
    fn turn(
        &self,
        cell: Option<&Cell>,
        stamp: Stamp,
        now: Stamp,
        events: u64,
    ) -> Result<(), RecordError> {
        let done = match cell.or_else(|| self.cells.get_or(Cell::new)) {
            Some(cell) if stamp <= now => self.ledger.turn(cell, &self.cells, stamp, events),
            _ => self.ledger.record_in_rings(&self.cells, stamp, now, events),
        };
        done.or_else(|refusal| self.refuse(refusal, events))
    }

    /// Locks whose snapshots were merged, for what changes or reads both them and the events. No
    /// user's code runs meanwhile but the clock's.
    fn merged(&self) -> MutexGuard<'_, Merged> {
        self.merged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn refuse(&self, refusal: RecordError, events: u64) -> Result<(), RecordError> {
        self.axis.refused.add(&refusal, events);
        Err(refusal)
    }

    /// Answers a question from one state, and from the finest tier that holds what it asks for.
    #[inline(always)]
    fn answer(&self, question: Question) -> Result<Window, WindowError> {
        let mut looks = [None];
        let (may_step_back, ()) = self.look(&[question], &mut looks, |_| ())?;
        match &looks {
            [Some(look)] if look.touched.lasts => Ok(look.window_now(may_step_back)),
            _ => {
                let [window] = self.conclude(&[question], looks, may_step_back);
                Ok(window)
            }
        }
    }

    /// Looks at what the buckets hold for questions of the present, all at one moment, and reads
    /// what else is to be of the same state. Tells whether the clock may step back.
    ///
    /// If an oldest bucket was given up, that may be because this thread was not let run for long:
    /// then it looks again, a few times.
    #[inline(always)]
    fn look<'a, const N: usize, R>(
        &'a self,
        questions: &[Question; N],
        looks: &mut [Option<Look<'a>>; N],
        also: impl Fn(&[Option<Look<'a>>; N]) -> R,
    ) -> Result<(bool, R), WindowError> {
        const TRIES: usize = 16;
        let (mut now, mut may_step_back) = self.axis.clock.tell();
        for _ in 0..TRIES {
            let found = self.ledger.consistently(|| {
                self.ledger.look(&self.cells, questions, now, looks);
                also(looks)
            });
            if looks.iter().all(Option::is_some) {
                return Ok((may_step_back, found));
            }
            let longest = self.spec().longest();
            let then = self.axis.clock.tell();
            let may_be_held = questions.iter().all(|question| question.fits(longest, now));
            if may_step_back || then.0 <= now || !may_be_held {
                break;
            }
            (now, may_step_back) = then;
        }
        let missing = looks.iter().position(Option::is_none).unwrap_or_default();
        Err(self.ledger.unanswered(questions[missing], now))
    }

    /// The answers, all for one moment.
    ///
    /// Others may have recorded beside the look, and what they counted may be of later than the
    /// present that was asked for first. Where that could make an answer wrong, it is for the
    /// moment after the look; and if other buckets are touched by then, it is for the first and
    /// leaves out what may be of later.
    #[cold]
    fn conclude<const N: usize>(
        &self,
        questions: &[Question; N],
        mut looks: [Option<Look<'_>>; N],
        may_step_back: bool,
    ) -> [Window; N] {
        let then = self.axis.clock.tell();
        let mut later = looks;
        let pairs = later.iter_mut().zip(questions);
        let is_same = pairs.fold(true, |is_same, (look, &question)| {
            is_same && look.as_mut().is_some_and(|look| look.moves_to(question, then.0))
        });
        // What one answer tells of later, all must.
        let all_last = looks.iter().flatten().all(|look| look.touched.lasts);
        let may_be_ahead = if is_same { then.1 } else { may_step_back || !all_last };
        if is_same {
            looks = later;
        }
        looks.map(|look| {
            let empty = Window::empty(then.0, Duration::ZERO);
            look.map_or(empty, |look| look.window_now(may_be_ahead))
        })
    }
}

impl fmt::Debug for EventCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventCounter")
            .field("spec", self.spec())
            .field("clock", &self.axis.clock)
            .field("threads", &self.cells.made())
            .field("refused", &self.refused())
            .finish_non_exhaustive()
    }
}
