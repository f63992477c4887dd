//! Input and output through pipes: line ends, long lines and closed readers (C4, C5).

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

const JUMP: &[u8] = br#"{"action":"jump","time":100}"#;
const MIB: usize = 1 << 20;

fn windrow(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windrow"));
    command.args(args).env_remove("CLICOLOR_FORCE");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Writes and reads concurrently, so that neither blocks the other.
fn feed(mut child: Child, input: &[u8]) -> Output {
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    })
}

/// Checks the count of actions, the messages and the exit code for an input.
#[track_caller]
fn check(input: &[u8], jumps: u64, messages: &str, code: i32) {
    let output = feed(windrow(&["stats", "--stat", "count,mean"]).spawn().unwrap(), input);
    let result = String::from_utf8(output.stdout).unwrap();
    let counts: Vec<_> = result.lines().skip(1).collect();
    let expected = if jumps == 0 { vec![] } else { vec![format!("jump    {jumps:>5}   100")] };
    let shown = input[..input.len().min(100)].escape_ascii();
    assert_eq!(counts, expected, "{shown}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), messages, "{shown}");
    assert_eq!(output.status.code(), Some(code), "{shown}");
}

#[test]
fn empty_input_is_a_success() {
    check(b"", 0, "", 0);
    check(b"\n\n", 0, "", 0);
    let output = feed(windrow(&["stats", "--format", "json"]).spawn().unwrap(), b"");
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"[]\n"[..], Some(0)));
}

#[test]
fn every_line_end_is_taken() {
    check(JUMP, 1, "", 0);
    check(&[JUMP, b"\n", JUMP].concat(), 2, "", 0);
    check(&[JUMP, b"\r\n", JUMP, b"\r\n"].concat(), 2, "", 0);
    check(&[JUMP, b"\r\n\r\n \t\n", JUMP, b"\n"].concat(), 2, "", 0);
}

#[test]
fn what_standard_input_begins_with_says_how_it_is_read() {
    let sample = |name: &str| fs::read(format!("tests/data/formats/{name}")).unwrap();
    let count = |input: &[u8]| {
        let output = feed(windrow(&["stats", "--stat", "count"]).spawn().unwrap(), input);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.code())
    };
    let good = |messages: &str| {
        ("action  count\njump        2\nrun         1\n".into(), messages.into(), Some(0))
    };
    for name in
        ["bom.ndjson", "bom.ndjson.gz", "bom.ndjson.zst", "pzstd.ndjson.zst", "zeros.ndjson.gz"]
    {
        assert_eq!(count(&sample(name)), good(""), "{name}");
    }
    let messages = "windrow: <stdin>: warning: the bytes after the compressed data are ignored\n  \
                if it was joined from several files, check that none is damaged\n";
    assert_eq!(count(&sample("trailing.ndjson.gz")), good(messages));
    let messages = "windrow: <stdin>: compressed with lz4, which is not supported\n  \
                try `... | lz4 -dc | windrow stats`\n";
    let (_, found, code) = count(&sample("a.ndjson.lz4"));
    assert_eq!((found.as_str(), code), (messages, Some(1)));
    // A byte order mark alone is an empty file; a partial one is a refused line.
    let (_, found, code) = count(b"\xEF\xBB\xBF");
    assert_eq!((found.as_str(), code), ("", Some(0)));
    assert_eq!(count(b"\xEF\xBB").2, Some(3));
    // Frames that are cut off, or have no data.
    assert_eq!(count(b"\x50\x2A\x4D\x18\x04\0\0\0abcd").2, Some(0));
    let messages = "windrow: <stdin>: the compressed data is cut off\n";
    assert_eq!(count(b"\x50\x2A\x4D\x18\x04\0\0\0abc").1, messages);
    assert_eq!(count(b"\x50\x2A\x4D\x18\x04\0").1, messages);
    let (_, found, _) = count(b"\x50\x2A\x4D\x18\x01\0\0\0a\x04\x22\x4D\x18");
    assert!(found.contains("compressed with lz4"), "{found}");
    let (_, found, _) = count(b"\x50\x2A\x4D\x18\x01\0\0\0a{\"action\"");
    assert!(found.contains("the compressed data cannot be read: "), "{found}");
}

#[test]
fn invalid_utf8_is_refused_where_it_stands() {
    let input = [JUMP, b"\n{\"action\":\"ju\xFFmp\",\"time\":1}\n", JUMP].concat();
    let messages = "windrow: 1 of 3 lines refused and not counted:\n\
                <stdin>:2:14: found the byte 0xFF, expected UTF-8\n  \
                {\"action\":\"ju\\xFFmp\",\"time\":1}\n               ^\n";
    check(&input, 2, messages, 3);
}

#[test]
fn cut_last_line_is_refused() {
    let input = [JUMP, b"\r\n\r\n{\"action\":\"jump\""].concat();
    let messages = "windrow: 1 of 2 lines refused and not counted:\n\
                <stdin>:3:17: input ends, expected `,` or `}`\n  \
                {\"action\":\"jump\"\n                  ^\n";
    check(&input, 1, messages, 3);
}

#[test]
fn long_line_is_refused_by_its_length_and_the_next_counts() {
    let long = vec![b'a'; 5 * MIB + 3];
    let input = [JUMP, b"\n", &long, b"\r\n", JUMP, b"\n"].concat();
    let messages = format!(
        "windrow: 1 of 3 lines refused and not counted:\n\
         <stdin>:2:1048577: input is 5242883 bytes, limit is 1048576\n  …{}…\n{:51}^\n",
        "a".repeat(49),
        "",
    );
    check(&input, 2, &messages, 3);
}

#[test]
fn line_of_64_mib_takes_no_memory_of_that_size() {
    let mut child = windrow(&["stats", "--stat", "count,mean"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let part = vec![b'['; MIB];
    for _ in 0..64 {
        stdin.write_all(&part).unwrap();
    }
    // The program has read all but the contents of the pipe, and waits for more.
    if let Some(peak) = peak_kib(&child) {
        assert!(peak < 32 * 1024, "{peak} KiB at most");
    }
    stdin.write_all(&[b"\n", JUMP].concat()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let messages = String::from_utf8(output.stderr).unwrap();
    assert!(
        messages.contains("<stdin>:1:1048577: input is 67108864 bytes, limit is 1048576"),
        "{messages}"
    );
    assert_eq!(output.stdout, b"action  count  mean\njump        1   100\n");
    assert_eq!(output.status.code(), Some(3));
}

/// Returns the peak memory of a process, if the system reports it.
fn peak_kib(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix(" kB")?.parse().ok()
}

/// Runs with a standard output whose reader is closed.
fn unread(args: &[&str], input: &[u8]) -> (String, Option<i32>) {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let output = feed(windrow(args).stdout(writer).spawn().unwrap(), input);
    (String::from_utf8(output.stderr).unwrap(), output.status.code())
}

#[test]
fn closed_pipe_is_a_quiet_end() {
    for args in [&["stats"][..], &["stats", "--format", "json"], &["--help"], &["--version"]] {
        assert_eq!(unread(args, b""), (String::new(), Some(0)), "{args:?}");
    }
    assert_eq!(unread(&["demo", "--records", "1"], b""), (String::new(), Some(0)));
}

#[test]
fn closed_pipe_hides_no_refusal() {
    let (messages, code) = unread(&["stats"], b"{}\n");
    assert!(messages.starts_with("windrow: 1 of 1 line refused and not counted:\n"), "{messages}");
    assert_eq!(code, Some(3));
}

/// Every command that writes to standard output, with help and versions.
const WRITERS: [&str; 15] = [
    "--help",
    "--version",
    "help stats",
    "stats --help",
    "stats",
    "stats --format json",
    "stats --format prometheus",
    "series --timestamp at",
    "series --timestamp at --format plot",
    "report",
    "count",
    "generate --lines 1",
    "demo --records 1",
    "completions zsh",
    "man stats",
];

/// Runs each of them with these redirections of a shell.
#[cfg(unix)]
#[track_caller]
fn check_writers(streams: &str, messages: &str, code: i32) {
    for args in WRITERS {
        let mut shell = Command::new("/bin/sh");
        let line = format!("exec {} {args} {streams}", env!("CARGO_BIN_EXE_windrow"));
        shell.args(["-c", &line]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = feed(shell.stdin(Stdio::piped()).spawn().unwrap(), b"");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), messages, "{args} {streams}");
        assert_eq!(output.status.code(), Some(code), "{args} {streams}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_an_error() {
    check_writers("> /dev/full", "windrow: standard output: No space left on device\n", 1);
}

#[cfg(unix)]
#[test]
fn closed_output_is_an_error() {
    let messages = "windrow: standard output: is closed\n  open it, for example as `> FILE`\n";
    check_writers(">&-", messages, 1);
    // The null device is accepted in any mode.
    check_writers("> /dev/null", "", 0);
    check_writers("1<> /dev/null", "", 0);
}

#[cfg(unix)]
#[test]
fn closed_input_is_not_an_empty_one() {
    for command in ["stats", "stats -", "series --timestamp at", "report", "count"] {
        let mut shell = Command::new("/bin/sh");
        let line = format!("exec {} {command} <&-", env!("CARGO_BIN_EXE_windrow"));
        let output = shell.args(["-c", &line]).output().unwrap();
        let messages = "windrow: <stdin>: is closed\n  name a file, or pass one as `< FILE`\n";
        assert_eq!(String::from_utf8(output.stderr).unwrap(), messages, "{command}");
        assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)), "{command}");
    }
}

/// Closed streams are replaced by the null device, which these paths would name.
#[cfg(target_os = "linux")]
#[test]
fn path_of_a_closed_stream_is_an_error() {
    let program = env!("CARGO_BIN_EXE_windrow");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (monday, link) = ("tests/data/monday.ndjson", folder.join("closed-link"));
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink("/dev/stdout", &link).unwrap();
    let output = "is closed\n  open it, for example as `> FILE`\n";
    let input = "is closed\n  name a file, or pass one as `< FILE`\n";
    let link = link.to_str().unwrap();
    for (args, path, streams, expected) in [
        (format!("stats {monday} -o"), "/dev/stdout", ">&-", output),
        (format!("stats {monday} -o"), "/dev/fd/1", ">&-", output),
        (format!("stats {monday} -o"), "/proc/self/fd/1", ">&-", output),
        (format!("stats {monday} -o"), "/proc/thread-self/fd/1", ">&-", output),
        (format!("stats {monday} -o"), link, ">&-", output),
        (format!("report {monday} -o"), "/dev/stdout", ">&-", output),
        ("generate --lines 1 -o".to_owned(), "/dev/stdout", ">&-", output),
        ("man -o".to_owned(), "/dev/stdout", ">&-", output),
        (format!("stats {monday} -o /dev/null --refused"), "/dev/stdout", ">&-", output),
        (format!("stats {monday} -o"), "/dev/stdin", "<&-", input),
        ("stats".to_owned(), "/dev/stdin", "<&-", input),
        ("series --timestamp at".to_owned(), "/dev/fd/0", "<&-", input),
    ] {
        let line = format!("exec {program} {args} {path} {streams}");
        let output = Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        let expected = format!("windrow: {path}: {expected}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected, "{line}");
        assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)), "{line}");
    }
    let line = format!("exec {program} stats {monday} -o /dev/stderr 2>&-");
    let output = Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
    assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)));
    // Open, they are written and read.
    for line in ["stats -o /dev/stdout /dev/stdin", "stats -o /dev/fd/1 /proc/self/fd/0"] {
        let line = format!("exec {program} {line} --format json < {monday}");
        let output = Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        assert!(output.stdout.starts_with(b"[{\"action\":"), "{line}");
    }
}

#[cfg(unix)]
#[test]
fn closed_output_does_not_matter_where_results_go_to_a_file() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("closed.json");
    let mut shell = Command::new("/bin/sh");
    let line = format!(
        "exec {} stats --format json -o {} >&-",
        env!("CARGO_BIN_EXE_windrow"),
        path.display()
    );
    shell.args(["-c", &line]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let output = feed(shell.spawn().unwrap(), JUMP);
    assert_eq!((output.stderr.len(), output.status.code()), (0, Some(0)));
    assert_eq!(fs::read_to_string(&path).unwrap(), "[{\"action\":\"jump\",\"avg\":100}]\n");
    fs::remove_file(path).unwrap();
}

#[cfg(unix)]
#[test]
fn input_that_cannot_be_read_has_no_result() {
    for format in ["text", "ndjson", "csv"] {
        let folder = std::fs::File::open("/").unwrap();
        let output = windrow(&["count", "--format", format]).stdin(folder).output().unwrap();
        assert!(output.stderr.starts_with(b"windrow: <stdin>: Is a directory"), "{format}");
        assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)), "{format}");
    }
}

#[test]
fn no_file_is_left_where_there_is_no_result() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no_result");
    fs::create_dir_all(&folder).unwrap();
    let (new, old) = (folder.join("new"), folder.join("old"));
    fs::write(&old, "as it was").unwrap();
    for command in ["stats", "report"] {
        for path in [&new, &old] {
            let mut command = windrow(&[command, "--strict", "-o"]);
            let output = feed(command.arg(path).spawn().unwrap(), b"no action\n");
            assert_eq!(output.status.code(), Some(3));
        }
        assert!(!new.exists(), "{command}");
        assert_eq!(fs::read_to_string(&old).unwrap(), "as it was");
    }
    let mut command = windrow(&["stats", "--format", "json", "-o"]);
    let output = feed(command.arg(&new).spawn().unwrap(), JUMP);
    assert_eq!(output.status.code(), Some(0));
    let text = fs::read_to_string(&new).unwrap();
    assert_eq!(text, "[{\"action\":\"jump\",\"avg\":100}]\n");
    fs::remove_file(&new).unwrap();
}
