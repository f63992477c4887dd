//! What the readers of one input share: which fields are read, and what its first row decides.

#[cfg(feature = "csv")]
use super::csv::{Columns, CsvOptions, Key, Layout, LayoutError};
#[cfg(feature = "csv")]
use super::{Form, Input};
use crate::fields::path::{Alternative, Source};
use crate::fields::plan::Plan;
use crate::fields::tree::Tree;
use crate::options::DecodeOptions;

/// What the readers of one input share.
#[derive(Debug)]
pub(crate) struct FormPlan<'p> {
    pub(crate) options: &'p DecodeOptions,
    pub(crate) plan: &'p Plan,
    /// The fields of the record around an unwrapped one.
    pub(super) outer: Option<OuterPlan>,
    /// The columns of CSV, decided by the first row.
    #[cfg(feature = "csv")]
    pub(super) layout: Layout,
}

/// The fields of the record around an unwrapped one.
#[derive(Debug)]
pub(super) struct OuterPlan {
    /// One for each slot of the outer record; first those of the text that is unwrapped.
    alternatives: Vec<Alternative>,
    tree: Tree,
    /// The number of alternatives of the text.
    pub(super) texts: usize,
    /// The slots of the outer record that are slots of the whole record too, each with that slot.
    pub(super) shared: Vec<(usize, usize)>,
}

impl OuterPlan {
    /// Plans the outer record of a plan whose text has the given alternatives.
    fn new(plan: &Plan, texts: &[Alternative]) -> Self {
        let mut alternatives = texts.to_vec();
        let mut shared = Vec::new();
        for (slot, alternative) in plan.alternatives.iter().enumerate() {
            if matches!(alternative.source, Source::Outer | Source::Prefix) {
                shared.push((alternatives.len(), slot));
                alternatives.push(alternative.clone());
            }
        }
        let tree = Tree::new(fields(&alternatives).map(|(slot, field)| (slot, &*field.steps)));
        Self { alternatives, tree, texts: texts.len(), shared }
    }

    /// Returns the number of slots of the outer record.
    pub(super) fn slots(&self) -> usize {
        self.alternatives.len()
    }
}

impl<'p> FormPlan<'p> {
    pub(crate) fn new(options: &'p DecodeOptions, plan: &'p Plan) -> Self {
        let texts = options.input.unwrap.as_ref().map(|path| &*path.alternatives);
        Self {
            options,
            plan,
            outer: texts.map(|texts| OuterPlan::new(plan, texts)),
            #[cfg(feature = "csv")]
            layout: Layout::default(),
        }
    }

    /// Plans the form of one record alone, which is not the header of CSV.
    pub(crate) fn of_record(options: &'p DecodeOptions, plan: &'p Plan, record: &[u8]) -> Self {
        #[allow(unused_mut, reason = "CSV has a first row")]
        let mut form = Self::new(options, plan);
        #[cfg(feature = "csv")]
        if let Some(options) = form.csv() {
            let mut options = options.clone();
            if options.columns == Columns::Header {
                options.columns = Columns::Numbered;
            }
            // A row that is not well formed has no columns that are read, and is refused.
            let _ = form.read_first_row(&options, record);
        }
        let _ = record;
        form
    }

    /// Returns the alternatives and the keys of the record that the form has.
    pub(super) fn record(&self) -> (&[Alternative], &Tree) {
        match &self.outer {
            Some(outer) => (&outer.alternatives, &outer.tree),
            None => (&self.plan.alternatives, &self.plan.tree),
        }
    }

    /// Returns the options of CSV, if the input is CSV.
    #[cfg(feature = "csv")]
    pub(crate) fn csv(&self) -> Option<&'p CsvOptions> {
        match &self.options.input {
            Input { form: Form::Csv(options), .. } => Some(options),
            _ => None,
        }
    }

    /// Decides the columns by the first row of CSV.
    #[cfg(feature = "csv")]
    pub(crate) fn read_first_row(
        &mut self,
        options: &CsvOptions,
        row: &[u8],
    ) -> Result<(), LayoutError> {
        let keys = fields(self.record().0).map(|(slot, field)| {
            let key = field.column().map_or(Key::Name(field.flat_key()), Key::Column);
            (slot, key)
        });
        self.layout = Layout::new(options.delimiter, &options.columns, row, keys)?;
        Ok(())
    }
}

/// Returns the alternatives that are fields of a record, each with its slot.
///
/// In a plan without an outer record, those that start there are absent; in the plan of an outer
/// record, all start there.
pub(super) fn fields(alternatives: &[Alternative]) -> impl Iterator<Item = (usize, &Alternative)> {
    let is_field =
        |alternative: &Alternative| matches!(alternative.source, Source::Record | Source::Outer);
    alternatives.iter().enumerate().filter(move |(_, alternative)| is_field(alternative))
}

/// Returns the slots of the alternatives with a source.
pub(super) fn slots_of(alternatives: &[Alternative], source: Source) -> Box<[usize]> {
    let slots = alternatives.iter().enumerate();
    slots.filter(|(_, field)| field.source == source).map(|(slot, _)| slot).collect()
}
