//! The commands, a module each.

pub(crate) mod compare;
pub(crate) mod count;
pub(crate) mod demo;
pub(crate) mod generate;
pub(crate) mod inspect;
pub(crate) mod manual;
pub(crate) mod merge;
pub(crate) mod presets;
pub(crate) mod report;
pub(crate) mod series;
pub(crate) mod serve;
pub(crate) mod stats;
pub(crate) mod top;
