//! Files that cannot be read to their end, and the threads that read them.

use facade::codec::Record;

use super::readahead::tests::Failing;
use super::*;

fn read(file: impl Read + Send) -> (ReadResult, Vec<String>) {
    let (mut result, mut names) = (ReadResult::default(), Vec::new());
    let mut take = |record: Record<'_>| names.push(record.name.to_string());
    let mut sinks = [FileSink::new(&mut take, 0, None, None)];
    let read = decode(&DecodeOptions::default(), file, &mut sinks);
    result.insert(0, FileResult::new("a.ndjson".into(), read, sinks));
    (result, names)
}

#[test]
fn lines_before_a_failure_count() {
    let text = "{\"action\":\"jump\",\"time\":1}\n{\"action\":\"run\"";
    let (result, names) = read(text.as_bytes().chain(Failing));
    assert_eq!((names, result.lines), (vec!["jump".to_owned()], 1));
    assert_eq!((result.unreadable.len(), result.unreadable[0].lines), (1, 1));
    assert_eq!(result.exit(), Exit::Failed);
}

#[test]
fn line_at_the_limit_is_accepted_and_one_byte_more_is_refused() {
    let max = DecodeOptions::default().limits.input_bytes;
    let action = r#"{"action":"jump","time":1}"#;
    for (len, accepted) in [(max, 1), (max + 1, 0)] {
        for end in ["", "\n", "\r\n"] {
            let text = format!("{action}{}{end}", " ".repeat(len - action.len()));
            let (result, names) = read(text.as_bytes());
            assert_eq!((names.len(), result.lines), (accepted, 1), "{len} {end:?}");
            assert_eq!(result.refused, 1 - accepted as u64, "{len} {end:?}");
        }
    }
}

#[test]
fn blank_lines_are_skipped() {
    for text in ["", "\n", "\r\n\r\n", " \t \n\t", "\r"] {
        let (result, names) = read(text.as_bytes());
        assert_eq!((names.len(), result.lines, result.refused), (0, 0, 0), "{text:?}");
        assert_eq!(result.exit(), Exit::Done);
    }
    for text in ["\u{a0}", "\u{b}", "\0"] {
        assert_eq!(read(text.as_bytes()).0.exit(), Exit::Refused, "{text:?}");
    }
}
