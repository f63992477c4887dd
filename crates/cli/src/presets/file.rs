//! The options of a preset as TOML.

use std::fs;
use std::path::Path;

use facade::codec::visible;
use thiserror::Error;
use toml::{Table, Value};

use super::Setting;
use crate::diagnostics;

/// The maximum length of a file. The longest preset of this program has a kilobyte.
const BYTES_MAX: u64 = 64 * 1024;

/// The options that a preset may set, in the order in which they are printed.
pub(super) const OPTIONS: [&str; 20] = [
    "input",
    "delimiter",
    "columns",
    "pattern",
    "embedded",
    "unwrap",
    "where",
    "by",
    "value",
    "count-only",
    "unit",
    "missing",
    "timestamp",
    "timestamp-format",
    "timezone",
    "separator",
    "replace",
    "group-paths",
    "clean-names",
    "max-name",
];

/// A preset cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum PresetError {
    /// No preset has this name.
    #[error("no such preset: `{name}`{near}; `windrow presets` lists them, a file ends in `.toml`")]
    Unknown {
        name: String,
        /// The nearest names, as a clause.
        near: String,
    },
    /// The file cannot be read.
    #[error("{name}: {reason}")]
    Unreadable { name: String, reason: String },
    /// The file is not TOML.
    #[error("{name}:{line}: {reason}")]
    NotToml { name: String, line: usize, reason: String },
    /// The file has something else than options.
    #[error("{name}: {error}")]
    Invalid { name: String, error: SettingError },
}

/// A value in a preset is not that of an option.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum SettingError {
    /// The option does not exist, or a preset cannot set it.
    #[error("`{option}` is not an option of a preset, expected one of {}", OPTIONS.join(", "))]
    Option { option: String },
    /// The value has a type that no option has.
    #[error("`{option}` is {found}, expected text, a number, `true` or a list of texts")]
    Type { option: String, found: &'static str },
}

/// Reads the options of a file.
pub(super) fn read(path: &Path) -> Result<Vec<Setting>, PresetError> {
    let name = visible(path.as_os_str().as_encoded_bytes());
    let unreadable = |reason: String| PresetError::Unreadable { name: name.clone(), reason };
    let len = fs::metadata(path).map_err(|error| unreadable(diagnostics::reason(&error)))?.len();
    if len > BYTES_MAX {
        return Err(unreadable(format!("has {len} bytes, the limit of a preset is {BYTES_MAX}")));
    }
    let text = fs::read_to_string(path).map_err(|error| unreadable(diagnostics::reason(&error)))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        PresetError::NotToml { name: name.clone(), line, reason: error.message().to_owned() }
    })?;
    options(&table).map_err(|error| PresetError::Invalid { name, error })
}

/// Returns the options of a table, in the order in which they are printed.
pub(super) fn options(table: &Table) -> Result<Vec<Setting>, SettingError> {
    if let Some(option) = table.keys().find(|option| !OPTIONS.contains(&option.as_str())) {
        return Err(SettingError::Option { option: option.clone() });
    }
    let mut settings = Vec::new();
    for option in OPTIONS {
        match table.get(option) {
            None | Some(Value::Boolean(false)) => {}
            Some(Value::Boolean(true)) => settings.push(Setting { option, value: None }),
            Some(Value::Array(values)) => {
                for value in values {
                    settings.push(setting(option, value)?);
                }
            }
            Some(value) => settings.push(setting(option, value)?),
        }
    }
    Ok(settings)
}

fn setting(option: &'static str, value: &Value) -> Result<Setting, SettingError> {
    let value = match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        other => {
            let found = match other {
                Value::Array(_) => "a list in a list",
                Value::Table(_) => "a table",
                Value::Float(_) => "a number with a point",
                Value::Datetime(_) => "a date",
                _ => "a boolean in a list",
            };
            return Err(SettingError::Type { option: option.to_owned(), found });
        }
    };
    Ok(Setting { option, value: Some(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Result<Vec<String>, String> {
        let table: Table = text.parse().unwrap();
        let settings = options(&table).map_err(|error| error.to_string())?;
        Ok(settings.iter().map(Setting::argument).collect())
    }

    #[test]
    fn values_become_arguments() {
        let text = "by = 'a,b'\nmissing = -1\nwhere = ['a=1', 'b']\ngroup-paths = true\n\
                    clean-names = false\nmax-name = 300\ninput = 'json'";
        let expected = [
            "--input=json",
            "--where=a=1",
            "--where=b",
            "--by=a,b",
            "--missing=-1",
            "--group-paths",
            "--max-name=300",
        ];
        assert_eq!(arguments(text).unwrap(), expected);
        assert_eq!(arguments("").unwrap(), [""; 0]);
    }

    #[test]
    fn other_values_are_refused() {
        for (text, found) in [
            ("by = 1.5", "a number with a point"),
            ("by = { a = 1 }", "a table"),
            ("by = [['a']]", "a list in a list"),
            ("by = [true]", "a boolean in a list"),
            ("by = 2024-05-01", "a date"),
        ] {
            let expected =
                format!("`by` is {found}, expected text, a number, `true` or a list of texts");
            assert_eq!(arguments(text).unwrap_err(), expected);
        }
        let error = arguments("unit = 's'\nthreads = 2").unwrap_err();
        let expected = "`threads` is not an option of a preset, expected one of input, delimiter, ";
        assert!(error.starts_with(expected), "{error}");
    }
}
