//! The settings of a recorder.

use std::time::Duration;

use core_actions::Quantile;
use core_time::WindowSpec;
use exposition::Bounds;

/// The settings of a [`WindrowRecorder`](crate::WindrowRecorder).
#[derive(Debug, Clone)]
pub struct RecorderSpec {
    /// How far back one can ask, in buckets of which width.
    pub window: WindowSpec,
    /// The maximum number of series of each kind; further ones are folded.
    pub series: usize,
    /// How much memory the windows of histograms may take for each thread that records, in bytes,
    /// without what their quantiles [allocate](core_time::Statistic::HEAP_BYTES_MAX).
    ///
    /// Where [`series`](Self::series) histograms could take more, fewer are kept apart; further
    /// ones are folded and counted in [`RefusedValues::folded`](crate::RefusedValues::folded).
    pub bytes: usize,
    /// The maximum length of a name with its labels, in bytes; longer ones are refused.
    pub name_bytes: usize,
    /// The quantiles that a page has of each histogram.
    pub quantiles: Vec<Quantile>,
    /// The window of these quantiles.
    pub quantile_window: Duration,
    /// The buckets of histograms in text.
    pub bounds: Bounds,
}

impl Default for RecorderSpec {
    /// One-second buckets over 300 s, 1,024 series of each kind, histograms in up to 512 MiB, names
    /// of up to 4,096 bytes, p50, p90 and p99 of the past 60 s, and buckets for times in seconds.
    fn default() -> Self {
        Self {
            window: WindowSpec::default(),
            series: 1 << 10,
            bytes: 1 << 29,
            name_bytes: 4_096,
            quantiles: vec![Quantile::MEDIAN, Quantile::P90, Quantile::P99],
            quantile_window: Duration::from_secs(60),
            bounds: Bounds::default(),
        }
    }
}
