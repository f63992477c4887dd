//! Workers that are forked: what is made after the `fork` merges, copies of what was made before do
//! not. A program of its own, because a child of a process with several threads, as a harness is,
//! must not use what it inherited.
#![cfg_attr(not(all(unix, feature = "serde")), expect(unused, reason = "needs fork and serde"))]

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::RandomState;
use std::io::{Read as _, Write as _, pipe};
use std::time::Duration;

use core_actions::{Mean, RunningTracker, TrackerSnapshot, WindowedSnapshot, WindowedTracker};
use core_time::{CounterSnapshot, EventCounter, Instance, InstanceError, SnapshotError};

#[cfg(not(all(unix, feature = "serde")))]
fn main() {}

const WORKERS: u64 = 3;

/// One of each kind that names its instance in a snapshot; an exact counter has no snapshot.
struct All {
    events: EventCounter,
    actions: RunningTracker,
    windowed: WindowedTracker<Mean>,
}

type Snapshots = (CounterSnapshot, TrackerSnapshot<Mean>, WindowedSnapshot<Mean>);

impl All {
    fn new() -> Self {
        Self {
            events: EventCounter::default(),
            actions: RunningTracker::default(),
            windowed: WindowedTracker::new(Default::default()).unwrap(),
        }
    }

    fn record(&self, times: u64) {
        for _ in 0..times {
            self.events.record();
            self.actions.record("jump", 1).unwrap();
            self.windowed.record("jump", 1).unwrap();
        }
    }

    fn snapshots(&self) -> Snapshots {
        (self.events.snapshot(), self.actions.snapshot(), self.windowed.snapshot())
    }
}

/// What a worker sends: snapshots of what it made, and of its copies of what it inherited.
#[cfg(all(unix, feature = "serde"))]
fn work(inherited: &All, number: u64) -> Vec<u8> {
    let own = All::new();
    own.record(number);
    inherited.record(1);
    serde_json::to_vec(&(own.snapshots(), inherited.snapshots())).unwrap()
}

#[cfg(all(unix, feature = "serde"))]
#[expect(unsafe_code, reason = "that is how a process is forked")]
fn fork(work: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::{ForkResult, fork};

    let (mut reader, mut writer) = pipe().unwrap();
    // SAFETY: `fork` asks that a child of a process with several threads call only functions that
    // are safe in signals. This process has one thread: nothing here or in the crates starts one.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let is_sent = writer.write_all(&work()).is_ok();
            std::process::exit(i32::from(!is_sent));
        }
        ForkResult::Parent { child } => {
            drop(writer);
            let mut sent = Vec::new();
            reader.read_to_end(&mut sent).unwrap();
            assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
            sent
        }
    }
}

#[track_caller]
fn same<T: Debug>(refused: Result<T, InstanceError>) {
    assert!(matches!(refused, Err(InstanceError::Same { .. })), "{refused:?}");
}

#[cfg(all(unix, feature = "serde"))]
fn main() {
    use core_actions::TrackerSnapshotError;

    let events = |refused| match refused {
        Err(SnapshotError::Instances(error)) => Err(error),
        other => Ok(other),
    };
    let actions = |refused| match refused {
        Err(TrackerSnapshotError::Instances(error)) => Err(error),
        other => Ok(other),
    };

    drop(RandomState::new()); // Its keys are made once for each thread, and survive a fork.
    let inherited = All::new();
    inherited.record(1);
    let mut instances = HashSet::<Instance>::new();
    let merged = All::new();
    // All of them before anything else happens here, or they would not inherit the same state.
    let workers: Vec<_> =
        (1..=WORKERS).map(|number| (number, fork(|| work(&inherited, number)))).collect();
    for (number, sent) in workers {
        let (own, copies): (Snapshots, Snapshots) = serde_json::from_slice(&sent).unwrap();
        for instance in [own.0.instances(), own.1.instances(), own.2.instances()] {
            assert!(instances.insert(instance[0]), "{instance:?} of worker {number} is not new");
        }
        merged.events.merge(&own.0).unwrap();
        merged.actions.merge(&own.1).unwrap();
        merged.windowed.merge(&own.2).unwrap();

        // A copy has a number of its own, and what it shares with the first is not counted twice.
        for (copy, first) in [
            (copies.0.instances(), inherited.events.snapshot().instances()),
            (copies.1.instances(), inherited.actions.snapshot().instances()),
            (copies.2.instances(), inherited.windowed.snapshot().instances()),
        ] {
            assert!(instances.insert(copy[0]) && copy != first, "{copy:?}, {first:?}");
        }
        same(events(inherited.events.merge(&copies.0)));
        same(events(copies.0.clone().merge(&inherited.events.snapshot())));
        same(actions(inherited.actions.merge(&copies.1)));
        same(actions(inherited.windowed.merge(&copies.2)));
    }
    let expected = (1..=WORKERS).sum::<u64>();
    assert_eq!(merged.events.total(), expected);
    assert_eq!(merged.actions.stats()[0].count(), expected);
    let window = merged.windowed.window(Duration::from_secs(300)).unwrap();
    assert_eq!(window.rows()[0].count(), expected);
}
