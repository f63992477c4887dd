#![doc = include_str!("../README.md")]

mod body;
mod future;
mod layer;
mod outcome;
mod pending;
mod routes;

pub use body::MeasuredBody;
pub use future::ResponseFuture;
pub use layer::{RequestLayer, RequestService};
