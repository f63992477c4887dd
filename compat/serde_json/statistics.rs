//! The tests of the forms of statistics.
#![expect(dead_code, reason = "other tests use the rest of these modules")]

#[path = "../../crates/core-actions/tests/statistics/kinds.rs"]
mod kinds;
#[path = "../../crates/core-actions/tests/statistics/oracle.rs"]
mod oracle;
#[path = "../../crates/core-actions/tests/statistics/values.rs"]
mod values;
#[path = "../../crates/core-actions/tests/statistics/wire.rs"]
mod wire;
