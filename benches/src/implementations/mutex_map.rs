//! The obvious running tracker: a sum and a count by name, under one lock.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

use super::{Add, AddAction, GetStats};
use crate::harness::actions::Sample;

/// An action as a derived struct, which accepts more than the input format: arrays, negative times.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    time: f64,
}

/// A row as a derived struct.
#[derive(Serialize)]
pub(super) struct StatsRow<'a> {
    pub(super) action: &'a str,
    pub(super) avg: f64,
}

/// Encodes rows as JSON text.
pub(super) fn stats_text<'a>(rows: impl Iterator<Item = (&'a str, f64)>) -> String {
    let rows: Vec<_> = rows.map(|(action, avg)| StatsRow { action, avg }).collect();
    serde_json::to_string(&rows).expect("rows are plain data")
}

/// A float sum and a count for each name, under one lock. Checks neither names nor times.
#[derive(Debug, Default)]
pub struct MutexMap(Mutex<HashMap<String, (f64, u64)>>);

impl MutexMap {
    fn add(&self, name: &str, time: f64) {
        let mut rows = self.lock();
        match rows.get_mut(name) {
            Some((sum, count)) => {
                *sum += time;
                *count += 1;
            }
            None => drop(rows.insert(name.to_owned(), (time, 1))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (f64, u64)>> {
        self.0.lock().expect("no thread panicked with the lock")
    }
}

impl AddAction for MutexMap {
    fn add_lines(&self, lines: &[&[u8]]) {
        for line in lines {
            let line: Line<'_> = serde_json::from_slice(line).expect("the workload is JSON");
            self.add(&line.action, line.time);
        }
    }
}

impl Add for MutexMap {
    type Parsed = (&'static str, f64);

    fn parsed(sample: Sample) -> Self::Parsed {
        (sample.name(), sample.time())
    }

    fn add_parsed(&self, actions: &[Self::Parsed]) {
        for &(name, time) in actions {
            self.add(name, time);
        }
    }
}

impl GetStats for MutexMap {
    fn stats_text(&self) -> String {
        let rows = self.lock();
        stats_text(rows.iter().map(|(name, &(sum, count))| (name.as_str(), sum / count as f64)))
    }
}
