//! The SVG pictures of the page. Its style sheet sets colours and fonts.
//!
//! A picture is stretched to the width that there is, so it has no text. Labels are HTML, of the
//! same size on every screen.

mod chart;
mod histogram;

pub(super) use self::chart::{Axis, Panel, Values, chart};
pub(super) use self::histogram::{histogram, small, tallest, ticks};

/// The height of a picture in its own units.
const HEIGHT: f64 = 100.0;

/// Formats a coordinate with at most one decimal.
fn short(place: f64) -> String {
    format!("{place:.1}").trim_end_matches(".0").to_owned()
}
