//! The statistics, each against a naive oracle: sorting, or exact rational arithmetic.

mod batches;
mod exactness;
mod extremes;
mod laws;
mod nist;
mod oracle;
mod quantiles;
mod summary;
mod values;
mod variance;
#[cfg(feature = "serde")]
mod wire;
