//! Runs the program on bytes.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

/// What a run printed.
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) text: String,
    pub(crate) messages: String,
}

/// Runs the program with words, and bytes as standard input.
pub(crate) fn run(words: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_windrow"))
        .args(words)
        .env("NO_COLOR", "1")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // Not all of it has to be read.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    Output { code, text: text(output.stdout), messages: text(output.stderr) }
}

/// Returns the elements of an array.
pub(crate) fn rows(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Runs the commands that were suggested for an input, and checks that they count records.
#[track_caller]
pub(crate) fn check_commands(file: &Value, input: &[u8], name: &str, code: i32) {
    for key in ["command", "series"] {
        let Some(command) = file[key].as_str() else {
            assert!(key == "series", "{name}: no command");
            continue;
        };
        let words = shlex::split(command).unwrap();
        let words = words[1..].iter().map(String::as_str);
        let words: Vec<_> = words.chain(["--json", "--stat", "count"]).collect();
        let output = run(&words, input);
        assert_eq!(output.code, code, "{name}: {command}: {}", output.messages);
        let counts = rows(&output.text);
        let counted: u64 = counts.iter().map(|row| row["count"].as_u64().unwrap()).sum();
        assert_eq!(Some(counted), file["accepted"].as_u64(), "{name}: {command}");
        assert!(counted > 0, "{name}: {command}");
    }
}
