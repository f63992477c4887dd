use super::*;

mod group;
#[cfg(feature = "regex")]
mod replace;
mod rules;
mod shorten;

/// Applies rules twice with the same scratch, which must not matter.
#[track_caller]
fn apply(rules: &NameRules, name: &str) -> Option<String> {
    let mut scratch = rules.scratch();
    let mut found = [None, None];
    for found in &mut found {
        *found = match rules.apply(name, &mut scratch) {
            NameOutcome::Plain(name) => Some(name.to_owned()),
            NameOutcome::Changed { .. } => Some(scratch.name().to_owned()),
            NameOutcome::Missing => None,
        };
        rules.apply("/other/1?x", &mut scratch);
    }
    assert_eq!(found[0], found[1], "name {name:?}");
    assert_eq!(rules.name(&[name]), found[0], "name {name:?}");
    found[0].take()
}
