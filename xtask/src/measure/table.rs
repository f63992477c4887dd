//! Renders tables as text or as Markdown.

use std::fmt::Write as _;

use super::{Measurement, Role, groups, time};

/// Rows of text with a title and a heading for each column.
pub(crate) struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Makes a table for each group: the median, the spread and the ratios of each implementation.
pub(crate) fn by_group(measured: &[Measurement]) -> Vec<Table> {
    groups(measured).into_iter().map(|(name, group)| Table::of_group(name, &group)).collect()
}

impl Table {
    /// Makes a table of rows that have as many cells as the head.
    pub(crate) fn new(title: String, head: Vec<String>, rows: Vec<Vec<String>>) -> Self {
        Self { title, head, rows }
    }

    /// Compares every implementation with the fastest baseline, the slowest floor and the fastest
    /// rival, and a disturbed implementation with itself alone.
    ///
    /// Nothing can be faster than any floor, so the slowest floor is the best bound. `group` is
    /// sorted, so the first of a role is the fastest.
    pub(crate) fn of_group(name: &str, group: &[&Measurement]) -> Self {
        let of = |role| group.iter().copied().filter(move |one| one.role() == role);
        let marks =
            [of(Role::Baseline).next(), of(Role::Floor).next_back(), of(Role::Rival).next()];
        let marks: Vec<_> = marks.into_iter().flatten().collect();
        let mut head: Vec<_> = ["implementation", "median", "spread"].map(str::to_owned).into();
        head.extend(marks.iter().map(|mark| format!("to {}", mark.implementation())));
        let of_bytes = group.iter().any(|one| one.unit_bytes.is_some());
        head.extend(of_bytes.then(|| "GB/s".to_owned()));
        let some_alone = of(Role::Alone).next().map(|_| "to itself alone".to_owned());
        head.extend(some_alone.clone());
        let rows = group.iter().map(|one| {
            let against = |mark: &Measurement| match mark.id == one.id {
                true => String::from("-"),
                false => one.against(mark),
            };
            let mut row = vec![one.implementation().to_owned(), time(one.median_ns()), spread(one)];
            row.extend(marks.iter().map(|mark| against(mark)));
            let speed = one.gigabytes_per_s().map_or("-".to_owned(), |speed| format!("{speed:.2}"));
            row.extend(of_bytes.then_some(speed));
            let alone = of(Role::Alone).find(|mark| mark.is_undisturbed(one)).unwrap_or(one);
            row.extend(some_alone.iter().map(|_| against(alone)));
            row
        });
        let unit = group.first().map_or("", |one| one.unit.as_str());
        Self { title: format!("{name}, per {unit}"), head, rows: rows.collect() }
    }

    /// Appends columns, whose cells follow from the first cell of a row.
    pub(crate) fn with<const N: usize>(
        mut self,
        heads: [&str; N],
        cells: impl Fn(&str) -> [String; N],
    ) -> Self {
        self.head.extend(heads.map(str::to_owned));
        for row in &mut self.rows {
            let more = cells(&row[0]);
            row.extend(more);
        }
        self
    }

    /// Renders it as text. The first column is aligned left, the others right.
    pub(crate) fn plain(&self) -> String {
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| self.lines().map(|line| line[column].chars().count()).max().unwrap_or(0))
            .collect();
        let mut text = format!("{}\n", self.title);
        for line in self.lines() {
            let _ = write!(text, "  {:<width$}", line[0], width = widths[0]);
            for (cell, width) in line.iter().zip(&widths).skip(1) {
                let _ = write!(text, "   {cell:>width$}");
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }

    /// Renders it as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n| {} |\n|", self.title, self.head.join(" | "));
        for column in 0..self.head.len() {
            text.push_str(if column == 0 { " --- |" } else { " ---: |" });
        }
        text.push('\n');
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.head).chain(&self.rows)
    }
}

fn spread(one: &Measurement) -> String {
    let [low, high] = one.spread_ns().map(time);
    format!("{low} to {high}")
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use super::*;

    fn group() -> [Measurement; 3] {
        [
            measured("record/one/mutex_deque", 10.0, 10.0),
            measured("record/one/floor_atomic", 0.25, 0.25),
            measured("record/one/ring", 0.5, 0.5),
        ]
    }

    #[test]
    fn group_is_compared_with_baseline_and_floor() {
        let text = by_group(&group())[0].plain();
        let lines: Vec<_> = text.lines().collect();
        let expected = [
            "record/one, per element",
            "  implementation    median               spread   to mutex_deque   to floor_atomic",
            "  floor_atomic     0.25 ns   0.25 ns to 0.25 ns     40.0x faster                 -",
            "  ring             0.50 ns   0.50 ns to 0.50 ns     20.0x faster      2.00x slower",
            "  mutex_deque      10.0 ns   10.0 ns to 10.0 ns                -      40.0x slower",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn group_is_compared_with_fastest_rival_slowest_floor_and_itself_alone() {
        let times = [
            ("rival_a", 8.0),
            ("rival_b", 4.0),
            ("floor_add", 0.5),
            ("floor_clock", 1.0),
            ("ring", 2.0),
            ("ring_alone", 1.0),
        ];
        let group = times.map(|(name, ns)| measured(&format!("record/one/{name}"), ns, ns));
        let table = &by_group(&group)[0];
        let against = ["to floor_clock", "to rival_b", "to itself alone"];
        assert_eq!(table.head[3..], against);
        let ring = table.rows.iter().find(|row| row[0] == "ring").unwrap();
        assert_eq!(ring[3..], ["2.00x slower", "2.00x faster", "2.00x slower"]);
        let other = table.rows.iter().find(|row| row[0] == "rival_b").unwrap();
        assert_eq!(other[3..], ["4.00x slower", "-", "-"]);
    }

    #[test]
    fn markdown_has_a_rule_for_every_column() {
        let text = by_group(&group()[2..])[0].markdown();
        let expected = "## record/one, per element\n\n| implementation | median | spread |\n\
                        | --- | ---: | ---: |\n| ring | 0.50 ns | 0.50 ns to 0.50 ns |\n";
        assert_eq!(text, expected);
    }
}
