//! The obvious post tracker: all times by name, averaged on demand.

use std::collections::HashMap;
use std::sync::Mutex;

use super::mutex_map::stats_text;
use super::{Add, GetStats};
use crate::harness::actions::Sample;

/// All times of each name, under one lock.
#[derive(Debug, Default)]
pub struct MutexMapOfVecs(Mutex<HashMap<String, Vec<f64>>>);

impl Add for MutexMapOfVecs {
    type Parsed = (&'static str, f64);

    fn parsed(sample: Sample) -> Self::Parsed {
        (sample.name(), sample.time())
    }

    fn add_parsed(&self, actions: &[Self::Parsed]) {
        for &(name, time) in actions {
            let mut rows = self.0.lock().expect("no thread panicked with the lock");
            match rows.get_mut(name) {
                Some(times) => times.push(time),
                None => drop(rows.insert(name.to_owned(), vec![time])),
            }
        }
    }
}

impl GetStats for MutexMapOfVecs {
    fn stats_text(&self) -> String {
        let rows = self.0.lock().expect("no thread panicked with the lock");
        let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
        stats_text(rows.iter().map(|(name, times)| (name.as_str(), mean(times))))
    }
}
