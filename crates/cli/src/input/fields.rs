//! The options that name the fields of a record, and change its name.

use std::str::FromStr;

use clap::ValueEnum;
use facade::codec::{FieldTypes, Fields, Filter, NameRules, OnMissing, Path, PathError, Replace};

use crate::diagnostics;
use crate::options::FIELD_OPTIONS;

/// The maximum of `--max-name`.
const NAME_BYTES_MAX: i64 = 65_536;
/// The length of a name beyond which it is shortened, where fields are named.
pub(super) const NAME_BYTES: usize = 256;

/// The options that name the fields of a record.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FieldArgs {
    /// Field that names the action, or several [default: action]
    ///
    /// PATH is a key, or keys with dots: `request.uri`. `list[0]` is an element, `"a.b"` a key with
    /// a dot, `a|b` the first of two that is there. The texts of several fields are joined by
    /// --separator.
    #[arg(long, value_name = "PATH,…", help_heading = FIELD_OPTIONS)]
    by: Option<Paths>,

    /// Field of the number to summarise [default: time]
    ///
    /// A number, or where fields are named also a text such as `12.5ms`, `1h2m` or `00:01:02.5`.
    #[arg(long, value_name = "PATH", value_parser = Path::parse, help_heading = FIELD_OPTIONS)]
    #[arg(conflicts_with = "count_only")]
    value: Option<Path>,

    /// Count records only, which then need no value
    #[arg(long, help_heading = FIELD_OPTIONS)]
    count_only: bool,

    /// Count only records that meet a condition, such as `status>=500`
    ///
    /// PATH and !PATH ask whether a field is there. The operators are =, !=, <, <=, >, >=, and ~
    /// and !~ for regular expressions. With several conditions, all must be met.
    #[arg(long = "where", value_name = "CONDITION", value_parser = Filter::parse)]
    #[arg(help_heading = FIELD_OPTIONS)]
    filters: Vec<Filter>,

    /// Text that means that a field is missing, such as `n/a`
    ///
    /// In addition to null, white space and `-`. Can be repeated.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = FIELD_OPTIONS)]
    missing: Vec<Box<str>>,

    /// Refuse or skip records without a name or a value
    ///
    /// By default they are refused, and skipped where fields are named.
    #[arg(long, value_name = "HOW", value_enum, help_heading = FIELD_OPTIONS)]
    #[arg(hide_possible_values = true)]
    on_missing: Option<Missing>,

    /// Text between the fields of --by [default: a space]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = FIELD_OPTIONS)]
    separator: Option<Box<str>>,

    /// Replace the matches of a regular expression in names
    ///
    /// Split at the first `=`; `\=` is part of REGEX. TEXT may have groups, such as $1. Can be
    /// repeated; each works on the result of the one before.
    #[arg(long, value_name = "REGEX=TEXT", value_parser = Replace::parse)]
    #[arg(help_heading = FIELD_OPTIONS)]
    replace: Vec<Replace>,

    /// Replace identifiers in paths by `:id`, and drop queries
    ///
    /// Identifiers are numbers, dates, UUIDs, long hexadecimal and random texts, e-mail addresses.
    #[arg(long, help_heading = FIELD_OPTIONS)]
    group_paths: bool,

    /// Replace control characters in names by spaces
    #[arg(long, help_heading = FIELD_OPTIONS)]
    clean_names: bool,

    /// Shorten names of more than BYTES, with a hash at the end
    ///
    /// By default, longer names than 256 bytes are refused, and shortened where fields are named.
    #[arg(long, value_name = "BYTES", help_heading = FIELD_OPTIONS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=NAME_BYTES_MAX))]
    max_name: Option<u32>,
}

/// The fields of `--by`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Paths(Vec<Path>);

impl FromStr for Paths {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Path::parse_list(text).map(Self)
    }
}

/// What happens to a record without a name or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Missing {
    Refuse,
    Skip,
}

impl FieldArgs {
    /// Returns whether a field is named, so that records of other kinds are skipped.
    pub(super) fn are_named(&self) -> bool {
        self.by.is_some() || self.value.is_some() || self.count_only
    }

    /// Returns whether records are only counted.
    pub(super) fn counts_only(&self) -> bool {
        self.count_only
    }

    /// Returns whether there are conditions, which may compare durations.
    pub(super) fn have_conditions(&self) -> bool {
        !self.filters.is_empty()
    }

    /// Warns of conditions that hold for every record or for none.
    pub(super) fn warn_of_conditions(&self) {
        for filter in &self.filters {
            if let Some(warning) = filter.warning(&self.missing) {
                diagnostics::report(format_args!(
                    "warning: `--where {filter}` does not depend on the record\n  {warning}"
                ));
            }
        }
    }

    /// Returns whether `--by` is given.
    pub(super) fn have_name(&self) -> bool {
        self.by.is_some()
    }

    /// Returns whether records need no value, or `--value` names it.
    pub(super) fn have_value(&self) -> bool {
        self.value.is_some() || self.count_only
    }

    /// Returns the fields of the default form, or of any record.
    pub(super) fn fields(&self, types: FieldTypes) -> Fields {
        let mut fields = match types {
            FieldTypes::Strict => Fields::default(),
            FieldTypes::Any => Fields::any(),
        };
        if let Some(Paths(paths)) = &self.by {
            fields.by.clone_from(paths);
        }
        if self.value.is_some() {
            fields.value.clone_from(&self.value);
        }
        if self.count_only {
            fields.value = None;
        }
        fields.filters.clone_from(&self.filters);
        fields.missing.clone_from(&self.missing);
        match self.on_missing {
            Some(Missing::Refuse) => fields.on_missing = OnMissing::Refuse,
            Some(Missing::Skip) => fields.on_missing = OnMissing::Skip,
            None => {}
        }
        fields.names = self.names(types);
        fields
    }

    /// Returns the maximum length of a name.
    pub(super) fn name_bytes(&self) -> usize {
        self.max_name.map_or(NAME_BYTES, |bytes| bytes as usize)
    }

    fn names(&self, types: FieldTypes) -> NameRules {
        let max_bytes =
            (self.max_name.is_some() || types == FieldTypes::Any).then(|| self.name_bytes());
        let default = NameRules::default();
        NameRules {
            separator: self.separator.clone().unwrap_or(default.separator),
            replace: self.replace.clone(),
            group_paths: self.group_paths,
            clean: self.clean_names,
            max_bytes,
        }
    }
}
