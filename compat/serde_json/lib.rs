//! Has tests only: those of snapshots, with features of `serde_json` that any crate of a build may
//! switch on for all others.
