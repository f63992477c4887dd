//! Presets: the options for the logs of well-known programs, by name.
//!
//! They are data, in `presets.toml`. A preset stands for options of the command line and has no
//! other effect, so that a user can write one, too.

mod expand;
mod file;

use std::path::Path;
use std::sync::LazyLock;

use clap::builder::TypedValueParser;
use serde::Deserialize;

pub(crate) use self::expand::expand;
use self::file::PresetError;
use crate::options;
use crate::output::names::nearest;

/// The presets of this program.
static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let list: List = toml::from_str(include_str!("presets.toml")).expect("a test reads them");
    let preset = |entry: Entry| {
        let options = file::options(&entry.options).expect("a test reads them");
        let Entry { name, summary, note, sample, with, .. } = entry;
        Preset { name, about: Some(About { summary, note, sample, with }), options }
    };
    list.preset.into_iter().map(preset).collect()
});

/// The file of the presets.
#[derive(Debug, Deserialize)]
struct List {
    preset: Vec<Entry>,
}

/// A preset in the file.
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    summary: String,
    note: Option<String>,
    sample: String,
    #[serde(default)]
    with: Vec<String>,
    options: toml::Table,
}

/// Options by a name, or of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preset {
    /// The name, or the path of the file.
    pub(crate) name: String,
    /// What is known about a preset of this program.
    pub(crate) about: Option<About>,
    options: Vec<Setting>,
}

/// What a preset is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) summary: String,
    pub(crate) note: Option<String>,
    /// Lines that the program writes.
    pub(crate) sample: String,
    /// The options that the sample needs in addition.
    pub(crate) with: Vec<String>,
}

/// An option with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The long name, without dashes.
    pub(crate) option: &'static str,
    /// `None` for an option without a value.
    pub(crate) value: Option<String>,
}

impl Setting {
    /// Returns the option as one argument.
    pub(crate) fn argument(&self) -> String {
        // With `=`, because a value may begin with a dash.
        match &self.value {
            Some(value) => format!("--{}={value}", self.option),
            None => format!("--{}", self.option),
        }
    }
}

impl Preset {
    /// Returns the presets of this program.
    pub(crate) fn all() -> &'static [Self] {
        &PRESETS
    }

    /// Returns the preset with this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        Self::all().iter().find(|preset| preset.name == name)
    }

    /// Returns the preset with this name, or of this file.
    ///
    /// A name with a path separator or the extension `toml` is a file.
    ///
    /// # Errors
    ///
    /// [`PresetError`] if the preset does not exist, or its file cannot be read or is invalid.
    pub(crate) fn load(name: &str) -> Result<Self, PresetError> {
        let path = Path::new(name);
        if path.extension().is_some_and(|extension| extension == "toml")
            || path.components().count() > 1
        {
            let options = file::read(path)?;
            return Ok(Self { name: name.to_owned(), about: None, options });
        }
        let unknown = || {
            let near = nearest(name, Self::all().iter().map(|preset| &*preset.name));
            PresetError::Unknown { name: name.to_owned(), near }
        };
        Self::named(name).cloned().ok_or_else(unknown)
    }

    /// Returns the options.
    pub(crate) fn options(&self) -> &[Setting] {
        &self.options
    }

    /// Returns whether an option is set.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|setting| setting.option == option)
    }

    /// Returns the value of an option.
    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        let setting = self.options.iter().find(|setting| setting.option == option);
        setting.and_then(|setting| setting.value.as_deref())
    }

    /// Returns the words of the options, as one types them.
    pub(crate) fn words(&self) -> impl Iterator<Item = String> {
        self.options.iter().flat_map(|setting| {
            let option = format!("--{}", setting.option);
            match &setting.value {
                // A word that begins with a dash would be an option.
                Some(value) if value.starts_with('-') => vec![setting.argument()],
                Some(value) => vec![option, value.clone()],
                None => vec![option],
            }
        })
    }

    /// Returns the options that the user must add: the preset does not name these fields.
    pub(crate) fn asks_for(&self) -> Vec<&'static str> {
        let pattern = self.value("pattern").unwrap_or_default();
        let lacks = |option: &&str, group: &str| {
            let group = [format!("(?<{group}>"), format!("(?P<{group}>")];
            !self.has(option) && !group.iter().any(|group| pattern.contains(group.as_str()))
        };
        let name = Some("by").filter(|option| lacks(option, "action"));
        let value =
            Some("value").filter(|option| lacks(option, "value") && !self.has("count-only"));
        name.into_iter().chain(value).collect()
    }
}

/// Returns a parser of `--preset`, which offers the names to shells.
pub(crate) fn parser() -> impl TypedValueParser<Value = Preset> {
    static NAMES: LazyLock<Vec<&str>> =
        LazyLock::new(|| Preset::all().iter().map(|preset| &*preset.name).collect());
    options::offering(Preset::load, || &NAMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_distinct_names_and_samples() {
        let presets = Preset::all();
        for (index, preset) in presets.iter().enumerate() {
            let is_repeated = presets[..index].iter().any(|other| other.name == preset.name);
            assert!(!is_repeated, "{}", preset.name);
            let about = preset.about.as_ref().unwrap();
            assert!(about.sample.ends_with('\n') && !about.summary.is_empty(), "{}", preset.name);
        }
    }

    #[test]
    fn names_and_values_that_are_not_set_are_asked_for() {
        for (name, expected) in [
            ("caddy", &[][..]),
            ("combined", &[]),
            ("strace", &[]),
            ("uvicorn", &[]),
            ("zap", &["by", "value"]),
            ("cri", &["by", "value"]),
        ] {
            assert_eq!(Preset::named(name).unwrap().asks_for(), expected, "{name}");
        }
    }
}
