//! Which form each input is recognised as.

use codec::{CsvOptions, Delimiter, Detected, Form, detect};

#[track_caller]
fn check(sample: &[u8], expected: &Detected) {
    assert_eq!(detect(sample, true), *expected, "{}", sample.escape_ascii());
}

#[track_caller]
fn check_form(sample: &str, form: Form) {
    check(sample.as_bytes(), &Detected::Form(form.clone()));
    check(&[b"\xEF\xBB\xBF", sample.as_bytes()].concat(), &Detected::Form(form));
}

#[track_caller]
fn check_unknown(sample: &str) {
    check(sample.as_bytes(), &Detected::Unknown { has_objects: false });
}

fn csv(delimiter: Delimiter) -> Form {
    Form::Csv(CsvOptions { delimiter, ..CsvOptions::default() })
}

#[test]
fn formats_that_are_not_read_are_named_with_a_command() {
    for (sample, name, command) in [
        (b"\xFD7zXZ\0\0".as_slice(), "xz", "xz -dc"),
        (b"BZh91AY", "bzip2", "bzip2 -dc"),
        (b"\x04\x22\x4D\x18d", "lz4", "lz4 -dc"),
        (b"PK\x03\x04\x14", "zip", "unzip -p"),
        (b"\x1F\x9D\x90", "compress (.Z)", "uncompress -c"),
        (b"\xFF\xFE\0\0{\0\0\0", "UTF-32", "iconv -f UTF-32 -t UTF-8"),
        (b"\0\0\xFE\xFF\0\0\0{", "UTF-32", "iconv -f UTF-32 -t UTF-8"),
        (b"\xFF\xFE{\0\"\0", "UTF-16", "iconv -f UTF-16 -t UTF-8"),
        (b"\xFE\xFF\0{\0\"", "UTF-16", "iconv -f UTF-16 -t UTF-8"),
        (b"{\0\"\0", "UTF-16", "iconv -f UTF-16LE -t UTF-8"),
        (b"\0{\0\"", "UTF-16", "iconv -f UTF-16BE -t UTF-8"),
    ] {
        let Detected::Unsupported(found) = detect(sample, true) else {
            panic!("{}", sample.escape_ascii())
        };
        assert_eq!((found.name, found.command), (name, command));
    }
    // One byte short of a mark.
    check(b"\xFD7zXZ", &Detected::Unknown { has_objects: false });
    check(b"PK\x03", &Detected::Unknown { has_objects: false });
}

#[test]
fn json_is_lines_unless_an_object_goes_on() {
    for text in [
        "",
        " \n\n",
        "{\"a\":1}",
        "{\"a\":1}\n{\"a\":2}\n",
        "\n {\"a\":1}\nnote\n",
        "{}\n",
        // A first line that was cut.
        "{\"a\":\n{\"a\":2}\n",
        "{\"a\":1\n\n{\"a\":2}\n",
        // The beginning of an object with a fault, or within a text.
        "{\"a\":01,\n\"b\":2}\n",
        "{\"a\":\"x\n\"b\":2}\n",
        "{\"a\",\n\"b\":2}\n",
        "{\"a\":1}\nnote\n",
        "{",
        "[1,2]\n",
        "[[{\"a\":1}]]",
        "note\n{\"a\":1}\n",
    ] {
        check_form(text, Form::Json);
    }
    for text in [
        "[]",
        "[{\"a\":1},{\"a\":2}]",
        "[\n  {\"a\":1}\n]\n",
        "\n[ {",
        "{\n  \"a\": 1\n}\n",
        "{\"a\":\n1}\n",
        "{\"a\":{\"b\":[\n\n1]}}\n{}",
        "\u{1E}{\"a\":1}\n",
    ] {
        check_form(text, Form::JsonStream);
    }
}

#[test]
fn a_cut_sample_decides_by_its_whole_lines() {
    let json = Detected::Form(Form::Json);
    assert_eq!(detect(b"{\"a\":1,\"b", false), json);
    assert_eq!(detect(b"{\"a\":1,\n", false), json);
    assert_eq!(detect(b"{\"a\":1,\n\"b", false), Detected::Form(Form::JsonStream));
    assert_eq!(detect(b"a=1 b=2\na", false), Detected::Form(Form::Logfmt));
    assert_eq!(detect(b"a,b\n1,2\n1", false), Detected::Form(csv(Delimiter::COMMA)));
}

#[test]
fn logfmt_has_two_values_on_most_lines() {
    let pair = "level=info path=/cart?x=1 msg=\"a \\\"b\\\"\"\n";
    check_form(pair, Form::Logfmt);
    check_form(&format!("{}started\n", pair.repeat(4)), Form::Logfmt);
    check_unknown(&format!("{}started\n", pair.repeat(3)));
    check_unknown("a=1\nb=2\n");
    check_unknown("GET /a?b=1&c=2 HTTP\n");
    check_unknown("a=1 b=\"2\n");
}

#[test]
fn csv_has_a_header_of_names_and_rows_of_one_length() {
    check_form("a,b\n1,2\n", csv(Delimiter::COMMA));
    check_form("a\tb,c\n1\t2\n", csv(Delimiter::TAB));
    check_form("a;b\n1,5;2\n", csv(Delimiter::SEMICOLON));
    check_form("\"a\",\"b\"\n\"1\n2\",2\n", csv(Delimiter::COMMA));
    check_form("name,value\n", csv(Delimiter::COMMA));
    check_form(&format!("a,b\n{}1\n", "1,2\n".repeat(9)), csv(Delimiter::COMMA));
    check_unknown(&format!("a,b\n{}1\n", "1,2\n".repeat(8)));
    check_unknown("a,a\n1,2\n");
    check_unknown("a,1\n1,2\n");
    check_unknown("a,\n1,2\n");
    check_unknown("a\n1\n");
    check_unknown("Hello, world!\n");
    // Lines of text that start with a moment.
    check_unknown("2024-05-01 10:00:00,123 INFO a\n2024-05-01 10:00:00,124 INFO b\n");
}

#[test]
fn objects_behind_a_prefix_are_noticed() {
    let sample = b"10:00 INFO {\"a\":1}\n10:01 INFO started\n";
    check(sample, &Detected::Unknown { has_objects: true });
    check_unknown("a {\"b\":1} c\n");
}
