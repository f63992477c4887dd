//! Output files: never an input, and replaced completely or not at all (L9).

#![cfg(unix)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

const ACTIONS: &str = "{\"action\":\"jump\",\"time\":100,\"at\":1}\nbad\n";
const JUMP: &str = "[{\"action\":\"jump\",\"avg\":100}]\n";

/// A directory with an input `k`, removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self::below(Path::new(env!("CARGO_TARGET_TMPDIR")), name)
    }

    fn below(place: &Path, name: &str) -> Self {
        let folder = place.join(format!("outputs-{name}-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let folder = Self(folder);
        folder.write("k", ACTIONS);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Returns the names of its files, sorted.
    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn windrow(&self, args: &str) -> Command {
        self.run(Path::new(env!("CARGO_BIN_EXE_windrow")), args)
    }

    fn run(&self, program: &Path, args: &str) -> Command {
        let mut command = Command::new(program);
        command.args(args.split(' ')).current_dir(&self.0).env_remove("CLICOLOR_FORCE");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a shell command, in which `windrow` is the program.
    fn shell(&self, line: &str) -> Output {
        let line = line.replace("windrow", env!("CARGO_BIN_EXE_windrow"));
        self.run(Path::new("/bin/sh"), "-c").arg(line).output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn messages(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asserts that a shell command is a usage error that leaves both files unchanged.
#[track_caller]
fn check_refused(folder: &Folder, line: &str, expected: &str) {
    let names = folder.names();
    let output = folder.shell(line);
    assert_eq!(messages(&output), format!("windrow: {expected}\n  name another file\n"), "{line}");
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(2)), "{line}");
    assert_eq!(folder.text("k"), ACTIONS, "{line}");
    assert_eq!(folder.names(), names, "{line}");
}

#[test]
fn output_is_never_an_input() {
    let folder = Folder::new("inputs");
    fs::hard_link(folder.path("k"), folder.path("hard")).unwrap();
    symlink("k", folder.path("soft")).unwrap();
    symlink(folder.path("soft"), folder.path("softer")).unwrap();
    let commands = ["stats", "stats --refused none", "series --timestamp at", "report"];
    for command in commands {
        for output in ["k", "./k", "hard", "soft", "softer"] {
            for (option, mut line) in [
                ("-o", format!("windrow {command} -o {output}")),
                ("--refused", format!("windrow {command} --refused {output}")),
            ] {
                if line.matches("--refused").count() > 1 {
                    continue;
                }
                if command == "report" && option == "--refused" {
                    line += " -o page";
                }
                let check = |line: String, input| {
                    let expected =
                        format!("{output}: is the input {input}, which `{option}` would overwrite");
                    check_refused(&folder, &line, &expected);
                };
                check(format!("{line} soft"), "soft");
                check(format!("{line} /dev/null hard"), "hard");
                check(format!("{line} < k"), "<stdin>");
                check(format!("{line} - < hard"), "<stdin>");
                check(format!("{line} /dev/stdin < k"), "/dev/stdin");
                check(format!("{line} /proc/self/fd/0 < k"), "/proc/self/fd/0");
            }
        }
    }
    let expected = "standard output: is the input k, which `>` would overwrite";
    check_refused(&folder, "windrow stats k >> k", expected);
    let expected = "/dev/stdin: is the input <stdin>, which `-o` would overwrite";
    check_refused(&folder, "windrow stats -o /dev/stdin <> k", expected);
}

/// Asserts that a shell command changes no file, also not by its message.
#[track_caller]
fn check_silent(folder: &Folder, line: &str) {
    let output = folder.shell(line);
    assert_eq!((messages(&output).as_str(), output.stdout.as_slice()), ("", &b""[..]), "{line}");
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert_eq!((folder.text("k").as_str(), folder.names()), (ACTIONS, vec!["k".into()]), "{line}");
}

#[test]
fn lines_are_not_counted_into_their_input() {
    let folder = Folder::new("count");
    let expected = "standard output: is the input <stdin>, which `>` would overwrite";
    for format in ["text", "ndjson", "csv"] {
        let line = format!("windrow count --every 1ms --format {format}");
        check_refused(&folder, &format!("{line} < k >> k"), expected);
        check_refused(&folder, &format!("{line} < k 1<> k"), expected);
    }
}

#[test]
fn messages_are_not_written_into_an_input() {
    let folder = Folder::new("messages");
    let commands = ["stats", "series --timestamp at", "report", "stats -o none", "stats -o no/new"];
    for command in commands {
        for rest in ["k 2>> k", "k 2<> k", "< k 2<> k", "- < k 2>> k", "k >> k 2>&1", "/ k 2>> k"] {
            check_silent(&folder, &format!("windrow {command} {rest}"));
        }
    }
    for rest in ["2>> k", "2<> k", ">> k 2>&1", "--window 1ms,1000000h 2>> k"] {
        check_silent(&folder, &format!("windrow count < k {rest}"));
    }
    for rest in ["k 2>> k", "--follow k 2<> k", "< k 2<> k"] {
        check_silent(&folder, &format!("windrow top {rest}"));
    }
    let output = folder.shell("windrow stats --format json k 2>> messages");
    assert_eq!((output.stdout.as_slice(), output.status.code()), (JUMP.as_bytes(), Some(3)));
    assert!(folder.text("messages").starts_with("windrow: 1 of 2 lines refused"));
}

#[test]
fn socket_may_be_input_and_output() {
    let folder = Folder::new("socket");
    for (command, expected) in [("stats --format json", JUMP), ("count", "total 2 lines in ")] {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let streams: [OwnedFd; 2] = [theirs.try_clone().unwrap().into(), theirs.into()];
        let [stdin, stdout] = streams;
        let mut child = folder.windrow(command).stdin(stdin).stdout(stdout).spawn().unwrap();
        ours.write_all(ACTIONS.as_bytes()).unwrap();
        ours.shutdown(Shutdown::Write).unwrap();
        let mut text = String::new();
        ours.read_to_string(&mut text).unwrap();
        assert!(text.contains(expected), "{command}: {text}");
        child.wait().unwrap();
    }
}

#[test]
fn standard_input_that_is_not_read_is_not_an_input() {
    let folder = Folder::new("unread");
    folder.write("list", "k\n");
    let output = folder.shell("windrow stats --format json k -o list < list");
    assert_eq!((folder.text("list").as_str(), output.status.code()), (JUMP, Some(3)));
}

#[test]
fn results_and_refused_lines_are_two_files() {
    let folder = Folder::new("two");
    folder.write("old", "");
    fs::hard_link(folder.path("old"), folder.path("hard")).unwrap();
    symlink("new", folder.path("soft")).unwrap();
    for (line, name) in [
        ("windrow stats k -o old --refused old", "old"),
        ("windrow stats k -o old --refused hard", "hard"),
        ("windrow stats k -o new --refused new", "new"),
        ("windrow stats k -o new --refused ./new", "./new"),
        ("windrow stats k -o new --refused soft", "soft"),
        ("windrow stats k --refused -", "standard output"),
        ("windrow stats k -o - --refused -", "standard output"),
        ("windrow stats k --refused old > old", "old"),
        ("windrow stats k --refused /dev/stdout | cat >&2", "/dev/stdout"),
    ] {
        let output = folder.shell(line);
        let expected = format!(
            "windrow: {name}: is the output of results, so refused lines cannot go there\n  \
             name another \
             file\n"
        );
        assert_eq!(messages(&output), expected, "{line}");
        assert_eq!(folder.names(), ["hard", "k", "old", "soft"], "{line}");
    }
    let output = folder.shell("windrow stats k -o /dev/null --refused /dev/null");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn minus_is_standard_output() {
    let folder = Folder::new("minus");
    let output = folder.shell("windrow stats --format json k -o -");
    assert_eq!(String::from_utf8_lossy(&output.stdout), JUMP);
    let output = folder.shell("windrow stats --format json k -o new --refused -");
    assert_eq!((output.stdout.as_slice(), folder.text("new").as_str()), (&b"bad\n"[..], JUMP));
    assert_eq!(folder.names(), ["k", "new"]);
}

#[test]
fn file_is_as_it_was_where_there_is_no_result() {
    let folder = Folder::new("kept");
    folder.write("old", "as it was");
    fs::write(folder.path("cut.gz"), b"\x1f\x8b\x08").unwrap();
    let mut commands = Vec::new();
    for command in ["stats", "series --timestamp at", "report"] {
        for end in ["nosuch", ". nosuch", "--strict k", "nosuch --refused new2", "< /", "cut.gz"] {
            commands.push(format!("windrow {command} {end}"));
        }
    }
    for command in commands {
        for output in ["old", "new"] {
            let output = folder.shell(&format!("{command} -o {output}"));
            assert_ne!(output.status.code(), Some(0), "{command}");
            assert_eq!(output.stdout, b"", "{command}");
        }
        assert_eq!(folder.text("old"), "as it was", "{command}");
        assert_eq!(folder.names(), ["cut.gz", "k", "old"], "{command}");
    }
}

#[test]
fn link_stays_a_link_and_permissions_are_kept() {
    let folder = Folder::new("link");
    fs::create_dir(folder.path("there")).unwrap();
    folder.write("there/old", "a result that is much longer than the one that replaces it");
    fs::set_permissions(folder.path("there/old"), PermissionsExt::from_mode(0o640)).unwrap();
    symlink("there/old", folder.path("one")).unwrap();
    symlink(folder.path("one"), folder.path("two")).unwrap();
    symlink("there/new", folder.path("dangling")).unwrap();
    let mut before = String::new();
    let mut open = File::open(folder.path("there/old")).unwrap();
    let inode = open.metadata().unwrap().ino();
    for link in ["two", "dangling"] {
        let output = folder.shell(&format!("windrow stats --format json k -o {link}"));
        assert_eq!((messages(&output).lines().count(), output.status.code()), (4, Some(3)));
        assert!(fs::symlink_metadata(folder.path(link)).unwrap().is_symlink());
        assert_eq!(folder.text(link), JUMP);
    }
    assert_eq!(folder.names(), ["dangling", "k", "one", "there", "two"]);
    let new = fs::metadata(folder.path("there/old")).unwrap();
    assert_eq!(new.permissions().mode() & 0o7777, 0o640);
    // A reader that opened the old file before still reads all of it, and none of the new one.
    assert_ne!(new.ino(), inode);
    open.read_to_string(&mut before).unwrap();
    assert!(before.ends_with("replaces it"), "{before}");
}

#[test]
fn new_file_has_the_permissions_that_the_mask_leaves() {
    let folder = Folder::new("mask");
    for (mask, mode) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
        folder.shell(&format!("umask {mask}; windrow stats k -o new-{mask}"));
        let mode_found = fs::metadata(folder.path(&format!("new-{mask}"))).unwrap().mode();
        assert_eq!(mode_found & 0o7777, mode, "{mask}");
    }
}

#[test]
fn pipe_is_written_directly() {
    let folder = Folder::new("pipe");
    nix::unistd::mkfifo(&folder.path("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let text = thread::scope(|scope| {
        let read = scope.spawn(|| folder.text("fifo"));
        let output = folder.shell("windrow stats --format json k -o fifo");
        assert_eq!(output.status.code(), Some(3));
        read.join().unwrap()
    });
    assert_eq!(text, JUMP);
    assert_eq!(folder.names(), ["fifo", "k"]);
}

#[test]
fn open_file_is_written_where_its_writer_is() {
    let folder = Folder::new("open");
    folder.write("log", "before\n");
    folder.shell("windrow stats --format json k -o /dev/stdout >> log");
    folder.shell("windrow stats --format json k -o /dev/fd/3 3>> log");
    assert_eq!(folder.text("log"), format!("before\n{JUMP}{JUMP}"));
    folder.shell("windrow stats --format json k -o log > log");
    assert_eq!(folder.text("log"), JUMP);
    assert_eq!(folder.names(), ["k", "log"]);
}

#[test]
fn disk_that_is_full_keeps_the_old_file() {
    let folder = Folder::new("full");
    folder.write("old", "as it was");
    for name in ["old", "new"] {
        for line in [
            format!("windrow generate --lines 100000 -o {name}"),
            format!("windrow report k -o {name}"),
            format!("windrow stats k k k --refused {name} -o /dev/null"),
        ] {
            // A limit on the size of files has the effect of a full disk.
            let blocks = u32::from(!line.contains("--refused"));
            let output = folder.shell(&format!("ulimit -f {blocks}; {line}"));
            assert_eq!(output.status.code(), Some(1), "{line}");
            let messages = messages(&output);
            assert!(
                messages.contains(&format!("windrow: {name}: File too large")),
                "{line}: {messages}"
            );
            assert_eq!(folder.text("old"), "as it was", "{line}");
            assert_eq!(folder.names(), ["k", "old"], "{line}");
        }
    }
    let output = folder.shell("windrow stats k -o /dev/full");
    assert!(
        messages(&output).contains("/dev/full: No space left on device"),
        "{}",
        messages(&output)
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn file_that_may_not_be_written_is_not_replaced() {
    let folder = Folder::below(&std::env::temp_dir(), "protected");
    folder.write("old", "as it was");
    let mode = |name, mode| {
        fs::set_permissions(folder.path(name), PermissionsExt::from_mode(mode)).unwrap();
    };
    let program = program(&folder);
    let run = |args: &str| nobody(folder.run(&program, args)).output().unwrap();
    mode(".", 0o777);
    mode("old", 0o444);
    let output = run("stats --format json k -o old");
    assert_eq!(messages(&output), "windrow: old: Permission denied\n");
    assert_eq!((folder.text("old").as_str(), output.status.code()), ("as it was", Some(1)));

    // The file can be written, but its directory accepts no new file.
    mode(".", 0o555);
    mode("old", 0o666);
    let output = run("stats --format json k -o old");
    let note = "windrow: old: was overwritten, not replaced at once: Permission denied\n";
    assert!(messages(&output).starts_with(note), "{}", messages(&output));
    assert_eq!((folder.text("old").as_str(), output.status.code()), (JUMP, Some(3)));
    let output = run("stats --format json k -o new");
    assert_eq!(messages(&output), "windrow: new: Permission denied\n");
    assert_eq!(output.status.code(), Some(1));
    let output = run("stats --format json nosuch -o old");
    assert_eq!((folder.text("old").as_str(), output.status.code()), (JUMP, Some(1)));
    mode(".", 0o755);
    assert_eq!(folder.names(), ["k", "old", "windrow"]);
}

/// Copies the program to where any user can run it.
fn program(folder: &Folder) -> PathBuf {
    let program = folder.path("windrow");
    // A separate process copies: a child of another test would inherit the file open for writing.
    let mut copy = Command::new("cp");
    let copied = copy.args([Path::new(env!("CARGO_BIN_EXE_windrow")), &program]);
    assert!(copied.status().unwrap().success());
    program
}

/// Runs without the privileges of root, who ignores permissions.
fn nobody(mut command: Command) -> Command {
    if nix::unistd::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    command
}

#[test]
fn long_output_is_complete_when_it_has_its_name() {
    let folder = Folder::new("long");
    let output = folder.shell("windrow generate --lines 30000 -o new");
    assert_eq!((output.status.code(), messages(&output).as_str()), (Some(0), ""));
    assert_eq!(folder.text("new").lines().count(), 30_000);
    for command in ["completions bash", "man", "man stats"] {
        let mut printed = folder.windrow(command);
        let printed = printed.output().unwrap();
        let written = folder.windrow(&format!("{command} -o new")).output().unwrap();
        assert_eq!(written.status.code(), Some(0), "{command}");
        assert!(!printed.stdout.is_empty() && folder.text("new").as_bytes() == printed.stdout);
    }
    assert_eq!(folder.names(), ["k", "new"]);
}

#[test]
fn directory_is_not_a_file() {
    let folder = Folder::new("directory");
    for (name, reason) in [
        (".", "Is a directory"),
        ("new/", "Is a directory"),
        ("no/new", "No such file or directory"),
    ] {
        let output = folder.shell(&format!("windrow stats k -o {name}"));
        assert_eq!(messages(&output), format!("windrow: {name}: {reason}\n"));
        assert_eq!(output.status.code(), Some(1));
    }
    let mut input = folder.windrow("stats -o k/new").stdin(Stdio::piped()).spawn().unwrap();
    // It fails before it reads.
    let _ = input.stdin.take().unwrap().write_all(b"{}\n");
    assert_eq!(input.wait().unwrap().code(), Some(1));
    assert_eq!(folder.names(), ["k"]);
}
