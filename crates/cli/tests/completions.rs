//! Completions in real shells, and manual pages in `man`.
//!
//! A test whose program is not installed is counted as skipped, or fails: see `is_missing`.

#![cfg(unix)]

mod missing;
mod pty;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use missing::is_missing;
use pty::Terminal;
use pty_process::blocking;

/// Creates a folder with a file whose name has a space.
fn folder(shell: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("completions").join(shell);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("a b.ndjson"), "").unwrap();
    folder
}

fn script(shell: &str) -> String {
    let windrow = env!("CARGO_BIN_EXE_windrow");
    let output = Command::new(windrow).args(["completions", shell]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

/// Pairs of a typed line and the line after Tab.
const LINES: [(&str, &str); 21] = [
    ("windrow sta", "windrow stats"),
    ("windrow stats ", r"windrow stats a\ b.ndjson"),
    ("windrow stats a", r"windrow stats a\ b.ndjson"),
    ("windrow stats x a", r"windrow stats x a\ b.ndjson"),
    ("windrow stats --strict ", r"windrow stats --strict a\ b.ndjson"),
    ("windrow stats --reve", "windrow stats --reverse"),
    ("windrow stats --sort fir", "windrow stats --sort first"),
    ("windrow stats --stat coun", "windrow stats --stat count"),
    ("windrow stats --top a", "windrow stats --top a"),
    ("windrow stats -o ", r"windrow stats -o a\ b.ndjson"),
    ("windrow series --timestamp-format rfc", "windrow series --timestamp-format rfc3339"),
    ("windrow series --every a", "windrow series --every a"),
    ("windrow count --window a", "windrow count --window a"),
    ("windrow count --format cs", "windrow count --format csv"),
    ("windrow top ", r"windrow top a\ b.ndjson"),
    ("windrow stats --preset gotes", "windrow stats --preset gotest"),
    ("windrow presets vegeta-", "windrow presets vegeta-csv"),
    ("windrow inspect ", r"windrow inspect a\ b.ndjson"),
    ("windrow man seri", "windrow man series"),
    ("windrow completions zs", "windrow completions zsh"),
    ("windrow demo a", "windrow demo a"),
];
/// Further pairs, which only the script for bash completes.
const MORE: [(&str, &str); 5] = [
    ("windrow --color nev", "windrow --color never"),
    ("windrow stats --stat count,medi", "windrow stats --stat count,median"),
    ("windrow stats --stat p50,max,std", "windrow stats --stat p50,max,stddev"),
    ("windrow stats --format=pro", "windrow stats --format=prometheus"),
    ("windrow help gen", "windrow help generate"),
];

/// Types lines and Tab into a shell, and checks the completed lines.
#[track_caller]
fn check(mut shell: Terminal, lines: &[(&str, &str)]) {
    for (number, (typed, expected)) in lines.iter().enumerate() {
        shell.press(typed.as_bytes());
        shell.press(b"\t");
        // The line is made a comment, so that it is not run.
        shell.press(format!("\x01# {number}: \x05;\r").as_bytes());
        let begin = format!("$ # {number}: ");
        shell.wait_until(|seen| {
            seen.lines().any(|line| line.starts_with(&begin) && line.trim_end().ends_with(';'))
        });
        let seen = shell.seen();
        let line = seen.lines().find_map(|line| line.strip_prefix(&begin)).unwrap();
        assert_eq!(line.trim_end_matches(';').trim_end(), *expected, "after {typed:?}");
        shell.press(b"clear\r");
        shell.wait_until(|seen| seen.trim() == "$");
    }
}

/// Starts a shell on a terminal, in a folder, and loads its script.
fn shell(program: &str, args: &[&str], folder: &Path, begin: &str) -> Terminal {
    let replace = |_: blocking::Command| {
        blocking::Command::new(program)
            .args(args)
            .current_dir(folder)
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap())
            .env("HOME", folder.parent().unwrap())
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
    };
    let mut shell = Terminal::with(&[], 100, replace);
    shell.press(format!("{begin}; clear\r").as_bytes());
    shell.wait_until(|seen| seen.trim() == "$");
    shell
}

#[test]
fn bash_completes_words_and_files() {
    let folder = folder("bash");
    let file = folder.with_extension("script");
    fs::write(&file, script("bash")).unwrap();
    let begin = format!("PS1='$ '; bind 'set bell-style none'; source {}", file.display());
    let start = || shell("bash", &["--norc", "--noprofile", "-i"], &folder, &begin);
    check(start(), &LINES);
    check(start(), &MORE);
}

#[test]
fn zsh_completes_words_and_files() {
    let script = script("zsh");
    assert!(script.starts_with("#compdef windrow\n"));
    if is_missing("zsh", "zsh") {
        return;
    }
    let folder = folder("zsh");
    let file = folder.with_extension("script");
    fs::write(&file, script).unwrap();
    let begin = format!(
        "PS1='$ '; unsetopt PROMPT_SP LIST_BEEP BEEP; setopt INTERACTIVE_COMMENTS; bindkey -e; \
         autoload -U compinit; compinit -u -D; source {}",
        file.display()
    );
    check(shell("zsh", &["-f", "-i"], &folder, &begin), &LINES);
}

#[test]
fn fish_completes_words_and_files() {
    let script = script("fish");
    for words in ["-a 'bash elvish fish powershell zsh'", "-a 'stats merge series report "] {
        assert!(script.contains(words), "{words}");
    }
    if is_missing("fish", "fish") {
        return;
    }
    let folder = folder("fish");
    let file = folder.with_extension("script");
    fs::write(&file, script).unwrap();
    for (typed, expected) in LINES {
        let ask = format!("source {}; complete -C '{typed}'", file.display());
        let mut fish = Command::new("fish");
        let fish = fish.args(["--no-config", "-c", &ask]).current_dir(&folder);
        let output = fish.env("HOME", folder.parent().unwrap()).output().unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        let found: Vec<_> = found.lines().filter_map(|line| line.split('\t').next()).collect();
        if typed == expected {
            assert_eq!(found, [""; 0], "after {typed:?}");
            continue;
        }
        // The last word; an escaped space is part of it.
        let expected = expected.replace(r"\ ", "\0");
        let expected = expected.rsplit(' ').next().unwrap().replace('\0', " ");
        assert_eq!(found, [expected], "after {typed:?}");
    }
}

#[test]
fn every_page_has_its_sections_and_names_existing_pages() {
    let windrow = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_windrow")).args(args).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let (program, code) = windrow(&["man"]);
    assert_eq!(code, Some(0));
    let named = program.lines().filter_map(|line| line.strip_suffix("(1)"));
    let named: Vec<_> = named.map(|name| name.replace(r"windrow\-", "")).collect();
    assert!(named.len() >= 9 && !named.contains(&"help".to_owned()), "{named:?}");
    for name in &named {
        let (page, code) = windrow(&["man", name]);
        assert_eq!(code, Some(0), "{name}");
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH EXAMPLES\n.nf\n"] {
            assert!(page.contains(section), "{section} of {name}:\n{page}");
        }
        assert!(page.contains(".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\n"), "{name}:\n{page}");
        assert!(!page.contains(".SH EXTRA") && !page.contains("Exit codes:"), "{name}:\n{page}");
        assert!(!page.lines().any(|line| line.ends_with("(1)")), "{name}:\n{page}");
    }
    assert_eq!(windrow(&["man", "help"]).1, Some(2));
}

#[test]
fn examples_are_on_separate_lines() {
    if is_missing("man", "man-db") {
        return;
    }
    let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("windrow-stats.1");
    let made = Command::new(env!("CARGO_BIN_EXE_windrow")).args(["man", "stats"]).output().unwrap();
    fs::write(&page, made.stdout).unwrap();
    let mut man = Command::new("man");
    let man = man.arg("-l").arg(&page).env("MANWIDTH", "80").env("MANPAGER", "cat");
    let output = man.env("LC_ALL", "C.UTF-8").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    let at = lines.iter().position(|line| *line == "EXAMPLES").expect("a section");
    assert_eq!(lines[at + 1], "       windrow stats actions.ndjson");
    assert!(lines[at + 2].starts_with("       windrow stats --sort p99"), "{:?}", lines[at + 2]);
    let at = lines.iter().position(|line| *line == "EXIT STATUS").expect("a section");
    assert_eq!(lines[at + 1].split_whitespace().collect::<Vec<_>>(), ["0", "success"]);
}
