//! The jobs of a service: limits and counts for each key.

use std::time::Duration;

use facade::Stamp;
use facade::time::{
    Clock, Exceeded, KeyedCounter, KeyedLimiter, KeyedRecordError, KeyedSpec, KeyedSpecError,
    Limit, Limiter, Limits, LimitsError, ManualClock, MonotonicClock, Remaining,
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
    Ok(())
}
