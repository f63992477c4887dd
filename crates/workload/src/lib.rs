#![doc = include_str!("../README.md")]

mod line;
mod random;
mod workload;

pub use line::{Line, NAMES};
pub use random::Random;
pub use workload::{Lines, Popularity, Shape, Stamps, Times, Workload};
