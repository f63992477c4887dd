//! `decode`: lines of JSON to names and times, in the shapes that lines come in.

use criterion::Criterion;

use super::THREADS;
use crate::contest::Contest;
use crate::shapes::{Lines, SHAPES};
use crate::subjects::{DECODERS, bare_memchr, bare_newlines};

/// How many lines are read at once: a third of a megabyte of the common shape.
const LINES: usize = 10_000;

/// Runs the group.
pub fn bench(criterion: &mut Criterion) {
    for threads in THREADS {
        for (name, shape) in SHAPES {
            let lines = Lines::new(shape, LINES);
            let text = &*lines.text;
            let name = format!("decode/{name}_threads_{threads:02}");
            let mut contest = Contest::new(criterion, &name, threads, LINES as u64);
            for (who, decode) in DECODERS {
                contest.enter_reader(
                    who,
                    || (),
                    |()| decode(text),
                    |()| lines.verify(decode(text)),
                );
            }
            for (who, count) in
                [("bare_memchr", bare_memchr as fn(&[u8]) -> u64), ("bare_newlines", bare_newlines)]
            {
                contest.enter_reader(
                    who,
                    || (),
                    |()| count(text),
                    |()| lines.verify_count(count(text)),
                );
            }
        }
    }
}
