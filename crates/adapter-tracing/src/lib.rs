#![doc = include_str!("../README.md")]

mod actions;
mod labels;
mod layer;
mod span;
mod spans;

pub use layer::SpanLayer;
