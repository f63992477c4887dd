//! Charts on a terminal.

use std::fmt::Write as _;
use std::iter;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Style as Ansi};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};
use unicode_width::UnicodeWidthStr;

use crate::output::axis;
use crate::output::figures::Figures;
use crate::output::names::shorten_all;
use crate::output::render::{GAP, Styled};
use crate::timeline::{Aggregate, Timeline};
use crate::timestamps;

/// The width if the output is not a terminal.
const COLUMNS: usize = 100;
/// The minimum width: a narrower chart has no room for curves.
const COLUMNS_MIN: usize = 20;
const COLUMNS_MAX: usize = 160;
const LINES: u16 = 14;

/// The statistics of one interval.
pub(super) struct Point {
    pub(super) count: u64,
    /// The mean time; `None` if the interval has no actions.
    pub(super) mean: Option<f64>,
    pub(super) p99: Option<f64>,
}

/// The time axis.
pub(super) struct Times {
    width: Duration,
    /// The number of intervals.
    length: usize,
    /// The starts of the first and the last interval.
    ends: Option<[String; 2]>,
}

impl Times {
    pub(super) fn of<C: Aggregate>(timeline: &Timeline<C>) -> Self {
        let width = timeline.width();
        let froms: Vec<_> = timeline.intervals().map(|(from, _)| from).collect();
        let label = |&from: &_| timestamps::write(timeline.zone(), from, width);
        let ends = froms.first().zip(froms.last()).map(|(first, last)| [first, last].map(label));
        Self { width, length: froms.len(), ends }
    }
}

/// The counts of one action.
pub(super) struct Curve {
    pub(super) name: String,
    pub(super) counts: Vec<u64>,
}

/// The colours of the curves: all that are distinct on a terminal.
const COLORS: [(Color, AnsiColor); 6] = [
    (Color::Cyan, AnsiColor::Cyan),
    (Color::Yellow, AnsiColor::Yellow),
    (Color::Magenta, AnsiColor::Magenta),
    (Color::Green, AnsiColor::Green),
    (Color::Red, AnsiColor::Red),
    (Color::Blue, AnsiColor::Blue),
];

/// The marks of the curves without colours. The legend shows the same marks.
const LETTERS: [char; COLORS.len()] = ['•', '+', 'o', 'x', '#', '='];

/// The size and the marks of a chart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canvas {
    columns: usize,
    marks: Marks,
}

/// The means to distinguish the curves of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marks {
    Colors,
    /// Each curve has its own mark, at a lower resolution.
    Letters,
}

impl Canvas {
    /// Creates a canvas. `columns` is the width of the terminal, if the output is one.
    pub(super) fn new(columns: Option<usize>, is_plain: bool) -> Self {
        let columns = columns.map_or(COLUMNS, |columns| columns.clamp(COLUMNS_MIN, COLUMNS_MAX));
        Self { columns, marks: if is_plain { Marks::Letters } else { Marks::Colors } }
    }
}

/// The text for an empty timeline.
const NOTHING: &str = "no action has a timestamp\n";

/// Draws the counts, and below them the times.
pub(super) fn combined(
    points: &[Point],
    times: &Times,
    canvas: Canvas,
    figures: Figures,
) -> String {
    if points.is_empty() {
        return NOTHING.to_owned();
    }
    let series = |value: fn(&Point) -> Option<f64>| -> Vec<(f64, f64)> {
        let place = |(index, point)| Some((index as f64, value(point)?));
        points.iter().enumerate().filter_map(place).collect()
    };
    let counts = series(|point| Some(point.count as f64));
    let each = timestamps::span(times.width);
    let mut text = format!("actions in {each}\n");
    text += &chart(&[("", Marker::Braille, &counts)], times, canvas, Figures::default());
    let (means, p99s) = (series(|point| point.mean), series(|point| point.p99));
    if means.is_empty() {
        return text;
    }
    text += "\ntime of an action\n";
    // The marks also distinguish them without colours.
    let graphs: [Graph<'_>; 2] =
        [("⣀ mean", Marker::Braille, &means), ("• p99", Marker::Dot, &p99s)];
    text + &chart(&graphs, times, canvas, figures)
}

/// The maximum number of curves in a chart.
pub(super) const CURVES_MAX: usize = COLORS.len();

/// Draws the counts of the most frequent of `of` actions.
pub(super) fn by_action(times: &Times, curves: &[Curve], of: usize, canvas: Canvas) -> String {
    if curves.is_empty() {
        return NOTHING.to_owned();
    }
    let points: Vec<Vec<(f64, f64)>> = curves
        .iter()
        .map(|curve| (0..).map(f64::from).zip(curve.counts.iter().map(|&n| n as f64)).collect())
        .collect();
    let named: Vec<_> = curves
        .iter()
        .zip(LETTERS)
        .map(|(curve, letter)| match canvas.marks {
            Marks::Colors => (format!("━ {}", curve.name), Marker::Braille),
            Marks::Letters => (format!("{letter} {}", curve.name), Marker::Custom(letter)),
        })
        .collect();
    let graphs: Vec<_> = named
        .iter()
        .zip(&points)
        .map(|((name, marker), points)| (name.as_str(), *marker, points.as_slice()))
        .collect();
    let mut text = format!("actions in {}", timestamps::span(times.width));
    if curves.len() < of {
        let more = format!(", the {} most frequent of {of}", curves.len());
        // A line break must not split the number.
        let is_long = text.len() + more.len() > canvas.columns;
        text += if is_long { more.replacen(", ", "\n", 1) } else { more }.as_str();
    }
    text + "\n" + &chart(&graphs, times, canvas, Figures::default())
}

/// A name, which may be empty, and the points of a curve.
type Graph<'a> = (&'a str, Marker, &'a [(f64, f64)]);

/// Returns the legend, on separate lines: inside the chart it would cover a part of the curves.
fn legend(graphs: &[Graph<'_>], columns: usize) -> String {
    let (mut text, mut used) = (String::new(), 0);
    let names: Vec<_> = graphs.iter().map(|(name, ..)| *name).collect();
    let named = shorten_all(&names, columns).into_iter().zip(COLORS);
    for (name, (_, ansi)) in named.filter(|(name, _)| !name.is_empty()) {
        let (gap, end) = (if used > 0 { GAP } else { 0 }, used + name.width());
        if end + gap > columns {
            text.push('\n');
            used = name.width();
        } else {
            text.extend(iter::repeat_n(' ', gap));
            used = end + gap;
        }
        let style = Ansi::new().fg_color(Some(ansi.into()));
        let _ = write!(text, "{}", Styled(style, name));
    }
    if used > 0 { text + "\n" } else { text }
}

/// Draws a chart as text with colours.
fn chart(graphs: &[Graph<'_>], times: &Times, canvas: Canvas, figures: Figures) -> String {
    let columns = canvas.columns;
    let largest = graphs.iter().flat_map(|(.., points)| points.iter().map(|point| point.1));
    let top = axis::end(largest.fold(0.0, f64::max));
    let datasets = graphs.iter().zip(COLORS).flat_map(|(&(_, marker, points), (color, _))| {
        // A line has a gap at intervals without actions.
        let pieces = points.chunk_by(|(before, _), (after, _)| after - before < 1.5);
        pieces.map(move |piece| {
            let kind = if piece.len() > 1 { GraphType::Line } else { GraphType::Scatter };
            let dataset = Dataset::default().marker(marker).graph_type(kind).data(piece);
            dataset.style(Style::new().fg(color))
        })
    });
    let x = Axis::default().bounds([0.0, times.length.saturating_sub(1).max(1) as f64]);
    let labels = [0.0, top / 2.0, top].map(|value| figures.label(value));
    let margin = labels.iter().map(|label| label.width()).max().unwrap_or_default();
    let y = Axis::default().bounds([0.0, top]);
    let y = y.labels(labels.map(|label| format!("{label:>margin$}")));
    let chart = Chart::new(datasets.collect()).x_axis(x).y_axis(y).legend_position(None);
    // Lossless: the width is limited.
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns as u16, LINES));
    chart.render(buffer.area, &mut buffer);
    let mut text = legend(graphs, columns) + &text(&buffer);
    if let Some([first, last]) = &times.ends {
        let space = columns.saturating_sub(margin + 1 + first.len());
        let _ = write!(text, "{:margin$} {first}", "");
        let _ = if last.len() + GAP > space {
            writeln!(text, "\n{last:>columns$}")
        } else {
            writeln!(text, "{last:>space$}")
        };
    }
    text
}

/// Returns the lines of a buffer as text with colours.
fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let color = COLORS.iter().find(|(color, _)| *color == cell.fg);
            match color {
                Some((_, ansi)) if cell.symbol() != " " => {
                    let style = Ansi::new().fg_color(Some((*ansi).into()));
                    let _ = write!(line, "{}", Styled(style, cell.symbol()));
                }
                _ => line.push_str(cell.symbol()),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
