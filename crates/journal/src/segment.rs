//! The files of a log, named `log-` and a number that grows.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::JournalError;
use crate::frame::{self, HEAD_BYTES};

/// Returns the numbers of the segments in a folder, in ascending order.
pub(crate) fn list(folder: &Path) -> Result<Vec<u64>, JournalError> {
    let of = JournalError::of("read", folder);
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder).map_err(&of)? {
        let name = entry.map_err(&of)?.file_name();
        let index: Option<u64> =
            name.to_str().and_then(|name| name.strip_prefix("log-")?.parse().ok());
        segments.extend(index);
    }
    segments.sort_unstable();
    Ok(segments)
}

pub(crate) fn path(folder: &Path, index: u64) -> PathBuf {
    folder.join(format!("log-{index:020}"))
}

/// Creates a segment that is there after a crash of the machine.
pub(crate) fn create(folder: &Path, index: u64, purpose: u64) -> Result<File, JournalError> {
    let path = path(folder, index);
    let of = JournalError::of("create", &path);
    // One that could not be finished before may be there, without a batch.
    let options = OpenOptions::new().write(true).create(true).truncate(true).clone();
    let mut file = options.open(&path).map_err(&of)?;
    let written = file.write_all(&frame::head(index, purpose)).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| sync_folder(folder)) {
        // One without a head could not be read.
        let _ = fs::remove_file(&path);
        return Err(of(error));
    }
    Ok(file)
}

/// Puts the names of a folder on the disk.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Removes the segments before `index`.
///
/// What cannot be removed is passed over when it is read, because its batches were folded.
pub(crate) fn remove_before(folder: &Path, index: u64) {
    for old in list(folder).unwrap_or_default().into_iter().filter(|old| *old < index) {
        let _ = fs::remove_file(path(folder, old));
    }
}

/// Where the whole batches of a segment end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) at: u64,
    /// The number of bytes from there on.
    pub(crate) rest: u64,
}

/// Reads the whole batches of a segment.
///
/// `each` gets their numbers, and whether they are of this purpose.
///
/// # Errors
///
/// Those of `each`, and [`JournalError`] if the file cannot be read or is not a segment.
pub(crate) fn read(
    path: &Path,
    index: u64,
    purpose: u64,
    mut each: impl FnMut(u64, &[u8], bool) -> Result<(), JournalError>,
) -> Result<End, JournalError> {
    let of = JournalError::of("read", path);
    let file = File::open(path).map_err(&of)?;
    let all = file.metadata().map_err(&of)?.len();
    if all < HEAD_BYTES as u64 {
        // The process ended when it had created the file.
        return Ok(End { at: 0, rest: all });
    }
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut head = [0; HEAD_BYTES];
    reader.read_exact(&mut head).map_err(&of)?;
    let Some(found) = frame::purpose(&head, index) else {
        return Err(JournalError::NotALog { path: path.to_owned() });
    };
    let (mut at, mut batch) = (HEAD_BYTES as u64, Vec::new());
    while let Some(number) = frame::read(&mut reader, all - at, &mut batch).map_err(&of)? {
        each(number, &batch, found == purpose)?;
        at += frame::len(&batch);
    }
    // What follows in the next segment must not reach the disk without it.
    reader.into_inner().sync_data().map_err(JournalError::of("sync", path))?;
    Ok(End { at, rest: all - at })
}
