//! Counts the newlines of a file on several threads: the lower bound of every reader of lines.
//!
//! `newlines FILE THREADS` prints the number. Each thread reads its part of the file in pieces that
//! stay in the cache.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::{env, thread};

const PIECE_BYTES: usize = 256 * 1024;

fn main() -> io::Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    let (file, threads) = match &args[..] {
        [version] if version == "--version" => {
            return writeln!(io::stdout(), "newlines {}", env!("CARGO_PKG_VERSION"));
        }
        [file, threads] => (file, threads.parse().ok().filter(|&threads: &u64| threads > 0)),
        _ => return Err(io::Error::other("which file, and on how many threads?")),
    };
    let threads = threads.ok_or_else(|| io::Error::other("how many threads?"))?;
    let len = File::open(file)?.metadata()?.len();
    let end = |part: u64| (u128::from(len) * u128::from(part) / u128::from(threads)) as u64;
    let count: io::Result<u64> = thread::scope(|scope| {
        let counts: Vec<_> = (0..threads)
            .map(|part| scope.spawn(move || count(File::open(file)?, end(part), end(part + 1))))
            .collect();
        counts.into_iter().map(|count| count.join().expect("it does not panic")).sum()
    });
    writeln!(io::stdout(), "{}", count?)
}

/// Counts the newlines between two offsets of a file.
fn count(mut file: File, start: u64, end: u64) -> io::Result<u64> {
    file.seek(SeekFrom::Start(start))?;
    let mut part = file.take(end - start);
    let mut piece = vec![0; PIECE_BYTES];
    let mut count = 0;
    loop {
        let read = part.read(&mut piece)?;
        if read == 0 {
            return Ok(count);
        }
        count += memchr::memchr_iter(b'\n', &piece[..read]).count() as u64;
    }
}
