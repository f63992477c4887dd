#![doc = include_str!("../README.md")]

pub mod groups;
pub mod harness;
pub mod implementations;
