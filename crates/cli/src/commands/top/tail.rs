//! Follows a file that grows, and that may be truncated or replaced.
//!
//! Logs are rotated in two ways: the file is renamed and a new one takes its name, or it is copied
//! and truncated. Both are checked only at the end of the file, so that the rest of a renamed file
//! is read before the new one is opened. Rejected: notifications of the system. They are slightly
//! faster, but differ between systems and miss writes of other machines to a shared disk. Polling
//! four times a second sees these.
//!
//! A file may be missing at first. When it appears, it is read from its beginning.
//!
//! Not detected: a file that was truncated and has outgrown its old length between two polls, and a
//! file that appeared and disappeared between two.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use memchr::memrchr;
use same_file::Handle;

use crate::stdio;

/// The maximum length of an unfinished line at the end of the file.
const LINE_BYTES: u64 = 64 * 1024;
/// The byte order mark of UTF-8.
const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// The position where reading starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Beginning,
    /// The end, or the start of an unfinished last line.
    End,
}

/// The result of one poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Polled {
    /// This number of bytes was read.
    Bytes(usize),
    /// There is nothing new.
    Nothing,
    /// The file was truncated, and is read from its beginning.
    Truncated,
    /// Another file has the name, and is read from its beginning.
    Replaced,
    /// The file was missing and exists now, and is read from its beginning.
    Appeared,
}

/// A followed file.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    /// The file; `None` while it does not exist yet.
    file: Option<Handle>,
    /// The number of bytes read.
    position: u64,
}

impl Tail {
    /// Opens a file, which may not exist yet.
    pub(crate) fn open(path: &Path, from: Start) -> io::Result<Self> {
        stdio::check_path(path)?;
        let (path, mut file) = (path.to_owned(), open(path)?);
        let position = match (&mut file, from) {
            (Some(file), Start::End) => line_start(file.as_file_mut())?,
            _ => 0,
        };
        Ok(Self { path, file, position })
    }

    /// Returns whether the file does not exist yet.
    pub(crate) fn is_missing(&self) -> bool {
        self.file.is_none()
    }

    /// Reads what is available, without waiting.
    pub(crate) fn poll(&mut self, buffer: &mut [u8]) -> io::Result<Polled> {
        let Some(file) = &mut self.file else {
            self.file = open(&self.path)?;
            return Ok(if self.is_missing() { Polled::Nothing } else { Polled::Appeared });
        };
        let file = file.as_file_mut();
        if self.position == 0 {
            let (can_continue, skipped) = skip_mark(file)?;
            self.position = skipped;
            if !can_continue {
                return self.check_for_change();
            }
        }
        match file.read(buffer)? {
            0 => self.check_for_change(),
            read => {
                self.position += read as u64;
                Ok(Polled::Bytes(read))
            }
        }
    }

    fn check_for_change(&mut self) -> io::Result<Polled> {
        let Some(file) = &mut self.file else { return Ok(Polled::Nothing) };
        if file.as_file().metadata()?.len() < self.position {
            file.as_file_mut().rewind()?;
            self.position = 0;
            return Ok(Polled::Truncated);
        }
        // After a rename there may be no new file yet, or ever.
        match File::open(&self.path).and_then(Handle::from_file) {
            Ok(other) if other != *file => self.file = Some(other),
            _ => return Ok(Polled::Nothing),
        }
        self.position = 0;
        Ok(Polled::Replaced)
    }
}

/// Opens a file; `None` if it does not exist.
fn open(path: &Path) -> io::Result<Option<Handle>> {
    match File::open(path).and_then(Handle::from_file) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Skips a byte order mark at the start of a file.
///
/// Returns whether reading can continue, and the number of bytes skipped. It cannot continue while
/// the file has only a part of a mark.
fn skip_mark(file: &mut File) -> io::Result<(bool, u64)> {
    if !file.metadata()?.is_file() {
        return Ok((true, 0)); // A pipe cannot be rewound.
    }
    let mut head = Vec::new();
    Read::by_ref(file).take(MARK.len() as u64).read_to_end(&mut head)?;
    if head == MARK {
        return Ok((true, MARK.len() as u64));
    }
    file.rewind()?;
    Ok((head.is_empty() || !MARK.starts_with(&head), 0))
}

/// Seeks to the start of an unfinished last line, otherwise to the end.
fn line_start(file: &mut File) -> io::Result<u64> {
    let end = file.seek(SeekFrom::End(0))?;
    let from = end.saturating_sub(LINE_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    Read::by_ref(file).take(end - from).read_to_end(&mut bytes)?;
    let start = match memrchr(b'\n', &bytes) {
        Some(at) => from + at as u64 + 1,
        // A longer line would be refused anyway.
        None if from > 0 => end,
        None => 0,
    };
    file.seek(SeekFrom::Start(start))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    /// A folder that is removed at the end of the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = format!("windrow-follow-{}-{name}", std::process::id());
            let folder = std::env::temp_dir().join(folder);
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn log(&self) -> PathBuf {
            self.0.join("log")
        }

        fn append(&self, text: &str) {
            let mut file = File::options().append(true).create(true).open(self.log()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    /// Polls until there is nothing new, and checks the text and the changes.
    #[track_caller]
    fn check(tail: &mut Tail, text: &str, changes: &[Polled]) {
        let (mut bytes, mut changed) = (Vec::new(), Vec::new());
        loop {
            let mut buffer = [0; 5]; // Does not divide the lengths.
            match tail.poll(&mut buffer).unwrap() {
                Polled::Bytes(read) => bytes.extend_from_slice(&buffer[..read]),
                Polled::Nothing => break,
                change => changed.push(change),
            }
        }
        assert_eq!((String::from_utf8(bytes).unwrap().as_str(), &changed[..]), (text, changes));
    }

    #[test]
    fn growth_is_read() {
        let folder = Folder::new("growth");
        folder.append("one\n");
        let mut tail = Tail::open(&folder.log(), Start::Beginning).unwrap();
        check(&mut tail, "one\n", &[]);
        check(&mut tail, "", &[]);
        folder.append("two\nthr");
        check(&mut tail, "two\nthr", &[]);
        folder.append("ee\n");
        check(&mut tail, "ee\n", &[]);
    }

    #[test]
    fn end_is_before_an_unfinished_line() {
        let folder = Folder::new("end");
        let cases = [("", ""), ("one\n", ""), ("two\nthr", "thr"), ("ee", "three")];
        for (more, found) in cases {
            folder.append(more);
            let mut tail = Tail::open(&folder.log(), Start::End).unwrap();
            check(&mut tail, found, &[]);
        }
    }

    #[test]
    fn long_unfinished_line_is_skipped() {
        let folder = Folder::new("long");
        folder.append(&"x".repeat(LINE_BYTES as usize + 1));
        let mut tail = Tail::open(&folder.log(), Start::End).unwrap();
        check(&mut tail, "", &[]);
        folder.append("\none\n");
        check(&mut tail, "\none\n", &[]);
    }

    #[test]
    fn renamed_file_is_read_to_its_end_before_the_new_one() {
        let folder = Folder::new("renamed");
        folder.append("one\n");
        let mut tail = Tail::open(&folder.log(), Start::Beginning).unwrap();
        check(&mut tail, "one\n", &[]);
        folder.append("two\n");
        fs::rename(folder.log(), folder.0.join("log.1")).unwrap();
        check(&mut tail, "two\n", &[]); // No new file yet.
        folder.append("three\n");
        check(&mut tail, "three\n", &[Polled::Replaced]);
        folder.append("four\n");
        check(&mut tail, "four\n", &[]);
    }

    #[test]
    fn truncated_file_is_read_from_its_beginning() {
        let folder = Folder::new("cut");
        folder.append("one\ntwo\n");
        let mut tail = Tail::open(&folder.log(), Start::Beginning).unwrap();
        check(&mut tail, "one\ntwo\n", &[]);
        fs::write(folder.log(), "three\n").unwrap();
        check(&mut tail, "three\n", &[Polled::Truncated]);
        fs::write(folder.log(), "").unwrap();
        check(&mut tail, "", &[Polled::Truncated]);
        folder.append("four\n");
        check(&mut tail, "four\n", &[]);
    }

    #[test]
    fn byte_order_mark_at_the_beginning_of_a_file_is_skipped() {
        let folder = Folder::new("mark");
        folder.append("\u{FEFF}one\n");
        let mut tail = Tail::open(&folder.log(), Start::Beginning).unwrap();
        check(&mut tail, "one\n", &[]);
        folder.append("\u{FEFF}two\n");
        check(&mut tail, "\u{FEFF}two\n", &[]);
        fs::write(folder.log(), "\u{FEFF}three").unwrap();
        check(&mut tail, "three", &[Polled::Truncated]);
        let mut tail = Tail::open(&folder.log(), Start::End).unwrap();
        check(&mut tail, "three", &[]);
        // A mark that is written byte by byte and replaced before it is whole.
        fs::remove_file(folder.log()).unwrap();
        fs::write(folder.log(), b"\xEF").unwrap();
        check(&mut tail, "", &[Polled::Replaced]);
        fs::write(folder.log(), b"\xEF\xBB").unwrap();
        check(&mut tail, "", &[]);
        fs::remove_file(folder.log()).unwrap();
        folder.append("four\n");
        check(&mut tail, "four\n", &[Polled::Replaced]);
    }

    #[test]
    fn missing_file_is_read_from_its_beginning_when_it_exists() {
        let folder = Folder::new("missing");
        for start in [Start::Beginning, Start::End] {
            let mut tail = Tail::open(&folder.log(), start).unwrap();
            assert!(tail.is_missing());
            check(&mut tail, "", &[]);
            folder.append("one\ntwo\n");
            check(&mut tail, "one\ntwo\n", &[Polled::Appeared]);
            assert!(!tail.is_missing());
            folder.append("three\n");
            check(&mut tail, "three\n", &[]);
            fs::remove_file(folder.log()).unwrap();
        }
    }

    #[test]
    fn file_that_cannot_be_opened_is_an_error() {
        let folder = Folder::new("unreadable");
        folder.append("one\n");
        let error = Tail::open(&folder.log().join("below"), Start::End).unwrap_err();
        assert_ne!(error.kind(), io::ErrorKind::NotFound);
    }
}
