//! Tests of programs that may be missing: they are counted as skipped.

use std::env;
use std::fs;
use std::io::Write as _;

/// The file to which skipped tests append a line each, for `cargo xtask test` to count.
const SKIPPED: &str = "WINDROW_SKIPPED";

/// Returns whether a program is missing, after counting the test as skipped.
///
/// # Panics
///
/// If the program is missing and nobody counts: a test that did not run must not pass.
#[track_caller]
pub(crate) fn is_missing(program: &str, package: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
        return false;
    }
    let thread = std::thread::current();
    let line = skipped_line(thread.name().unwrap_or("test"), program, package);
    let Some(file) = env::var_os(SKIPPED) else { panic!("{line}") };
    #[expect(clippy::print_stdout, reason = "the line is for the reader of the test's output")]
    {
        println!("{line}");
    }
    // One write, so that lines of concurrent tests are not mixed.
    let mut file = fs::File::options().create(true).append(true).open(file).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
    true
}

fn skipped_line(test: &str, program: &str, package: &str) -> String {
    format!("{test}: `{program}` is not installed, get it with `apt-get install {package}`")
}

#[test]
fn skipped_line_has_the_test_the_program_and_its_package() {
    assert_eq!(
        skipped_line("examples_are_on_separate_lines", "man", "man-db"),
        "examples_are_on_separate_lines: `man` is not installed, get it with \
         `apt-get install man-db`"
    );
}
