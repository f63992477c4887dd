//! The parser against a naive one, and each way to refuse a line.

use adapter_statsd::{Kind, Metric, Refusal};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};

/// What both parsers say about a line.
#[derive(Debug, Clone, PartialEq)]
struct Read {
    name: String,
    kind: Kind,
    values: Vec<f64>,
    is_change: bool,
    rate: f64,
    tags: Vec<(String, String)>,
}

fn read(line: &str) -> Result<Read, Refusal> {
    let metric = Metric::parse(line.as_bytes())?;
    Ok(Read {
        name: metric.name.to_owned(),
        kind: metric.kind,
        values: metric.values().collect(),
        is_change: metric.is_change,
        rate: metric.rate,
        tags: metric.tags().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    })
}

/// Reads a line by cutting it at each character; `None` for every reason to refuse it.
fn naive(line: &str) -> Option<Read> {
    let (name, rest) = line.split_once(':')?;
    let mut parts = rest.split('|');
    let values: Vec<&str> = parts.next()?.split(':').collect();
    let kind = match parts.next()? {
        "c" => Kind::Counter,
        "ms" => Kind::Timer,
        "h" | "d" => Kind::Histogram,
        "g" => Kind::Gauge,
        _ => return None,
    };
    let is_event = line.starts_with("_e{") || line.starts_with("_sc|");
    if is_event || name.is_empty() || name.chars().any(char::is_control) {
        return None;
    }
    let (mut rates, mut tag_lists) = (Vec::new(), Vec::new());
    for part in parts {
        match part.chars().next() {
            Some('@') => {
                rates.push(naive_number(&part[1..]).filter(|rate| *rate >= 1e-6 && *rate <= 1.0)?)
            }
            Some('#') => tag_lists.push(naive_tags(&part[1..])?),
            _ if ["c:", "e:", "card:"].iter().any(|known| part.starts_with(known)) => {}
            _ => return None,
        }
    }
    if rates.len() > 1 || tag_lists.len() > 1 || kind == Kind::Gauge && values.len() > 1 {
        return None;
    }
    let is_change =
        kind == Kind::Gauge && (values[0].starts_with('+') || values[0].starts_with('-'));
    let values: Vec<f64> = values.into_iter().map(naive_number).collect::<Option<_>>()?;
    if kind != Kind::Gauge && values.iter().any(|value| *value < 0.0) {
        return None;
    }
    let rate = rates.first().copied().unwrap_or(1.0);
    let tags = tag_lists.pop().unwrap_or_default();
    Some(Read { name: name.to_owned(), kind, values, is_change, rate, tags })
}

fn naive_number(text: &str) -> Option<f64> {
    if text.to_ascii_lowercase().contains(['i', 'n']) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn naive_tags(text: &str) -> Option<Vec<(String, String)>> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in text.split(',').filter(|tag| !tag.is_empty()) {
        let (name, value) = tag.split_once(':').unwrap_or((tag, "true"));
        if name.is_empty()
            || tag.chars().any(char::is_control)
            || tags.iter().any(|(other, _)| other == name)
        {
            return None;
        }
        tags.push((name.to_owned(), value.to_owned()));
    }
    Some(tags)
}

/// Pieces of lines, so that many of the lines are valid.
fn line() -> impl Strategy<Value = String> {
    let pieces = "a ä.b : | | :1 1 -2.5 +3 1e3 1e999 nan . c ms g h d s @ @0.1 @0 @1.5 |# k:v , \
                  ,k T1 c:x e: _e{ :1|c :7|ms|@0.5 |#a:b,c :1:2|h |@0.5|@1 |#a|#b";
    let pieces: Vec<_> = pieces.split(' ').chain(["\t", " "]).collect();
    let piece = prop::sample::select(pieces);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

const KINDS: &[(&str, Kind)] =
    &[("c", Kind::Counter), ("ms", Kind::Timer), ("h", Kind::Histogram), ("d", Kind::Histogram)];

proptest! {
    #![proptest_config(Config {
        cases: 4_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    })]

    #[test]
    fn parser_agrees_with_a_naive_one(line in line()) {
        prop_assert_eq!(read(&line).ok(), naive(&line), "{:?}", line);
    }

    #[test]
    fn metric_is_read_as_it_was_written(
        name in "[a-z][a-zA-Z0-9_./ -]{0,20}",
        values in prop::collection::vec(0.0..1e12, 1..4),
        kind in prop::sample::select(KINDS),
        rate in prop::option::of(1e-6..=1.0),
        tags in prop::collection::btree_map("[a-z]{1,4}", "[a-zA-Z0-9:/]{0,8}", 0..4),
    ) {
        let values_text: Vec<_> = values.iter().map(f64::to_string).collect();
        let mut line = format!("{name}:{}|{}", values_text.join(":"), kind.0);
        if let Some(rate) = rate {
            line += &format!("|@{rate}");
        }
        if !tags.is_empty() {
            let tags: Vec<_> = tags.iter().map(|(name, value)| format!("{name}:{value}")).collect();
            line += &format!("|#{}", tags.join(","));
        }
        let tags = tags.into_iter().collect();
        let rate = rate.unwrap_or(1.0);
        let expected = Read { name, kind: kind.1, values, is_change: false, rate, tags };
        prop_assert_eq!(read(&line), Ok(expected), "{}", line);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(metric) = Metric::parse(&bytes) {
            prop_assert!(metric.values().count() > 0 && metric.rate > 0.0);
        }
    }
}

#[test]
fn each_reason_has_its_lines() {
    let many_tags: Vec<_> = (0..101).map(|tag| format!("t{tag}")).collect();
    let many_tags = format!("a:1|c|#{}", many_tags.join(","));
    let long_tag = format!("a:1|c|#k:{}", "v".repeat(4_094));
    let cases: &[(&[u8], Refusal)] = &[
        (b"a\xff:1|c", Refusal::NotUtf8),
        (b"a", Refusal::Malformed),
        (b"a:1", Refusal::Malformed),
        (b"a|c", Refusal::Malformed),
        (b":1|c", Refusal::Name),
        (b"a\tb:1|c", Refusal::Name),
        (long_tag.as_bytes(), Refusal::Name),
        (b"a:|c", Refusal::Value),
        (b"a:one|c", Refusal::Value),
        (b"a:0x10|c", Refusal::Value),
        (b"a:-1|c", Refusal::Value),
        (b"a:-1|ms", Refusal::Value),
        (b"a:1:-1|h", Refusal::Value),
        (b"a:inf|g", Refusal::Value),
        (b"a:NaN|g", Refusal::Value),
        (b"a:1e400|g", Refusal::Value),
        (b"a:1:2|g", Refusal::Value),
        (b"a:u7|s", Refusal::Set),
        (b"a:1|", Refusal::Kind),
        (b"a:1|C", Refusal::Kind),
        (b"a:1|m", Refusal::Kind),
        (b"a:1|c|@0", Refusal::Rate),
        (b"a:1|c|@-0.5", Refusal::Rate),
        (b"a:1|c|@1.01", Refusal::Rate),
        (b"a:1|c|@0.0000001", Refusal::Rate),
        (b"a:1|c|@", Refusal::Rate),
        (b"a:1|c|#:v", Refusal::Tags),
        (b"a:1|c|#k:v,k:w", Refusal::Tags),
        (b"a:1|c|#k:\x01", Refusal::Tags),
        (many_tags.as_bytes(), Refusal::Tags),
        (b"a:1|c|@1|@1", Refusal::Part),
        (b"a:1|c|#a|#b", Refusal::Part),
        (b"a:1|c|", Refusal::Part),
        (b"a:1|c|x", Refusal::Part),
        (b"a:1|c|T1656581400", Refusal::Timestamp),
        (b"_e{5,4}:title|text", Refusal::Event),
        (b"_sc|name|0", Refusal::Event),
    ];
    for (line, reason) in cases {
        assert_eq!(Metric::parse(line), Err(*reason), "{}", line.escape_ascii());
    }
}

#[test]
fn edges_of_lines_are_accepted() {
    let many_tags: Vec<_> = (0..100).map(|tag| format!("t{tag}")).collect();
    let many_tags = format!("a:1|c|#{}", many_tags.join(","));
    let lines = [
        "a:0|c",
        "a:-0|c",
        "a:+5|g",
        "a:-5|g",
        "a:1.5e-3|ms|@1",
        "a:1|c|@0.000001",
        "a:1|c|#",
        "a:1|c|#,,k",
        "a:1|c|#k:",
        "a:1|c|#k:v:w",
        "a:1|c|c:in-123|e:it-true|card:low",
        "a b/c:1|c",
        &many_tags,
    ];
    for line in lines {
        assert!(Metric::parse(line.as_bytes()).is_ok(), "{line}");
    }
}

#[test]
fn messages_say_what_to_do() {
    let messages = [
        (Refusal::NotUtf8, "line is not valid UTF-8"),
        (Refusal::Malformed, "line is not of the form `name:value|kind`"),
        (
            Refusal::Name,
            "name is empty, has control characters, or has more than 4096 bytes with its tags",
        ),
        (Refusal::Value, "value is not a finite number, or is negative and not of a gauge"),
        (Refusal::Set, "sets (`s`) are not supported, send a counter or a tag instead"),
        (Refusal::Kind, "kind is not one of `c`, `ms`, `h`, `d` and `g`"),
        (Refusal::Rate, "sample rate is not from 0.000001 to 1"),
        (Refusal::Tags, "tags are not of the form `#name:value,name:value` with different names"),
        (
            Refusal::Part,
            "part of the line is unknown or given twice, known are `|@rate` and `|#tags`",
        ),
        (
            Refusal::Timestamp,
            "timestamps (`|T`) are not supported, send values when they are measured",
        ),
        (Refusal::Event, "events and service checks are not supported"),
        (
            Refusal::Unit,
            "name has values in milliseconds (`ms`) and values without a unit (`h`, `d`)",
        ),
        (Refusal::Full, "number of histogram names is at its limit"),
        (
            Refusal::TooLong,
            "line is longer than 65535 bytes, or the end of its datagram is missing",
        ),
    ];
    for (reason, message) in messages {
        assert_eq!(reason.to_string(), message);
    }
}
