//! Rule on imports inside a crate: files do not import each other in a circle.
//!
//! A path that begins with `crate`, `self` or `super` is an edge from its file to the file that
//! declares the name; re-exports are followed. A file may import from the modules that contain it.
//! Tests are ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::code::{self, Line};
use super::{Finding, Tree};

/// A module's path inside its crate; that of `lib.rs` is empty.
type Module = Vec<String>;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, Crate> = BTreeMap::new();
    for source in tree.texts.iter().filter(|source| !source.is_test()) {
        let Some((root, file)) = source.path.split_once("/src/") else { continue };
        let Some(module) = module(file) else { continue };
        let lines = code::read(&source.text);
        let file = File { path: source.path.clone(), uses: uses(&lines, &module) };
        crates.entry(root).or_default().files.insert(module, file);
    }
    crates.values().flat_map(Crate::check).collect()
}

/// Returns the module of a path below `src`; `None` for a file of `src/bin`, a separate crate.
fn module(file: &str) -> Option<Module> {
    let name = file.strip_suffix(".rs")?;
    let mut names: Module = name.split('/').map(str::to_owned).collect();
    if names[0] == "bin" {
        return None;
    }
    if names.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
        names.pop();
    }
    Some(names)
}

#[derive(Default)]
struct Crate {
    files: BTreeMap<Module, File>,
}

struct File {
    path: String,
    uses: Vec<Use>,
}

/// A path in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Use {
    /// The names from the root of the crate to the item.
    path: Vec<String>,
    /// The name under which it is re-exported, if it is.
    exported: Option<String>,
}

impl Crate {
    fn check(&self) -> Vec<Finding> {
        let edges: BTreeMap<&Module, BTreeSet<&Module>> =
            self.files.keys().map(|from| (from, self.edges(from))).collect();
        let mut findings = Vec::new();
        let mut seen = BTreeSet::new();
        for &from in edges.keys() {
            let circle: BTreeSet<_> = reached(&edges, from)
                .into_iter()
                .filter(|to| reached(&edges, to).contains(from))
                .collect();
            if circle.is_empty() || !seen.insert(circle.clone()) {
                continue;
            }
            let names: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
            findings.push(Finding {
                file: self.files[from].path.clone(),
                line: 1,
                rule: format!("modules {} import each other", names.join(", ")),
                fix: "move the shared items to a separate file",
            });
        }
        findings
    }

    /// Returns the other files from which a file imports.
    fn edges(&self, from: &Module) -> BTreeSet<&Module> {
        let uses = self.files[from].uses.iter();
        uses.filter_map(|used| self.declared(&used.path, 0))
            .filter(|to| !from.starts_with(to)) // Itself, or a module that contains it.
            .collect()
    }

    /// Returns the file that declares the item of a path; follows re-exports.
    fn declared(&self, path: &[String], depth: usize) -> Option<&Module> {
        let (module, file) =
            (0..=path.len()).rev().find_map(|end| self.files.get_key_value(&path[..end]))?;
        let rest = &path[module.len()..];
        let exported = file.uses.iter().find(|used| used.exported.as_ref() == rest.first());
        match exported {
            Some(used) if !rest.is_empty() && depth < 8 => {
                let further: Vec<_> = used.path.iter().chain(&rest[1..]).cloned().collect();
                self.declared(&further, depth + 1)
            }
            _ => Some(module),
        }
    }
}

/// Returns all files that can be reached in one or more steps.
fn reached<'a>(
    edges: &BTreeMap<&'a Module, BTreeSet<&'a Module>>,
    from: &'a Module,
) -> BTreeSet<&'a Module> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        open.extend(edges[next].iter().filter(|&&to| found.insert(to)));
    }
    found
}

/// Lists the paths within the crate in the code of a module.
fn uses(lines: &[Line], module: &Module) -> Vec<Use> {
    static IMPORT: LazyLock<Regex> =
        LazyLock::new(|| regex(r"\b(pub(?:\([^)]*\))?\s+)?use\s([^;]*);"));
    static PATH: LazyLock<Regex> = LazyLock::new(|| regex(r"\b(?:crate|self|super)(?:::\w+)+"));
    static CHILD: LazyLock<Regex> = LazyLock::new(|| regex(r"\bmod (\w+);"));
    let code: Vec<_> = lines.iter().filter(|line| !line.test).map(|line| &*line.code).collect();
    let code = flat(code.join("\n"));
    let children: BTreeSet<_> =
        CHILD.captures_iter(&code).map(|found| found.extract::<1>().1[0]).collect();
    let path = |text: &str| absolute(text, module, &children);
    let mut uses = Vec::new();
    for import in IMPORT.captures_iter(&code) {
        let is_public = import.get(1).is_some();
        for one in import[2].split(',') {
            let (text, name) = one.trim().split_once(" as ").unwrap_or((one.trim(), ""));
            let name =
                if name.is_empty() { text.rsplit("::").next().unwrap_or_default() } else { name };
            let exported = is_public.then(|| name.to_owned());
            uses.extend(path(text).map(|path| Use { path, exported }));
        }
    }
    let rest = IMPORT.replace_all(&code, "");
    let others = PATH.find_iter(&rest).filter_map(|found| path(found.as_str()));
    uses.extend(others.map(|path| Use { path, exported: None }));
    uses
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant")
}

/// Resolves a path from the root of the crate; `None` for one that begins in another crate.
fn absolute(path: &str, module: &Module, children: &BTreeSet<&str>) -> Option<Vec<String>> {
    let names: Vec<_> = path.split("::").map(str::trim).collect();
    let mut from = match names[0] {
        "crate" => Module::new(),
        "self" | "super" => module.clone(),
        child => children.contains(child).then(|| module.clone())?,
    };
    for name in names {
        match name {
            "crate" | "self" | "*" => {}
            "super" => drop(from.pop()),
            name => from.push(name.to_owned()),
        }
    }
    Some(from)
}

/// Writes out trees of imports: `a::{b, c::{d, e}}` as `a::b, a::c::d, a::c::e`.
fn flat(mut code: String) -> String {
    static TREE: LazyLock<Regex> = LazyLock::new(|| regex(r"([\w:]*)::\{([^{}]*)\}"));
    while TREE.is_match(&code) {
        let paths = |tree: &Captures<'_>| {
            let parts = tree[2].split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(|part| format!("{}::{part}", &tree[1])).collect::<Vec<_>>().join(", ")
        };
        code = TREE.replace_all(&code, paths).into_owned();
    }
    code
}

#[cfg(test)]
mod tests {
    use super::super::tests;
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let paths: Vec<_> = files.iter().map(|(name, _)| format!("crates/x/src/{name}")).collect();
        let files: Vec<_> =
            paths.iter().zip(files).map(|(path, (_, text))| (path.as_str(), *text)).collect();
        check(&tests::tree(&files)).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn circles_are_found() {
        let pair = [("a.rs", "use crate::b::B;"), ("b.rs", "fn f() -> crate::a::A {}")];
        assert_eq!(found(&pair), ["modules a, b import each other"]);
        let three = [
            ("a.rs", "use crate::{\n    b::{B, C as D},\n    e,\n};"),
            ("b.rs", "use super::c::C;"),
            ("c.rs", "use crate::a;"),
        ];
        assert_eq!(found(&three), ["modules a, b, c import each other"]);
    }

    #[test]
    fn re_exports_are_followed() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::{B, C as D};"),
            ("a.rs", "use crate::D;"),
            ("b/mod.rs", "mod c;\npub(crate) use c::C;"),
            ("b/c.rs", "use crate::A;"),
        ];
        assert_eq!(found(&files), ["modules a, b::c import each other"]);
    }

    #[test]
    fn children_tests_and_one_way_imports_are_allowed() {
        let files = [
            ("lib.rs", "mod a;\npub use a::A;"),
            (
                "a.rs",
                "mod b;\nuse b::B;\nuse self::b::C;\n\
                 #[cfg(test)]\nmod tests { use crate::d::D; }",
            ),
            ("a/b.rs", "use super::A;\nuse crate::a::E;"),
            ("d.rs", "use crate::a::A;"),
            ("bin/f.rs", "use crate::d;"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }
}
