//! Rows that are saved and merged: the result is that of one run over all inputs, to the bit.

mod folder;
mod missing;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use folder::Folder;
use missing::is_missing;

/// All statistics, most of them with all of their digits.
const STATS: &str = "count,total,share,mean,min,max,stddev,variance,p50,p99.9";

/// Makes three logs, whose actions are in different orders.
fn with_logs() -> Folder {
    let folder = Folder::new();
    for log in 0..3_u64 {
        let mut text = String::new();
        for line in 0..500_u64 {
            let at = (line * 7 + log * 13) % 11;
            let time = (line * line % 1_000) as f64 / if log == 1 { 8.0 } else { 1.0 };
            writeln!(text, r#"{{"action":"action {at}","time":{time}}}"#).unwrap();
        }
        writeln!(text, r#"{{"action":"only in {log}","time":1e300}}"#).unwrap();
        folder.write(&format!("{log}.ndjson"), text.as_bytes());
    }
    folder
}

/// Saves the rows of each log.
fn saved(options: &str) -> Folder {
    let folder = with_logs();
    for log in 0..3 {
        folder.done(&format!("stats{options} --save {log}.rows --format csv {log}.ndjson"));
    }
    folder
}

#[test]
fn a_merge_is_one_run_over_all_inputs() {
    let folder = saved(" --unit ms");
    let logs = "2.ndjson 0.ndjson 1.ndjson";
    for format in ["json", "ndjson", "csv", "prometheus", "table", "rows"] {
        for options in ["", " --top 3", " --sort p99 --reverse", " --only only_in_0"] {
            let options = format!("--stat {STATS} --format {format}{options}");
            let at_once = folder.run(&format!("stats --unit ms {options} {logs}"));
            let merged = folder.run(&format!("merge {options} 2.rows 0.rows 1.rows"));
            assert_eq!(merged, at_once, "{options}");
        }
    }
    let judged = "merge --fail-if count>5000 --format csv 0.rows 1.rows";
    assert_eq!(folder.run(judged).0, 0);
    assert_eq!(folder.run(&judged.replace("5000", "50")).0, 4);
    // A merge of merges has the same bytes.
    folder.done("merge --save 20.rows --format csv 2.rows 0.rows");
    folder.done("merge --save all.rows --format csv 20.rows 1.rows");
    folder.done(&format!("stats --unit ms --save at_once.rows --threads 3 --format csv {logs}"));
    assert_eq!(folder.read("all.rows"), folder.read("at_once.rows"));
}

#[test]
fn the_result_of_a_run_does_not_depend_on_saving() {
    let folder = with_logs();
    for format in ["csv", "json", "table"] {
        let plain = folder.done(&format!("stats --format {format} 0.ndjson"));
        let saved = folder.done(&format!("stats --format {format} --save a.rows 0.ndjson"));
        assert_eq!(saved, plain);
    }
    folder.done("stats --format rows -o b.rows 0.ndjson");
    assert_eq!(folder.read("a.rows"), folder.read("b.rows"));
}

#[test]
fn an_input_counts_once() {
    let folder = saved("");
    let once = folder.done("merge --format csv 0.rows 1.rows");
    folder.write("again.rows", &folder.read("0.rows"));
    folder.done("merge --save both.rows --format csv 0.rows 1.rows");
    let cases = [
        ("0.rows 1.rows again.rows", "again.rows is left out, since its inputs are in 0.rows"),
        ("both.rows 1.rows", "1.rows is left out, since its inputs are in both.rows"),
        ("1.rows both.rows", "1.rows is left out, since its inputs are in both.rows"),
    ];
    for (files, message) in cases {
        let expected = (0, once.clone(), format!("windrow: {message}, too\n"));
        assert_eq!(folder.run(&format!("merge --format csv {files}")), expected);
    }
    folder.done("stats --save 12.rows --format csv 1.ndjson 2.ndjson");
    let partial = "12.rows and both.rows have an input in common, which would count twice, and \
                   others\n  merge one of them, or save rows of different inputs";
    folder.refused("merge 12.rows both.rows", 1, partial);
    folder.run("stats --where time>9 --save slow.rows --format csv 1.ndjson");
    let other = "1.rows and slow.rows have the same inputs, but other rows\n  \
                 merge one of them, or save rows of different inputs";
    folder.refused("merge 1.rows slow.rows", 1, other);
    // The same name with another content, and the same content with another name, count.
    let log = String::from_utf8(folder.read("0.ndjson")).unwrap();
    folder.write("copy.ndjson", log.as_bytes());
    folder.write("0.ndjson", log.replace("only in 0", "only in 7").as_bytes());
    folder.done("stats --save new.rows --format csv 0.ndjson");
    folder.done("stats --save copy.rows --format csv copy.ndjson");
    let all = folder.done("merge --stat count --format csv 0.rows new.rows copy.rows");
    assert!(all.contains("only in 0,2\n") && all.contains("only in 7,1\n"), "{all}");
}

#[test]
fn files_of_another_kind_are_refused() {
    let folder = saved("");
    folder.done("stats --save s.rows --unit s --format csv 1.ndjson");
    let unit = "times of s.rows have the unit s, those of 0.rows no unit\n  \
                save them with the same `--unit`";
    folder.refused("merge 0.rows s.rows", 1, unit);
    folder.done("stats --save counts.rows --count-only --format csv 1.ndjson");
    let tag = "counts.rows has the statistics `count`, 0.rows has `variance+minmax+quantiles`\n  \
               merge files of one kind";
    folder.refused("merge 0.rows counts.rows", 1, tag);
    let counts = "`--count-only` reads no value, so that there is no `mean`\n  \
                  use `count` or `share`, or leave out `--count-only`";
    folder.refused("merge --stat mean counts.rows", 2, counts);
    assert_eq!(
        folder.done("merge --format csv counts.rows"),
        folder.done("stats --count-only --format csv 1.ndjson")
    );
    let log = "0.ndjson: not a file of rows, which begins with `wrow` (byte 0)";
    folder.refused("merge 0.ndjson", 1, log);
    folder.refused("merge missing.rows", 1, "missing.rows: No such file or directory");
    let mut bytes = folder.read("0.rows");
    bytes[4] = 2;
    folder.write("new.rows", &bytes);
    let version = "new.rows: rows have version 2, supported is 1 (byte 4)";
    folder.refused("merge 0.rows new.rows", 1, version);
    bytes[4] = 1;
    bytes.truncate(300);
    folder.write("cut.rows", &bytes);
    let (code, text, message) = folder.run("merge 0.rows cut.rows");
    assert_eq!((code, text.as_str()), (1, ""));
    assert!(message.ends_with("bytes are missing or damaged (byte 296)\n"), "{message}");
    // An empty log has no unit, and is merged with any.
    folder.write("empty.ndjson", b"");
    folder.done("stats --save empty.rows --format csv empty.ndjson");
    folder.done("merge empty.rows s.rows");
}

#[test]
fn rows_are_saved_whole_or_not_at_all() {
    let folder = with_logs();
    folder.write("old.rows", b"old");
    let unread = "no rows are saved, since an input was not read to its end";
    let (code, _, messages) = folder.run("stats --save old.rows 0.ndjson missing.ndjson");
    assert_eq!((code, folder.read("old.rows").as_slice()), (1, &b"old"[..]));
    assert!(messages.contains(unread), "{messages}");
    // Damaged after some records, and of an unknown form.
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    packed.write_all(&folder.read("1.ndjson")).unwrap();
    let packed = packed.finish().unwrap();
    folder.write("cut.gz", &packed[..packed.len() / 2]);
    folder.write("unknown.log", b"what is this\n");
    for (log, expected) in [("cut.gz", 1), ("unknown.log", 1)] {
        let (code, _, messages) = folder.run(&format!("stats --save old.rows 0.ndjson {log}"));
        assert_eq!((code, folder.read("old.rows").as_slice()), (expected, &b"old"[..]), "{log}");
        assert!(messages.contains(unread), "{log}: {messages}");
    }
    let (code, text, _) = folder.run("stats --format rows 0.ndjson missing.ndjson");
    assert_eq!((code, text.as_str()), (1, ""));
    let (code, _, messages) = folder.run("stats --save old.rows 0.ndjson 0.ndjson");
    assert_eq!((code, folder.read("old.rows").as_slice()), (2, &b"old"[..]));
    assert!(messages.contains("since an input is given twice"), "{messages}");
    folder.write("bad.ndjson", b"{}\n");
    let (code, ..) = folder.run("stats --strict --save old.rows 0.ndjson bad.ndjson");
    assert_eq!((code, folder.read("old.rows").as_slice()), (3, &b"old"[..]));
    let itself = "0.ndjson: is the input 0.ndjson, which `--save` would overwrite\n  \
                  name another file";
    folder.refused("stats --save 0.ndjson 0.ndjson", 2, itself);
    folder.done("stats --save old.rows --format csv 0.ndjson");
    assert!(folder.read("old.rows").starts_with(b"wrow"));
    let left = fs::read_dir(&folder.0)
        .unwrap()
        .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains("windrow-"));
    assert_eq!(left.count(), 0);
}

#[test]
fn other_languages_read_the_rows() {
    if is_missing("python3", "python3") {
        return;
    }
    let folder = saved(" --unit ms");
    folder.done("merge --save all.rows --format csv 0.rows 1.rows 2.rows");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rows.py");
    let output = folder.output(Command::new("python3").arg(script).arg("all.rows"));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let expected = folder.done("merge --stat count,mean,min,max --format csv all.rows");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

/// Runs the job of the README with this title, and returns what it prints.
#[cfg(unix)]
#[track_caller]
fn job(folder: &Folder, title: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_windrow")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{}:{path}", folder.0.path().display(), program.display());
    let readme = include_str!("../README.md");
    let (_, script) = readme.split_once(&format!("<!-- {title} -->\n```sh\n")).unwrap();
    let (script, _) = script.split_once("```").unwrap();
    let mut command = Command::new("sh");
    let output = folder.output(command.args(["-ec", script]).env("PATH", path));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[cfg(unix)]
fn the_job_of_the_docs_runs_in_a_shell() {
    if is_missing("xargs", "findutils") {
        return;
    }
    let folder = with_logs();
    let found = job(&folder, "saved rows");
    assert_eq!(found, folder.done("stats --unit ms --sort p99 0.ndjson 1.ndjson 2.ndjson"));
}

/// Each host is a folder, and `ssh` a script that runs its command there, as a shell would.
#[test]
#[cfg(unix)]
fn the_jobs_of_the_docs_run_on_other_hosts() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let ssh = folder.path("ssh");
    fs::write(&ssh, "#!/bin/sh\ncd \"$1\" && shift && exec sh -c \"$*\"\n").unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    for (host, times) in [("a", [100, 300]), ("b", [200, 900])] {
        fs::create_dir(folder.path(host)).unwrap();
        let line = |time| format!("{{\"action\":\"jump\",\"time\":{time},\"at\":{time}}}\n");
        folder.write(&format!("{host}/app.log"), times.map(line).concat().as_bytes());
    }
    let found = job(&folder, "rows of hosts");
    assert_eq!(found, folder.done("stats --unit ms a/app.log b/app.log"));
    let found = job(&folder, "series of hosts");
    let series = "series --timestamp at --every 1m --format plot a/app.log b/app.log";
    assert_eq!(found, folder.done(series));
}
