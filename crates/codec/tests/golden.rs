//! Golden files: an input for each rule, and its exact result.
//!
//! `tests/golden/accept/NAME.json` is an input, byte for byte, and `NAME.expected` its result. In
//! `reject`, the name starts with the class of the expected error. `UPDATE=1 cargo test -p codec
//! --test golden` rewrites the results; review the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use codec::{Action, DecodeError, decode};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Returns the stems of the files in a folder with an extension.
fn stems(folder: &Path, extension: &str) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

/// Compares every input of a folder with its expected result, and reports all differences.
fn check(folder_name: &str, answer: impl Fn(&str, &[u8]) -> String) {
    let folder = folder(folder_name);
    let cases = stems(&folder, "json");
    assert!(cases.len() > 100, "only {} cases in {}", cases.len(), folder.display());
    let mut different = Vec::new();
    for case in &cases {
        let found = answer(case, &fs::read(folder.join(format!("{case}.json"))).unwrap());
        let expected_file = folder.join(format!("{case}.expected"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected_file, &found).unwrap();
        }
        let expected = fs::read_to_string(&expected_file).unwrap_or_default();
        if found != expected {
            different.push(format!("{case}\nexpected:\n{expected}found:\n{found}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert_eq!(
        cases,
        stems(&folder, "expected"),
        "each input has a result, and each result an input"
    );
}

#[test]
fn accepted_inputs_have_their_exact_value() {
    check("accept", |case, input| match decode(input) {
        Ok(Action { name, time }) => {
            let time = match time.as_integer() {
                Some(integer) => format!("integer {integer}"),
                None => format!("float {:?}", time.as_f64()),
            };
            format!("name {:?}\ntime {time}\n", name.as_str())
        }
        Err(refusal) => panic!("{case} is refused: {refusal}"),
    });
}

#[test]
fn refused_inputs_have_their_class_offset_and_message() {
    check("reject", |case, input| {
        let refusal = decode(input).expect_err(case);
        let class = only_class(&refusal);
        assert!(case.starts_with(&format!("{class}_")), "{case} is refused as {class}: {refusal}");
        assert!(refusal.at <= input.len(), "{case} points past its end: {refusal}");
        let message = refusal.to_string();
        let place = format!(" (byte {})", refusal.at);
        assert!(message.ends_with(&place), "{case}: the location is not last in {message:?}");
        assert!(message.chars().all(|c| c == '…' || c == ' ' || c.is_ascii_graphic()), "{message}");
        format!("{:?}\n{message}\n", refusal.kind)
    });
}

/// Returns the class of an error, which must have exactly one.
#[track_caller]
fn only_class(refusal: &DecodeError) -> &'static str {
    let all = [
        ("syntax", refusal.is_syntax()),
        ("schema", refusal.is_schema()),
        ("limit", refusal.is_limit()),
        ("encoding", refusal.is_encoding()),
    ];
    let mut classes = all.iter().filter(|(_, is_it)| *is_it);
    let (class, _) = classes.next().unwrap_or_else(|| panic!("{refusal:?} has no class"));
    assert!(classes.next().is_none(), "{refusal:?} has more than one class");
    class
}
