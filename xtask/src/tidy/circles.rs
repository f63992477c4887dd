//! Rule on imports inside a crate: files do not import each other in a circle.
//!
//! A path that begins with `crate`, `self` or `super` is an edge from its file to the file that
//! declares the name; re-exports are followed. A file may import from the modules that contain it.
//! Tests are ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

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
    let code: Vec<_> = lines.iter().filter(|line| !line.test).map(|line| &*line.code).collect();
    let tokens = tokens(&code.join("\n"));
    let children = children(&tokens);
    let mut uses = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = tokens[at].as_str();
        let begins = at == 0 || tokens[at - 1] != "::";
        let imported = at > 0 && tokens[at - 1] == "use";
        let own_child = imported && children.contains(token);
        if begins && (["crate", "self", "super"].contains(&token) || own_child) {
            let exported = imported && is_public(&tokens[..at - 1]);
            let mut found = Vec::new();
            at = tree(&tokens, at, &[], &mut found);
            for (path, name) in found {
                let Some(path) = absolute(&path, module, own_child) else { continue };
                uses.push(Use { path, exported: exported.then_some(name) });
            }
        } else {
            at += 1;
        }
    }
    uses
}

fn is_public(before: &[String]) -> bool {
    before.last().is_some_and(|token| token == "pub" || token == ")")
}

/// Returns the names of modules that are declared here and have their own files.
fn children(tokens: &[String]) -> BTreeSet<&str> {
    let declared = |three: &[String]| three[0] == "mod" && three[2] == ";";
    tokens.windows(3).filter(|three| declared(three)).map(|three| three[1].as_str()).collect()
}

/// Resolves a path from the root of the crate.
fn absolute(path: &[String], module: &Module, own_child: bool) -> Option<Vec<String>> {
    let mut from = module.clone();
    let mut names = path.iter().peekable();
    if !own_child {
        match names.next()?.as_str() {
            "crate" => from.clear(),
            "super" => drop(from.pop()),
            _ => {}
        }
        while names.next_if(|name| *name == "super").is_some() {
            from.pop();
        }
    }
    from.extend(names.filter(|name| *name != "self").cloned());
    Some(from)
}

/// Parses a path, or a tree of paths in braces, with the name that each imports.
fn tree(
    tokens: &[String],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<(Vec<String>, String)>,
) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = if tokens[at] == "," { at + 1 } else { tree(tokens, at, &path, found) };
                }
                return at + 1;
            }
            Some(name) if is_name(name) => path.push(name.to_owned()),
            Some(_) => at += 1, // A glob, or not a path.
            None => return at,
        }
        if tokens.get(at).is_some_and(|token| is_name(token)) {
            at += 1;
        }
        if tokens.get(at).is_some_and(|token| token == "::") {
            at += 1;
            if tokens.get(at).is_some_and(|token| token == "{" || is_name(token)) {
                continue;
            }
            at += 1;
        }
        let renamed = tokens.get(at).is_some_and(|token| token == "as");
        let name = if renamed { tokens.get(at + 1) } else { path.last() };
        found.push((path.clone(), name.cloned().unwrap_or_default()));
        return if renamed { at + 2 } else { at };
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_') && token != "as"
}

fn tokens(code: &str) -> Vec<String> {
    static TOKEN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\w+|::|\S").expect("the pattern is a constant"));
    TOKEN.find_iter(code).map(|token| token.as_str().to_owned()).collect()
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
