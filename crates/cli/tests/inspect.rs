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
