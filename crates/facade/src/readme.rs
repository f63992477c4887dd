//! The examples of the README at the root of the project, which are tested as this crate's are.

#![doc = include_str!("../../../README.md")]
