//! The jobs of a service: limits, counts for each key, shares of failures.

use std::time::Duration;

use facade::Stamp;
use facade::actions::{
    ChangedBucket, Count, Fleet, FleetError, FleetMember, Outcome, Outcomes, WindowedChanges,
    WindowedCursor, WindowedTracker,
};
use facade::time::{
    Clock, CounterChanges, CounterCursor, CounterDelta, EventCounter, Exceeded, HeavyKeys,
    KeyHandle, KeyRow, KeyedCounter, KeyedDelta, KeyedLimiter, KeyedRecordError, KeyedSnapshot,
    KeyedSpec, KeyedSpecError, Limit, Limiter, Limits, LimitsError, ManualClock, MonotonicClock,
    Remaining, WindowSpec,
};

#[test]
fn limits_of_all_and_of_each_key_are_behind_the_front_door() -> Result<(), LimitsError> {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let limits = Limits::new([Limit::per_second(2), Limit::per_minute(3)])?;
    let all = Limiter::with_clock(limits.clone(), clock.clone());
    let users = KeyedLimiter::<String>::with_clock(limits, 10, clock.clone());
    let limited: [&dyn Fn() -> Result<Remaining, Exceeded>; 2] =
        [&|| all.try_record(), &|| users.try_record("alice")];
    for limited in limited {
        let passed: Vec<_> = (0..3).map(|_| limited().is_ok()).collect();
        assert_eq!(passed, [true, true, false]);
    }
    assert!(users.try_record("bob").is_ok());
    assert!(MonotonicClock.now() > Stamp::UNIX_EPOCH);
    assert_eq!(Limits::new([]), Err(LimitsError::Empty));
    Ok(())
}

#[test]
fn counts_of_each_key_are_behind_the_front_door() -> Result<(), KeyedSpecError> {
    let spec = KeyedSpec { keys: 1, ..KeyedSpec::default() };
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let logins = KeyedCounter::<String>::with_clock(spec, clock)?;
    assert_eq!(logins.record_many("alice", 2), Ok(()));
    assert_eq!(logins.record("bob"), Err(KeyedRecordError::TooManyKeys { max: 1 }));
    assert_eq!(logins.count("alice", Duration::from_secs(300)).unwrap().at_least, 2);
    let logins = std::sync::Arc::new(logins);
    let alice: KeyHandle<String> = logins.handle("alice").unwrap();
    alice.record();
    let [minute, all] = alice.count_each([60, 300].map(Duration::from_secs)).unwrap();
    assert_eq!((minute.events, all.events), (3, 3));
    let earlier: KeyedSnapshot<String> = logins.snapshot();
    alice.record();
    let delta: KeyedDelta<String> = logins.snapshot().diff(&earlier).unwrap();
    let row: KeyRow<'_, String> = delta.rows().next().unwrap();
    assert_eq!((row.key().as_str(), row.events()), ("alice", 1));
    let heavy = HeavyKeys::<String>::new(Default::default(), 100)?;
    assert_eq!(heavy.record("alice"), Ok(()));
    assert_eq!(heavy.top(1, Duration::from_secs(300)).unwrap()[0].0, "alice");
    Ok(())
}

#[test]
fn fleets_are_behind_the_front_door() -> Result<(), FleetError> {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let calls = WindowedTracker::<Count>::with_clock(Default::default(), clock.clone()).unwrap();
    let logins = EventCounter::with_clock(WindowSpec::default(), clock);
    calls.record("payment", 1).unwrap();
    logins.record_many(3);
    let changes: WindowedChanges<Count> = calls.changes(&mut WindowedCursor::default());
    let bucket: &ChangedBucket<Count> = &changes.buckets()[0];
    assert_eq!((bucket.tier(), bucket.rows().len()), (0, 1));
    let events: CounterChanges = logins.changes(&mut CounterCursor::default());
    let mut fleet = Fleet::new(WindowSpec::default(), calls.spec().unit);
    fleet.apply(&changes)?;
    fleet.apply_events("logins", &events)?;
    let member: FleetMember = fleet.members().next().unwrap();
    assert_eq!(member.revision(), 1);
    let minute = fleet.window(Stamp::from_secs(1_000), Duration::from_secs(60))?;
    let rows: Vec<_> = minute.rows().iter().map(|row| (row.name(), row.count())).collect();
    assert_eq!(rows, [("logins", 3), ("payment", 1)]);
    Ok(())
}

#[test]
fn shares_of_failures_are_behind_the_front_door() {
    let calls = WindowedTracker::<Outcomes>::new(Default::default()).unwrap();
    calls.record("payment", Outcome { failed: true, slow: false }).unwrap();
    let window = calls.window(Duration::from_secs(10)).unwrap();
    assert_eq!(window.rows()[0].statistic().failed_share(1), Some(1.0));
}

#[test]
fn events_between_two_snapshots_are_behind_the_front_door() {
    let counter = EventCounter::default();
    let earlier = counter.snapshot();
    counter.record_many(3);
    let delta: CounterDelta = counter.snapshot().diff(&earlier).unwrap();
    assert_eq!(delta.events, 3);
}
