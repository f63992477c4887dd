//! The statistics of times and of signed values, one file each, and the traits that they share.

pub(crate) mod converted;
pub(crate) mod count;
pub(crate) mod last;
pub(crate) mod level;
pub(crate) mod mean;
pub(crate) mod min_max;
pub(crate) mod outcomes;
pub(crate) mod quantiles;
pub(crate) mod signed;
pub(crate) mod summary;
pub(crate) mod top_k;
pub(crate) mod traits;
#[cfg(any(feature = "serde", feature = "tracker"))]
pub(crate) mod valid;
pub(crate) mod values;
pub(crate) mod variance;
#[cfg(feature = "serde")]
mod wire;

pub use converted::Converted;
pub use count::Count;
pub use last::{Last, Timestamped};
pub use level::{Held, Level};
pub use mean::Mean;
pub use min_max::MinMax;
pub use outcomes::{Outcome, Outcomes};
pub use quantiles::{Bin, Histogram, Quantile, QuantileError, Quantiles};
pub use signed::Signed;
pub use summary::Summary;
pub use top_k::TopK;
pub use traits::{HasCount, HasMean};
pub use values::Values;
pub use variance::Variance;
