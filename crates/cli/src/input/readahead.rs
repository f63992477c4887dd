//! An input that is read ahead, on a thread of its own.
//!
//! What is compressed comes no faster than one thread makes it plain. If those that decode take
//! turns at that, each waits for the other between two pieces, and nothing is made plain meanwhile.

use std::io::{self, Cursor, Read};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::{self, Scope};

/// How much is handed over at once: as much as a decoder asks for.
const PIECE_BYTES: u64 = 256 * 1024;
/// How many pieces may lie ready: as many as keep both busy while one of them is held up.
const PIECES: usize = 4;

/// Reads an input on another thread, or on the caller's if no other can be started.
///
/// The thread ends with the input, or when the reader is dropped.
pub(crate) fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    input: impl Read + Send + 'scope,
) -> Box<dyn Read + Send + 'scope> {
    let (sender, pieces) = mpsc::sync_channel(PIECES);
    let (used, unused) = mpsc::channel();
    // Sent when the thread is there: with a thread that is not, the input would be gone.
    let (pass, passed) = mpsc::sync_channel(1);
    let work = move || {
        if let Ok(input) = passed.recv() {
            read(input, &sender, &unused);
        }
    };
    if thread::Builder::new().spawn_scoped(scope, work).is_err() {
        return Box::new(input);
    }
    // The thread waits for it.
    let _ = pass.send(input);
    Box::new(Ahead { pieces, piece: Cursor::default(), used })
}

/// Reads an input to its end, for as long as somebody receives it.
fn read(
    mut input: impl Read,
    pieces: &SyncSender<io::Result<Vec<u8>>>,
    unused: &Receiver<Vec<u8>>,
) {
    loop {
        let mut piece = unused.try_recv().unwrap_or_default();
        piece.clear();
        piece.reserve_exact(PIECE_BYTES as usize);
        // What was read before an error is in there too, and comes first.
        let read = input.by_ref().take(PIECE_BYTES).read_to_end(&mut piece);
        let is_over = piece.is_empty() || read.is_err();
        if !piece.is_empty() && pieces.send(Ok(piece)).is_err() {
            break;
        }
        // A receiver that is gone does not need the error.
        read.map_or_else(|error| _ = pieces.send(Err(error)), |_| ());
        if is_over {
            break;
        }
    }
}

/// The pieces that another thread reads.
struct Ahead {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Cursor<Vec<u8>>,
    /// Takes back what was read. To allocate each piece again costs more than to fill it.
    used: Sender<Vec<u8>>,
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.pieces.recv() {
                Ok(piece) => {
                    let read = std::mem::replace(&mut self.piece, Cursor::new(piece?));
                    // Nobody takes it where all was read.
                    let _ = self.used.send(read.into_inner());
                }
                Err(_) => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A disk that fails.
    pub(crate) struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::TimedOut.into())
        }
    }

    #[test]
    fn all_comes_in_order() {
        for len in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 11 * PIECE_BYTES - 1] {
            let input: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            let mut found = Vec::new();
            thread::scope(|scope| start(scope, &input[..]).read_to_end(&mut found)).unwrap();
            assert!(found == input, "{len}");
        }
    }

    #[test]
    fn what_came_before_a_fault_is_handed_on() {
        let mut found = Vec::new();
        let end = thread::scope(|scope| {
            start(scope, (&[7_u8; 9][..]).chain(Failing)).read_to_end(&mut found)
        });
        assert_eq!((found, end.unwrap_err().kind()), (vec![7; 9], io::ErrorKind::TimedOut));
    }

    #[test]
    fn thread_ends_where_no_more_is_wanted() {
        thread::scope(|scope| {
            let mut ahead = start(scope, io::repeat(1));
            assert_eq!(ahead.read(&mut [0; 5]).unwrap(), 5);
        });
    }
}
