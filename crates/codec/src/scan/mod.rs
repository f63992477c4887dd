//! The JSON scanner: strict, in one pass, without recursion.

pub(crate) mod cursor;
pub(crate) mod number;
mod quotient;
pub(crate) mod string;
pub(crate) mod swar;
pub(crate) mod value;
