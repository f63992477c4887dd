//! The command that `inspect` suggests works, on inputs of many shapes.

mod program;

use std::path::Path;
use std::{fs, iter};

use program::{check_commands, rows, run};

#[test]
fn command_for_each_case_works() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 17);
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let output = run(&["inspect", "--json", path.to_str().unwrap()], b"");
        if name.starts_with("r06") {
            assert_eq!((output.code, &*output.text), (1, "[]\n"));
            assert!(output.messages.contains("iconv"), "{}", output.messages);
            continue;
        }
        assert_eq!(output.code, 0, "{name}: {}", output.messages);
        // Some of its lines are damaged.
        let code = if name.starts_with("s17") { 3 } else { 0 };
        check_commands(&rows(&output.text)[0], b"", name, code);
    }
}

/// Checks the options that are suggested for an input, after `windrow stats`.
#[track_caller]
fn check(input: &str, expected: &str) {
    let output = run(&["inspect", "--json"], input.as_bytes());
    assert_eq!(output.code, 0, "{input}: {}", output.text);
    let file = &rows(&output.text)[0];
    assert_eq!(file["command"].as_str(), Some(&*format!("windrow stats{expected}")), "{input}");
    check_commands(file, input.as_bytes(), input, 0);
}

#[test]
fn other_shapes_have_commands_too() {
    check("level=info op=save took=12ms\nlevel=info op=load took=1.5s\n", " --by op --value took");
    check(
        "route;elapsed_ms\n/a/7;5\n/a/8;6\n",
        " --by route --value elapsed_ms --unit ms --group-paths",
    );
    check("name\tseconds\nx\t0.5\ny\t1\n", " --by name --value seconds --unit s");
    check("{\"event\":\"a\"}\n{\"event\":\"b\"}\n", " --by event --count-only");
    check(
        "[{\"http.route\":\"/a\",\"ms\":1},\n{\"http.route\":\"/b\",\"ms\":2}]",
        " --by '\"http.route\"' --value ms --unit ms --group-paths",
    );
    check(
        "[info] {\"op\":\"a\",\"took\":\"1ms\"}\n[info]\n[warn] {\"op\":\"a\",\"took\":\"2ms\"}\n",
        " --embedded --by op --value took",
    );
    check(
        "{\"a\":{\"list\":[{\"job\":\"x\",\"wait_s\":3}]}}\n",
        " --by 'a.list[0].job' --value 'a.list[0].wait_s' --unit s",
    );
    check(
        "{\"msg\":\"{\\\"op\\\":\\\"a\\\",\\\"took\\\":\\\"1ms\\\"}\",\"t\":1}\n",
        " --unwrap msg --by op --value took",
    );
    check(
        "192.0.2.7 - - [01/May/2024:12:00:00 +0200] \"GET /a HTTP/1.1\" 200 5\n",
        " --preset combined --count-only",
    );
    check("{\"action\":\"a b\\n\",\"time\":1}\n", " --clean-names");
    // The keys of a preset without its value.
    check(
        "{\"req\":{\"method\":\"GET\",\"url\":\"/a\"},\"duration_ms\":5,\"time\":1714557600000}\n",
        " --by req.method,req.url --value duration_ms --unit ms --group-paths",
    );
    // The commas are not those of CSV.
    check(
        "May 1 a: {\"op\":\"x\",\"took_ms\":5}\nMay 1 a: {\"op\":\"y\",\"took_ms\":6}\n",
        " --embedded --by op --value took_ms --unit ms",
    );
}

#[test]
fn text_that_nothing_reads_has_no_command() {
    let output = run(&["inspect"], b"Hello world!\nGood bye world!\n");
    assert_eq!(output.code, 3, "{}", output.text);
    let expected = "<stdin>: lines of text; 0 records and 2 other lines\n\n\
                    No command is known for it. Describe a line with `--pattern`, or name fields \
                    with `--by` and `--value`.\n";
    assert_eq!(output.text, expected);
}

/// Checks what is said about lines that look like CSV.
#[track_caller]
fn check_columns(input: &str, looks: &str, options: &str) {
    let output = run(&["inspect"], input.as_bytes());
    let expected = format!("\n\nIt looks like {looks}. Read it with `{options}`.\n");
    assert!(output.text.ends_with(&expected), "{}", output.text);
    assert_eq!(output.code, 3);
    let output = run(&["stats"], input.as_bytes());
    let expected = format!("windrow: the input looks like {looks}\n  try `{options}`\n");
    assert!(output.messages.ends_with(&expected), "{}", output.messages);
}

#[test]
fn columns_without_a_known_header_have_options() {
    let without = |columns| format!("CSV without a header, with {columns} columns");
    check_columns("run,1\njump,2\n", &without(2), "--input csv --columns a,b");
    check_columns("1\t/a\t5 s\n2\t/b\t6 s\n", &without(3), "--input tsv --columns a,b,c");
    check_columns("1;2;\"a;b\"\n3;4;c\n", &without(3), "--delimiter ';' --columns a,b,c");
    check_columns(
        "1,2,3,4,5,6,7\n1,2,3,4,5,6,7\n",
        &without(7),
        "--input csv --columns a,b,c,d,e,f,…",
    );
    check_columns("action|time\nrun|1\n", "CSV with `|` between columns", "--delimiter '|'");
    let output = run(&["stats", "--delimiter", "|", "--json"], b"action|time\nrun|1\n");
    assert_eq!((output.code, &*output.text), (0, "[{\"action\":\"run\",\"avg\":1}]\n"));
    for text in [
        // The decimals of a time, a sentence, and a single row.
        "2024-05-01 10:00:00,123 INFO a\n2024-05-01 10:00:00,124 INFO b\n",
        "5, dear world, again\n6, old world, again\n",
        "1,2,3\n",
        "1,2,3\n1,2\n",
    ] {
        let output = run(&["inspect"], text.as_bytes());
        assert!(output.text.contains("No command is known"), "{text}: {}", output.text);
    }
}

#[test]
fn field_of_the_timestamp_is_suggested() {
    let input = b"{\"action\":\"a\",\"time\":1,\"at\":\"2024-05-01\"}\n";
    let hint = "windrow: a field looks like a timestamp\n  try `--timestamp at`; `windrow inspect` \
                lists the fields\n";
    let missing = format!("windrow: 1 of 1 record has no timestamp `ts`\n{hint}");
    let output = run(&["series", "--timestamp", "ts"], input);
    assert_eq!((output.code, &*output.messages), (0, &*missing));
    let filtered = format!("windrow: 1 record: 1 filtered\n{missing}");
    let output = run(&["stats", "--timestamp", "ts", "--from", "2024-01-01"], input);
    assert_eq!((output.code, &*output.messages), (0, &*filtered));
    // Not the one that is given already.
    let input =
        b"{\"action\":\"a\",\"time\":1,\"at\":\"2024-05-01\"}\n{\"action\":\"a\",\"time\":1}\n";
    let output = run(&["stats", "--timestamp", "at", "--from", "2025-01-01"], input);
    let expected =
        "windrow: 2 records: 2 filtered\nwindrow: 1 of 2 records has no timestamp `at`\n";
    assert_eq!((output.code, &*output.messages), (0, expected));
}

#[test]
fn options_that_only_lack_a_unit_are_not_suggested() {
    let options = ["stats", "--by", "op", "--value", "took", "--where", "took>1ms"];
    let output = run(&options, b"{\"op\":\"a\",\"took\":5}\n");
    assert_eq!(output.code, 2);
    let messages = output.messages;
    assert!(messages.contains("\n  add `--unit` for those without\n"), "{messages}");
    assert!(!messages.contains("try `"), "{messages}");
}

#[test]
fn empty_input_is_no_failure() {
    for input in ["", "\n \n"] {
        let output = run(&["inspect"], input.as_bytes());
        assert_eq!(output.code, 0, "{}", output.text);
        assert!(output.text.ends_with("There is nothing to read.\n"), "{}", output.text);
    }
}

#[test]
fn only_the_first_mebibyte_is_read() {
    let line = "{\"op\":\"a\",\"took\":\"1ms\",\"n\":0}\n";
    let text: String = iter::repeat_n(line, 50_000).collect();
    let output = run(&["inspect", "--json"], text.as_bytes());
    let file = &rows(&output.text)[0];
    let records = (1024 * 1024 + 1) / line.len() as u64;
    assert_eq!(file["records"].as_u64(), Some(records));
    assert_eq!((file["whole"].as_bool(), file["other_lines"].as_u64()), (Some(false), Some(0)));
    let output = run(&["inspect"], text.as_bytes());
    assert!(output.text.contains("records in the first 1,048,"), "{}", output.text);
}
