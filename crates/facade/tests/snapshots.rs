//! A `Windrow` that goes on from what another one held.

use facade::time::ManualClock;
use facade::{Error, Stamp, Unit, WhenFull, Windrow, WindrowBuilder, WindrowSnapshot};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn builder(clock: &ManualClock) -> WindrowBuilder {
    Windrow::builder().span(2 * MINUTE).unit(Unit::Milliseconds).clock(clock.clone())
}

/// Records an event and an action of `ms` milliseconds.
fn record(windrow: &Windrow, name: &str, ms: u64) -> Result<(), Error> {
    windrow.record_event();
    windrow.action(name)?.record(Duration::from_millis(ms));
    Ok(())
}

/// Returns the events, the actions and the windows of a minute as text.
fn contents(windrow: &Windrow) -> Result<String, Error> {
    let events = windrow.request_event_count(MINUTE)?;
    let minute = windrow.keep_windows()?.window(MINUTE)?;
    let rows: Vec<_> = minute.rows().iter().map(|row| (row.name(), row.count())).collect();
    Ok(format!("{events} {} {rows:?}", windrow.get_stats()))
}

#[test]
fn restored_goes_on_at_a_later_time() -> Result<(), Error> {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windrow = builder(&clock).build()?;
    record(&windrow, "old", 40)?;
    clock.advance(Duration::from_secs(50));
    record(&windrow, "new", 10)?;

    let later = ManualClock::new(Stamp::from_secs(1_059));
    let restored = builder(&later).restore(&windrow.snapshot())?;
    assert_eq!(
        contents(&restored)?,
        r#"2 [{"action":"old","avg":40},{"action":"new","avg":10}] [("old", 1), ("new", 1)]"#
    );
    later.advance(Duration::from_secs(1));
    record(&restored, "new", 20)?;
    assert_eq!(
        contents(&restored)?,
        r#"2 [{"action":"old","avg":40},{"action":"new","avg":15}] [("new", 2)]"#
    );
    Ok(())
}

#[test]
fn any_number_of_restores_is_one_instance() -> Result<(), Error> {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let mut windrow = builder(&clock).build()?;
    for _ in 0..3_000 {
        record(&windrow, "jump", 5)?;
        windrow = builder(&clock).restore(&windrow.snapshot())?;
    }
    assert_eq!(contents(&windrow)?, r#"3000 [{"action":"jump","avg":5}] [("jump", 3000)]"#);
    Ok(())
}

#[test]
fn snapshot_without_windows_keeps_none() -> Result<(), Error> {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windrow = builder(&clock).build()?;
    windrow.add_action(r#"{"action":"jump","time":5}"#)?;
    let restored = builder(&clock).restore(&windrow.snapshot())?;
    assert!(restored.windows().is_none());
    assert_eq!(restored.get_stats(), r#"[{"action":"jump","avg":5}]"#);
    Ok(())
}

#[test]
fn snapshot_that_does_not_fit_is_refused() -> Result<(), Error> {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windrow = builder(&clock).build()?;
    record(&windrow, "jump", 5)?;
    record(&windrow, "run", 5)?;
    let snapshot: WindrowSnapshot = windrow.snapshot();
    let refused = |builder: WindrowBuilder| {
        let error = builder.restore(&snapshot).expect_err("does not fit");
        assert!(error.is_request(), "{error}");
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default())
    };
    assert_eq!(
        refused(builder(&clock).span(MINUTE)),
        "snapshot has windows of 120s in buckets of 1s, expected 60s in 1s with the same tiers"
    );
    let unit = refused(builder(&clock).unit(Unit::Seconds));
    assert!(unit.starts_with("snapshot of actions cannot be restored: "), "{unit}");
    let full = refused(builder(&clock).actions(1, WhenFull::Refuse));
    assert!(full.starts_with("snapshot of actions cannot be restored: "), "{full}");
    let early = refused(builder(&ManualClock::new(Stamp::from_secs(900))));
    assert!(early.starts_with("snapshot cannot be restored: "), "{early}");
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn snapshot_is_read_back() -> Result<(), Box<dyn std::error::Error>> {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windrow = builder(&clock).build()?;
    record(&windrow, "jump", 5)?;
    let written = serde_json::to_string(&windrow.snapshot())?;
    let restored = builder(&clock).restore(&serde_json::from_str(&written)?)?;
    assert_eq!(contents(&restored)?, contents(&windrow)?);
    Ok(())
}
