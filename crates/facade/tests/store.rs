//! Publishing what a process records, and reading what several published.

use std::time::Duration;

use facade::actions::Count;
use facade::store::{
    Background, Fault, Faulty, MemoryStore, PublishError, Publisher, ReadError, Reader, RedisStore,
    Status, Store, StoreError, StoreSpec, StoreUrl, View, Writer,
};
use facade::time::ManualClock;
use facade::{Error, Stamp, Summary, Unit, Windrow};

const MINUTE: Duration = Duration::from_secs(60);

fn reader(store: impl Store + 'static) -> Reader<Summary> {
    Reader::new(store, &StoreSpec::default(), Unit::Milliseconds).unwrap()
}

fn process(clock: &ManualClock) -> Windrow {
    Windrow::builder().unit(Unit::Milliseconds).clock(clock.clone()).build().unwrap()
}

#[test]
fn processes_have_one_answer_of_actions_and_of_events() {
    let clock = ManualClock::new(Stamp::from_secs(1_700_000_003));
    let store = MemoryStore::with_clock(clock.clone());
    let events = MemoryStore::with_clock(clock.clone()); // Another set.
    for times in [&[100, 200][..], &[300]] {
        let windrow = process(&clock);
        let publishing: Background =
            windrow.publish_actions(store.clone(), StoreSpec::default()).unwrap();
        let counting = windrow.publish_events("hits", events.clone(), StoreSpec::counts());
        for time in times {
            windrow.add_action(format!(r#"{{"action":"jump","time":{time}}}"#)).unwrap();
            windrow.record_event();
        }
        publishing.flush().unwrap();
        assert_eq!(publishing.status(), Status::default());
        drop(counting.unwrap());
    }
    let mut actions = reader(store);
    let view: View<'_, Summary> = actions.read(MINUTE).unwrap();
    let window = view.window(MINUTE).unwrap();
    assert_eq!((window.rows()[0].count(), window.rows()[0].mean()), (3, 200.0));
    let writers: &[Writer] = view.writers();
    assert_eq!((writers.len(), view.is_complete()), (2, true));
    let mut events = Reader::<Count>::new(events, &StoreSpec::counts(), Unit::default()).unwrap();
    assert_eq!(events.read(MINUTE).unwrap().get("hits", MINUTE).unwrap().count(), 3);
    let too_long = events.read(MINUTE * 60).unwrap_err();
    assert!(matches!(too_long, ReadError::Window(_)), "{too_long}");
}

#[test]
fn what_cannot_be_published_is_refused_and_a_failing_store_is_reported() {
    let clock = ManualClock::new(Stamp::from_secs(1_700_000_003));
    let (windrow, store) = (process(&clock), MemoryStore::with_clock(clock));
    let resolution = Duration::from_millis(1_500);
    let spec = StoreSpec { resolution, span: resolution * 40, ..StoreSpec::default() };
    let error = windrow.publish_actions(store.clone(), spec.clone()).unwrap_err();
    let expected = PublishError::Resolution { resolution, finest: Duration::from_secs(1) };
    assert_eq!(error, Error::Publish(Box::new(expected)));
    assert!(error.is_request());
    assert!(windrow.publish_events(" ", store.clone(), spec).unwrap_err().is_request());

    let mut store = Faulty::new(store);
    store.fail([Fault::Dropped]);
    let publishing = windrow.publish_actions(store, StoreSpec::default()).unwrap();
    let away = StoreError::Away("Dropped".to_owned());
    assert_eq!(publishing.flush(), Err(PublishError::Store(away)));
    assert_eq!(publishing.status().failures, 1);

    let url: StoreUrl = "redis://127.0.0.1:1".parse().unwrap();
    let nobody = RedisStore::new(url, "set").unwrap();
    let made = windrow.publish_actions(nobody, StoreSpec::default()).unwrap();
    assert!(matches!(made.flush(), Err(PublishError::Store(StoreError::Away(_)))));
    let _: Option<Publisher<Summary>> = None;
}
