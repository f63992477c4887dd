//! Output that a transcript cannot show: names that must be escaped.

use std::io::Write;
use std::process::{Command, Stdio};

const NAMES: &str = r#"{"action":"say \"hi\"","time":1}
{"action":"a\\b","time":1}
{"action":"a,b","time":1}
{"action":"\u202eמימין","time":1}
{"action":"caf\u00e9","time":1}
"#;

#[track_caller]
fn check(format: &str, expected: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_windrow"))
        .args(["stats", "--stat", "count", "--format", format])
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(NAMES.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn table_shows_what_would_move_text() {
    check(
        "table",
        "action         count\nsay \"hi\"           1\na\\b                1\n\
         a,b                1\n\\u{202e}מימין      1\ncafé               1\n",
    );
}

#[test]
fn json_is_escaped_where_it_has_to_be() {
    check(
        "ndjson",
        "{\"action\":\"say \\\"hi\\\"\",\"avg\":1,\"count\":1}\n\
         {\"action\":\"a\\\\b\",\"avg\":1,\"count\":1}\n\
         {\"action\":\"a,b\",\"avg\":1,\"count\":1}\n\
         {\"action\":\"\u{202e}מימין\",\"avg\":1,\"count\":1}\n\
         {\"action\":\"café\",\"avg\":1,\"count\":1}\n",
    );
}

#[test]
fn fields_are_quoted_where_they_have_to_be() {
    check(
        "csv",
        "action,count\n\"say \"\"hi\"\"\",1\na\\b,1\n\"a,b\",1\n\u{202e}מימין,1\ncafé,1\n",
    );
}

#[test]
fn labels_are_escaped_where_they_have_to_be() {
    let mut expected = "# HELP windrow_action_time Times of the actions, in the unit they were \
                        logged in.\n# TYPE windrow_action_time summary\n"
        .to_owned();
    for name in [r#"say \"hi\""#, r"a\\b", "a,b", "\u{202e}מימין", "café"] {
        for figure in ["sum", "count"] {
            expected += &format!("windrow_action_time_{figure}{{action=\"{name}\"}} 1\n");
        }
    }
    check("prometheus", &expected);
}
