//! Reads changes and windowed snapshots in the binary form: what is accepted is the same when it is
//! written and read again, a fleet answers for it, and nothing panics.
//!
//! The checksum is appended, which no input would guess.
#![no_main]

use core_actions::{
    BinaryForm, Count, Fleet, Mean, MinMax, Outcomes, Quantiles, Signed, WindowedChanges,
    WindowedSnapshot,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    let mut bytes = content.to_vec();
    bytes.extend(crc32fast::hash(content).to_le_bytes());
    check::<Count>(&bytes);
    check::<Outcomes>(&bytes);
    check::<Signed<Mean>>(&bytes);
    check::<(Mean, MinMax, Quantiles)>(&bytes);
});

fn check<S: BinaryForm + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let snapshot = WindowedSnapshot::<S>::from_bytes(bytes);
    let Ok(changes) = WindowedChanges::<S>::from_bytes(bytes) else {
        return assert!(snapshot.is_err());
    };
    let again = WindowedChanges::from_bytes(&changes.to_bytes()).expect("was written");
    assert_eq!(again, changes);
    if let Ok(snapshot) = snapshot {
        let again = WindowedSnapshot::from_bytes(&snapshot.to_bytes()).expect("was written");
        assert_eq!(again, snapshot);
    }
    let mut fleet = Fleet::new(changes.window_spec().clone(), changes.unit());
    if fleet.apply(&changes).is_ok() {
        let now = changes.latest();
        let span = changes.window_spec().span();
        let first = fleet.window(now, span);
        assert_eq!(fleet.apply(&changes), Ok(()));
        assert_eq!(fleet.window(now, span), first);
        fleet.forget_before_span(now);
        let _ = fleet.window(now, span);
    }
}
