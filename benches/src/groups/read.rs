//! `read_one`: reads one of 100,000 actions; `read_all`: reads all of them in a window.
//!
//! Each action has one record in each of three seconds.

use std::collections::HashMap;

use core_actions::{
    HasMean as _, Mean, MergedTracker, MinMax, TrackerSpec, WindowedSpec, WindowedTracker,
};
use core_time::{ManualClock, Tier, WindowSpec};
use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::actions::Times;
use crate::harness::events::{START, seconds};
use crate::harness::names::{Draw, Draws, Frequency};
use crate::implementations::by_name::{ByName as _, MutexRows, time};
use crate::implementations::windows::{MutexDeques, Windows};

/// The number of actions.
const NAMES: usize = 100_000;

/// The number of records of each, in as many seconds.
const RECORDS: u64 = 3;

/// The windows that are read.
const WINDOWS_S: [u64; 2] = [10, 300];

/// Count, exact sum, minimum and maximum.
type Row = (Mean, MinMax);

type Windowed = WindowedTracker<Row>;

type Deques = MutexDeques<ManualClock>;

/// Runs the groups.
pub fn bench(criterion: &mut Criterion) {
    let more = NAMES * (RECORDS as usize - 1);
    let draws = &Draws::new(NAMES, more, Frequency::RoundRobin, Times::Whole);
    one_of_all_time(criterion, draws);
    for window_s in WINDOWS_S {
        one_of_window(criterion, draws, window_s);
    }
    for window_s in WINDOWS_S {
        all_of_window(criterion, draws, window_s);
    }
}

/// Finds an action in the middle, with the mean of its times.
fn middle(draws: &Draws) -> (&str, f64) {
    let name = draws.names()[NAMES / 2].as_str();
    let of_name = draws.first().chain(draws.iter()).filter(|draw| draw.name == name);
    (name, of_name.map(Draw::time).sum::<f64>() / RECORDS as f64)
}

fn one_of_all_time(criterion: &mut Criterion, draws: &Draws) {
    let harness = &mut Harness::new(criterion, "read_one/all_time", 1, 1);
    let all = || draws.first().chain(draws.iter());
    let (name, mean) = middle(draws);
    let filled = || {
        let spec = TrackerSpec { actions: NAMES, ..TrackerSpec::default() };
        let tracker = MergedTracker::<Row>::new(spec);
        all().for_each(|draw| tracker.record(draw.name, time(draw)).expect("is valid"));
        tracker
    };
    let get = |tracker: &MergedTracker<Row>| tracker.get(name).expect("exists").mean();
    measure(harness, "merged", filled, get, mean);
    let filled = || {
        let map = MutexRows::fresh(draws);
        map.add_all(&mut (), &all().map(MutexRows::parsed).collect::<Vec<_>>());
        map
    };
    measure(harness, "mutex_map", filled, |map| map.with(|rows| rows[name].mean()), mean);
    floor(harness, draws, name, mean);
}

fn one_of_window(criterion: &mut Criterion, draws: &Draws, window_s: u64) {
    let name = format!("read_one/window_{window_s:05}s");
    let harness = &mut Harness::new(criterion, &name, 1, 1);
    let (name, mean) = middle(draws);
    let get = |tracker: &Windowed| {
        let answer = tracker.get(name, seconds(window_s)).expect("is within the span");
        answer.statistic().0.mean().expect("has records")
    };
    measure(harness, "windowed", || windowed(draws, one_tier()), get, mean);
    measure(harness, "windowed_tiers", || windowed(draws, two_tiers()), get, mean);
    let row = |deques: &Deques| deques.row(name, window_s).expect("exists").mean();
    measure(harness, "mutex_deques", || filled(draws, Deques::fresh), row, mean);
    floor(harness, draws, name, mean);
}

fn all_of_window(criterion: &mut Criterion, draws: &Draws, window_s: u64) {
    let name = format!("read_all/window_{window_s:05}s");
    let harness = &mut Harness::new(criterion, &name, 1, 1).of_long_rounds();
    measure_all(harness, "windowed", || windowed(draws, one_tier()), draws, window_s);
    measure_all(harness, "windowed_tiers", || windowed(draws, two_tiers()), draws, window_s);
    measure_all(harness, "mutex_deques", || filled(draws, Deques::fresh), draws, window_s);
    let rows = || -> Vec<f64> { draws.first().map(Draw::time).collect() };
    harness.bench_reader("floor_rows", rows, |rows| rows.iter().sum::<f64>(), |_| Ok(()));
}

/// Verifies the mean of an action, and times reading it.
fn measure<S: Sync>(
    harness: &mut Harness<'_>,
    name: &str,
    filled: impl Fn() -> S,
    read: impl Fn(&S) -> f64 + Sync,
    expected: f64,
) {
    harness.bench_reader(name, filled, &read, |implementation| {
        let found = read(implementation);
        let is_near = (found - expected).abs() <= expected * 1e-12;
        if is_near { Ok(()) } else { Err(format!("mean {found}, should be {expected}")) }
    });
}

/// Verifies the rows of a window, and times reading all their means.
fn measure_all<S: Windows<ManualClock>>(
    harness: &mut Harness<'_>,
    name: &str,
    filled: impl Fn() -> S,
    draws: &Draws,
    window_s: u64,
) {
    let ask = |implementation: &S| implementation.means(window_s);
    harness.bench_reader(name, filled, ask, |implementation| {
        draws.verify(1, implementation.found(window_s))
    });
}

fn floor(harness: &mut Harness<'_>, draws: &Draws, name: &str, mean: f64) {
    let map =
        || -> HashMap<&str, f64> { draws.names().iter().map(|one| (one.as_str(), mean)).collect() };
    measure(harness, "floor_lookup", map, |map| map[name], mean);
}

/// Seconds as far back as 300 s.
fn one_tier() -> WindowSpec {
    WindowSpec::default()
}

/// The same, and minutes as far back as a day.
fn two_tiers() -> WindowSpec {
    let tier = Tier { resolution: seconds(60), span: seconds(86_400) };
    WindowSpec::builder().tier(tier).build().expect("minutes are coarser and a day is longer")
}

fn windowed(draws: &Draws, window: WindowSpec) -> Windowed {
    filled(draws, |clock| {
        let tracker = TrackerSpec { actions: NAMES, ..TrackerSpec::default() };
        let spec = WindowedSpec { window, tracker, bytes: usize::MAX };
        Windowed::with_clock(spec, clock).expect("the rings have no limit of memory")
    })
}

/// Makes an implementation in which every action has a record in each second.
fn filled<S: Windows<ManualClock>>(draws: &Draws, fresh: impl FnOnce(ManualClock) -> S) -> S {
    let clock = ManualClock::new(START);
    let implementation = fresh(clock.clone());
    let all: Vec<_> = draws.first().chain(draws.iter()).collect();
    for (second, draws) in all.chunks(NAMES).enumerate() {
        clock.set(START + seconds(second as u64));
        let parsed: Vec<_> = draws.iter().map(|&draw| (draw.name, S::time(draw))).collect();
        implementation.add_all(&parsed);
    }
    implementation
}
