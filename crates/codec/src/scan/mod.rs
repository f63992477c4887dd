//! The strict JSON scanner.

pub(crate) mod cursor;
pub(crate) mod number;
pub(crate) mod string;
pub(crate) mod swar;
pub(crate) mod value;
