//! Handles that threads share, and names with labels, behind the front door.

use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use facade::Summary;
use facade::actions::{
    GroupError, LabelError, LabeledName, Mean, RunningTracker, SharedHandle, SharedWindowedHandle,
    WindowedSpec, WindowedTracker, group_by,
};
use facade::time::{EventCounter, OwnedRecorder};

static TRACKER: LazyLock<RunningTracker> = LazyLock::new(RunningTracker::default);
static JUMP: LazyLock<SharedHandle<Mean>> = LazyLock::new(|| TRACKER.shared("jump").unwrap());

/// What a server keeps for all of its requests.
#[derive(Clone)]
struct State {
    checkout: SharedWindowedHandle<Summary>,
}

#[test]
fn a_handle_in_a_static_and_in_shared_state_is_for_all_threads() {
    let tracker = WindowedTracker::new(WindowedSpec::default()).unwrap();
    let state = State { checkout: tracker.shared("checkout").unwrap() };
    let tasks: Vec<_> = (1..=4_u64)
        .map(|time| {
            let state = state.clone();
            thread::spawn(move || {
                JUMP.record(time);
                state.checkout.record(time);
            })
        })
        .collect();
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert_eq!((TRACKER.stats()[0].count(), TRACKER.stats()[0].mean()), (4, 2.5));
    let minute = state.checkout.window(Duration::from_secs(60)).unwrap();
    assert_eq!((minute.count(), minute.statistic().mean()), (4, Some(2.5)));
}

#[test]
fn a_recorder_that_is_owned_moves_into_a_task() {
    let requests = Arc::new(EventCounter::default());
    let mut recorder: OwnedRecorder = requests.owned_recorder();
    thread::spawn(move || recorder.record()).join().unwrap();
    assert_eq!(requests.total(), 1);
}

#[test]
fn names_with_labels_are_grouped_behind_the_front_door() -> Result<(), LabelError> {
    let tracker = RunningTracker::default();
    for (route, time) in [("/", 10), ("/a", 30)] {
        let name = LabeledName::new("http")?.with("method", "GET")?.with("route", route)?;
        tracker.record(&name, time).unwrap();
    }
    let groups: Result<_, GroupError> = group_by(&tracker.stats(), &["method"]);
    let groups = groups.unwrap();
    assert_eq!((groups.len(), groups[0].mean()), (1, 20.0));
    assert_eq!(groups[0].name(), r#"http{method="GET"}"#);
    Ok(())
}
