#![doc = include_str!("../README.md")]

pub mod contest;
pub mod groups;
pub mod names;
pub mod shapes;
pub mod subjects;
pub mod workload;
