//! Reads snapshots of counters and of keyed counters: what is accepted can be written, merged,
//! restored and asked, and is the same when it is read back.
#![no_main]

use core_time::{
    CounterSnapshot, EventCounter, KeyedCounter, KeyedSnapshot, KeyedSpec, ManualClock,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // A specification of a few milliseconds over years allocates up to 32 MiB.
    if let Ok(snapshot) = serde_json::from_str::<CounterSnapshot>(text) {
        check_counter(&snapshot);
    }
    if let Ok(snapshot) = serde_json::from_str::<KeyedSnapshot<String>>(text) {
        check_keyed(&snapshot);
    }
});

fn check_counter(snapshot: &CounterSnapshot) {
    let text = serde_json::to_string(snapshot).expect("is JSON");
    let again: CounterSnapshot = serde_json::from_str(&text).expect("was written");
    assert_eq!(&again, snapshot);
    assert!(snapshot.clone().merge(snapshot).is_err());
    let clock = ManualClock::new(snapshot.at());
    if let Ok(counter) = EventCounter::restore_with_clock(snapshot, clock) {
        let events = counter.count(snapshot.spec().span()).map_or(0, |window| window.events);
        assert!(events <= snapshot.total());
        counter.record();
        let _ = counter.snapshot();
    }
}

fn check_keyed(snapshot: &KeyedSnapshot<String>) {
    let text = serde_json::to_string(snapshot).expect("is JSON");
    let again: KeyedSnapshot<String> = serde_json::from_str(&text).expect("was written");
    assert_eq!(&again, snapshot);
    assert!(snapshot.clone().merge(snapshot).is_err());
    let clock = ManualClock::new(snapshot.at());
    let spec = KeyedSpec { window: snapshot.window_spec().clone(), ..KeyedSpec::default() };
    let Ok(counter) = KeyedCounter::restore_with_clock(spec, snapshot, clock) else { return };
    for row in snapshot.rows() {
        if let Ok(window) = counter.count(row.key(), snapshot.window_spec().span()) {
            assert!(window.events <= row.events());
        }
        let _ = counter.record(row.key());
    }
    let more = counter.snapshot();
    assert!(more.revision() > snapshot.revision());
    let _ = more.diff(snapshot);
}
