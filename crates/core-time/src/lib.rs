#![doc = include_str!("../README.md")]

mod statistic;

pub use statistic::Statistic;
