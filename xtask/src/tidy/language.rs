//! Rules on words in prose, and on code that is not allowed.
//!
//! Docs, comments, pages and the string literals of code outside of tests are checked. Code in
//! backticks or in a fenced block is ignored.

use std::sync::LazyLock;

use regex::Regex;

use super::code::Line;
use super::{Finding, Source};

/// Words that are not used, the matches that are allowed, and the replacement.
const RULES: [[&str; 3]; 16] = [
    [r"\btell(?:s|ing)?\b|\btold\b", NONE, "write print, report, return or show"],
    [r"(?:\bat\s+)?\bleast\b", r"^at\s", "write minimum or smallest"],
    [r"\bgreatest\b", NONE, "write maximum or largest"],
    [r"\bwhoever\b", NONE, "name who it is"],
    [r"\bbesides?\b", NONE, "write concurrently, next to, or in addition"],
    [r"\banew\b", NONE, "write again, or from scratch"],
    [r"\bso many\b", NONE, "write the number, or how many"],
    [
        r"\b(?:is|are|was|were)\s+no\s+\w+",
        r"\s(?:longer|more|such|less|fewer|later|earlier|larger|smaller|slower|faster)$",
        "write is not a",
    ],
    [r"\bwhat\s+(?:becomes|became|will\s+become)\s+of\b", NONE, "name the outcome"],
    [r"\bthe\s+last\s+while\b", NONE, "name the window"],
    [r"\bbelong(?:s|ed)?\s+into\b", NONE, "write belongs to or in"],
    [r"\btak(?:es|en|ing)\s+in\b", NONE, "write records, inserts, accepts or merges"],
    [r"\bof\s+one's\s+own\b", NONE, "write custom, or your own"],
    [r"\bone's\s+own\b", NONE, "write custom, or your own"],
    [r"\bof\s+(?:ours|theirs)\b", NONE, "name whose"],
    [r"\b(?:FIXME|XXX)\b", NONE, "resolve it or open an issue"],
];

/// Matches no words.
const NONE: &str = "$^";

struct Rule {
    words: Regex,
    /// Matches that are allowed.
    except: Regex,
    fix: &'static str,
}

static COMPILED: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let regex = |text: &str| Regex::new(&format!("(?i){text}")).expect("the rules are constants");
    let compile = |[words, except, fix]: [&'static str; 3]| Rule {
        words: regex(words),
        except: regex(except),
        fix,
    };
    RULES.into_iter().map(compile).collect()
});

/// Checks a page of Markdown.
pub(super) fn check_page(source: &Source) -> Vec<Finding> {
    let lines: Vec<_> = source.text.lines().map(str::to_owned).collect();
    check(source, &prose(lines.into_iter()))
}

/// Checks the comments of Rust code and its string literals outside of tests.
pub(super) fn check_code(source: &Source, lines: &[Line]) -> Vec<Finding> {
    if source.path == "xtask/src/tidy/language.rs" {
        return Vec::new(); // It lists the words.
    }
    let comments = lines.iter().map(|line| {
        let comment = line.comment.trim_start_matches(['/', '!']);
        // A line without a comment ends the sentence before it.
        if comment.is_empty() { "\0".to_owned() } else { comment.to_owned() }
    });
    let texts = lines.iter().map(|line| if line.test { "\0" } else { &line.text }.to_owned());
    let mut findings = check(source, &prose(comments));
    findings.extend(check(source, &texts.collect::<Vec<_>>().join("\n")));
    for (index, Line { code, test, .. }) in lines.iter().enumerate() {
        if code.contains("#[ignore") {
            let fix = "fix the code, or assert its behaviour";
            findings.push(source.finding(index, "ignored test", fix));
        }
        // The lint `unwrap_used` would apply to the helpers of integration tests too.
        if source.is_product() && !test && code.contains(".unwrap()") {
            let fix = "return an error, or `expect` with the reason";
            findings.push(source.finding(index, "`unwrap` outside of tests", fix));
        }
    }
    findings
}

/// Joins lines without code: fenced blocks and text in backticks.
fn prose(lines: impl Iterator<Item = String>) -> String {
    static CODE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("`[^`\0]*`").expect("the rule is a constant"));
    let mut fenced = false;
    let kept = lines.map(|line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if fence || fenced { "\0".to_owned() } else { line }
    });
    let text = kept.collect::<Vec<_>>().join("\n");
    // Line ends are kept, so that line numbers stay correct.
    CODE.replace_all(&text, |code: &regex::Captures<'_>| {
        code[0].chars().map(|c| if c == '\n' { '\n' } else { '`' }).collect::<String>()
    })
    .into_owned()
}

fn check(source: &Source, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in COMPILED.iter() {
        for found in rule.words.find_iter(text) {
            let words = found.as_str();
            if rule.except.is_match(words) {
                continue;
            }
            let index = text[..found.start()].matches('\n').count();
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            findings.push(source.finding(index, format!("\"{words}\" in prose"), rule.fix));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::code::read;
    use super::super::tests::{lines, source};
    use super::*;

    fn in_code(text: &str) -> Vec<usize> {
        lines(&check_code(&source("crates/a/src/b.rs", text), &read(text)))
    }

    fn in_page(text: &str) -> Vec<usize> {
        lines(&check_page(&source("README.md", text)))
    }

    #[test]
    fn each_word_is_found_in_a_page() {
        for words in [
            "It tells.",
            "as told",
            "the least of all",
            "the greatest",
            "Whoever asks",
            "beside it",
            "and besides",
            "built anew",
            "so many lines",
            "it is no number",
            "there are no\nsuch numbers here: they are no numbers",
            "what becomes of it",
            "the last while",
            "belongs into a bucket",
            "it takes in a value",
            "a type of one's own",
            "FIXME later",
        ] {
            assert!(!in_page(words).is_empty(), "{words}");
        }
    }

    #[test]
    fn ignored_tests_and_unwraps_are_found() {
        assert_eq!(in_code("#[ignore = \"slow\"]\nfn a() {\n    b().unwrap();\n}"), [1, 3]);
        assert_eq!(in_code("/// b().unwrap();\nb(\"x.unwrap()\").unwrap_or(1);"), [0; 0]);
        assert_eq!(in_code("#[cfg(test)]\nmod tests {\n    b().unwrap();\n}"), [0; 0]);
    }

    #[test]
    fn similar_phrases_are_allowed() {
        for words in [
            "at least one",
            "At\nleast one",
            "it is no longer so, no more than one, and there is no such thing",
            "tellurium, behind, leastwise",
            "the code `tell` and `so\nmany`",
            "```text\nit tells\n```",
        ] {
            assert_eq!(in_page(words), [0; 0], "{words}");
        }
    }

    #[test]
    fn docs_comments_and_literals_are_prose_and_code_is_not() {
        let text = [
            "/// Counts. It",
            "/// tells.",
            "fn tell() {",
            "    a(\"is no\\",
            "        number\"); // Told.",
            "}",
        ];
        let text = text.join("\n");
        assert_eq!(in_code(&text), [2, 5, 4]);
        assert_eq!(in_code("/// ```\n/// tell();\n/// ```\nfn a() {}"), [0; 0]);
        let test = "#[cfg(test)]\nmod tests {\n    // Told.\n    a(\"told\");\n}";
        assert_eq!(in_code(test), [3]);
        // Two separate comments are not one sentence.
        assert_eq!(in_code("// what\na();\n// becomes of b"), [0; 0]);
    }
}
