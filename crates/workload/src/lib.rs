#![doc = include_str!("../README.md")]

mod line;
mod random;
mod workload;

pub use line::{Line, NAMES, Shape, Stamps};
pub use random::Random;
pub use workload::{Lines, Popularity, Times, Workload};
