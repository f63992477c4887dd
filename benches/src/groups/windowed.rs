//! `windowed`: records actions into windows, now and late, and reads them.

use core_actions::{Mean, MinMax, Quantiles, WindowedTracker};
use core_time::{Clock, CoarseClock, ManualClock};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::actions::Times;
use crate::harness::events::{START, seconds};
use crate::harness::names::{Draw, Draws, Frequency};
use crate::implementations::windows::{MutexDeques, Windows};
use crate::implementations::{FloorClock, Record};

/// Count, exact sum, minimum and maximum.
type Merged = WindowedTracker<(Mean, MinMax)>;

/// The same with quantiles.
type MergedQuantiles = WindowedTracker<(Mean, MinMax, Quantiles)>;

/// The span of the trackers.
const SPAN_S: u64 = 300;

/// The number of actions per round.
const ACTIONS: usize = 1 << 14;

/// The age of late actions.
const LATE_S: u64 = 20;

/// The numbers of names.
const NAMES: [usize; 2] = [4, 1_000];

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for names in NAMES {
        add_now(criterion, names);
    }
    add_late(criterion);
    // Reading costs by names and by blocks of the ring, so two of the four pairs show both.
    ask(criterion, 4, SPAN_S);
    ask(criterion, 1_000, 10);
}

/// `add_now`: records now, with the default clock.
fn add_now(criterion: &mut Criterion, names: usize) {
    let draws = &Draws::new(names, ACTIONS, Frequency::Zipf, Times::Whole);
    let name = format!("windowed/add_now_names_{names:06}");
    let harness = &mut Harness::new(criterion, &name, 1, ACTIONS as u64);
    measure_now::<Merged>(harness, "windowed", draws);
    measure_now::<MergedQuantiles>(harness, "windowed_quantiles", draws);
    measure_now::<MutexDeques<CoarseClock>>(harness, "mutex_deques", draws);
    let fresh = || FloorClock::new(|| CoarseClock.now());
    let read = |clock: &FloorClock<_>| clock.record_all(ACTIONS as u64);
    harness.bench_writer("floor_coarse_clock", fresh, read, |_| Ok(()));
}

fn measure_now<S: Windows<CoarseClock>>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    let [first, rest] = parsed::<_, S>(draws);
    let fresh = || {
        let implementation = S::fresh(CoarseClock);
        implementation.add_all(&first);
        implementation
    };
    let add = |implementation: &S| implementation.add_all(&rest);
    harness.bench_writer(name, fresh, add, |implementation| {
        draws.verify(1, implementation.found(SPAN_S))
    });
}

/// `add_late`: records late actions, where every name was recorded in every second of the span.
fn add_late(criterion: &mut Criterion) {
    let names = NAMES[0];
    let before = names * (SPAN_S as usize - 1);
    let draws = &Draws::new(names, before + ACTIONS, Frequency::RoundRobin, Times::Whole);
    let name = format!("windowed/add_late_names_{names:06}");
    let harness = &mut Harness::new(criterion, &name, 1, ACTIONS as u64);
    measure_late::<Merged>(harness, "windowed", draws);
    measure_late::<MergedQuantiles>(harness, "windowed_quantiles", draws);
    measure_late::<MutexDeques<ManualClock>>(harness, "mutex_deques", draws);
    let fresh = || FloorClock::new(|| CoarseClock.now());
    let read = |clock: &FloorClock<_>| clock.record_all(ACTIONS as u64);
    harness.bench_writer("floor_coarse_clock", fresh, read, |_| Ok(()));
}

fn measure_late<S: Windows<ManualClock>>(harness: &mut Harness<'_>, name: &str, draws: &Draws) {
    let [first, rest] = parsed::<_, S>(draws);
    let (before, late) = rest.split_at(rest.len() - ACTIONS);
    let filled = || {
        let clock = ManualClock::new(START);
        let implementation = S::fresh(clock.clone());
        fill(&implementation, &clock, &first, before);
        (implementation, clock.now() - seconds(LATE_S))
    };
    let add = |(implementation, stamp): &(S, _)| implementation.add_all_at(late, *stamp);
    harness.bench_writer(name, filled, add, |(implementation, _)| {
        draws.verify(1, implementation.found(SPAN_S))
    });
}

/// Records every name once in every second.
fn fill<S: Windows<ManualClock>>(
    implementation: &S,
    clock: &ManualClock,
    first: &[(&str, S::Time)],
    rest: &[(&str, S::Time)],
) {
    implementation.add_all(first);
    for second in rest.chunks(first.len()) {
        clock.advance(seconds(1));
        implementation.add_all(second);
    }
}

/// `window`: reads a window, where every name was recorded in every second of the span.
fn ask(criterion: &mut Criterion, names: usize, window_s: u64) {
    let of = |span_s: u64| {
        let draws = names * (span_s as usize - 1);
        Draws::new(names, draws, Frequency::RoundRobin, Times::Whole)
    };
    let history = &History { before: of(SPAN_S), within: of(window_s), window_s };
    let name = format!("windowed/window_{window_s:05}s_names_{names:06}");
    let harness = &mut Harness::new(criterion, &name, 1, 1);
    history.measure::<Merged>(harness, "windowed");
    if names == NAMES[0] {
        // With 1,000 names, quantiles over 300 s need a gigabyte.
        history.measure::<MergedQuantiles>(harness, "windowed_quantiles");
    }
    history.measure::<MutexDeques<ManualClock>>(harness, "mutex_deques");
    let rows = || -> Vec<f64> { history.within.first().map(Draw::time).collect() };
    harness.bench_reader("floor_rows", rows, |rows| rows.iter().sum::<f64>(), |_| Ok(()));
}

/// The records before the window, and those in it.
struct History {
    before: Draws,
    within: Draws,
    window_s: u64,
}

impl History {
    fn measure<S: Windows<ManualClock>>(&self, harness: &mut Harness<'_>, name: &str) {
        let filled = || {
            let clock = ManualClock::new(START);
            let implementation = S::fresh(clock.clone());
            for draws in [&self.before, &self.within] {
                let [first, rest] = parsed::<_, S>(draws);
                clock.advance(seconds(1));
                fill(&implementation, &clock, &first, &rest);
            }
            implementation
        };
        let ask = |implementation: &S| implementation.means(self.window_s);
        harness.bench_reader(name, filled, ask, |implementation| {
            self.within.verify(1, implementation.found(self.window_s))
        });
    }
}

/// The form in which an action is passed.
type Parsed<'a, C, S> = (&'a str, <S as Windows<C>>::Time);

/// Converts the first action of each name, and all others.
fn parsed<C: Clock, S: Windows<C>>(draws: &Draws) -> [Vec<Parsed<'_, C, S>>; 2] {
    let first = draws.first().map(|draw| (draw.name, S::time(draw))).collect();
    [first, draws.iter().map(|draw| (draw.name, S::time(draw))).collect()]
}
