//! The statistics, each against a naive oracle: sorting, or exact rational arithmetic.

mod batches;
#[cfg(feature = "tracker")]
mod binary;
mod converted;
mod counted;
#[cfg(feature = "tracker")]
mod exactness;
mod extremes;
#[cfg(feature = "tracker")]
mod in_trackers;
#[cfg(any(feature = "tracker", feature = "serde"))]
mod kinds;
mod laws;
mod nist;
mod oracle;
mod quantiles;
mod signed;
#[cfg(feature = "serde")]
mod signed_wire;
mod summary;
mod values;
mod variance;
#[cfg(feature = "serde")]
mod wire;
mod within;
