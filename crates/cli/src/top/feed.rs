//! What is known of the actions of the last while: the one place that asks the tracker.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use facade::{
    ActionTime, Counted, Entry, ExactMean, Extent, Mean, Quantile, Quantiles, Statistic, visible,
};

use super::screen::Line;

/// What the table shows of each action.
type Shown = (ExactMean, Extent, Quantiles);

/// Actions as they come in, and what is known of the last of them.
#[derive(Debug, Default)]
pub(crate) struct Feed(Mutex<HashMap<String, Shown>>);

impl Feed {
    pub(crate) fn add(&self, entry: Entry<'_>) {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.entry(entry.name.into()).or_default().insert(entry.time);
    }

    pub(crate) fn lines(&self, window: Duration) -> Vec<Line> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |(name, shown): (&String, &Shown)| {
            let (mean, extent, quantiles) = shown;
            let at = |quantile| quantiles.at(quantile).map_or(0.0, ActionTime::as_f64);
            Line {
                action: visible(name.as_bytes()),
                count: mean.count(),
                rate: Some(mean.count() as f64 / window.as_secs_f64()),
                mean: mean.mean().unwrap_or_default(),
                p50: at(Quantile::MEDIAN),
                p99: at(Quantile::P99),
                max: extent.max().map_or(0.0, ActionTime::as_f64),
                series: Vec::new(),
            }
        };
        map.iter().map(line).collect()
    }
}
