//! Runs one operation a number of times, for `cargo xtask instructions` to count its instructions.
//!
//! Without arguments, it lists the operations. Those of `decode` exist for each form of a line and
//! each decoder, those of `fields` for each form of a log.

use std::env;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use adapter_metrics::WindrowRecorder;
use benches::harness::actions::NAMES;
use benches::harness::lines::{Form, LineWriter, Lines, SHORT, WIDE};
use benches::implementations::{Decoder, decoders_of, named_fields};
use codec::{ActionTime, CsvOptions, DecodeOptions, Fields, Form as InputForm, Input, Record};
use core_actions::{
    Count, Histogram, Mean, MergedTracker, MinMax, PostTracker, Quantiles, RunningTracker,
    Statistic, Unit, Values, Variance, WindowedSpec, WindowedTracker,
};
use core_time::{
    Clock, CoarseClock, EventCounter, KeyHandle, KeyedCounter, KeyedLimiter, KeyedSpec, Limit,
    Limiter, Limits, ManualClock, Recorder, Stamp, WindowSpec,
};
use exposition::Format;
use facade::Windrow;
use metrics::{counter, histogram, with_local_recorder};

/// A name, and the function that runs the operation `n` times. Preparation is not counted.
type Operation = (&'static str, fn(u64));

const OPERATIONS: [Operation; 57] = [
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
    ("limit/passing", |n| times(n, limiter(u64::MAX), Limiter::try_record)),
    ("limit/refusing", |n| times(n, limiter(1), Limiter::try_record)),
    ("limit/keys_1000", |n| {
        by_key(n, &KeyedLimiter::new(limits(u64::MAX)), |one, key| one.try_record(key).is_ok())
    }),
    ("keyed/keys_1000", |n| by_key(n, &keyed(), |one, key| one.record(key).is_ok())),
    ("keyed/count_300s", |n| by_key(n, &keyed(), |one, key| one.count(key, SPAN).is_ok())),
    ("keyed/handle", |n| times(n, Arc::new(keyed()).handle(&7).expect("room"), KeyHandle::record)),
    ("add/names_4", |n| add_four(n, &RunningTracker::default())),
    ("add/name_short", |n| add_one(n, "jump", &Merged::default())),
    ("add/name_16_bytes", |n| add_one(n, "checkout_payment", &Merged::default())),
    ("add/name_long", |n| add_one(n, "checkout_payment_refused", &Merged::default())),
    ("add/fractions", |n| add_fractions(n, &Merged::default())),
    ("add/post", |n| add_one(n, "jump", &PostTracker::default())),
    ("add/quantiles", |n| add_one(n, "jump", &MergedTracker::<Figures>::default())),
    ("add/windowed", |n| add_windowed(n, &windowed())),
    ("handle/running", |n| add_by_handle(n, &RunningTracker::default())),
    ("handle/merged", |n| add_by_handle(n, &Merged::default())),
    ("handle/quantiles", |n| add_by_handle(n, &MergedTracker::<Figures>::default())),
    ("handle/shared_running", |n| add_by_shared(n, &RunningTracker::default())),
    ("handle/shared_merged", |n| add_by_shared(n, &Merged::default())),
    ("metrics/counter", |n| {
        by_macro(n, || counter!("requests", "route" => "/"), |it, _| it.increment(1))
    }),
    ("metrics/histogram", |n| by_macro(n, || histogram!("times"), |it, time| it.record(time))),
    ("metrics/kept_counter", |n| {
        kept(n, || counter!("requests"), |kept, _| kept.increment(1));
    }),
    ("metrics/kept_histogram", |n| kept(n, || histogram!("times"), |kept, time| kept.record(time))),
    ("metrics/page_1000_native", |n| page(n, Format::Protobuf)),
    ("metrics/page_1000_text", |n| page(n, Format::Text)),
    ("fold_26/count", fold::<Count>),
    ("fold_26/mean", fold::<Mean>),
    ("fold_26/min_max", fold::<MinMax>),
    ("fold_26/variance", fold::<Variance>),
    ("fold_26/histogram", fold::<Histogram>),
    ("fold_26/quantiles", fold::<Quantiles>),
    ("fold_26/values", fold::<Values>),
    ("window/actions_4_010s", |n| times(n, with_history(), |tracker| rows_of(tracker, 10))),
    ("window/actions_4_300s", |n| times(n, with_history(), |tracker| rows_of(tracker, 300))),
    ("stats/actions_4", |n| times(n, with_four_names::<Mean>(), MergedTracker::stats)),
    ("stats/actions_4_merged", |n| times(n, with_four_names::<Both>(), MergedTracker::stats)),
    ("stats/actions_4_quantiles", |n| times(n, with_four_names::<Figures>(), |t| t.stats())),
    ("get_stats/actions_4", |n| times(n, with_four_actions(), Windrow::get_stats)),
    ("fields/default_form", |n| decode_log(n, Form::Actions, &DecodeOptions::default())),
    ("fields/default_names", |n| decode_log(n, Form::Actions, &fields(&["action"], "time"))),
    ("fields/other_names", |n| decode_log(n, Form::Renamed, &fields(&["method"], "took"))),
    ("fields/quoted", |n| decode_log(n, Form::Quoted, &fields(&["action"], "time"))),
    ("fields/units", |n| decode_log(n, Form::Units, &fields(&["action"], "time"))),
    ("fields/caddy", |n| decode_log(n, Form::Caddy, &fields(&CADDY_NAME, "duration"))),
    ("fields/caddy_uri", |n| decode_log(n, Form::Caddy, &fields(&["request.uri"], "duration"))),
    ("fields/logfmt", |n| {
        decode_log(n, Form::Logfmt, &form(fields(&REQUEST_NAME, "duration_ms"), InputForm::Logfmt))
    }),
    ("fields/csv", |n| {
        let csv = InputForm::Csv(CsvOptions::default());
        decode_log(n, Form::Csv, &form(fields(&REQUEST_NAME, "elapsed_ms"), csv))
    }),
];

const SPAN: Duration = Duration::from_secs(300);

/// Calls a macro of the facade each time.
fn by_macro<H>(n: u64, made: impl Fn() -> H, record: impl Fn(&H, f64)) {
    with_local_recorder(&WindrowRecorder::default(), || {
        (0..n).for_each(|time| record(&made(), black_box((time % 5_000) as f64)));
    });
}

/// Calls a macro of the facade once.
fn kept<H>(n: u64, made: impl Fn() -> H, record: impl Fn(&H, f64)) {
    with_local_recorder(&WindrowRecorder::default(), || {
        let kept = made();
        (0..n).for_each(|time| record(&kept, black_box((time % 5_000) as f64)));
    });
}

/// Writes one page of 1,000 histograms for every 1,000 operations.
fn page(n: u64, format: Format) {
    let recorder = WindrowRecorder::default();
    with_local_recorder(&recorder, || {
        for series in 0..1_000 {
            let times = histogram!("times", "route" => series.to_string());
            (1..=1_000).for_each(|time| times.record(f64::from(time) / 1_000.0));
        }
    });
    (0..n / 1_000).for_each(|_| drop(black_box(recorder.render(format))));
}

fn limits(events: u64) -> Limits {
    Limits::new([Limit::per_hour(events)]).expect("an hour of 64 buckets is allowed")
}

/// Returns a limiter after its first event.
fn limiter(events: u64) -> Limiter {
    let limiter = Limiter::new(limits(events));
    limiter.try_record().expect("the first event");
    limiter
}

fn keyed() -> KeyedCounter<u64> {
    KeyedCounter::with_clock(KeyedSpec::default(), CoarseClock).expect("one tier")
}

/// Calls an operation for each of 1,000 keys in turn, which exist.
fn by_key<S>(n: u64, of: &S, operation: impl Fn(&S, &u64) -> bool) {
    (0..1_000).for_each(|key| assert!(operation(of, &key)));
    (0..n).for_each(|call| {
        black_box(operation(of, black_box(&(call % 1_000))));
    });
}

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    match args.as_slice() {
        [] => {
            OPERATIONS.iter().for_each(|(name, _)| say(name));
            decode_operations().for_each(|(name, ..)| say(&name));
        }
        [name, n] => match n.parse() {
            Ok(n) if run(name, n) => {}
            _ => return usage_error(),
        },
        _ => return usage_error(),
    }
    ExitCode::SUCCESS
}

/// Runs an operation `n` times; `false` if the name is unknown.
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

#[expect(clippy::print_stdout, reason = "a program that lists its operations")]
fn say(name: &str) {
    println!("{name}");
}

#[expect(clippy::print_stderr, reason = "a program that prints its usage")]
fn usage_error() -> ExitCode {
    eprintln!("usage: instructions [OPERATION NUMBER]");
    ExitCode::from(2)
}

/// The number of lines to decode.
const LINES: usize = 11_000;

/// Pairs forms with decoders. Lines are written only for the decoder that runs.
fn decode_operations() -> impl Iterator<Item = (String, impl Fn() -> Lines, Decoder)> {
    SHORT.into_iter().chain(WIDE).flat_map(|(form_name, form)| {
        decoders_of(form).iter().map(move |&(name, decode)| {
            (format!("decode/{form_name}/{name}"), move || Lines::new(form, LINES), decode)
        })
    })
}

/// Returns the first `n` lines of a text.
///
/// It scans all lines, so that the cost does not depend on `n`.
fn first(n: u64, lines: &Lines) -> &[u8] {
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', &lines.text).collect();
    let last = ends.get((n as usize).wrapping_sub(1));
    &lines.text[..last.expect("enough lines") + 1]
}

const CADDY_NAME: [&str; 2] = ["request.method", "request.uri"];
const REQUEST_NAME: [&str; 3] = ["method", "path", "status"];

/// Selects fields of any type, with values in milliseconds.
fn fields(by: &[&str], value: &str) -> DecodeOptions {
    let options = named_fields(by, value);
    let fields = Fields { unit: Some(Unit::Milliseconds), ..options.fields };
    DecodeOptions { fields, ..DecodeOptions::default() }
}

fn form(options: DecodeOptions, form: InputForm) -> DecodeOptions {
    DecodeOptions { input: Input { form, ..Input::default() }, ..options }
}

/// Decodes the first `n` of [`LINES`] lines, all of which must be accepted.
fn decode_log(n: u64, form: Form, options: &DecodeOptions) {
    let (mut log, mut text, mut len) = (LineWriter::new(form), Vec::new(), 0);
    for number in 1..=LINES as u64 {
        log.write(&mut text);
        if number == n {
            len = text.len();
        }
    }
    let mut total = 0.0;
    let sink = &mut |record: Record<'_>| {
        total += record.time.as_f64() + record.name.len() as f64;
    };
    let report = options.decode_slice(black_box(&text[..len]), sink);
    assert_eq!((report.accepted, report.refused), (n, 0), "every line is valid");
    black_box(total);
}

/// Runs the operation `n` times on a state that the compiler cannot see through.
fn times<S, R>(n: u64, state: S, operation: impl Fn(&S) -> R) {
    for _ in 0..n {
        black_box(operation(black_box(&state)));
    }
}

/// The span of counters, all of it full of events.
const SPAN_S: u64 = 300;

/// A counter with a manual clock and an event in every second of its span.
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

    /// Advances the clock by a second, and records.
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

/// Counts while `writers` idle writers have recorded in the newest second.
fn count_with_idle(n: u64, writers: usize) {
    let filled = Filled::new();
    let mut idle: Vec<Recorder<'_>> = (1..writers).map(|_| filled.counter.recorder()).collect();
    idle.iter_mut().for_each(Recorder::record);
    times(n, &filled, |filled| filled.count(SPAN_S));
}

fn add_four<S: Statistic<Value = ActionTime>>(n: u64, tracker: &MergedTracker<S>) {
    for (i, name) in (0..n).zip(NAMES.iter().cycle()) {
        tracker.record(black_box(name), ActionTime::from(i % 5_000)).expect("a valid name");
    }
}

/// Count, exact sum, minimum and maximum.
type Both = (Mean, MinMax);
type Merged = MergedTracker<Both>;

/// The same with quantiles.
type Figures = (Mean, MinMax, Quantiles);

/// Adds times from 0 to 4,999 in turn.
fn add_one<S: Statistic<Value = ActionTime>>(n: u64, name: &str, tracker: &MergedTracker<S>) {
    for i in 0..n {
        tracker.record(black_box(name), ActionTime::from(i % 5_000)).expect("a valid name");
    }
}

fn add_fractions(n: u64, tracker: &Merged) {
    for i in 0..n {
        let time = black_box((i % 5_000) as f64 + 0.125);
        tracker.record(black_box("jump"), time).expect("a valid name");
    }
}

fn add_by_handle<S: Statistic<Value = ActionTime>>(n: u64, tracker: &MergedTracker<S>) {
    let handle = tracker.action("jump").expect("a valid name");
    for i in 0..n {
        black_box(&handle).record(ActionTime::from(black_box(i % 5_000)));
    }
}

fn add_by_shared<S: Statistic<Value = ActionTime>>(n: u64, tracker: &MergedTracker<S>) {
    let handle = tracker.shared("jump").expect("a valid name");
    for i in 0..n {
        black_box(&handle).record(ActionTime::from(black_box(i % 5_000)));
    }
}

/// Makes a tracker with a manual clock, so that the clock is not counted.
fn windowed() -> (ManualClock, WindowedTracker<Both>) {
    let clock = ManualClock::new(Stamp::from_millis(1_000_000_500));
    let tracker = WindowedTracker::with_clock(WindowedSpec::default(), clock.clone());
    (clock, tracker.expect("the default is allowed"))
}

fn add_windowed(n: u64, (_, tracker): &(ManualClock, WindowedTracker<Both>)) {
    for i in 0..n {
        tracker.record(black_box("jump"), ActionTime::from(i % 5_000)).expect("a valid name");
    }
}

/// Makes a tracker of four actions, each recorded in every second of the span.
fn with_history() -> WindowedTracker<Both> {
    let (clock, tracker) = windowed();
    for second in 0..SPAN_S {
        clock.advance(Duration::from_secs(1));
        for name in NAMES {
            tracker.record(name, ActionTime::from(second * 7)).expect("a valid name");
        }
    }
    tracker
}

fn rows_of(tracker: &WindowedTracker<Both>, window_s: u64) -> usize {
    let window = tracker.window(Duration::from_secs(window_s)).expect("within the span");
    window.rows().len()
}

/// Inserts 26 values at once, the number that a tracker buffers before it flushes them.
fn fold<S: Statistic<Value = ActionTime>>(n: u64) {
    let all: Vec<_> = (0..2_600_u64).map(|i| ActionTime::from(i * 7 % 5_000)).collect();
    let mut statistic = S::default();
    statistic.insert_all(all.iter().copied());
    for (_, times) in (0..n).zip(all.chunks(26).cycle()) {
        black_box(&mut statistic).insert_all(black_box(times).iter().copied());
    }
}

fn with_four_names<S: Statistic<Value = ActionTime>>() -> MergedTracker<S> {
    let tracker = MergedTracker::default();
    add_four(1_000, &tracker);
    tracker
}

fn with_four_actions() -> Windrow {
    let windrow = Windrow::default();
    for (i, name) in (0..1_000_u64).zip(NAMES.iter().cycle()) {
        let line = format!(r#"{{"action":"{name}", "time":{}}}"#, i * 7 % 5_000);
        windrow.add_action(&line).expect("a valid line");
    }
    windrow
}
