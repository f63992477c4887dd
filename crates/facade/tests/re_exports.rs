//! Every re-export is used in a test, so that none is lost or added unseen.

use std::collections::BTreeSet;

const SOURCES: [&str; 5] = [
    include_str!("../src/lib.rs"),
    include_str!("../src/actions.rs"),
    include_str!("../src/codec.rs"),
    include_str!("../src/store.rs"),
    include_str!("../src/time.rs"),
];
const TESTS: [&str; 10] = [
    include_str!("actions.rs"),
    include_str!("forms.rs"),
    include_str!("front_door.rs"),
    include_str!("handles.rs"),
    include_str!("jobs.rs"),
    include_str!("originals.rs"),
    include_str!("rows.rs"),
    include_str!("service.rs"),
    include_str!("snapshots.rs"),
    include_str!("store.rs"),
];

/// Takes the comments out of a source text.
fn without_comments(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| line.split(" // ").next().unwrap_or_default().to_owned() + "\n").collect()
}

/// Splits a source text into its imports, those of its modules included, and the rest.
fn imports(source: &str) -> (Vec<String>, String) {
    let (mut imports, mut rest) = (Vec::new(), String::new());
    let source = without_comments(source);
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let start = line.trim_start();
        if start.starts_with("pub use ") || start.starts_with("use ") {
            let mut import = line.to_owned();
            while !import.trim_end().ends_with(';') {
                import += lines.next().expect("an import ends with a semicolon");
            }
            imports.push(import);
        } else {
            rest += line;
            rest.push('\n');
        }
    }
    (imports, rest)
}

/// The names that an import brings.
fn names(import: &str) -> impl Iterator<Item = &str> {
    let leaves = import.split([',', '{', '}', ';']).map(str::trim);
    let leaves = leaves.filter(|leaf| !leaf.is_empty() && !leaf.ends_with("::"));
    leaves.map(|leaf| leaf.rsplit("::").next().unwrap_or(leaf)).map(|leaf| {
        let (_, alias) = leaf.split_once(" as ").unwrap_or((leaf, leaf));
        alias.rsplit(' ').next().unwrap_or(alias)
    })
}

/// The identifiers of a source text, outside of its imports and comments.
fn identifiers(source: &str) -> BTreeSet<String> {
    let (_, rest) = imports(source);
    let words = rest.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn unused(lib: &str, tests: &[&str]) -> Vec<String> {
    let used: BTreeSet<_> = tests.iter().flat_map(|test| identifiers(test)).collect();
    let (imports, _) = imports(lib);
    let exports = imports.iter().filter(|import| import.trim_start().starts_with("pub use "));
    let exports: BTreeSet<_> = exports.flat_map(|import| names(import)).collect();
    assert!(!exports.is_empty());
    exports.into_iter().filter(|name| !used.contains(*name)).map(str::to_owned).collect()
}

#[test]
fn every_re_export_is_used_in_a_test() {
    let sources = SOURCES.concat();
    let unused = unused(&sources, &TESTS);
    assert!(unused.is_empty(), "in no test: {}", unused.join(", "));
}

#[test]
fn a_name_that_is_only_imported_or_commented_on_is_unused() {
    let lib = "mod a;\npub use a::{\n    One, two,\n    b::Three as Four,\n};\npub use c::Five;\n";
    let test = "use lib::{\n    Five, One,\n};\n// Four\nfn f() {\n    two::<u8>(); // Five\n}\n";
    assert_eq!(unused(lib, &[test]), ["Five", "Four", "One"]);
    assert_eq!(unused(lib, &[test, "let x: Five = One(Four);"]), [""; 0]);
}
