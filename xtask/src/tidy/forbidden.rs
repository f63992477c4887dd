//! Rules on code and comments that are not allowed: unfinished code, ignored tests, `unwrap`.

use super::code::{Line, words_at};
use super::{Finding, Source};

pub(super) fn check(source: &Source, lines: &[Line]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let code = line.code.as_str();
        let test = line.test;
        let mut report = |broken: bool, rule: &str, fix| {
            if broken {
                findings.push(source.finding(index, rule, fix));
            }
        };
        report(code.contains("#[ignore"), "ignored test", "fix the code, or assert its behaviour");
        report(test && calls(code, "sleep"), "sleep in a test", "advance a manual clock");
        for name in ["todo", "unimplemented"] {
            let found = words_at(code, name).any(|at| code[at + name.len()..].starts_with('!'));
            report(found, "unfinished code", "finish or remove it");
        }
        for mark in ["FIXME", "XXX"] {
            let marked = words_at(&line.comment, mark).next().is_some();
            report(marked, "unfinished comment", "resolve it or open an issue");
        }
        let bare = source.is_product() && !test && code.contains(".unwrap()");
        report(bare, "`unwrap` outside of tests", "return an error, or `expect` with the reason");
    }
    findings
}

/// Returns whether a function of this name is called.
fn calls(code: &str, name: &str) -> bool {
    words_at(code, name).any(|at| code[at + name.len()..].starts_with('('))
}

#[cfg(test)]
mod tests {
    use super::super::code::read;
    use super::super::tests::source;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let (source, mut lines) = (source(path, text), read(text));
        lines.iter_mut().for_each(|line| line.test |= source.is_test());
        check(&source, &lines).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn each_forbidden_word_is_found() {
        let cases = [
            ("crates/a/tests/b.rs", "#[ignore = \"slow\"]", "ignored test"),
            ("crates/a/tests/b.rs", "thread::sleep(ms);", "sleep in a test"),
            ("crates/a/src/b.rs", "#[test]\nfn c() {\n  sleep(ms);\n}", "sleep in a test"),
            ("xtask/src/b.rs", "todo!()", "unfinished code"),
            ("xtask/src/b.rs", "unimplemented!(\"x\")", "unfinished code"),
            ("xtask/src/b.rs", "// FIXME later", "unfinished comment"),
            ("xtask/src/b.rs", "/// XXX", "unfinished comment"),
            ("crates/a/src/b.rs", "c().unwrap();", "`unwrap` outside of tests"),
        ];
        for (path, text, rule) in cases {
            assert_eq!(found(path, text), [rule], "{text}");
        }
    }

    #[test]
    fn similar_code_is_allowed() {
        let cases = [
            ("crates/a/src/b.rs", "/// c().unwrap();"),
            ("crates/a/src/b.rs", "c(\"x.unwrap()\").unwrap_or(1);"),
            ("crates/a/src/b.rs", "#[cfg(test)]\nmod tests {\n  c().unwrap();\n}"),
            ("crates/a/tests/b.rs", "c().unwrap();"),
            ("crates/a/src/b.rs", "asleep(c); let todo = 1;"),
            ("benches/src/b.rs", "thread::sleep(ms);"),
        ];
        for (path, text) in cases {
            assert!(found(path, text).is_empty(), "{text}");
        }
    }
}
