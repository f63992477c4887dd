//! Every behaviour of the two programs that Windrow grew out of, through the front door.

use std::time::Duration;

use facade::time::ManualClock;
use facade::{Stamp, Windrow};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn event_counter_counts_now_many_at_once_and_late() {
    let clock = ManualClock::new(Stamp::from_secs(1_000));
    let windrow = Windrow::builder().span(secs(300)).clock(clock.clone()).build().unwrap();
    windrow.record_event();
    windrow.record_events(45);
    windrow.record_events_at(windrow.now() - secs(20), 1).unwrap();
    assert_eq!(windrow.request_event_count(secs(300)), Ok(47));
    assert_eq!(windrow.request_event_count(secs(20)), Ok(46));
    clock.advance(secs(299));
    assert_eq!(windrow.request_event_count(secs(300)), Ok(46));
    clock.advance(secs(1));
    assert_eq!(windrow.request_event_count(secs(300)), Ok(0));
}

#[test]
fn window_longer_than_the_span_is_refused_with_both_lengths() {
    let windrow = Windrow::builder().span(secs(60)).build().unwrap();
    let refused = windrow.request_event_count(secs(61)).unwrap_err();
    assert_eq!(refused.to_string(), "window is 61s, span is 60s");
}

#[test]
fn stats_of_nothing_are_an_empty_array() {
    assert_eq!(Windrow::default().get_stats(), "[]");
}

#[test]
fn stats_are_the_means_in_the_order_first_added() {
    let windrow = Windrow::default();
    for action in [
        r#"{"action":"jump", "time":100}"#,
        r#"{"action":"run", "time":75}"#,
        r#"{"action":"jump", "time":200}"#,
        r#"{"time":3, "note":{"any":["extra",null]}, "action":"barrel \"roll\""}"#,
        r#"{"action":"barrel \u0022roll\u0022", "time":4}"#,
    ] {
        windrow.add_action(action).unwrap();
    }
    assert_eq!(
        windrow.get_stats(),
        concat!(
            r#"[{"action":"jump","avg":150},{"action":"run","avg":75},"#,
            r#"{"action":"barrel \"roll\"","avg":3.5}]"#,
        ),
    );
}

#[test]
fn adding_an_action_records_no_event() {
    let windrow = Windrow::default();
    windrow.add_action(r#"{"action":"jump","time":100}"#).unwrap();
    assert_eq!(windrow.request_event_count(secs(300)), Ok(0));
}

#[test]
fn bad_actions_are_refused_and_change_nothing() {
    let windrow = Windrow::default();
    windrow.add_action(r#"{"action":"jump","time":100}"#).unwrap();
    let before = windrow.get_stats();
    for bad in [
        r#"{"action":"","time":1}"#,
        r#"{"action":"  ","time":1}"#,
        r#"{"action":7,"time":1}"#,
        r#"{"action":null,"time":1}"#,
        r#"{"time":1}"#,
        r#"{"action":"jump","time":-1}"#,
        r#"{"action":"jump","time":"1"}"#,
        r#"{"action":"jump","time":true}"#,
        r#"{"action":"jump"}"#,
        r#"{"action":"jump","time":NaN}"#,
        r#"{"action":"jump","time":1"#,
        r#"{'action':'jump','time':1}"#,
        "[]",
        "jump",
        "",
    ] {
        let refused = windrow.add_action(bad).unwrap_err();
        assert!(refused.is_input(), "{bad}: {refused}");
        assert_eq!(windrow.get_stats(), before, "{bad}");
    }
}
