//! Exact sums of times and of their squares.

pub(crate) mod limbs;
pub(crate) mod sum;
pub(crate) mod vector;
