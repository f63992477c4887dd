#![doc = include_str!("../README.md")]

mod description;
mod error;
mod family;
mod format;
mod histogram;
mod labels;
mod name;
mod native;
mod number;
mod page;
mod proto;
mod summary;
mod text;
mod writer;

pub use description::Description;
pub use error::{BoundsError, PageError};
pub use family::{Histograms, Numbers, Summaries};
pub use format::Format;
pub use histogram::{Bounds, Histogram};
pub use labels::Labels;
pub use number::Number;
pub use page::Page;
pub use summary::Summary;
