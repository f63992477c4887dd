//! The schema: what an action looks like in JSON, and what a refused one lacks.

mod action;
pub(crate) mod decoder;
pub(crate) mod draft;
pub(crate) mod fast_path;
mod listed;
pub(crate) mod record;
mod short_text;
pub(crate) mod template;

pub use action::{Action, decode};
