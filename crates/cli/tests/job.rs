//! The script of a job in the README, run by a shell.

#![cfg(unix)]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use flate2::read::GzDecoder;

/// Returns the block of the README that follows its introduction.
fn script() -> String {
    let readme = fs::read_to_string("README.md").unwrap();
    let (_, rest) = readme.split_once("A script for a job").unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// Runs the script in a folder of its own, with this log of the branch.
fn run(branch: &str) -> (PathBuf, Output) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("job-{branch}"));
    fs::create_dir_all(&folder).unwrap();
    for (name, of) in [("main", "before"), ("branch", branch)] {
        let packed = fs::read(format!("tests/data/compare/{of}.ndjson.gz")).unwrap();
        let mut lines = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut lines).unwrap();
        fs::write(folder.join(format!("{name}.ndjson")), lines).unwrap();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_windrow")).parent().unwrap();
    let mut paths = vec![program.to_owned()];
    paths.extend(env::split_paths(&env::var_os("PATH").unwrap()));
    let output = Command::new("sh")
        .args(["-c", &script()])
        .current_dir(&folder)
        .env("PATH", env::join_paths(paths).unwrap())
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    (folder, output)
}

#[track_caller]
fn check(branch: &str, code: i32, expected: &str, verdict: &str) {
    let (folder, output) = run(branch);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), &*printed), (Some(code), expected), "{branch}");
    assert!(output.stderr.is_empty());
    let comment = fs::read_to_string(folder.join("comment.md")).unwrap();
    assert!(comment.contains(verdict), "{comment}");
}

#[test]
fn job_passes_without_a_change() {
    check("after", 0, "no limit is exceeded\n", "Actions: 2 unclear.");
}

#[test]
fn job_fails_and_names_each_action_beyond_a_limit() {
    let failures = "the branch exceeds a limit:\n\
        windrow: failed: p50 of `login` is +29.9 %, slower, interval +19.6 … +42.7 % \
        (`--fail-if 'p50 > +20%'`)\n\
        windrow: failed: p50 of `search` is +31.3 %, slower, interval +19.4 … +43.9 % \
        (`--fail-if 'p50 > +20%'`)\n";
    check("slow", 4, failures, "Actions: 2 slower.");
}
