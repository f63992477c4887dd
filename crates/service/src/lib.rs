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
mod readiness;
#[cfg(feature = "server")]
mod server;
mod settings;
mod source;
#[cfg(feature = "server")]
mod token;

#[cfg(feature = "ingest")]
pub use ingest::{BodyForm, BodyHead, Durability, DurabilityError, Ingest};
#[cfg(feature = "ingest")]
pub use journal::{JournalError, Level, RecoveryReport};
pub use page::{Page, router};
pub use readiness::Readiness;
#[cfg(feature = "server")]
pub use server::{Endpoint, EndpointError, Server};
pub use source::Source;
#[cfg(feature = "server")]
pub use token::{Token, TokenError};

#[cfg(feature = "requests")]
pub use adapter_tower::RequestLayer;
