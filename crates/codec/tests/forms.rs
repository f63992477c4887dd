//! The options of forms: what is accepted, and the messages of what is not.

use codec::{Columns, ColumnsError, Delimiter, LinePattern};

#[test]
fn delimiters_are_one_ascii_character() {
    for (text, byte) in [(",", b','), ("|", b'|'), ("\t", b'\t'), ("\\t", b'\t'), ("tab", b'\t')] {
        assert_eq!(text.parse::<Delimiter>().unwrap().byte(), byte);
    }
    for text in ["", "\"", "\n", "\r", "\0", ",,", "é", "\x7F"] {
        let error = text.parse::<Delimiter>().unwrap_err();
        assert_eq!(&*error.found, text);
    }
    assert_eq!(
        "\n".parse::<Delimiter>().unwrap_err().to_string(),
        "delimiter is `\\n`, expected one ASCII character other than a quote or a line end"
    );
}

#[test]
fn columns_are_names_or_numbers() {
    assert_eq!("auto".parse(), Ok(Columns::Numbered));
    assert_eq!("a, b c".parse(), Ok(Columns::Named(vec!["a".into(), "b c".into()])));
    assert_eq!("a,,b".parse::<Columns>(), Err(ColumnsError { column: 2 }));
    assert_eq!(
        "".parse::<Columns>().unwrap_err().to_string(),
        "name of column 1 is empty, expected names such as `method,url`, or `auto`"
    );
}

#[test]
fn errors_of_a_pattern_are_located() {
    let error = r"(?<a>x) [z-a] \d".parse::<LinePattern>().unwrap_err();
    assert_eq!(error.at, 9);
    assert_eq!(
        format!("{error:#}"),
        "invalid pattern: invalid character class range, the start must be <= the end (byte 9)\n  \
         (?<a>x) [z-a] \\d\n           ^"
    );
    let error = r"(?<a>x)(?<a>y)".parse::<LinePattern>().unwrap_err();
    assert_eq!(error.to_string(), "invalid pattern: duplicate capture group name (byte 10)");
    let error = r"(?<a>\p{Nope})".parse::<LinePattern>().unwrap_err();
    assert_eq!(error.to_string(), "invalid pattern: Unicode property not found (byte 5)");
    let error = r"(?<a>\w{1000}){1000}".parse::<LinePattern>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid pattern: pattern needs more than 10485760 bytes when compiled (byte 0)"
    );
}

#[test]
fn patterns_name_their_groups() {
    let pattern: LinePattern = r"(?<b>x)(y)(?P<a>z)?".parse().unwrap();
    assert_eq!(pattern.groups().collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(pattern.to_string(), r"(?<b>x)(y)(?P<a>z)?");
    assert!(pattern == pattern.clone() && pattern != "x".parse().unwrap());
}
