//! What a terminal can show.

use std::io::{self, IsTerminal};

use terminal_size::{Height, Width, terminal_size_of};

/// Returns whether text can be drawn over other text on a stream.
///
/// A terminal that `TERM` calls `dumb` has no escape sequences, and would show them.
pub(crate) fn can_redraw(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && anstyle_query::term_supports_ansi_color()
}

/// Returns the width of standard output in columns, if it is a terminal that reports it.
pub(crate) fn columns() -> Option<usize> {
    size().map(|(Width(columns), _)| columns.into())
}

/// Returns the size of standard output, if it is a terminal that reports it.
pub(crate) fn size() -> Option<(Width, Height)> {
    terminal_size_of(io::stdout())
}
