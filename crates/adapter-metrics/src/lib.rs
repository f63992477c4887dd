#![doc = include_str!("../README.md")]

mod descriptions;
mod error;
mod handles;
mod page;
mod recorder;
mod refused;
mod registry;
mod series;
mod spec;

pub use error::RecorderError;
pub use recorder::WindrowRecorder;
pub use refused::RefusedValues;
pub use series::HistogramSeries;
pub use spec::RecorderSpec;
