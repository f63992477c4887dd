//! Marks of actions with statistics beyond thresholds.

use facade::Unit;

use super::answers::Line;
use super::columns::Column;
use crate::fail_if::FailIf;
use crate::output::render::counted;
use crate::stat::Whole;

/// The sign of a mark, which is readable without colours.
pub(crate) const SIGN: char = '!';

/// The conditions under which actions are marked.
#[derive(Debug, Default)]
pub(crate) struct Marks(Vec<FailIf>);

impl Marks {
    pub(crate) fn new(conditions: Vec<FailIf>) -> Self {
        Self(conditions)
    }

    /// Returns whether there are conditions.
    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Marks the lines for which a condition holds. `unit` is that of the times.
    pub(crate) fn set(&self, lines: &mut [Line], whole: &Whole, unit: Option<Unit>) {
        for line in lines {
            let holds = |condition: &&FailIf| {
                let value = line.kept.value(condition.stat(), whole);
                !is_unclear(condition, unit) && condition.holds(&line.name, value, unit)
            };
            line.marks = self.0.iter().filter(holds).cloned().collect();
        }
    }

    /// Describes a condition that cannot hold: times have no unit, or no action has the name.
    ///
    /// Without any action, there is nothing to describe.
    pub(crate) fn problem(&self, lines: &[Line], unit: Option<Unit>) -> Option<String> {
        let problem = |condition: &FailIf| {
            if is_unclear(condition, unit) {
                Some(format!("`{}` needs --unit", condition.shown()))
            } else if !lines.iter().any(|line| condition.is_about(&line.name)) {
                Some(condition.no_action(lines.iter().map(|line| &*line.name)))
            } else {
                None
            }
        };
        self.0.iter().filter(|_| !lines.is_empty()).find_map(problem)
    }
}

fn is_unclear(condition: &FailIf, unit: Option<Unit>) -> bool {
    condition.has_unit() && unit.is_none()
}

/// Returns whether a condition on the statistic of a column holds for a line.
pub(crate) fn is_marked(line: &Line, column: &Column) -> bool {
    line.marks.iter().any(|condition| column.stat() == Some(condition.stat()))
}

/// Describes how many lines are marked, if any is.
pub(crate) fn number(lines: &[Line]) -> Option<String> {
    let marked = lines.iter().filter(|line| !line.marks.is_empty()).count();
    (marked > 0).then(|| format!("{SIGN} {} marked", counted(marked as u64, "action")))
}
