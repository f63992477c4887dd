#![doc = include_str!("../README.md")]

mod line;
mod random;
mod workload;

pub use line::Line;
pub use workload::{Lines, Popularity, Shape, Stamps, Times, Workload};
