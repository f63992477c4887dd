//! Which fields look like a name, a value and a timestamp.

use facade::actions::Unit;

use super::field::{Field, Written};
use super::survey::Survey;

/// The minimum score of a field that is shown as a name.
const NAME_MIN: u32 = 30;
/// The score of a text whose key says nothing.
const TEXT: u32 = 6;
/// The score of such a text if its values repeat.
const REPEATED: u32 = 12;

/// What a field looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Name,
    /// The unit is that of the key.
    Duration(Option<Unit>),
    /// A duration whose values have units.
    Units,
    Moment(Written),
    /// A number with a decimal comma, which is not read.
    Comma,
    /// A text that is a JSON object.
    Object,
}

/// The fields that a command would name.
#[derive(Debug, Default)]
pub(super) struct Guess<'s> {
    pub(super) by: Vec<&'s Field>,
    pub(super) value: Option<&'s Field>,
    pub(super) unit: Option<Unit>,
    pub(super) timestamp: Option<&'s Field>,
}

impl Field {
    /// Returns what the field looks like.
    pub(super) fn role(&self) -> Option<Role> {
        // A runtime writes down what a program writes that is not JSON, too.
        if self.is_often(self.objects) {
            return Some(Role::Object);
        }
        if let (Some(_), Some(written)) = (self.moment_score(), self.written) {
            return Some(Role::Moment(written));
        }
        if self.is_mostly(self.commas) {
            return Some(Role::Comma);
        }
        if self.value_score().is_some() {
            let has_units = self.is_mostly(self.durations);
            return Some(if has_units { Role::Units } else { Role::Duration(self.words().unit()) });
        }
        (self.name_score() >= NAME_MIN).then_some(Role::Name)
    }

    /// Returns how sure it is that the field says when something happened.
    fn moment_score(&self) -> Option<u32> {
        if !self.is_often(self.moments) || self.words().is_duration() {
            return None;
        }
        let is_text = self.is_mostly(self.moments) && self.quantities == 0;
        let score = self.words().moment_score();
        // A number may be of the size of a moment by chance.
        score.or(is_text.then_some(40))
    }

    /// Returns how sure it is that the field is a duration.
    fn value_score(&self) -> Option<u32> {
        let score = self.words().duration_score();
        if self.is_mostly(self.durations) {
            return Some(score.unwrap_or(60) + 20);
        }
        if !self.is_mostly(self.durations + self.quantities) || self.moment_score().is_some() {
            return None;
        }
        score
    }

    /// Returns how sure it is that the field is a name.
    fn name_score(&self) -> u32 {
        if self.parent.to_lowercase().contains("header") {
            return 1;
        }
        let by_key = self.words().name_score();
        let is_text = self.is_mostly(self.texts) && !self.is_mostly(self.quantities + self.commas);
        match by_key {
            // Statuses are numbers, and good enough if there is nothing else.
            // A text that never changes names the program, not what it does.
            Some(score) if is_text && self.is_constant() => (score / 2).max(1),
            Some(score) if score <= 20 || is_text => score.max(1),
            _ if !is_text || self.is_mostly(self.objects) || self.is_mostly(self.moments) => 0,
            _ if self.distinct() * 2 <= self.present => REPEATED,
            _ => TEXT,
        }
    }
}

impl<'s> Guess<'s> {
    /// Guesses from all fields of a sample.
    pub(super) fn of(survey: &'s Survey) -> Self {
        let best = |score: &dyn Fn(&Field) -> u32| best(&survey.fields, score);
        let value = best(&|field| field.value_score().unwrap_or(0));
        let unit = value.filter(|value| !value.is_mostly(value.durations));
        let unit = unit.and_then(|value| value.words().unit());
        let timestamp = best(&|field| field.moment_score().unwrap_or(0));
        let is_taken = |field: &Field| {
            [value, timestamp].into_iter().flatten().any(|other| other.path == field.path)
        };
        let name = best(&|field| if is_taken(field) { 0 } else { field.name_score() });
        let by = name.map(|name| with_method(name, &survey.fields)).unwrap_or_default();
        Self { by, value, unit, timestamp }
    }

    /// Returns whether names have paths, which may have identifiers.
    pub(super) fn has_paths(&self) -> bool {
        self.by.iter().any(|field| field.has_paths)
    }

    /// Returns whether names have control characters.
    pub(super) fn has_controls(&self) -> bool {
        self.by.iter().any(|field| field.has_controls)
    }
}

/// Returns the field with the highest score, weighted by the number of records that have it.
///
/// The first of several.
fn best<'s>(fields: &'s [Field], score: &dyn Fn(&Field) -> u32) -> Option<&'s Field> {
    let mut best: Option<(u64, &Field)> = None;
    for field in fields {
        let weighted = u64::from(score(field)) * field.present;
        if weighted > best.map_or(0, |(best, _)| best) {
            best = Some((weighted, field));
        }
    }
    best.map(|(_, field)| field)
}

/// Returns the fields of the method and of the path it is used on, or the one field.
fn with_method<'s>(name: &'s Field, fields: &'s [Field]) -> Vec<&'s Field> {
    let is_method = |field: &&Field| {
        field.path != name.path && field.words().is_method() && field.is_mostly(field.texts)
    };
    let in_same = |field: &&Field| field.parent == name.parent;
    let methods = || fields.iter().filter(is_method);
    let method = methods().find(in_same).or_else(|| methods().next());
    match method {
        Some(method) if name.words().is_target() => vec![method, name],
        _ => vec![name],
    }
}

#[cfg(test)]
mod tests {
    use facade::codec::Form;

    use super::super::survey::Reading;
    use super::*;

    /// Checks `BY VALUE UNIT TIMESTAMP`, with `-` for what is not found.
    #[track_caller]
    fn check(lines: &str, expected: &str) {
        let survey = Survey::of(lines.as_bytes(), Reading::Form(&Form::Json));
        let guess = Guess::of(&survey);
        let by: Vec<_> = guess.by.iter().map(|field| &*field.path).collect();
        let path = |field: Option<&Field>| field.map_or("-".to_owned(), |field| field.path.clone());
        let unit = guess.unit.map_or("-", |unit| unit.symbol());
        let found =
            format!("{} {} {unit} {}", by.join(","), path(guess.value), path(guess.timestamp));
        assert_eq!(found, expected, "{lines}");
    }

    #[test]
    fn fields_are_found_by_key_and_value() {
        check(r#"{"action":"a","time":5}"#, "action time - -");
        check(r#"{"time":1714557600,"action":"a","durationMs":5}"#, "action durationMs ms time");
        check(
            r#"{"level":"info","ts":"2024-05-01T12:00:00Z","msg":"request","op":"a","took":"5ms"}"#,
            "op took - ts",
        );
        check(
            r#"{"ts":1714557600.5,"status":200,"http":{"method":"GET","path":"/a"},"elapsed_s":1}"#,
            "http.method,http.path elapsed_s s ts",
        );
        check(r#"{"msg":"started","pid":4711,"level":30}"#, "msg - - -");
        check(r#"{"status":200,"latency_ns":1714557600}"#, "status latency_ns ns -");
        check(r#"{"a":1,"b":true}"#, " - - -");
    }

    #[test]
    fn texts_that_change_are_preferred() {
        let text = "{\"name\":\"shop\",\"msg\":\"a\"}\n{\"name\":\"shop\",\"msg\":\"b\"}\n";
        check(text, "msg - - -");
        check(&text.replace("shop", "x").replacen('x', "y", 1), "name - - -");
        // A key that certainly is a name stays one.
        check(&text.replace("name", "action"), "action - - -");
        check(r#"{"name":"shop","msg":"a"}"#, "name - - -");
    }

    #[test]
    fn fields_of_most_records_are_preferred() {
        let text = "{\"op\":\"x\"}\n{\"msg\":\"a\"}\n{\"msg\":\"b\"}\n{\"msg\":\"c\"}\n";
        check(text, "msg - - -");
    }

    #[test]
    fn roles_are_those_of_the_table() {
        let text = r#"{"op":"a","took":"5ms","wait_ms":5,"at":1714557600,"log":"{\"a\":1}","n":5}"#;
        let text = text.replace("\"n\"", "\"dur\":\"12,5\",\"n\"");
        let survey = Survey::of(text.as_bytes(), Reading::Form(&Form::Json));
        let roles: Vec<_> = survey.fields.iter().map(Field::role).collect();
        let expected = [
            Some(Role::Name),
            Some(Role::Units),
            Some(Role::Duration(Some(Unit::Milliseconds))),
            Some(Role::Moment(Written("s"))),
            Some(Role::Object),
            Some(Role::Comma),
            None,
        ];
        assert_eq!(roles, expected);
    }
}
