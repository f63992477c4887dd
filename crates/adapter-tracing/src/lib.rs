#![doc = include_str!("../README.md")]

mod actions;
mod labels;
mod layer;
mod span;

pub use layer::SpanLayer;
