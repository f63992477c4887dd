//! The grammar of RFC 8259, case by case, each in two places: as the value of an ignored key and as
//! the whole input.
//!
//! A text that must be accepted is accepted as an ignored value, and as the whole input it is JSON
//! of the wrong shape. A text that must not be is refused in both places as no JSON. Where the
//! standard leaves a choice, [`CHOICES`] has ours.

use codec::{DecodeError, Limits, decode};

/// What every parser must accept.
const ACCEPTED: &[&[u8]] = &[
    // Structure.
    b"[]",
    b"{}",
    b"[[]   ]",
    b"[[],{}]",
    b"[1\n]",
    b" [1]",
    b"[2] ",
    b"[1,null,null,null,2]",
    b"{\"a\":[]}",
    b"{\n\"a\": \"b\"\n}",
    b"{\"a\":\"b\",\"a\":\"c\"}",
    b"{\"a\":\"b\",\"a\":\"b\"}",
    b"{\"\":0}",
    b"{\"asd\":\"sdf\", \"dfg\":\"fgh\"}",
    b"{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxx\"}]}",
    b"{\"foo\\u0000bar\": 42}",
    b"{ \"min\": -1.0e+28, \"max\": 1.0e+28 }",
    b"\t\n\r []\r\n\t ",
    b"[null, 1, \"1\", {}]",
    b"[true]",
    b"[false]",
    b"[\"a\"]\n",
    b"[\"\"]",
    // Literals and scalars.
    b"null",
    b"true",
    b"false",
    b" false ",
    b"\"\"",
    b"\" \"",
    b"42",
    b"-0.1",
    b"\"asd\"",
    // Numbers.
    b"[123e65]",
    b"[0e+1]",
    b"[0e1]",
    b"[ 4]",
    b"[-0.000000000000000000000000000000000001]",
    b"[20e1]",
    b"[-0]",
    b"[-123]",
    b"[-1]",
    b"[1E22]",
    b"[1E-2]",
    b"[1E+2]",
    b"[123e45]",
    b"[123.456e78]",
    b"[1e-2]",
    b"[1e+2]",
    b"[123.456789]",
    b"[0.0]",
    b"[0E0]",
    b"[-0.0e-00]",
    b"[123]",
    b"[0.1e1]",
    b"[1.0E+2]",
    // Escapes.
    b"[\"\\u0060\\u012a\\u12AB\"]",
    b"[\"\\uD801\\udc37\"]",
    b"[\"\\ud83d\\ude39\\ud83d\\udc8d\"]",
    b"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
    b"[\"\\\\u0000\"]",
    b"[\"\\\"\"]",
    b"[\"\\\\a\"]",
    b"[\"\\\\n\"]",
    b"[\"\\u0012\"]",
    b"[\"\\uFFFF\"]",
    b"[\"\\uDBFF\\uDFFE\"]",
    b"[\"\\u200B\"]",
    b"[\"\\uDBFF\\uDFFF\"]",
    b"[\"\\u0022\"]",
    b"[\"\\u005C\"]",
    b"[\"new\\u000Aline\"]",
    b"[\"\\u0821\"]",
    b"[\"\\uFDD0\"]",
    b"[\"\\uFFFE\"]",
    b"[\"a/*b*/c/*d//e\"]",
    b"[\"\\uA66D\"]",
    b"[\"\\u0061\\u30af\\u30EA\\u30b9\"]",
    b"[\"\\uD834\\uDd1e\"]",
    b"[\"\\uD83F\\uDFFE\"]",
    b"[\"\\uD800\\uDC00\"]",
    b"[\"\\u0000\"]",
    b"[\"\\u002c\"]",
    b"[\"\\u0123\"]",
    b"[\"\\u2064\"]",
    b"[\"new\\u00A0line\"]",
    b"[\"\\uD7FF\\uE000\"]",
    b"{\"title\":\"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430\" }",
    // Characters as they are.
    b"[\"\x7f\"]",
    b"[\"a\x7fa\"]",
    b"[\"\xc3\xa9\"]",
    b"[\"\xe2\x80\xa8\xe2\x80\xa9\"]",
    b"[\"\xf4\x8f\xbf\xbf\"]",
    b"[\"\xef\xbf\xbf\"]",
    b"[\"\xf0\x9b\xbf\xbf\"]",
    b"[\"\xcf\x80\"]",
    b"[\"\xe2\x8d\x82\xe3\x88\xb4\xe2\x8d\x82\"]",
    b"[\"\xc2\x85\"]",
    b"[\"\xef\xbb\xbf\"]",
    b"[\"\xee\x80\x80\xed\x9f\xbf\"]",
    b"[\"\xe2\x82\xac\xf0\x9d\x84\x9e\"]",
    // The first and the last character of each length.
    b"[\"\xc2\x80\xdf\xbf\"]",
    b"[\"\xe0\xa0\x80\xef\xbf\xbf\"]",
    b"[\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"]",
];

/// What every parser must refuse.
const REFUSED: &[&[u8]] = &[
    // Arrays.
    b"[1 true]",
    b"[a\xe5]",
    b"[\"\": 1]",
    b"[\"\"],",
    b"[,1]",
    b"[1,,2]",
    b"[\"x\",,]",
    b"[\"x\"]]",
    b"[\"\",]",
    b"[\"x\"",
    b"[x",
    b"[3[4]]",
    b"[\xff]",
    b"[1:2]",
    b"[,]",
    b"[-]",
    b"[   , \"\"]",
    b"[\"a\",\n4\n,1,",
    b"[1,]",
    b"[\"\x0ba\"\\f]",
    b"[*]",
    b"[\"\"",
    b"[1,",
    b"[1,\n1\n,1",
    b"[{}",
    // Literals.
    b"[fals]",
    b"[nul]",
    b"[tru]",
    b"[True]",
    b"[TRUE]",
    b"[nan]",
    b"[NaN]",
    b"[truetrue]",
    b"undefined",
    b"nulL",
    b"falsE",
    b"tru",
    b"n",
    b"123\0",
    b"True",
    // Numbers.
    b"[++1234]",
    b"[+1]",
    b"[+Inf]",
    b"[-01]",
    b"[-1.0.]",
    b"[-2.]",
    b"[-NaN]",
    b"[.-1]",
    b"[.2e-3]",
    b"[0.1.2]",
    b"[0.3e+]",
    b"[0.3e]",
    b"[0.e1]",
    b"[0E+]",
    b"[0E]",
    b"[0e+]",
    b"[0e]",
    b"[1.0e+]",
    b"[1.0e-]",
    b"[1.0e]",
    b"[1 000.0]",
    b"[1eE2]",
    b"[2.e+3]",
    b"[2.e-3]",
    b"[2.e3]",
    b"[9.e+]",
    b"[Inf]",
    b"[Infinity]",
    b"[\xef\xbc\x91]",
    b"[1+2]",
    b"[0x1]",
    b"[0x42]",
    b"[-Infinity]",
    b"[-foo]",
    b"[- 1]",
    b"[-012]",
    b"[-.123]",
    b"[-1x]",
    b"[1ea]",
    b"[1e\xe5]",
    b"[1.]",
    b"[.123]",
    b"[1.2a-3]",
    b"[1.8011670033376514H-308]",
    b"[012]",
    b"[-00]",
    b"[00.0]",
    b"[-00e0]",
    b"[123\xe5]",
    b"[0\xe5]",
    b"[-123.123foo]",
    b"[1e1\xe5]",
    b"1]",
    b"2.",
    b"00",
    b"-",
    b"1_0",
    b"1e1.0",
    b"[0e+-1]",
    b"[1.-5]",
    b"[--1]",
    b"[1e]",
    b"[1\0]",
    b"[1,,]",
    b"[\xd9\xa1]",
    // Objects.
    b"[\"x\", truth]",
    b"{[: \"x\"}\n",
    b"{\"x\", null}",
    b"{\"x\"::\"b\"}",
    b"{\"a\":\"a\" 123}",
    b"{key: 'value'}",
    b"{\"\xb9\":\"0\",}",
    b"{\"a\" b}",
    b"{:\"b\"}",
    b"{\"a\" \"b\"}",
    b"{\"a\":",
    b"{\"a\"",
    b"{1:1}",
    b"{9999E9999:1}",
    b"{null:null,null:null}",
    b"{\"id\":0,,,,,}",
    b"{'a':0}",
    b"{\"id\":0,}",
    b"{\"a\":\"b\"}/**/",
    b"{\"a\":\"b\"}/**//",
    b"{\"a\":\"b\"}//",
    b"{\"a\":\"b\"}/",
    b"{\"a\":\"b\",,\"c\":\"d\"}",
    b"{a: \"b\"}",
    b"{\"a\":\"a",
    b"{ \"foo\" : \"bar\", \"a\" }",
    b"{\"a\":\"b\"}#",
    b"{\"a\":true}}",
    b"{\"x\": true,}",
    b"{\xf0\x9f\x87\xa8\xf0\x9f\x87\xad}",
    b"{*\"a\":1}",
    // Strings.
    b"[\"\\uD800\\\"]",
    b"[\"\\uD800\\u\"]",
    b"[\"\\uD800\\u1\"]",
    b"[\"\\uD800\\u1x\"]",
    b"[\xc3\xa9]",
    b"[\"\\\x00\"]",
    b"[\"\\\\\\\"]",
    b"[\"\\x00\"]",
    b"[\"\\\t\"]",
    b"[\"\\\xf0\x9f\x8c\x80\"]",
    b"[\"\\\"]",
    b"[\"\\u00A\"]",
    b"[\"\\uD834\\uDd\"]",
    b"[\"\\uD800\\uD800\\x\"]",
    b"[\"\\a\"]",
    b"[\"\\uqqqq\"]",
    b"[\"\\\xe5\"]",
    b"[\"\\u\xe5\"]",
    b"[\\u0020\"asd\"]",
    b"[\\n]",
    b"\"",
    b"['a']",
    b"abc",
    b"[\"\\",
    b"[\"a\0a\"]",
    b"[\"new\nline\"]",
    b"[\"\t\"]",
    b"\"\\UA66D\"",
    b"\"\"x",
    b"[\"a\x1fa\"]",
    b"[\"\\251\"]",
    b"\"a\n\"",
    b"\"\\'\"",
    // Structure.
    b"[\xe2\x81\xa0]",
    b"\xef\xbb",
    b"<.>",
    b"[<null>]",
    b"[1]x",
    b"[1]]",
    b"[\"asd]",
    b"a\xc3\xa5",
    b"[True]",
    b"1]",
    b"{\"x\": true,",
    b"[][]",
    b"]",
    b"\xef\xbb{}",
    b"\xe5",
    b"[",
    b"",
    b"[\0]",
    b"2@",
    b"{}}",
    b"{\"\":",
    b"{\"a\":/*comment*/\"b\"}",
    b"{\"a\": true} \"x\"",
    b"['",
    b"[,",
    b"[{",
    b"[\"a",
    b"[\"a\"",
    b"{",
    b"{]",
    b"{,",
    b"{[",
    b"{\"a",
    b"{'a'",
    b"[\"\\{[\"\\{",
    b"*",
    b"{\"a\":\"b\"}#{}",
    b"[\\u000A\"\"]",
    b"[1",
    b"[ false, nul",
    b"[ true, fals",
    b"[ false, tru",
    b"{\"asd\":\"asd\"",
    b"\xc3\xa5",
    b"[\x0c]",
    b"\xe2\x81\xa0",
    b" ",
    b"[1}",
    b"[\x0b]",
    b"[\xc2\xa0]",
    b"[\xe2\x80\xa8]",
    b"\xe9",
    b"{\"a\":1\0}",
    b"{\"a\\\":1}",
    b"{\"a\":1,\"b\"}",
    b"{\"a\":1]",
    b"{\"a\":[}]",
];

type IsClass = fn(&DecodeError) -> bool;

/// What the standard leaves open: refused, but for numbers that no float holds, which nobody reads.
const CHOICES: &[(&[u8], Option<IsClass>)] = &[
    (b"[0.4e00669999999999999999999999999999999999969999999006]", None),
    (b"[-1e+9999]", None),
    (b"[1.5e+9999]", None),
    (b"[-123123e100000]", None),
    (b"[123e-10000000]", None),
    (b"[123.456e-789]", None),
    (b"[123123e100000]", None),
    (b"[100000000000000000000]", None),
    (b"[-123123123123123123123123123123]", None),
    (b"[123123123123123123123123123123]", None),
    (b"[-237462374673276894279832749832423479823246327846]", None),
    (b"{\"\\uDFAA\":0}", Some(DecodeError::is_encoding)),
    (b"[\"\\uDADA\"]", Some(DecodeError::is_encoding)),
    (b"[\"\\uD888\\u1234\"]", Some(DecodeError::is_encoding)),
    (b"[\"\\uD800\\n\"]", Some(DecodeError::is_encoding)),
    (b"[\"\\uDd1ea\"]", Some(DecodeError::is_encoding)),
    (b"[\"\\uD800\\uD800\\n\"]", Some(DecodeError::is_encoding)),
    (b"[\"\\ud800abc\"]", Some(DecodeError::is_encoding)),
    (b"[\"\\uDd1e\\uD834\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xff\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xe6\x97\xa5\xd1\x88\xfa\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xed\xa0\x80\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xf4\xbf\xbf\xbf\"]", Some(DecodeError::is_encoding)),
    (b"[\"\x81\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xc0\xaf\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xfc\x83\xbf\xbf\xbf\xbf\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xe0\xff\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xe9\"]", Some(DecodeError::is_encoding)),
    (b"[\"\\uDFAA\"]", Some(DecodeError::is_encoding)),
    (b"[\"\\ud800\"]", Some(DecodeError::is_encoding)),
    // Longer than need be: U+0000 in two to six bytes, and the last character of a shorter form.
    (b"[\"\xc0\x80\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xe0\x80\x80\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xf0\x80\x80\x80\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xf8\x80\x80\x80\x80\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xfc\x80\x80\x80\x80\x80\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xc1\xbf\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xe0\x9f\xbf\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xf0\x8f\xbf\xbf\"]", Some(DecodeError::is_encoding)),
    // Cut short, before a quote and before another character.
    (b"[\"\xc3\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xe2\x82\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xf0\x9d\x84\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xf0\x9d\xc3\xa9\"]", Some(DecodeError::is_encoding)),
    // Surrogates as bytes, both halves as well, and what is above the last character.
    (b"[\"\xed\xbf\xbf\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xed\xa0\xb4\xed\xb4\x9e\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xf4\x90\x80\x80\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xf5\x80\x80\x80\"]", Some(DecodeError::is_encoding)),
    (b"[\"\xfe\"]", Some(DecodeError::is_encoding)),
];

/// An action with one more key, whose value is `case`.
fn ignoring(case: &[u8]) -> Vec<u8> {
    [br#"{"action":"a","time":1,"x":"#, case, b"}"].concat()
}

fn is_no_json(refusal: &DecodeError) -> bool {
    refusal.is_syntax() || refusal.is_encoding() || refusal.is_limit()
}

#[track_caller]
fn check(input: &[u8], is_class: Option<IsClass>) {
    match (decode(input), is_class) {
        (Ok(_), None) => {}
        (Err(refusal), Some(is_class)) if is_class(&refusal) => {}
        (answer, _) => panic!("{answer:?} for {}", input.escape_ascii()),
    }
}

#[test]
fn valid_json_is_accepted() {
    for case in ACCEPTED {
        check(&ignoring(case), None);
        check(case, Some(DecodeError::is_schema));
    }
}

#[test]
fn invalid_json_is_refused() {
    for case in REFUSED {
        check(&ignoring(case), Some(is_no_json));
        check(case, Some(is_no_json));
    }
}

#[test]
fn implementation_defined_json_has_a_fixed_outcome() {
    for &(case, is_class) in CHOICES {
        check(&ignoring(case), is_class);
        check(case, Some(is_class.unwrap_or(DecodeError::is_schema)));
    }
    // A mark before the whole input is named; anywhere else it is a character out of place.
    check(b"\xef\xbb\xbf{}", Some(DecodeError::is_encoding));
    check(b"\xef\xbb\xbf", Some(DecodeError::is_encoding));
    check(b"\xff\xfe[\0\"\0\xe9\0\"\0]\0", Some(DecodeError::is_encoding));
    check(b"\xfe\xff\0[\0\"\0\xe9\0\"\0]", Some(DecodeError::is_encoding));
    check(&ignoring(b"\xef\xbb\xbf{}"), Some(DecodeError::is_syntax));
    // UTF-16 without a mark is ASCII with zeros in between.
    check(b"[\0\"\0\xe9\0\"\0]\0", Some(DecodeError::is_syntax));
    check(b"\0[\0\"\0\xe9\0\"\0]", Some(DecodeError::is_syntax));
}

#[test]
fn nesting_is_left_open_and_limited() {
    let deep = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat().into_bytes();
    check(&ignoring(&deep(127)), None);
    check(&ignoring(&deep(128)), Some(DecodeError::is_limit));
    check(&deep(128), Some(DecodeError::is_schema));
    check(&deep(500), Some(DecodeError::is_limit));
    let raised = Limits { nesting: 501, ..Limits::default() };
    assert!(raised.decode(&ignoring(&deep(500))).is_ok());
    check("[".repeat(100_000).as_bytes(), Some(DecodeError::is_limit));
    check("[{\"\":".repeat(50_000).as_bytes(), Some(DecodeError::is_limit));
}

#[test]
fn every_single_byte_has_a_class() {
    for byte in 0..=u8::MAX {
        let expected: IsClass = match byte {
            b'0'..=b'9' => DecodeError::is_schema,
            0x80.. => DecodeError::is_encoding,
            _ => DecodeError::is_syntax,
        };
        check(&[byte], Some(expected));
        // Inside a string and after it, where all but a few are taken.
        let in_string = [b"{\"action\":\"a\",\"time\":1,\"x\":\"", &[byte][..], b"\"}"].concat();
        let is_class: Option<IsClass> = match byte {
            b'"' | b'\\' | 0..0x20 => Some(DecodeError::is_syntax),
            0x80.. => Some(DecodeError::is_encoding),
            _ => None,
        };
        check(&in_string, is_class);
    }
}
