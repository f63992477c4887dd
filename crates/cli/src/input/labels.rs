//! The names of fields in messages.

use facade::Unit;
use facade::codec::{Fields, Path, Skip, visible};

use super::records::Recipe;

/// The fields and options that messages name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Labels {
    fields: Fields,
    unwrap: Option<Path>,
}

impl Labels {
    /// Returns the labels of a run.
    pub(crate) fn new(recipe: &Recipe) -> Self {
        let (fields, unwrap) = (recipe.fields().clone(), recipe.wrapped().cloned());
        Self { fields, unwrap }
    }

    /// Returns the unit of numbers without one, if it is known.
    pub(super) fn unit(&self) -> Option<Unit> {
        self.fields.unit
    }

    /// Returns the fields that records are read by.
    pub(crate) fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Returns the field of the value.
    pub(super) fn value(&self) -> String {
        self.fields.value.as_ref().map(shown).unwrap_or_default()
    }

    /// Describes what a skipped record lacks.
    pub(super) fn lack(&self, reason: Skip) -> String {
        let wrapped = || self.unwrap.as_ref().map(shown).unwrap_or_default();
        match reason {
            Skip::NoName => {
                let names: Vec<_> = self.fields.by.iter().map(shown).collect();
                format!("no {}", names.join(" or "))
            }
            Skip::NoValue => {
                format!("no {}", self.value())
            }
            Skip::NoMatch => "no match of `--pattern`".into(),
            Skip::NoObject => "no JSON object at the end".into(),
            Skip::NotWrapped => format!("no JSON object in {}", wrapped()),
            Skip::Partial => "part of a line that was cut".into(),
            reason => reason.to_string(),
        }
    }

    /// Returns the paths that are read.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let Fields { by, value, timestamp, .. } = &self.fields;
        by.iter().chain(value).chain(timestamp.iter().map(|timestamp| &timestamp.path))
    }
}

/// Returns a path in backticks.
fn shown(path: &Path) -> String {
    format!("`{}`", visible(path.to_string().as_bytes()))
}
