//! What the key of a field says about it: whether it is a name, a duration, or a moment.

use facade::actions::Unit;

/// Keys of names, by how sure that is. The whole key counts, or else its last word.
const NAMES: &[(&str, u32)] = &[
    ("action", 100),
    ("operation", 92),
    ("op", 90),
    ("eventname", 88),
    ("route", 87),
    ("endpoint", 86),
    ("path", 84),
    ("uri", 84),
    ("url", 84),
    ("rpc", 82),
    ("handler", 80),
    ("label", 80),
    ("task", 76),
    ("job", 76),
    ("function", 76),
    ("fn", 76),
    ("func", 76),
    ("procedure", 76),
    ("command", 75),
    ("cmd", 75),
    ("query", 74),
    ("statement", 74),
    ("sql", 74),
    ("step", 72),
    ("target", 70),
    ("resource", 70),
    ("stage", 70),
    ("phase", 70),
    ("transaction", 70),
    ("tool", 70),
    ("test", 70),
    ("name", 66),
    ("event", 62),
    ("topic", 60),
    ("controller", 60),
    ("title", 50),
    ("queue", 50),
    ("service", 45),
    ("component", 42),
    ("type", 40),
    ("kind", 40),
    ("msg", 36),
    ("message", 34),
    ("method", 32),
    ("verb", 32),
    ("category", 30),
    ("key", 28),
    ("status", 20),
    ("code", 18),
    ("severity", 4),
    ("level", 4),
];

/// Last words of keys that are hardly names of what a program does.
const NOT_NAMES: &[&str] = &[
    "addr", "address", "agent", "body", "caller", "client", "error", "file", "host", "hostname",
    "id", "instance", "ip", "logger", "node", "password", "pid", "pod", "port", "proto",
    "protocol", "referer", "referrer", "stack", "stream", "token", "trace", "user", "username",
    "version",
];

/// The last words of keys of HTTP methods, which are the first part of a name.
const METHODS: [&str; 2] = ["method", "verb"];
/// The last words of keys of what an HTTP method is used on.
const TARGETS: [&str; 6] = ["route", "endpoint", "path", "uri", "url", "target"];

/// Words of durations, by how sure that is.
const DURATIONS: &[(&str, u32)] = &[
    ("duration", 90),
    ("elapsed", 90),
    ("latency", 90),
    ("took", 90),
    ("runtime", 85),
    ("dur", 85),
    ("rtt", 85),
    ("taken", 85),
    ("time", 75),
    ("delay", 60),
    ("cost", 50),
    ("lag", 50),
];

/// Words of durations of a part, or of settings.
const PARTS: &[&str] = &[
    "avg", "backend", "backoff", "connect", "db", "dns", "idle", "interval", "last", "max", "mean",
    "min", "origin", "overhead", "queue", "retry", "ssl", "sync", "timeout", "tls", "ttl",
    "upstream", "view", "wait",
];

/// Words that are units. `s` and `h` count only after another word.
const UNITS: &[(&str, Unit)] = &[
    ("ns", Unit::Nanoseconds),
    ("nano", Unit::Nanoseconds),
    ("nanos", Unit::Nanoseconds),
    ("nsec", Unit::Nanoseconds),
    ("nanoseconds", Unit::Nanoseconds),
    ("us", Unit::Microseconds),
    ("micros", Unit::Microseconds),
    ("usec", Unit::Microseconds),
    ("microsec", Unit::Microseconds),
    ("microseconds", Unit::Microseconds),
    ("ms", Unit::Milliseconds),
    ("milli", Unit::Milliseconds),
    ("millis", Unit::Milliseconds),
    ("msec", Unit::Milliseconds),
    ("msecs", Unit::Milliseconds),
    ("millisec", Unit::Milliseconds),
    ("milliseconds", Unit::Milliseconds),
    ("s", Unit::Seconds),
    ("sec", Unit::Seconds),
    ("secs", Unit::Seconds),
    ("seconds", Unit::Seconds),
    ("mins", Unit::Minutes),
    ("minutes", Unit::Minutes),
    ("h", Unit::Hours),
    ("hrs", Unit::Hours),
    ("hour", Unit::Hours),
    ("hours", Unit::Hours),
];

/// Words of moments, by how sure that is.
const MOMENTS: &[(&str, u32)] = &[
    ("timestamp", 100),
    ("ts", 98),
    ("time", 95),
    ("datetime", 94),
    ("stamp", 92),
    ("date", 90),
    ("at", 85),
    ("start", 80),
    ("started", 80),
    ("begin", 75),
    ("when", 75),
    ("end", 60),
    ("created", 60),
];

/// The last key of a path, as words in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words(Vec<String>);

impl Words {
    /// Splits a key at punctuation and at capital letters.
    pub(super) fn of(key: &str) -> Self {
        let mut words = vec![String::new()];
        let mut before = ' ';
        let mut letters = key.chars().peekable();
        while let Some(letter) = letters.next() {
            let ends_capitals = before.is_uppercase()
                && letter.is_uppercase()
                && letters.peek().is_some_and(|next| next.is_lowercase());
            if (before.is_lowercase() && letter.is_uppercase()) || ends_capitals {
                words.push(String::new());
            }
            match words.last_mut() {
                Some(word) if letter.is_alphanumeric() => word.extend(letter.to_lowercase()),
                _ => words.push(String::new()),
            }
            before = letter;
        }
        words.retain(|word| !word.is_empty());
        Self(words)
    }

    fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// Returns how sure it is that the key is that of a name; 0 if it hardly is.
    pub(super) fn name_score(&self) -> Option<u32> {
        let joined = self.0.concat();
        let score =
            |key: &str| NAMES.iter().find(|(name, _)| *name == key).map(|&(_, score)| score);
        if let Some(score) = score(&joined) {
            return Some(score);
        }
        if NOT_NAMES.contains(&self.last()) {
            return Some(0);
        }
        score(self.last())
    }

    /// Returns whether the key is that of an HTTP method.
    pub(super) fn is_method(&self) -> bool {
        METHODS.contains(&self.last())
    }

    /// Returns whether the key is that of a path or address.
    pub(super) fn is_target(&self) -> bool {
        TARGETS.contains(&self.last())
    }

    /// Returns the unit that the key names, first or last.
    pub(super) fn unit(&self) -> Option<Unit> {
        let unit = |word: &String| {
            let &(name, unit) = UNITS.iter().find(|(name, _)| name == word)?;
            (name.len() > 1 || self.0.len() > 1).then_some(unit)
        };
        self.0.last().and_then(unit).or_else(|| {
            // `ms_elapsed`, but not `sec` of `sec_fetch_mode`.
            self.0.first().filter(|_| self.duration().is_some()).and_then(unit)
        })
    }

    /// Returns how sure it is that the key is that of a duration.
    pub(super) fn duration_score(&self) -> Option<u32> {
        let score = match (self.duration(), self.unit()) {
            (Some(score), Some(_)) => score + 5,
            (Some(score), None) => score,
            (None, Some(_)) => 70,
            (None, None) if self.last() == "value" => 40,
            (None, None) => return None,
        };
        let is_part = self.0.iter().any(|word| PARTS.contains(&word.as_str()));
        Some(if is_part { score.saturating_sub(25) } else { score })
    }

    /// Returns whether the key names a duration and hardly a moment.
    pub(super) fn is_duration(&self) -> bool {
        self.duration().is_some_and(|score| score > 75)
    }

    /// Returns the score of the last word, without a unit.
    fn duration(&self) -> Option<u32> {
        let is_unit = |word: &String| UNITS.iter().any(|(name, _)| name == word);
        let word = self.0.iter().rev().find(|word| !is_unit(word))?;
        DURATIONS.iter().find(|(name, _)| name == word).map(|&(_, score)| score)
    }

    /// Returns how sure it is that the key is that of a moment.
    pub(super) fn moment_score(&self) -> Option<u32> {
        let score = |word: &String| MOMENTS.iter().find(|(name, _)| name == word);
        let scores = self.0.iter().filter_map(score).map(|&(_, score)| score);
        scores.max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_split_into_words() {
        for (key, expected) in [
            ("durationMs", "duration ms"),
            ("RequestPath", "request path"),
            ("userURL", "user url"),
            ("HTTPMethod", "http method"),
            ("elapsed_ms", "elapsed ms"),
            ("http.route", "http route"),
            ("@timestamp", "timestamp"),
            ("x-edge", "x edge"),
            ("", ""),
        ] {
            assert_eq!(Words::of(key).0.join(" "), expected, "{key}");
        }
    }

    #[test]
    fn units_are_the_first_or_last_word() {
        for (key, expected) in [
            ("durationMs", Some("ms")),
            ("elapsed_seconds", Some("s")),
            ("took_us", Some("us")),
            ("ms", Some("ms")),
            ("ms_elapsed", Some("ms")),
            ("latency_ns", Some("ns")),
            ("wait_s", Some("s")),
            ("uptimeHours", Some("h")),
            ("s", None),
            ("requests", None),
            ("sec_fetch_mode", None),
            ("min", None),
        ] {
            assert_eq!(Words::of(key).unit().map(|unit| unit.symbol()), expected, "{key}");
        }
    }

    #[test]
    fn better_keys_have_higher_scores() {
        let name = |key| Words::of(key).name_score();
        assert!(name("op") > name("msg") && name("msg") > name("level"));
        assert_eq!(
            (name("user_agent"), name("request_id"), name("colour")),
            (Some(0), Some(0), None)
        );
        let duration = |key| Words::of(key).duration_score();
        assert!(duration("request_time") > duration("upstream_response_time"));
        assert!(duration("elapsed_ms") > duration("elapsed"));
        assert!(duration("elapsed") > duration("retries_ms"));
        assert_eq!((duration("bytes"), duration("status")), (None, None));
        let moment = |key| Words::of(key).moment_score();
        assert!(moment("@timestamp") > moment("created_at"));
        assert_eq!(moment("latency"), None);
        assert!(Words::of("latency").is_duration() && !Words::of("time").is_duration());
    }
}
