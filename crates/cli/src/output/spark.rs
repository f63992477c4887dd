//! Sparklines and bars as text.

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// Draws numbers as a sparkline.
///
/// A missing number is a space, and zero is the lowest bar.
pub(crate) fn spark(values: impl IntoIterator<Item = Option<f64>>) -> String {
    let values: Vec<_> = values.into_iter().collect();
    let max = values.iter().flatten().copied().fold(0.0, f64::max);
    let level = |value: f64| {
        let share = if max > 0.0 { value / max } else { 0.0 };
        LEVELS[((share * LEVELS.len() as f64) as usize).min(LEVELS.len() - 1)]
    };
    values.into_iter().map(|value| value.map_or(' ', level)).collect()
}

/// Draws a number as a horizontal bar, `width` columns long for the maximum.
///
/// Any number above zero is visible.
pub(crate) fn bar(value: f64, max: f64, width: usize) -> String {
    let share = if max > 0.0 { (value / max).clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (share * (width * 8) as f64).round() as usize;
    let eighths = if value > 0.0 { eighths.max(1) } else { 0 };
    let mut bar = "█".repeat(eighths / 8);
    bar.extend(EIGHTHS.get((eighths % 8).wrapping_sub(1)));
    bar
}

/// Draws numbers as vertical bars of several rows, the highest row first.
///
/// A missing number is blank, and any other is visible.
pub(crate) fn bars(values: &[Option<f64>], rows: usize) -> Vec<String> {
    let max = values.iter().flatten().copied().fold(0.0, f64::max);
    let eighths = |value: f64| {
        let share = if max > 0.0 { value / max } else { 0.0 };
        ((share * (rows * LEVELS.len()) as f64).round() as usize).max(1)
    };
    let heights: Vec<_> = values.iter().map(|value| value.map_or(0, eighths)).collect();
    let row = |row: usize| {
        let above = |&height: &usize| match height.saturating_sub(row * LEVELS.len()) {
            0 => ' ',
            height => LEVELS[height.min(LEVELS.len()) - 1],
        };
        heights.iter().map(above).collect()
    };
    (0..rows).rev().map(row).collect()
}

/// Sums adjacent numbers, so that at most `parts` remain.
pub(crate) fn shorten(values: &[u64], parts: usize) -> Vec<u64> {
    let group = values.len().div_ceil(parts.max(1)).max(1);
    values.chunks(group).map(|chunk| chunk.iter().sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spark_reaches_from_the_lowest_bar_to_the_highest() {
        let cases: [(&[f64], &str); 5] = [
            (&[], ""),
            (&[0.0, 0.0], "▁▁"),
            (&[5.0], "█"),
            (&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], "▁▂▃▄▅▆▇██"),
            (&[1e-300, 1e300], "▁█"),
        ];
        for (values, expected) in cases {
            assert_eq!(spark(values.iter().copied().map(Some)), expected, "{values:?}");
        }
        assert_eq!(spark([None, Some(0.0), None, Some(1.0)]), " ▁ █");
    }

    #[test]
    fn bar_is_as_long_as_its_share() {
        let cases = [
            (0.0, 8.0, ""),
            (8.0, 8.0, "████"),
            (4.0, 8.0, "██"),
            (1.0, 8.0, "▌"),
            (0.001, 8.0, "▏"),
            (7.9, 8.0, "████"),
            (7.7, 8.0, "███▉"),
            (0.0, 0.0, ""),
        ];
        for (value, max, expected) in cases {
            assert_eq!(bar(value, max, 4), expected, "{value} of {max}");
        }
    }

    #[test]
    fn bars_of_several_rows_are_as_high_as_their_share() {
        let values = [Some(0.0), None, Some(1.0), Some(2.0), Some(3.0), Some(4.0)];
        assert_eq!(bars(&values, 2), ["    ▄█", "▁ ▄███"]);
        assert_eq!(bars(&[Some(1e-300), Some(1e300)], 1), ["▁█"]);
        assert_eq!(bars(&[Some(0.0)], 2), [" ", "▁"]);
        assert_eq!(bars(&[], 2), ["", ""]);
    }

    #[test]
    fn shortened_numbers_have_the_same_sum() {
        let cases: [(usize, &[u64]); 4] =
            [(9, &[1, 2, 3, 4, 5]), (5, &[1, 2, 3, 4, 5]), (3, &[3, 7, 5]), (1, &[15])];
        for (parts, expected) in cases {
            assert_eq!(shorten(&[1, 2, 3, 4, 5], parts), expected);
        }
        assert_eq!(shorten(&[], 3), [0; 0]);
    }
}
