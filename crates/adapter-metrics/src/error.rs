//! Why a recorder cannot be made.

use core_actions::WindowedSpecError;
use core_time::WindowError;
use thiserror::Error;

/// Why a specification of a recorder is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecorderError {
    /// Histograms of this window would take too much memory.
    #[error("histograms do not fit")]
    Histograms(#[source] WindowedSpecError),
    /// The quantiles are of a longer window than is kept.
    #[error("quantiles cannot be of this window")]
    Quantiles(#[source] WindowError),
}
