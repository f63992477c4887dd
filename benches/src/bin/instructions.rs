//! Does one operation so many times, for `cargo xtask instructions` to count what it takes.
//!
//! Without arguments, lists the operations. Those of `decode` are one for each shape of a line and
//! each who reads lines.

use std::env;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use benches::shapes::{Lines, SHAPES};
use benches::subjects::{DECODERS, Decoder};
use codec::ActionTime;
use core_actions::RunningTracker;
use core_time::{Clock, CoarseClock, EventCounter, ManualClock, Recorder, Stamp, WindowSpec};
use facade::Windrow;

/// A name, and what does the operation so many times. What it does before is not counted.
type Operation = (&'static str, fn(u64));

const OPERATIONS: [Operation; 12] = [
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
    ("get_stats/actions_4", |n| times(n, with_four_actions(), Windrow::get_stats)),
];

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    match args.as_slice() {
        [] => {
            OPERATIONS.iter().for_each(|(name, _)| say(name));
            decode_operations().for_each(|(name, ..)| say(&name));
        }
        [name, n] => match n.parse() {
            Ok(n) if run(name, n) => {}
            _ => return misused(),
        },
        _ => return misused(),
    }
    ExitCode::SUCCESS
}

/// Does an operation so many times, unless there is none of that name.
fn run(name: &str, n: u64) -> bool {
    if let Some((_, run)) = OPERATIONS.iter().find(|(known, _)| *known == name) {
        run(n);
        true
    } else if let Some((_, lines, decode)) = decode_operations().find(|(known, ..)| known == name) {
        black_box(decode(black_box(first(n, &lines()))));
        true
    } else {
        false
    }
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

/// How many lines there are to read.
const LINES: usize = 20_000;

/// Who reads which lines. They are written only for who is to read them.
fn decode_operations() -> impl Iterator<Item = (String, impl Fn() -> Lines, Decoder)> {
    SHAPES.into_iter().flat_map(|(shape_name, shape)| {
        DECODERS.into_iter().map(move |(who, decode)| {
            (format!("decode/{shape_name}/{who}"), move || Lines::new(shape, LINES), decode)
        })
    })
}

/// The first lines of a text. All of it is gone through, so that this costs the same for any
/// number.
fn first(n: u64, lines: &Lines) -> &[u8] {
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', &lines.text).collect();
    let last = ends.get((n as usize).wrapping_sub(1));
    &lines.text[..last.expect("as many lines as are asked for") + 1]
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
