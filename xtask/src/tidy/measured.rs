//! Rule on READMEs: their measured tables show the newest record of each kind.

use super::{Finding, Tree};
use crate::measure::readme;
use crate::measure::record::{self, Kind};
use crate::workspace;

const RECORDS: &str = "benches/record";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let files = |kind: Kind| kind.files().into_iter().map(move |file| (kind, file));
    let all = Kind::ALL.into_iter().flat_map(files);
    all.filter_map(|(kind, file)| check_file(tree, kind, file)).collect()
}

fn check_file(tree: &Tree, kind: Kind, file: &str) -> Option<Finding> {
    let prefix = format!("{RECORDS}/");
    let records = tree.files.iter().filter_map(|file| file.strip_prefix(&prefix)?.split_once('/'));
    let (newest, _) = records.filter(|(name, _)| Kind::of(name) == kind).max()?;
    let source = tree.text(file)?;
    let folder = workspace::root().join(RECORDS).join(newest);
    let expected = record::read(&folder)
        .and_then(|measured| readme::update(&source.text, file, newest, &measured));
    match expected {
        Ok(text) if text == source.text => None,
        Ok(_) => Some(source.finding(
            0,
            format!("the figures differ from `{RECORDS}/{newest}`"),
            "run `cargo xtask bench --readme`",
        )),
        Err(error) => Some(source.finding(
            0,
            format!("{error:#}"),
            "take a new record with `cargo xtask bench`",
        )),
    }
}
