#![doc = include_str!("../README.md")]

mod answer;
mod axis;
mod course;
mod document;
mod endpoints;
mod guard;
mod hosts;
#[cfg(feature = "ingest")]
mod ingest;
mod live;
mod names;
mod page;
mod prometheus;
mod query;
mod read;
mod source;

#[cfg(feature = "ingest")]
pub use ingest::{BodyForm, BodyHead, Ingest};
pub use page::{Page, router};
pub use source::Source;

#[cfg(feature = "requests")]
pub use adapter_tower::RequestLayer;
