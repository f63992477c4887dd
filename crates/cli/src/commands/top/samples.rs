//! Actions for tests.

use std::time::Duration;

use facade::actions::{ActionTime, Mean, MinMax, Quantiles};
use facade::time::Statistic as _;

use super::answers::{Answer, Course, Line, Point};
use super::app::{App, Setup};
use super::columns::Column;
use super::marks::Marks;
use super::offer::Offer;
use super::span::Span;
use super::status::Status;
use crate::fail_if::FailIf;
use crate::output::figures::Figures;
use crate::stat::Whole;

pub(crate) const MINUTE: Span = Span::Last(Duration::from_secs(60));

pub(crate) type Kept = (Mean, MinMax, Quantiles);

/// Returns a line of an action with these times in a minute.
pub(crate) fn line(action: &str, times: &[f64]) -> Line {
    let mut kept = Kept::default();
    times.iter().for_each(|&time| kept.insert(ActionTime::try_from(time).unwrap()));
    let [name, action] = [action; 2].map(str::to_owned);
    let rate = Some(times.len() as f64 / 60.0);
    let (kept, marks) = (Box::new(kept), Vec::new());
    Line { is_other: false, name, action, rate, kept, marks, course: None }
}

/// Returns an answer of these actions.
pub(crate) fn answer(actions: &[(&str, Vec<f64>)]) -> Answer {
    let lines = actions.iter().map(|(action, times)| line(action, times)).collect();
    let all = actions.iter().map(|(_, times)| {
        let mut kept = Kept::default();
        times.iter().for_each(|&time| kept.insert(ActionTime::try_from(time).unwrap()));
        kept
    });
    let all: Vec<_> = all.collect();
    Answer { lines, whole: Whole::of(all.iter()) }
}

/// Returns three actions.
pub(crate) fn three() -> Answer {
    answer(&[
        ("jump", [&[99.0; 1_180][..], &[400.0; 19], &[400.5]].concat()),
        ("hop", vec![75.0; 30]),
        ("name too long", vec![1.0; 4]),
    ])
}

/// Returns a state without lines, with the conditions of marks.
pub(crate) fn empty(span: Span, marks: &[&str]) -> App {
    let offer = Offer::Times;
    App::new(Setup {
        source: "a.ndjson".into(),
        span,
        actions_max: 1_024,
        figures: Figures::default(),
        columns: offer.defaults(span),
        sort: None,
        offer,
        marks: Marks::new(marks.iter().map(|mark| FailIf::on_value(mark).unwrap()).collect()),
    })
}

/// Returns a state with three actions.
pub(crate) fn app(marks: &[&str]) -> App {
    let mut app = empty(MINUTE, marks);
    let refusal = Some("time is `-1`, expected 0 or more".into());
    let status = Status { accepted: 1_234, refused: 1, refusal, ..Status::default() };
    app.show(status, |_| three());
    app
}

/// Returns the course of an action whose count falls.
pub(crate) fn course(line: &Line, window: Duration, parts: usize) -> Course {
    let (count, parts) = (line.kept.count(), parts.clamp(1, 4));
    let point = |count, p99| Point { count, p50: Some(p99 / 2.0), p99: Some(p99) };
    let points = [point(count, 400.0), Point::default(), Point::default(), point(count / 2, 100.0)];
    Course { part: window / 4, points: points[..parts].to_vec() }
}

/// Parses a column.
pub(crate) fn column(name: &str) -> Column {
    Column::to_sort_by(name).unwrap()
}
