//! Reads an input ahead on a separate thread.
//!
//! Compressed input is no faster than the one thread that decompresses it. If the decoding threads
//! took turns at that, each would wait for the other between two pieces.

use std::io::{self, Cursor, Read};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::{self, Scope};

/// The size of a piece: as much as a decoder reads at once.
const PIECE_BYTES: u64 = 256 * 1024;
/// The maximum number of pieces ahead: enough to keep both sides busy during a short delay.
const PIECES: usize = 4;

/// Reads an input on another thread, or on the caller's if none can be started.
///
/// The thread ends with the input or when the reader is dropped.
pub(crate) fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    input: impl Read + Send + 'scope,
) -> Box<dyn Read + Send + 'scope> {
    let (sender, pieces) = mpsc::sync_channel(PIECES);
    let (used, unused) = mpsc::channel();
    // The input is sent after the thread has started: a failed start would drop it.
    let (pass, passed) = mpsc::sync_channel(1);
    let work = move || {
        if let Ok(input) = passed.recv() {
            read(input, &sender, &unused);
        }
    };
    if thread::Builder::new().spawn_scoped(scope, work).is_err() {
        return Box::new(input);
    }
    // The thread waits for the input, so the send succeeds.
    let _ = pass.send(input);
    Box::new(ReadAhead { pieces, piece: Cursor::default(), used })
}

/// Reads an input to its end, or until the receiver is dropped.
fn read(
    mut input: impl Read,
    pieces: &SyncSender<io::Result<Vec<u8>>>,
    unused: &Receiver<Vec<u8>>,
) {
    loop {
        let mut piece = unused.try_recv().unwrap_or_default();
        piece.clear();
        piece.reserve_exact(PIECE_BYTES as usize);
        // Bytes that were read before an error are sent first.
        let read = input.by_ref().take(PIECE_BYTES).read_to_end(&mut piece);
        let is_over = piece.is_empty() || read.is_err();
        if !piece.is_empty() && pieces.send(Ok(piece)).is_err() {
            break;
        }
        // A dropped receiver does not need the error.
        read.map_or_else(|error| _ = pieces.send(Err(error)), |_| ());
        if is_over {
            break;
        }
    }
}

/// Reads the pieces of another thread.
struct ReadAhead {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Cursor<Vec<u8>>,
    /// Returns used buffers: allocating a piece costs more than filling it.
    used: Sender<Vec<u8>>,
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.pieces.recv() {
                Ok(piece) => {
                    let read = std::mem::replace(&mut self.piece, Cursor::new(piece?));
                    // The send fails after the end of the input, when no buffer is needed.
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

    /// A reader that fails.
    pub(crate) struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::TimedOut.into())
        }
    }

    #[test]
    fn input_arrives_whole_and_in_order() {
        for len in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 11 * PIECE_BYTES - 1] {
            let input: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            let mut found = Vec::new();
            thread::scope(|scope| start(scope, &input[..]).read_to_end(&mut found)).unwrap();
            assert!(found == input, "{len}");
        }
    }

    #[test]
    fn bytes_before_an_error_arrive() {
        let mut found = Vec::new();
        let end = thread::scope(|scope| {
            start(scope, (&[7_u8; 9][..]).chain(Failing)).read_to_end(&mut found)
        });
        assert_eq!((found, end.unwrap_err().kind()), (vec![7; 9], io::ErrorKind::TimedOut));
    }

    #[test]
    fn thread_ends_when_the_reader_is_dropped() {
        thread::scope(|scope| {
            let mut ahead = start(scope, io::repeat(1));
            assert_eq!(ahead.read(&mut [0; 5]).unwrap(), 5);
        });
    }
}
