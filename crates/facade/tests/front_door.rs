//! The front door joins what is behind it, and each of its re-exports is used here.
//!
//! `re_exports.rs` checks that none is left out.

use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use facade::actions::{
    ACTIONS_MAX, ActionError, ActionName, ActionTime, ActionTracker, AsWords, Batch, Bin,
    COUNT_MAX, Conversion, Converted, Count, Handle, HasCount, HasMean, Histogram, KeyedName, Last,
    LocalTracker, Mean, MergedTracker, MinMax, NameError, NameTable, OverflowCounts, PostTracker,
    QuantileError, Quantiles, Row, RunningTracker, TimeError, Timestamped, TopK, TrackerSnapshot,
    TrackerSnapshotError, TrackerSpec, UnitError, Values, Variance, WindowRows, WindowedHandle,
    WindowedSnapshot, WindowedSpec, WindowedSpecError, WindowedTracker,
};
use facade::codec::{
    Action, Counts, DecodeError, DecodeErrorKind, DecodeOptions, Excerpt, Field, FieldExpected,
    FieldTypes, Fields, Form, Format, Fractions, Input, JsonType, Limits, Moment, MomentError,
    MomentZone, NameRules, ObjectKeys, OnMissing, Path, PathError, PathErrorKind, Quantity,
    QuantityError, QuantityErrorKind, ReadError, Record, Refusal, RefusedLine, Report, Sink, Skip,
    SkippedRecord, Snippet, TimeMax, Timestamp, TimestampFormat, Zone, decode, encode,
    encode_means, encode_rows, logfmt_pairs, split_embedded, threads_within_memory, visible,
    write_records,
};
use facade::time::{
    Clock, CoarseClock, CounterSnapshot, CoveredBuckets, EventCounter, ExactCounter, InBucket,
    Instance, InstanceError, Interval, ManualClock, RecordError, Recorder, RefusedCounts,
    SecondsClock, Series, SnapshotError, SnapshotHeader, SnapshotHeaderError, SpecError, Statistic,
    StatisticRing, Subtract, SystemClock, Tag, TickerClock, Tier, TieredRing, TimeAxis,
    WindowError, WindowSpec, WindowSpecBuilder, laws,
};
use facade::{Error, Quantile, Stamp, Unit, WhenFull, Window, Windrow, WindrowBuilder};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn counters_of_every_kind_are_behind_the_front_door() {
    let minute = Tier { resolution: SECOND * 60, span: SECOND * 3_600 };
    let clock = TickerClock::start(SECOND).unwrap();
    let windrow = Windrow::builder().tier(minute).clock(clock).build().unwrap();
    let mut recorder: Recorder<'_> = windrow.events().recorder();
    recorder.record_many(3);
    assert_eq!(windrow.request_event_count(SECOND * 1_800), Ok(3));
    assert_eq!(windrow.event_window(SECOND * 1_800).unwrap().coverage.resolution, SECOND * 60);

    let snapshot: CounterSnapshot = windrow.events().snapshot();
    let instance: Instance = snapshot.instances()[0];
    let twice = windrow.events().merge(&snapshot);
    assert_eq!(twice, Err(SnapshotError::Instances(InstanceError::Same { instance })));
    let header = SnapshotHeader::new(Tag::standard("events"), instance.into(), 1);
    let twice: Result<_, SnapshotHeaderError> = header.merged(&header);
    assert_eq!(
        twice.map_err(SnapshotError::from),
        Err(SnapshotError::Instances(InstanceError::Same { instance }))
    );

    let exact = ExactCounter::with_clock(WindowSpec::default(), SecondsClock);
    exact.record();
    assert_eq!(exact.count(SECOND * 300).unwrap().events, 1);
}

#[test]
fn all_that_a_user_of_the_front_door_needs_is_here() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let unit: Result<Unit, UnitError> = "us".parse();
    let builder: WindrowBuilder = Windrow::builder().clock(clock.clone()).unit(unit.unwrap());
    let windrow: Windrow = builder.build().unwrap();
    let counter: &EventCounter = windrow.events();
    let spec: &WindowSpec = counter.spec();
    let refused: RefusedCounts = counter.refused();
    let found: Window = windrow.event_window(SECOND).unwrap();
    let covered: Interval = found.coverage.interval;
    assert_eq!((spec, refused), (&WindowSpec::default(), RefusedCounts::default()));
    assert_eq!(covered.duration(), SECOND);
    let series: Series = counter.series(SECOND * 2).unwrap();
    assert_eq!((series.counts, counter.total()), (vec![0, 0], 0));

    let action: Action = decode(br#"{"action":"jump","time":1}"#).unwrap();
    let (name, time): (ActionName, ActionTime) = (action.name, action.time);
    windrow.add_action_time(name.as_str(), time).unwrap();
    let rows: Vec<Row<Mean>> = windrow.stats();
    assert_eq!(encode([("jump", rows[0].mean())]), r#"[{"action":"jump","avg":1}]"#);
    assert_eq!(Limits::default().name_bytes, TrackerSpec::default().name_bytes);
    let kind = DecodeErrorKind::NotObject { found: JsonType::Array };
    assert_eq!(decode(b"[]"), Err(DecodeError { kind, at: 0 }));
    let builder: WindowSpecBuilder = WindowSpec::builder();
    assert_eq!(builder.build().as_ref(), Ok(spec));
    windrow.add_action_duration("jump", SECOND).unwrap();
    assert_eq!(windrow.stats()[0].mean(), 500_000.5); // In microseconds.
    windrow.actions().reset();
    windrow.add_action_time("jump", 1).unwrap();

    let post = MergedTracker::<Values>::default();
    let post: &PostTracker = &post;
    let running: &RunningTracker = windrow.actions();
    post.record("jump", 1).unwrap();
    assert_eq!(count_of(post), count_of(running));

    let mut mean = Mean::default();
    Statistic::insert(&mut mean, ActionTime::ZERO);
    assert_eq!((mean.mean(), Mean::TAG), (Some(0.0), Tag::standard("mean")));
    assert!(mean.can_merge(&mean) && COUNT_MAX == 1 << 63);
    assert!(CoarseClock.now() <= CoarseClock.now() && SystemClock.now() <= SystemClock.now());
}

/// Adds what it is handed.
struct Adds<'w>(&'w Windrow);

impl Sink for Adds<'_> {
    fn accept(&mut self, entry: Record<'_>) {
        self.0.add_action_time(&entry.name, entry.time).unwrap();
    }

    fn refuse(&mut self, line: RefusedLine<'_>) {
        assert_eq!((line.offset, line.error().reason()), (34, "time is not an integer"));
    }
}

#[test]
fn moments_are_read_through_the_front_door() -> Result<(), MomentError> {
    let zone: Zone = "+02:00".parse().unwrap();
    let found: Moment = TimestampFormat::Auto.parse("1970-01-01 02:00", &zone)?;
    assert_eq!((found.stamp, found.zone), (Stamp::UNIX_EPOCH, MomentZone::Assumed));
    Ok(())
}

#[test]
fn batches_go_through_the_front_door() -> Result<(), ReadError> {
    let windrow = Windrow::default();
    let quantity: Result<Quantity, QuantityError> = "1,5s".parse();
    assert_eq!(quantity.unwrap_err().kind, QuantityErrorKind::Separator);
    let timestamp = Some(Timestamp::new(Path::key("at"), TimestampFormat::Seconds));
    let fields = Fields { timestamp, ..Fields::default() };
    let policy =
        DecodeOptions { fields, fractions: Fractions::Refused, ..DecodeOptions::default() };
    let lines = b"{\"action\":\"jump\",\"time\":2,\"at\":1}\n{\"action\":\"jump\",\"time\":0.5}\n";
    let report: Report = policy.decode_reader(&lines[..], &mut Adds(&windrow))?;
    assert_eq!((report.accepted, windrow.get_stats()), (1, encode([("jump", 2.0)])));
    let refusal: &Refusal = &report.refusals[0];
    let found = Excerpt::from("0.5");
    assert_eq!(refusal.error.kind, DecodeErrorKind::TimeNotInteger { found });
    let snippet: &Snippet = &refusal.snippet;
    assert_eq!((snippet.column, visible(b"\x1b")), (24, r"\u{1b}".to_owned()));
    assert_eq!(encode_means(&windrow.stats()), windrow.get_stats());
    assert_eq!(threads_within_memory(1), 1);
    assert_eq!(encode_rows(Format::Csv, ["a"], [[Field::Missing]]), "a\n\n");
    let mut text = Vec::new();
    write_records(&mut text, Format::Ndjson, &["a"], [[1.into()]]).unwrap();
    assert_eq!(text, b"{\"a\":1}\n");
    assert_eq!(TimeMax::Integer.to_string(), u64::MAX.to_string());
    Ok(())
}

#[test]
fn every_statistic_is_here() {
    let spec = TrackerSpec { when_full: WhenFull::Fold, ..TrackerSpec::default() };
    let tracker = MergedTracker::<(Variance, MinMax, Quantiles, TopK<1>)>::new(spec);
    for time in [1_u64, 3] {
        tracker.record("jump", time).unwrap();
    }
    assert_eq!(tracker.overflow(), OverflowCounts::default());
    let row = &tracker.stats()[0];
    let (variance, extent, quantiles, largest) = row.statistic();
    assert_eq!((row.count(), row.mean(), variance.population_deviation()), (2, 2.0, Some(1.0)));
    assert_eq!(
        (extent.min(), quantiles.quantile(Quantile::MEDIAN)),
        (Some(1_u8.into()), extent.min())
    );
    assert_eq!((extent.max(), largest.times().next()), (Some(3_u8.into()), extent.max()));
    assert_eq!(Quantile::try_from(2.0), Err(QuantileError::AboveOne));
    let to_seconds: Conversion = Unit::Minutes.to(Unit::Seconds);
    let in_seconds: Converted<'_, Variance> = variance.converted(to_seconds);
    assert_eq!((in_seconds.sum(), in_seconds.population_deviation()), (240.0, Some(60.0)));
    let histogram: Histogram = quantiles.histogram();
    let cell: Bin = histogram.bins().next().unwrap();
    assert_eq!((cell.count, histogram.count()), (1, 2));

    let stamped = Timestamped { stamp: Stamp::UNIX_EPOCH, time: ActionTime::ZERO };
    let mut statistic = <(Last, Count)>::default();
    statistic.insert(stamped);
    assert_eq!((statistic.0.last(), statistic.1.count()), (Some(stamped), 1));
    let mut count = statistic.1;
    count.subtract(&statistic.1);
    assert_eq!(count, Count::default());
    laws::check_merge::<(Last, Count)>(&[stamped]);
}

fn count_of(
    tracker: &impl ActionTracker<Statistic: HasCount + PartialEq + std::fmt::Debug>,
) -> u64 {
    let rows = tracker.stats();
    assert!(rows.iter().all(|row| tracker.get(row.name()).as_ref() == Some(row)));
    rows.iter().map(Row::count).sum()
}

#[test]
fn errors_keep_their_layer_and_class() {
    let windrow = Windrow::default();
    let spec: SpecError = WindowSpec::builder().span(Duration::ZERO).build().unwrap_err();
    let record: RecordError = windrow.events().record_at(Stamp::MIN, 1).unwrap_err();
    let window: WindowError = windrow.events().count(Duration::MAX).unwrap_err();
    let decode: DecodeError = decode(b"").unwrap_err();
    let name: NameError = ActionName::new("").unwrap_err();
    let time: TimeError = ActionTime::try_from(-1.0).unwrap_err();
    let whose = |error: Error| (error.is_input(), error.is_refused(), error.is_request());
    assert_eq!(whose(spec.clone().into()), (false, false, true));
    assert_eq!(whose(record.into()), (false, true, false));
    assert_eq!(whose(window.into()), (false, false, true));
    assert_eq!(whose(decode.into()), (true, false, false));
    assert_eq!(whose(ActionError::from(name).into()), (true, false, false));
    assert_eq!(whose(ActionError::from(time).into()), (true, false, false));
    assert_eq!(Error::from(spec.clone()).to_string(), spec.to_string());
}

#[test]
fn full_is_neither_input_nor_refused() {
    let full = || RecordError::Full { events: 2, room: 1 };
    let old = || RecordError::TooOld { age: SECOND * 2, span: SECOND };
    let whose =
        |error: Error| [error.is_input(), error.is_refused(), error.is_full(), error.is_request()];
    assert_eq!(whose(ActionError::Full { limit: 1 }.into()), [false, false, true, false]);
    assert_eq!(whose(full().into()), [false, false, true, false]);
    assert_eq!(whose(ActionError::from(full()).into()), [false, false, true, false]);
    assert_eq!(whose(old().into()), [false, true, false, false]);
    assert_eq!(whose(ActionError::from(old()).into()), [false, true, false, false]);

    let windrow = Windrow::builder().actions(1, WhenFull::Refuse).build().unwrap();
    let add = |line: &str| windrow.add_action(line);
    assert_eq!(add(r#"{"action":"jump","time":1}"#), Ok(()));
    let error = add(r#"{"action":"run","time":1}"#).unwrap_err();
    assert_eq!(whose(error), [false, false, true, false]);
    let error = windrow.add_action_time("run", 1).unwrap_err();
    assert_eq!(whose(error), [false, false, true, false]);
    let error = windrow.add_action_duration("run", SECOND).unwrap_err();
    assert_eq!(whose(error), [false, false, true, false]);
    let error = add(r#"{"action":"run","time":-1}"#).unwrap_err();
    assert_eq!(whose(error), [true, false, false, false]);
}

#[test]
fn lines_that_a_full_tracker_drops_are_not_accepted() {
    let jump = "{\"action\":\"jump\",\"time\":1}\n";
    let lines = format!("{jump}{}\n{{}}\n{}", jump.repeat(20_000), jump.replace("jump", "run"));
    let lines = lines + &jump.replace("jump", "hop").repeat(20_000);
    for threads in [1, 3] {
        let of = |when_full| {
            let builder = Windrow::builder().threads(threads).actions(1, when_full);
            let windrow = builder.build().unwrap();
            // First, whichever thread is the fastest.
            windrow.add_action(jump).unwrap();
            let report = windrow.add_actions(lines.as_bytes()).unwrap();
            assert_eq!((report.refused, report.blank, report.lines()), (1, 1, 40_004));
            let counted: u64 = windrow.stats().iter().map(Row::count).sum();
            (report.accepted, report.dropped, counted - 1)
        };
        assert_eq!(of(WhenFull::Refuse), (20_001, 20_001, 20_001));
        assert_eq!(of(WhenFull::Fold), (40_002, 0, 40_002));
    }
    let windrow = Windrow::builder().actions(0, WhenFull::Refuse).build().unwrap();
    let error = windrow.add_actions(jump.as_bytes().chain(Failing)).unwrap_err();
    assert_eq!((error.report.accepted, error.report.dropped), (0, 1));
}

/// A disk that fails.
struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::TimedOut.into())
    }
}

/// What a transfer took in bytes.
#[derive(Clone, Copy)]
struct Bytes(u64);

impl AsWords for Bytes {
    const WORDS: usize = 1;

    fn write_words(self, words: &mut [u64]) -> bool {
        words[0] = self.0;
        true
    }

    fn from_words(words: &[u64]) -> Self {
        Self(words[0])
    }
}

/// The sum of all transfers.
#[derive(Clone, Default)]
struct Traffic(u64);

impl Statistic for Traffic {
    type Value = Bytes;

    const TAG: Tag = Tag::own("x-traffic");

    fn insert(&mut self, bytes: Bytes) {
        self.0 += bytes.0;
    }

    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
}

#[test]
fn trackers_of_every_kind_are_behind_the_front_door() {
    let own = MergedTracker::<Traffic>::default();
    let upload: Handle<Traffic> = own.action("upload").unwrap();
    upload.record(Bytes(7));
    let mut batch: Batch<'_, Traffic> = own.batch();
    batch.record(KeyedName::from("upload"), Bytes(2)).unwrap();
    drop(batch);
    assert_eq!(own.stats()[0].statistic().0, 9);
    let snapshot: TrackerSnapshot<Traffic> = own.snapshot();
    let twice: Result<(), TrackerSnapshotError> = own.merge(&snapshot);
    assert!(twice.is_err());
    assert_eq!(TrackerSpec::default().actions, ACTIONS_MAX);

    let names = NameTable::new(TrackerSpec::default());
    let mut tally = LocalTracker::<(Mean, MinMax)>::new(&names);
    tally.record("jump", 3).unwrap();
    assert_eq!(HasMean::mean(tally.into_rows()[0].statistic()), Some(3.0));

    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let spec = WindowedSpec::default();
    let tracker = WindowedTracker::<Count>::with_clock(spec.clone(), clock.clone()).unwrap();
    let handle: WindowedHandle<Count> = tracker.action("jump").unwrap();
    handle.record(1_u8);
    let rows: WindowRows<Count> = tracker.window(SECOND).unwrap();
    let covered: &CoveredBuckets = rows.covered();
    assert_eq!((rows.rows()[0].count(), covered.ticks.clone()), (1, 1_000..=1_000));
    let snapshot: WindowedSnapshot<Count> = tracker.snapshot();
    assert_eq!(snapshot.at(), Clock::now(&clock));
    let minute = Tier { resolution: SECOND * 60, span: SECOND * 3_600 };
    let window = WindowSpec::builder().tier(minute).build().unwrap();
    let tiers = WindowedSpec { window, bytes: 1, ..spec };
    let refused = WindowedTracker::<Count>::new(tiers.clone()).unwrap_err();
    assert!(matches!(refused, WindowedSpecError::TooLarge { buckets: 360, .. }));
    let tiers = WindowedTracker::<Count>::new(WindowedSpec { bytes: 1 << 20, ..tiers }).unwrap();
    tiers.record("jump", 1).unwrap();
    assert_eq!(tiers.get("jump", SECOND * 3_600).unwrap().count(), 1);
}

#[test]
fn rings_of_statistics_are_behind_the_front_door() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let axis = TimeAxis::with_clock(WindowSpec::default(), clock);
    let mut ring = StatisticRing::<Count>::new(axis.spec());
    ring.insert(InBucket { tick: axis.tick_now(), value: 5_u8.into() });
    let mut tiers = TieredRing::<Count>::new(axis.spec());
    tiers.merge(&TieredRing::from_tiers(axis.spec(), vec![ring.clone()]).unwrap());
    assert!(tiers.tiers().eq([&ring]));
    let mut count = Count::default();
    assert!(ring.merge_window(axis.past(SECOND * 10).unwrap().ticks, &mut count));
    let one = count;
    assert_eq!(count.count(), 1);
    Subtract::subtract(&mut count, &one);
    assert_eq!(count, Count::default());
}

#[cfg(feature = "tsc")]
#[test]
fn clock_of_the_processor_is_behind_the_front_door() {
    assert!(facade::time::TscClock.now() <= facade::time::TscClock.now());
}

#[test]
fn clones_share_everything_between_threads() {
    let windrow = Windrow::default();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let windrow = windrow.clone();
            scope.spawn(move || {
                for _ in 0..100 {
                    windrow.record_event();
                    windrow.add_action(r#"{"action":"jump","time":2}"#).unwrap();
                }
            });
        }
    });
    assert_eq!(windrow.request_event_count(Duration::from_secs(300)), Ok(300));
    assert_eq!(windrow.stats()[0].count(), 300);
    windrow.reset();
    assert_eq!(windrow.request_event_count(Duration::from_secs(300)), Ok(0));
    assert_eq!(windrow.get_stats(), "[]");
}

#[test]
fn one_limit_for_names_holds_on_every_way_in() {
    for limit in [4, 400] {
        let limits = Limits { name_bytes: limit, ..Limits::default() };
        let windrow = Windrow::builder().limits(limits).build().unwrap();
        let (longest, longer) = ("x".repeat(limit), "x".repeat(limit + 1));
        let json = |name: &str| format!(r#"{{"action":"{name}","time":1}}"#);
        assert_eq!(windrow.add_action(json(&longest)), Ok(()));
        assert_eq!(windrow.add_action_time(&longest, 1), Ok(()));
        assert!(windrow.add_action(json(&longer)).is_err());
        assert!(windrow.add_action_time(&longer, 1).is_err());
    }
}

#[test]
fn what_a_time_may_be_is_chosen_when_it_is_built() {
    let strict = Windrow::builder().fractions(Fractions::Refused).build().unwrap();
    strict.add_action(r#"{"action":"jump","time":1}"#).unwrap();
    let line = r#"{"action":"jump","time":1.5}"#;
    assert!(strict.add_action(line).unwrap_err().is_input());
    Windrow::default().add_action(line).unwrap();
    assert_eq!(strict.get_stats(), r#"[{"action":"jump","avg":1}]"#);
}

#[test]
fn lines_are_recorded_on_any_number_of_threads() {
    let line = |n: usize| format!("{{\"action\":\"{}\",\"time\":{n}}}\n", ["jump", "run"][n % 2]);
    let lines: String = (0..50_000).map(line).collect();
    for threads in [0, 1, 2, 3] {
        let windrow = Windrow::builder().threads(threads).build().unwrap();
        let report = windrow.add_actions((lines.clone() + "{}\n").as_bytes()).unwrap();
        assert_eq!((report.accepted, report.refused), (50_000, 1));
        assert_eq!(report.refusals[0].line, 50_001);
        let mut stats = windrow.stats();
        stats.sort_by(|one, other| one.name().cmp(other.name()));
        let means: Vec<_> = stats.iter().map(|row| (row.name(), row.mean())).collect();
        assert_eq!(means, [("jump", 24_999.0), ("run", 25_000.0)]);
    }
}

#[test]
fn absurd_number_of_threads_is_bounded() {
    let windrow = Windrow::builder().threads(usize::MAX).build().unwrap();
    let report = windrow.add_actions(&b"{\"action\":\"jump\",\"time\":1}\n"[..]).unwrap();
    assert_eq!((report.accepted, windrow.stats()[0].count()), (1, 1));
}

#[test]
fn fields_of_any_name_go_through_the_front_door() -> Result<(), PathError> {
    let not_a_path: PathError = Path::parse("a..b").unwrap_err();
    assert!(matches!(not_a_path.kind, PathErrorKind::UnexpectedCharacter { .. }), "{not_a_path:?}");
    let names = NameRules { group_paths: true, ..NameRules::default() };
    let by = Path::parse_list("method,uri")?;
    let fields: Fields = Fields { by, value: Some(Path::key("took")), names, ..Fields::any() };
    assert_eq!((fields.types, fields.on_missing), (FieldTypes::Any, OnMissing::Skip));
    let input = Input::default();
    assert_eq!(input.form, Form::Json);
    let options = DecodeOptions { fields, input, ..DecodeOptions::default() };

    #[derive(Default)]
    struct Skipped(Vec<(u64, Skip)>);
    impl Sink for Skipped {
        fn accept(&mut self, record: Record<'_>) {
            assert_eq!(record.name.as_str(), "GET /dogs/:id");
        }

        fn skip(&mut self, record: SkippedRecord<'_>) {
            self.0.push((record.offset, record.reason));
        }
    }

    let lines = r#"{"method":"GET","uri":"/dogs/7","took":1}
{"method":"GET","uri":"/dogs/7"}
{"method":"GET","uri":{"path":"/"},"took":1}
{"method":"GET","uri":"/dogs/7","took":"soon"}"#;
    let mut skipped = Skipped::default();
    let report = options.decode_slice(lines.as_bytes(), &mut skipped);
    let counts: Counts = report.counts;
    assert_eq!((report.accepted, counts.bare_values), (1, 1));
    assert_eq!(skipped.0, [(42, Skip::NoValue)]);
    let DecodeErrorKind::FieldType { keys, expected, .. } = &report.refusals[0].error.kind else {
        panic!("{report:?}");
    };
    let (keys, expected): (&ObjectKeys, &FieldExpected) = (keys, expected);
    assert_eq!((keys.iter().collect(), *expected), (vec!["path"], FieldExpected::Scalar));
    let DecodeErrorKind::Value { reason, .. } = &report.refusals[1].error.kind else {
        panic!("{report:?}");
    };
    let reason: &QuantityError = reason;
    assert!(!reason.to_string().is_empty());
    Ok(())
}

#[test]
fn fields_of_unknown_lines_are_behind_the_front_door() {
    assert_eq!(logfmt_pairs(b"a=1"), Some(vec![("a".to_owned(), "1".to_owned())]));
    assert_eq!(split_embedded(b"a {}"), Some((&b"a "[..], &b"{}"[..])));
}
