//! `decode`: decodes lines of JSON of several short forms to names and times.
//!
//! Wide lines are measured as whole programs, together with parsers of other languages.

use criterion::Criterion;

use crate::harness::Harness;
use crate::harness::lines::{Form, Lines, Sums};
use crate::implementations::{DECODERS, floor_memchr, floor_newlines, halved, shared_batch};

/// The number of lines of a text: a third of a megabyte of the common shape.
const LINES: usize = 10_000;

/// The number of lines that two threads share: 10 MB, so that starting a thread costs little.
const SHARED_LINES: usize = 300_000;

/// The forms; `mixed` has lines of three others, and `cargo xtask bench shapes` has longer ones.
const FORMS: [(&str, Form); 4] = [
    ("canonical", Form::Canonical),
    ("mixed", Form::Mixed),
    ("escapes", Form::Escapes),
    ("refused", Form::Refused),
];

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for (name, form) in FORMS {
        own_text(criterion, name, form);
    }
    shared(criterion);
}

/// `decode/<form>_threads_01`: one thread decodes a whole text.
fn own_text(criterion: &mut Criterion, name: &str, form: Form) {
    let lines = Lines::new(form, LINES);
    let text = &*lines.text;
    let name = format!("decode/{name}_threads_01");
    let mut harness = harness(criterion, &name, &lines, LINES);
    for (name, decode) in DECODERS {
        measure(&mut harness, name, &lines, || decode(text));
    }
    for (name, count) in
        [("floor_memchr", floor_memchr as fn(&[u8]) -> u64), ("floor_newlines", floor_newlines)]
    {
        harness.bench_reader(name, || (), |()| count(text), |()| lines.verify_count(count(text)));
    }
}

/// `decode/canonical_shared_02`: decodes one text on two threads.
fn shared(criterion: &mut Criterion) {
    let lines = Lines::new(Form::Canonical, SHARED_LINES);
    let text = &*lines.text;
    let mut harness = harness(criterion, "decode/canonical_shared_02", &lines, SHARED_LINES);
    measure(&mut harness, "batch", &lines, || shared_batch(text));
    for (name, decode) in DECODERS.into_iter().filter(|(name, _)| *name != "batch") {
        measure(&mut harness, name, &lines, || halved(text, decode));
    }
}

fn harness<'a>(
    criterion: &'a mut Criterion,
    name: &str,
    lines: &Lines,
    count: usize,
) -> Harness<'a> {
    let mut harness = Harness::new(criterion, name, 1, count as u64);
    harness.of_bytes(count as u64, lines.text.len() as u64);
    harness
}

fn measure(harness: &mut Harness<'_>, name: &str, lines: &Lines, decode: impl Fn() -> Sums + Sync) {
    harness.bench_reader(name, || (), |()| decode(), |()| lines.verify(decode()));
}
