//! The plan of a record: the fields that are read from it, each once, however often it is used.
//!
//! The plan numbers the distinct alternatives of all paths. A reader of a form fills a slot for
//! each of them in one pass over the record; `assemble.rs` then chooses among the slots.

use super::path::{Alternative, Path, Source, Step};
use super::tree::Tree;
use super::{FieldTypes, Fields};
use crate::quantity::QuotedValues;
use crate::schema::fast_path::OtherKeys;

/// The slots of the alternatives of a path, in the order of the path.
pub(crate) type Choices = Box<[usize]>;

/// The fields that are read from a record.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The distinct alternatives, one for each slot.
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) by: Vec<Choices>,
    pub(crate) value: Option<Choices>,
    pub(crate) timestamp: Option<Choices>,
    pub(crate) filters: Vec<Choices>,
    /// The alternatives that start at the record, by key.
    pub(crate) tree: Tree,
}

impl Plan {
    pub(crate) fn new(fields: &Fields) -> Self {
        let mut alternatives = Vec::new();
        let mut choose = |path: &Path| choices(path, &mut alternatives);
        let by = fields.by.iter().map(&mut choose).collect();
        let value = fields.value.as_ref().map(&mut choose);
        let timestamp = fields.timestamp.as_ref().map(|timestamp| choose(&timestamp.path));
        let filters = fields.filters.iter().map(|filter| choose(filter.path())).collect();
        let tree = Tree::new(steps_from(&alternatives, Source::Record));
        Self { alternatives, by, value, timestamp, filters, tree }
    }

    /// Returns the keys of the fast path, if a line of only these two needs nothing else.
    pub(crate) fn fast_keys(&self, fields: &Fields) -> Option<OtherKeys> {
        let [by] = &*fields.by else { return None };
        let (name, value) = (first_key(by)?, first_key(fields.value.as_ref()?)?);
        let starts = |key: &str| {
            let paths = self.timestamp.iter().flatten().map(|&slot| &self.alternatives[slot]);
            let mut steps = paths.filter_map(|path| path.steps.first());
            steps.any(|step| matches!(step, Step::Key(first) if **first == *key))
        };
        let is_plain = fields.names.change_nothing();
        let is_read_alone = name != value && !starts(name) && !starts(value);
        let is_unconditional = fields.filters.is_empty()
            && fields.missing.is_empty()
            && fields.from.is_none()
            && fields.to.is_none();
        let is_fast = is_plain && is_read_alone && is_unconditional;
        let quoted = (fields.types == FieldTypes::Any).then(|| QuotedValues::new(fields.unit));
        if is_fast { OtherKeys::new([name, value], quoted) } else { None }
    }

    /// Returns the number of slots.
    pub(crate) fn slots(&self) -> usize {
        self.alternatives.len()
    }
}

/// Returns the key of the first alternative of a path, if it is a key of the record.
fn first_key(path: &Path) -> Option<&str> {
    match path.alternatives.first()? {
        Alternative { source: Source::Record, steps, .. } => match &**steps {
            [Step::Key(key)] => Some(key),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the steps of the alternatives that start at `source`, each with its slot.
pub(crate) fn steps_from(
    alternatives: &[Alternative],
    source: Source,
) -> impl Iterator<Item = (usize, &[Step])> {
    let slots = alternatives.iter().enumerate();
    let own = slots.filter(move |(_, alternative)| alternative.source == source);
    own.map(|(slot, alternative)| (slot, &*alternative.steps))
}

/// Returns the slots of a path, and adds those that no path before it has.
fn choices(path: &Path, alternatives: &mut Vec<Alternative>) -> Choices {
    let slot = |wanted: &Alternative| {
        alternatives.iter().position(|known| known == wanted).unwrap_or_else(|| {
            alternatives.push(wanted.clone());
            alternatives.len() - 1
        })
    };
    path.alternatives.iter().map(slot).collect()
}
