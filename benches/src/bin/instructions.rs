//! Does one operation so many times, for `cargo xtask instructions` to count what it takes.
//!
//! Without arguments, lists the operations.

use std::env;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use codec::{ActionTime, decode};
use core_actions::RunningTracker;
use core_time::{Clock, CoarseClock, EventCounter, ManualClock, Recorder, Stamp, WindowSpec};
use facade::Windrow;

/// A name, and what does the operation so many times. What it does before is not counted.
type Operation = (&'static str, fn(u64));

const OPERATIONS: [Operation; 13] = [
    ("clock/coarse", |n| times(n, CoarseClock, |clock| clock.now())),
    ("record/default_clock", |n| times(n, EventCounter::default(), EventCounter::record)),
    ("record/manual_clock", |n| times(n, Filled::new(), |filled| filled.counter.record())),
    ("record/recorder", |n| record_by_recorder(n, &Filled::new())),
    ("record/turn_each", |n| times(n, Filled::new(), |filled| filled.turn())),
    ("record/late_by_020s", |n| times(n, Filled::new(), |filled| filled.late(20))),
    ("count/window_010s", |n| times(n, Filled::new(), |filled| filled.count(10))),
    ("count/window_300s", |n| times(n, Filled::new(), |filled| filled.count(300))),
    ("count/writers_001", |n| count_with_idle(n, 1)),
    ("count/writers_064", |n| count_with_idle(n, 64)),
    ("add/names_4", |n| add_by_name(n, &RunningTracker::default())),
    ("decode/common", |n| times(n, LINE, |line| decode(line).is_ok())),
    ("get_stats/actions_4", |n| times(n, with_four_actions(), Windrow::get_stats)),
];

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    let find = |name: &str| OPERATIONS.iter().find(|(known, _)| *known == name);
    match args.as_slice() {
        [] => OPERATIONS.iter().for_each(|(name, _)| say(name)),
        [name, n] => match (find(name), n.parse()) {
            (Some((_, run)), Ok(n)) => run(n),
            _ => return misused(),
        },
        _ => return misused(),
    }
    ExitCode::SUCCESS
}

#[expect(clippy::print_stdout, reason = "a program that lists what it can")]
fn say(name: &str) {
    println!("{name}");
}

#[expect(clippy::print_stderr, reason = "a program that says what it wants")]
fn misused() -> ExitCode {
    eprintln!("usage: instructions [OPERATION NUMBER]");
    ExitCode::from(2)
}

/// Does the same so many times to something the compiler knows nothing of.
fn times<S, R>(n: u64, state: S, operation: impl Fn(&S) -> R) {
    for _ in 0..n {
        black_box(operation(black_box(&state)));
    }
}

/// How far back counters remember, all of it full of events.
const SPAN_S: u64 = 300;

/// A counter by a clock of our own, with an event in every second of its span.
struct Filled {
    clock: ManualClock,
    counter: EventCounter,
}

impl Filled {
    fn new() -> Self {
        let clock = ManualClock::new(Stamp::from_millis(1_000_000_500));
        let counter = EventCounter::with_clock(WindowSpec::default(), clock.clone());
        let filled = Self { clock, counter };
        (0..SPAN_S).for_each(|_| filled.turn());
        filled
    }

    /// Moves the clock by a second, and records.
    fn turn(&self) {
        self.clock.advance(Duration::from_secs(1));
        self.counter.record();
    }

    fn late(&self, by_s: u64) {
        let stamp = self.clock.now() - Duration::from_secs(by_s);
        self.counter.record_at(stamp, 1).expect("within the span");
    }

    fn count(&self, window_s: u64) -> u64 {
        self.counter.count(Duration::from_secs(window_s)).expect("within the span").events
    }
}

fn record_by_recorder(n: u64, filled: &Filled) {
    let mut recorder = filled.counter.recorder();
    for _ in 0..n {
        black_box(&mut recorder).record();
    }
}

/// Counts where so many writers recorded in the newest second.
fn count_with_idle(n: u64, writers: usize) {
    let filled = Filled::new();
    let mut idle: Vec<Recorder<'_>> = (1..writers).map(|_| filled.counter.recorder()).collect();
    idle.iter_mut().for_each(Recorder::record);
    times(n, &filled, |filled| filled.count(SPAN_S));
}

const NAMES: [&str; 4] = ["jump", "sprint", "hop", "barrel roll"];
const LINE: &[u8] = br#"{"action":"jump", "time":4321}"#;

fn add_by_name(n: u64, tracker: &RunningTracker) {
    for (i, name) in (0..n).zip(NAMES.iter().cycle()) {
        tracker.add(black_box(name), ActionTime::from(i % 5_000)).expect("a good name");
    }
}

fn with_four_actions() -> Windrow {
    let windrow = Windrow::default();
    for (i, name) in (0..1_000_u64).zip(NAMES.iter().cycle()) {
        let line = format!(r#"{{"action":"{name}", "time":{}}}"#, i * 7 % 5_000);
        windrow.add_action(&line).expect("a good line");
    }
    windrow
}
