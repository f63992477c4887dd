//! Random histories against a plain list of all events.
//!
//! Promises T1 to T5: nothing lost or doubled, any window, bounds, late and future stamps, reads.

#![cfg(feature = "counter")]

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use core_time::{
    Clock, EventCounter, ExactCounter, ManualClock, RecordError, RefusedCounts, Series,
    SnapshotError, Stamp, Tier, Window, WindowError, WindowSpec, WindowSpecBuilder,
};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Advance { nanos: i64 },
    GoBack { nanos: i64 },
    Record { thread: usize, events: u64 },
    RecordAt { thread: usize, offset: i64, events: u64 },
    ThreadEnds { thread: usize },
    Reset,
}

#[derive(Debug, Clone)]
struct Shape {
    /// The finest first.
    tiers: Vec<TierShape>,
    tolerance: i64,
    start: i64,
}

#[derive(Debug, Clone, Copy)]
struct TierShape {
    resolution: i64,
    buckets: i64,
}

impl Shape {
    fn spec(&self) -> WindowSpec {
        let TierShape { resolution, .. } = self.tiers[0];
        let finest = WindowSpec::builder()
            .resolution(duration(resolution))
            .span(duration(self.tiers[0].span()))
            .tolerance(duration(self.tolerance));
        let coarser = self.tiers[1..].iter().map(|tier| Tier {
            resolution: duration(tier.resolution),
            span: duration(tier.span()),
        });
        coarser.fold(finest, WindowSpecBuilder::tier).build().unwrap()
    }

    /// The span of the longest tier.
    fn span(&self) -> i64 {
        self.tiers[self.tiers.len() - 1].span()
    }
}

impl TierShape {
    fn span(&self) -> i64 {
        self.resolution * self.buckets
    }

    fn tick(&self, nanos: i64) -> i64 {
        nanos.div_euclid(self.resolution)
    }
}

fn duration(nanos: i64) -> Duration {
    Duration::from_nanos(nanos.unsigned_abs())
}

/// A list of all accepted events.
#[derive(Clone)]
struct Oracle {
    shape: Shape,
    now: i64,
    stepped_back: bool,
    events: Vec<(i64, u64)>,
    /// The newest stamp ever recorded, or that of the start.
    newest: i64,
    latest_ahead: i64,
    /// When counting began, or the earliest event since.
    since: i64,
    refused: RefusedCounts,
    /// Whether the counter was restored, so that it does not know the stamps of the filling bucket.
    restored: bool,
}

impl Oracle {
    fn new(shape: Shape) -> Self {
        let (now, newest) = (shape.start, shape.start);
        let (refused, events) = (RefusedCounts::default(), Vec::new());
        let (latest_ahead, since, stepped_back, restored) = (i64::MIN, now, false, false);
        Self { shape, now, stepped_back, events, newest, latest_ahead, since, refused, restored }
    }

    /// The oldest bucket of a ring of the span, the tolerance, two buckets and a block, rounded up.
    fn oldest(&self, tier: TierShape) -> i64 {
        let (TierShape { buckets, resolution }, tolerance) = (tier, self.shape.tolerance);
        let wanted = buckets + 2 + (tolerance + resolution - 1) / resolution;
        let powers = (0..).map(|bits| 1_i64 << bits);
        let held = |slots: &i64| slots - (1 << (slots.ilog2() / 2));
        let slots = powers.filter(|slots| held(slots) >= wanted).find(|&slots| slots >= wanted);
        tier.tick(self.newest) - held(&slots.unwrap()) + 1
    }

    fn record_at(&mut self, stamp: i64, events: u64) -> Result<(), &'static str> {
        if stamp.saturating_add(self.shape.span()) < self.now {
            self.refused.too_old += events;
            return Err("too old");
        }
        if stamp > self.now.saturating_add(self.shape.tolerance) {
            self.refused.too_new += events;
            return Err("too new");
        }
        if events == 0 {
            return Ok(());
        }
        if self.shape.tiers.iter().all(|&tier| self.is_evicted(tier, stamp)) {
            self.refused.too_old += events;
            return Err("evicted");
        }
        self.newest = self.newest.max(stamp);
        if stamp > self.now {
            self.latest_ahead = self.latest_ahead.max(stamp);
        }
        self.since = self.since.min(stamp);
        self.events.push((stamp, events));
        Ok(())
    }

    fn reset(&mut self) {
        self.events.clear();
        self.since = self.now;
        self.refused = RefusedCounts::default();
    }

    fn sum(&self, inside: impl Fn(i128) -> bool) -> u64 {
        let counts = |&&(stamp, _): &&(i64, u64)| inside(stamp.into());
        self.events.iter().filter(counts).map(|&(_, events)| events).sum()
    }

    /// Sums the events of every bucket of a tier whose first and last stamp fit.
    fn sum_of_buckets(&self, tier: TierShape, fits: impl Fn(i128, i128) -> bool) -> u64 {
        let width = i128::from(tier.resolution);
        self.sum(|stamp| {
            let first = stamp.div_euclid(width) * width;
            let (first, last) =
                (first.max(i64::MIN.into()), (first + width - 1).min(i64::MAX.into()));
            fits(first, last)
        })
    }

    /// Returns whether a tier evicted the bucket of a stamp.
    fn is_evicted(&self, tier: TierShape, stamp: i64) -> bool {
        tier.tick(stamp) < self.oldest(tier)
    }

    /// Returns the finest tier that holds a query, which begins at `first`.
    fn tier(&self, first: i64, reaches_back: i64) -> Option<TierShape> {
        let tiers = self.shape.tiers.iter().copied();
        tiers.filter(|tier| reaches_back <= tier.span()).find(|&tier| !self.is_evicted(tier, first))
    }

    #[track_caller]
    fn check_past(&self, window: i64, found: Result<Window, WindowError>) {
        if window == 0 {
            let found = found.unwrap();
            assert_eq!((found.events, found.at_least, found.at_most), (0, 0, 0));
            return;
        }
        let Some(tier) = self.tier(self.now.saturating_sub(window - 1), window) else {
            assert!(matches!(found, Err(WindowError::Evicted { .. })), "{found:?}");
            return;
        };
        let found = found.unwrap();
        assert_eq!(found.coverage.resolution, duration(tier.resolution));
        self.check_rate(found);
        let width = i128::from(tier.resolution);
        let now = i128::from(self.now);
        let before = (now - i128::from(window)).max(i128::from(i64::MIN) - 1);
        let filling = now.div_euclid(width);
        let counted = (i128::from(window) + width - 1) / width;
        let settled = !self.stepped_back && self.latest_ahead <= self.now;
        let events =
            self.sum(|stamp| (filling - counted + 1..=filling).contains(&stamp.div_euclid(width)));
        let at_most = self.sum_of_buckets(tier, |first, last| last > before && first <= now);
        let at_least = self.sum_of_buckets(tier, |first, last| {
            first > before && (last <= now || settled && first <= now)
        });
        let exact = self.sum(|stamp| stamp > before && stamp <= now);
        assert_eq!(found.events, events, "events of the past {window} ns at {now}");
        assert_eq!(found.at_most, at_most, "at most in the past {window} ns at {now}");
        if self.restored {
            let whole = self.sum_of_buckets(tier, |first, last| first > before && last <= now);
            assert!((whole..=exact).contains(&found.at_least), "at least in the past {window} ns");
        } else {
            assert_eq!(found.at_least, at_least, "at least in the past {window} ns at {now}");
        }
        assert!(at_least <= exact && exact <= at_most, "{at_least} <= {exact} <= {at_most}");
    }

    #[track_caller]
    fn check_rate(&self, found: Window) {
        let from = found.coverage.interval.from.as_nanos().max(self.since);
        let elapsed =
            i128::from(found.coverage.interval.to.as_nanos().min(self.now)) - i128::from(from);
        let rate = (elapsed > 0).then(|| found.events as f64 / (elapsed as f64 / 1e9));
        match (found.rate(), rate) {
            (Some(found), Some(rate)) => assert!((found - rate).abs() <= rate * 1e-9),
            (found, rate) => assert_eq!(found, rate),
        }
    }

    #[track_caller]
    fn check_series(&self, window: i64, found: Result<Series, WindowError>) {
        let Some(tier) = self.tier(self.now.saturating_sub(window - 1), window) else {
            assert!(matches!(found, Err(WindowError::Evicted { .. })), "{found:?}");
            return;
        };
        let counted = (window - 1) / tier.resolution + 1;
        let filling = tier.tick(self.now);
        let first = (filling - counted + 1).max(tier.tick(i64::MIN));
        let count = |tick| self.sum(|stamp| stamp.div_euclid(tier.resolution.into()) == tick);
        let counts: Vec<_> = (first..=filling).map(|tick| count(tick.into())).collect();
        assert_eq!(found.unwrap().counts, counts, "each bucket of the past {window} ns");
    }

    #[track_caller]
    fn check_between(&self, from: i64, to: i64, found: Result<Window, WindowError>) {
        let Some(tier) = self.tier(from, self.now.saturating_sub(from)) else {
            assert!(matches!(found, Err(WindowError::Evicted { .. })), "{found:?}");
            return;
        };
        let found = found.unwrap();
        let (from, to) = (i128::from(from), i128::from(to));
        let at_most = self.sum_of_buckets(tier, |first, last| last >= from && first < to);
        let at_least = self.sum_of_buckets(tier, |first, last| first >= from && last < to);
        let exact = self.sum(|stamp| stamp >= from && stamp < to);
        assert_eq!((found.events, found.at_most), (at_most, at_most), "in {from}..{to}");
        assert_eq!(found.at_least, at_least, "at least in {from}..{to}");
        assert!(at_least <= exact && exact <= at_most);
    }
}

/// A thread that runs commands, so that several cells take part in a history deterministically.
struct Worker<'scope> {
    jobs: Option<mpsc::Sender<Job>>,
    done: mpsc::Receiver<Result<(), RecordError>>,
    thread: Option<thread::ScopedJoinHandle<'scope, ()>>,
}

type Job = Option<(i64, u64)>;

impl<'scope> Worker<'scope> {
    fn start<'env>(
        scope: &'scope thread::Scope<'scope, 'env>,
        counter: &'env EventCounter,
        now_events: &'env std::sync::atomic::AtomicU64,
        bound: bool,
    ) -> Self {
        let (jobs, todo) = mpsc::channel::<Job>();
        let (did, done) = mpsc::channel();
        let mut recorder = bound.then(|| counter.recorder());
        let thread = scope.spawn(move || {
            for job in todo {
                did.send(match (job, &mut recorder) {
                    (Some((stamp, events)), None) => {
                        counter.record_at(Stamp::from_nanos(stamp), events)
                    }
                    (Some((stamp, events)), Some(recorder)) => {
                        recorder.record_at(Stamp::from_nanos(stamp), events)
                    }
                    (None, recorder) => {
                        match (now_events.load(std::sync::atomic::Ordering::Acquire), recorder) {
                            (1, None) => counter.record(),
                            (1, Some(recorder)) => recorder.record(),
                            (events, None) => counter.record_many(events),
                            (events, Some(recorder)) => recorder.record_many(events),
                        }
                        Ok(())
                    }
                })
                .unwrap();
            }
        });
        Self { jobs: Some(jobs), done, thread: Some(thread) }
    }

    fn run(&self, job: Job) -> Result<(), RecordError> {
        self.jobs.as_ref().unwrap().send(job).unwrap();
        self.done.recv().unwrap()
    }

    fn end(&mut self) {
        drop(self.jobs.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

const THREADS: usize = 4;

/// The threads with recorders. Between the two are as many others as have a place without a lock.
const BOUND: [usize; 2] = [1, 3];

fn check(shape: &Shape, steps: &[Step]) {
    let clock = ManualClock::new(Stamp::from_nanos(shape.start));
    let counter = EventCounter::with_clock(shape.spec(), clock.clone());
    let exact = ExactCounter::with_clock(shape.spec(), clock.clone());
    let mut oracle = Oracle::new(shape.clone());
    let now_events = std::sync::atomic::AtomicU64::new(0);
    thread::scope(|scope| {
        let start = |thread| Worker::start(scope, &counter, &now_events, BOUND.contains(&thread));
        let mut workers: Vec<_> = (0..BOUND[1]).map(start).collect();
        let _others = [(); 32].map(|()| counter.recorder());
        workers.push(start(BOUND[1]));
        for step in steps {
            match *step {
                Step::Advance { nanos } => {
                    clock.advance(duration(nanos));
                    oracle.now = oracle.now.saturating_add(nanos);
                }
                Step::GoBack { nanos } => {
                    let back = oracle.now.saturating_sub(nanos);
                    oracle.stepped_back |= back < oracle.now;
                    oracle.now = back;
                    clock.set(Stamp::from_nanos(back));
                }
                Step::Record { thread, events } => {
                    now_events.store(events, std::sync::atomic::Ordering::Release);
                    workers[thread].run(None).unwrap();
                    exact.record_many(events);
                    let _ = oracle.record_at(oracle.now, events);
                }
                Step::RecordAt { thread, offset, events } => {
                    let stamp = oracle.now.saturating_add(offset);
                    let found = workers[thread].run(Some((stamp, events)));
                    let exactly = exact.record_at(Stamp::from_nanos(stamp), events);
                    if !matches!(found, Err(RecordError::Evicted { .. })) {
                        assert_eq!(exactly, found, "stamp {stamp}");
                    }
                    let found = found.map_err(|refusal| match refusal {
                        RecordError::TooOld { .. } => "too old",
                        RecordError::TooNew { .. } => "too new",
                        RecordError::Evicted { .. } => "evicted",
                        _ => "full",
                    });
                    assert_eq!(found, oracle.record_at(stamp, events), "stamp {stamp}");
                }
                Step::ThreadEnds { thread } => {
                    workers[thread].end();
                    workers[thread] = start(thread);
                }
                Step::Reset => {
                    counter.reset();
                    exact.reset();
                    oracle.reset();
                }
            }
            check_all_reads(&counter, &clock, &oracle);
            check_restored(&counter, &clock, &oracle);
            if !oracle.stepped_back {
                check_exact(&exact, &oracle);
            }
        }
        workers.iter_mut().for_each(Worker::end);
    });
}

/// Checks a counter that continues from a snapshot, unless the clock stepped back too far.
fn check_restored(counter: &EventCounter, clock: &ManualClock, oracle: &Oracle) {
    let snapshot = counter.snapshot();
    #[cfg(feature = "serde")]
    let snapshot: core_time::CounterSnapshot =
        serde_json::from_str(&serde_json::to_string(&snapshot).unwrap()).unwrap();
    match EventCounter::restore_with_clock(&snapshot, clock.clone()) {
        Err(SnapshotError::TooNew { .. }) => assert!(oracle.stepped_back),
        restored => {
            let restored = restored.unwrap();
            let (newest, since) = (oracle.newest.max(oracle.now), oracle.since.min(oracle.now));
            let oracle = Oracle { newest, since, restored: true, ..oracle.clone() };
            check_all_reads(&restored, clock, &oracle);
            assert_eq!(
                restored.snapshot().series().collect::<Vec<_>>(),
                snapshot.series().collect::<Vec<_>>()
            );
        }
    }
}

/// Checks the exact counter, which has evicted stamps if the clock stepped back.
fn check_exact(exact: &ExactCounter, oracle: &Oracle) {
    let (now, span) = (i128::from(oracle.now), oracle.shape.span());
    assert_eq!((exact.total(), exact.refused()), (oracle.sum(|_| true), oracle.refused));
    for window in [0, 1, span / 2, span] {
        let found = exact.count(duration(window)).unwrap();
        let before = now - i128::from(window);
        let events = oracle.sum(|stamp| stamp > before && stamp <= now);
        assert_eq!((found.events, found.at_least, found.at_most), (events, events, events));
        if i64::try_from(before).is_ok_and(|before| before < i64::MAX) && now < i64::MAX.into() {
            assert_eq!(found.coverage.interval.duration(), duration(window));
        }
        let from = oracle.now.saturating_sub(window);
        let interval = Stamp::from_nanos(from)..Stamp::MAX;
        let events = oracle.sum(|stamp| (from.into()..i64::MAX.into()).contains(&stamp));
        assert_eq!(exact.count_between(interval).unwrap().events, events);
    }
}

fn check_all_reads(counter: &EventCounter, clock: &ManualClock, oracle: &Oracle) {
    assert_eq!(clock.now().as_nanos(), oracle.now);
    assert_eq!(counter.refused(), oracle.refused);
    assert_eq!(counter.total(), oracle.sum(|_| true));
    for tier in &oracle.shape.tiers {
        let (resolution, span) = (tier.resolution, tier.span());
        let windows = [0, 1, resolution - 1, resolution, resolution + 1, span / 2, span - 1, span];
        for window in windows.into_iter().filter(|&window| window <= oracle.shape.span()) {
            let found = counter.count(duration(window));
            assert_eq!(counter.count(duration(window)), found, "a second read");
            if let (Ok(found), Ok(both)) = (&found, counter.count_each([window, 0].map(duration))) {
                assert_eq!(&both[0], found, "one of two at once");
            }
            oracle.check_past(window, found);
            if window > 0 {
                oracle.check_series(window, counter.series(duration(window)));
            }
        }
        let earliest = oracle.now.saturating_sub(span);
        let edge = tier.tick(oracle.now).saturating_mul(resolution);
        let ends = [oracle.now, edge, oracle.now.saturating_add(oracle.shape.tolerance), i64::MAX];
        for from in [earliest, edge, oracle.now] {
            for to in ends.into_iter().filter(|&to| to > from) {
                if from >= earliest {
                    let interval = Stamp::from_nanos(from)..Stamp::from_nanos(to);
                    oracle.check_between(from, to, counter.count_between(interval));
                }
            }
        }
    }
}

const MS: i64 = 1_000_000;

fn shapes() -> impl Strategy<Value = Shape> {
    let starts = prop_oneof![
        4 => Just(1_700_000_000_000 * MS),
        1 => -40 * MS..40 * MS, // Around 1970, buckets numbered below zero.
        1 => i64::MIN..i64::MIN + 20 * MS,
        1 => i64::MAX - 20 * MS..=i64::MAX,
        1 => Just(i64::from(i32::MAX) * 1_000 * MS), // 2038.
        1 => Just(i64::from(u32::MAX) * 1_000 * MS), // 2106.
    ];
    let resolutions = prop_oneof![Just(MS), Just(MS + 1), Just(7 * MS)];
    // The buckets of the finer tier in one, and the number of extra buckets.
    let coarser = prop::collection::vec((2_i64..6, 0_i64..6), 0..3);
    (resolutions, 1_i64..12, coarser, 0_i64..5 * MS, starts).prop_map(
        |(resolution, buckets, coarser, tolerance, start)| {
            let mut tiers = vec![TierShape { resolution, buckets }];
            for (factor, more) in coarser {
                let finer = tiers[tiers.len() - 1];
                let resolution = finer.resolution * factor;
                let buckets = finer.span() / resolution + 1 + more;
                tiers.push(TierShape { resolution, buckets });
            }
            Shape { tiers, tolerance, start }
        },
    )
}

fn steps() -> impl Strategy<Value = Step> {
    let thread = || 0..THREADS;
    let near = || prop_oneof![-2 * MS..2 * MS, -90 * MS..90 * MS, Just(0), Just(1), Just(-1)];
    prop_oneof![
        6 => prop_oneof![0..3 * MS, Just(MS), 0..200 * MS]
            .prop_map(|nanos| Step::Advance { nanos }),
        1 => prop_oneof![0..3 * MS, 0..200 * MS].prop_map(|nanos| Step::GoBack { nanos }),
        8 => (thread(), 0_u64..4).prop_map(|(thread, events)| Step::Record { thread, events }),
        8 => (thread(), near(), 0_u64..4)
            .prop_map(|(thread, offset, events)| Step::RecordAt { thread, offset, events }),
        1 => (thread(), prop_oneof![Just(i64::MIN), Just(i64::MAX)], 1_u64..4)
            .prop_map(|(thread, offset, events)| Step::RecordAt { thread, offset, events }),
        1 => thread().prop_map(|thread| Step::ThreadEnds { thread }),
        1 => Just(Step::Reset),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn counter_agrees_with_a_list_of_all_events(
        shape in shapes(),
        steps in prop::collection::vec(steps(), 1..60),
    ) {
        check(&shape, &steps);
    }
}
