//! How the records of a request are read: by the options of the program, or those of its query.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use facade::codec::{DecodeOptions, Fractions};
use service::{BodyForm, BodyHead};

use crate::input::form::FormError;
use crate::input::head::Head;
use crate::input::{Named, Recipe, RecordArgs};
use crate::presets::{self, Preset};

/// The maximum number of queries whose options are kept. A client has few.
const KEPT_MAX: usize = 256;
/// The maximum length of a query.
const QUERY_BYTES_MAX: usize = 8 << 10;

/// The options that a query can have: those that decide what a record is.
#[derive(Debug, Parser)]
#[command(name = "windrow", disable_help_flag = true, disable_help_subcommand = true)]
struct Query {
    #[command(subcommand)]
    command: QueryCommand,
}

// A command of its own, as presets belong to commands.
#[derive(Debug, Subcommand)]
enum QueryCommand {
    #[command(disable_help_flag = true)]
    Actions(RecordArgs),
}

/// The parameters of a query, and whether each has a value.
static PARAMETERS: LazyLock<Vec<(String, bool)>> = LazyLock::new(|| {
    let program = Query::command();
    let actions = program.find_subcommand("actions").expect("it is declared above");
    let options = actions.get_arguments().filter(|option| !option.is_hide_set());
    let named = options.filter_map(|option| {
        Some((option.get_long()?.to_owned(), option.get_action().takes_values()))
    });
    named.collect()
});

/// Chooses how the records of a request are read.
#[derive(Debug)]
pub(super) struct Forms {
    /// The options of the program, for requests without any.
    records: RecordArgs,
    kept: Mutex<HashMap<(BodyForm, String), Arc<Recipe>>>,
}

impl Forms {
    /// Creates the forms of options that were checked.
    pub(super) fn new(records: RecordArgs) -> Self {
        Self { records, kept: Mutex::default() }
    }

    /// Returns how the records of a body are read.
    ///
    /// # Errors
    ///
    /// What is wrong with the query, or that the form of the body is not known.
    pub(super) fn options(&self, head: &BodyHead<'_>) -> Result<DecodeOptions, String> {
        let key = (head.form, head.query.to_owned());
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = lock().get(&key).cloned();
        let recipe = match kept {
            Some(recipe) => recipe,
            None => {
                let recipe = Arc::new(self.recipe(head)?);
                let mut kept = lock();
                // Moments such as an hour ago are others for the next request.
                if !recipe.is_limited() {
                    if kept.len() >= KEPT_MAX {
                        kept.clear();
                    }
                    kept.insert(key, Arc::clone(&recipe));
                }
                recipe
            }
        };
        let head = Head::of(head.bytes, head.is_whole);
        recipe.options("", &head).map_err(|error| {
            on_one_line(&match error {
                FormError::Unknown(error) => error.to_string(),
                FormError::Unsupported(error) => error.to_string(),
            })
        })
    }

    fn recipe(&self, head: &BodyHead<'_>) -> Result<Recipe, String> {
        let records = if head.query.is_empty() { self.records.clone() } else { parse(head.query)? };
        let records = match head.form {
            BodyForm::Json => records.of_content(Named::Json),
            BodyForm::Logfmt => records.of_content(Named::Logfmt),
            BodyForm::Csv => records.of_content(Named::Csv),
            BodyForm::Tsv => records.of_content(Named::Tsv),
            _ => records,
        };
        records.try_recipe(Fractions::Allowed, head.at).map_err(|problem| on_one_line(&problem))
    }
}

/// Parses the options of a query, as on a command line.
fn parse(query: &str) -> Result<RecordArgs, String> {
    if query.len() > QUERY_BYTES_MAX {
        return Err(format!("query has {} bytes, limit is {QUERY_BYTES_MAX}", query.len()));
    }
    let mut arguments: Vec<OsString> = ["windrow", "actions"].map(Into::into).into();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some((name, has_value)) = PARAMETERS.iter().find(|(known, _)| *known == *name) else {
            let known: Vec<_> = PARAMETERS.iter().map(|(name, _)| name.as_str()).collect();
            let name: String = name.chars().take(100).collect();
            let known = known.join(", ");
            return Err(format!("parameter `{name}` is unknown, expected one of {known}"));
        };
        let argument = match (has_value, &*value) {
            (true, _) => format!("--{name}={value}"),
            (false, "" | "true") => format!("--{name}"),
            (false, _) => return Err(format!("parameter `{name}` has a value, expected none")),
        };
        // Files of this machine are not for clients.
        if name == "preset" && Preset::named(&value).is_none() {
            let value: String = value.chars().take(100).collect();
            return Err(format!("preset `{value}` is unknown, `windrow presets` lists all"));
        }
        arguments.push(argument.into());
    }
    let arguments = presets::expand(Query::command, arguments);
    let parsed = Query::command().try_get_matches_from(arguments);
    let parsed = parsed.and_then(|matches| Query::from_arg_matches(&matches));
    match parsed {
        Ok(Query { command: QueryCommand::Actions(records) }) => Ok(records),
        Err(error) => {
            let text = error.render().to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            // The usage of a command line follows.
            let end = text.find("\n\nUsage").or(text.find("\n\nFor more")).unwrap_or(text.len());
            Err(on_one_line(&text[..end]))
        }
    }
}

fn on_one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use facade::codec::{Form, Path, Record};
    use facade::{Stamp, Unit};

    use super::*;

    const AT: Stamp = Stamp::from_secs(1_700_000_000);

    /// Returns the names that a body has by the options of a query.
    fn names(forms: &Forms, query: &str, body: &str) -> Result<String, String> {
        let options = forms.options(&BodyHead::new(BodyForm::Auto, query, body.as_bytes(), AT))?;
        let mut names = Vec::new();
        options.decode_slice(body.as_bytes(), &mut |record: Record<'_>| {
            names.push(format!("{}={}", &*record.name, record.time));
        });
        Ok(names.join(" "))
    }

    #[track_caller]
    fn check(query: &str, body: &str, expected: Result<&str, &str>) {
        let forms = Forms::new(parse("").unwrap());
        let found = names(&forms, query, body);
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{query}");
        // The second time they are kept.
        assert_eq!(names(&forms, query, body), found, "{query}");
    }

    #[test]
    fn queries_are_options() {
        let line = "{\"path\":\"/a/1?b\",\"took\":7,\"action\":\"x\",\"time\":1}\n";
        check("", line, Ok("x=1"));
        check("by=path&value=took", line, Ok("/a/1?b=7"));
        check("by=path&value=took&group-paths&where=took>5", line, Ok("/a/:id=7"));
        check("by=path&value=took&group-paths=true&where=took%3C5", line, Ok(""));
        check("input=csv&delimiter=;", "action;time\na b;5\n", Ok("a b=5"));
        check("pattern=(%3F<action>\\w%2B)+(%3F<value>\\d%2B)", "jump 3\n", Ok("jump=3"));
        check("by=path&value=took&replace=%5C%3F.*=&replace=a=b", line, Ok("/b/1=7"));
        let caddy = "{\"request\":{\"method\":\"GET\",\"uri\":\"/a/7\"},\"duration\":0.5,\"ts\":5}";
        check("preset=caddy", caddy, Ok("GET /a/:id=0.5"));
        check("preset=caddy&by=request.method", caddy, Ok("GET=0.5"));
    }

    #[test]
    fn unusable_queries_are_refused() {
        let unknown = parse("listen=a").unwrap_err();
        let expected = "parameter `listen` is unknown, expected one of preset, input, delimiter, ";
        assert!(unknown.starts_with(expected), "{unknown}");
        assert!(!unknown.contains("stamp-key") && !unknown.contains("max-refused"), "{unknown}");
        for (query, expected) in [
            (
                "unit=x",
                "invalid value 'x' for '--unit <UNIT>', [possible values: ns, us, ms, s, min, h]",
            ),
            ("group-paths=no", "parameter `group-paths` has a value, expected none"),
            (
                "preset=%2Fetc%2Fx.toml",
                "preset `/etc/x.toml` is unknown, `windrow presets` lists all",
            ),
            ("preset=x", "preset `x` is unknown, `windrow presets` lists all"),
            ("by=a&by=b", "the argument '--by <PATH,…>' cannot be used multiple times"),
            (
                "timezone=UTC",
                "`--timezone` needs the field of the timestamp, use `--timestamp PATH`",
            ),
            (
                "input=json&delimiter=;",
                "`--input json` and `--delimiter` exclude each other, only CSV has columns",
            ),
            (
                "preset=zap",
                "preset `zap` does not say which field is the name, name it with `--by`; \
                 `windrow inspect` lists the fields",
            ),
        ] {
            check(query, "", Err(expected));
        }
        let long = "a".repeat(QUERY_BYTES_MAX + 1);
        assert_eq!(parse(&long).unwrap_err(), "query has 8193 bytes, limit is 8192");
        let unknown = "lines are neither JSON, logfmt nor CSV, name the form with `--input`, or \
                       describe a line with `--pattern`";
        check("", "hello\nworld\n", Err(unknown));
    }

    #[test]
    fn content_type_names_the_form_unless_an_option_does() {
        let forms = Forms::new(parse("unit=us").unwrap());
        let options = |form, query, body: &str| {
            forms.options(&BodyHead::new(form, query, body.as_bytes(), AT)).unwrap()
        };
        let logfmt = "action=a time=1\n";
        assert_eq!(options(BodyForm::Auto, "", logfmt).input.form, Form::Logfmt);
        assert_eq!(options(BodyForm::Json, "", logfmt).input.form, Form::Json);
        assert_eq!(options(BodyForm::Json, "input=logfmt", "{}").input.form, Form::Logfmt);
        let tsv = options(BodyForm::Tsv, "", "a\tb\n").input.form;
        assert!(matches!(tsv, Form::Csv(_)), "{tsv:?}");
        // The options of the program are for requests without any.
        assert_eq!(options(BodyForm::Auto, "", "{}").fields.unit, Some(Unit::Microseconds));
        assert_eq!(options(BodyForm::Auto, "by=x", "{}").fields.unit, None);
        assert_eq!(options(BodyForm::Auto, "by=x", "{}").fields.by, [Path::key("x")]);
    }

    #[test]
    fn relative_moments_are_before_the_body() {
        let forms = Forms::new(parse("").unwrap());
        let query = "timestamp=ts&from=-1h";
        for at in [AT, AT + Duration::from_secs(7)] {
            let head = BodyHead::new(BodyForm::Auto, query, b"{}", at);
            let from = forms.options(&head).unwrap().fields.from;
            assert_eq!(from, Some(at - Duration::from_secs(3_600)));
        }
    }

    #[test]
    fn relative_moments_and_many_queries_are_not_kept() {
        let forms = Forms::new(parse("").unwrap());
        let options = |query: &str| {
            forms.options(&BodyHead::new(BodyForm::Auto, query, b"{}", AT)).unwrap();
            forms.kept.lock().unwrap().len()
        };
        assert_eq!(options("timestamp=ts"), 1);
        assert_eq!(options("timestamp=ts&from=-1h"), 1);
        for name in 1..KEPT_MAX {
            assert_eq!(options(&format!("by=a{name}")), name + 1);
        }
        assert_eq!(options("by=b"), 1);
    }
}
