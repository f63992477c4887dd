//! A file that is read while it grows, and that may be cut short or replaced meanwhile.
//!
//! Logs are rotated in two ways: the file is renamed and a new one takes its name, or it is copied
//! away and cut to nothing. Both are looked for where the file ends, and only there, so that the
//! rest of a renamed file is read before the new one is opened. Asking the system to be told of
//! changes would answer a little sooner, at the price of a library that differs on every system and
//! does not see what another machine writes to a shared disk; looking four times a second does.
//!
//! What cannot be seen: a file that was cut and has grown longer than it was between two looks, and
//! a file that came and went between two.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use memchr::memrchr;
use same_file::Handle;

/// How far before the end the beginning of an unfinished line is looked for.
const LINE_BYTES: u64 = 64 * 1024;
/// The byte order mark of UTF-8.
const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Where the reading of a file begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Beginning,
    /// At the end, but for a line that is not finished yet.
    End,
}

/// What one look at a file that is followed has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Polled {
    /// So many bytes.
    Bytes(usize),
    /// Nothing new; look again later.
    Nothing,
    /// The file is shorter than what was read of it: it is read from its beginning.
    CutShort,
    /// Another file has taken its name, and is read from its beginning.
    Replaced,
}

/// A file that is followed by its name.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    file: Handle,
    /// How many bytes of it were read.
    position: u64,
    /// Whether the last byte that was handed on is the end of a line.
    at_line_end: bool,
    /// Whether a line of the file before was never finished, and is to be ended here.
    owes_line_end: bool,
}

impl Tail {
    /// Opens a file, which has to be there.
    pub(crate) fn open(path: &Path, from: Start) -> io::Result<Self> {
        let mut file = Handle::from_file(File::open(path)?)?;
        let position = match from {
            Start::Beginning => 0,
            Start::End => line_start(file.as_file_mut())?,
        };
        Ok(Self { path: path.to_owned(), file, position, at_line_end: true, owes_line_end: false })
    }

    /// Reads what is there, without waiting for more.
    pub(crate) fn poll(&mut self, buffer: &mut [u8]) -> io::Result<Polled> {
        if self.owes_line_end && !buffer.is_empty() {
            // Otherwise the first line of the new file would be glued to the torn one.
            buffer[0] = b'\n';
            (self.owes_line_end, self.at_line_end) = (false, true);
            return Ok(Polled::Bytes(1));
        }
        if self.position == 0 && !self.skip_mark()? {
            return self.look_for_change();
        }
        match self.file.as_file_mut().read(buffer)? {
            0 => self.look_for_change(),
            read => {
                self.position += read as u64;
                self.at_line_end = buffer[read - 1] == b'\n';
                Ok(Polled::Bytes(read))
            }
        }
    }

    /// Skips a byte order mark at the beginning of the file. Returns whether more can be read.
    ///
    /// It cannot while the file has only part of a mark.
    fn skip_mark(&mut self) -> io::Result<bool> {
        let file = self.file.as_file_mut();
        if !file.metadata()?.is_file() {
            return Ok(true); // What is read of a pipe cannot be put back.
        }
        let mut head = Vec::new();
        Read::by_ref(file).take(MARK.len() as u64).read_to_end(&mut head)?;
        if head == MARK {
            self.position = MARK.len() as u64;
            return Ok(true);
        }
        file.rewind()?;
        Ok(head.is_empty() || !MARK.starts_with(&head))
    }

    fn look_for_change(&mut self) -> io::Result<Polled> {
        if self.file.as_file().metadata()?.len() < self.position {
            self.file.as_file_mut().rewind()?;
            self.begin();
            return Ok(Polled::CutShort);
        }
        // Between the renaming and the new file there is none, and there may never be one.
        let Ok(file) = File::open(&self.path).and_then(Handle::from_file) else {
            return Ok(Polled::Nothing);
        };
        if file == self.file {
            return Ok(Polled::Nothing);
        }
        self.file = file;
        self.begin();
        Ok(Polled::Replaced)
    }

    fn begin(&mut self) {
        self.position = 0;
        self.owes_line_end = !self.at_line_end;
    }
}

/// Goes to where the last line begins, if it is unfinished, and otherwise to the end.
fn line_start(file: &mut File) -> io::Result<u64> {
    let end = file.seek(SeekFrom::End(0))?;
    let from = end.saturating_sub(LINE_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    Read::by_ref(file).take(end - from).read_to_end(&mut bytes)?;
    let start = match memrchr(b'\n', &bytes) {
        Some(at) => from + at as u64 + 1,
        // A longer line is refused in any case for what is missing of it.
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

    /// A folder that is gone when the test ends.
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

    /// What is found until there is nothing new: the text, and how often something had happened.
    #[track_caller]
    fn check(tail: &mut Tail, text: &str, changes: &[Polled]) {
        let (mut bytes, mut changed) = (Vec::new(), Vec::new());
        loop {
            let mut buffer = [0; 5]; // Does not divide what is read.
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
    fn end_is_before_a_line_that_is_not_finished() {
        let folder = Folder::new("end");
        let cases = [("", ""), ("one\n", ""), ("two\nthr", "thr"), ("ee", "three")];
        for (more, found) in cases {
            folder.append(more);
            let mut tail = Tail::open(&folder.log(), Start::End).unwrap();
            check(&mut tail, found, &[]);
        }
    }

    #[test]
    fn unfinished_line_longer_than_is_looked_back_is_skipped() {
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
        check(&mut tail, "two\n", &[]); // There is no new file yet.
        folder.append("three\n");
        check(&mut tail, "three\n", &[Polled::Replaced]);
        folder.append("four\n");
        check(&mut tail, "four\n", &[]);
    }

    #[test]
    fn file_that_is_cut_short_is_read_from_its_beginning() {
        let folder = Folder::new("cut");
        folder.append("one\ntwo\n");
        let mut tail = Tail::open(&folder.log(), Start::Beginning).unwrap();
        check(&mut tail, "one\ntwo\n", &[]);
        fs::write(folder.log(), "three\n").unwrap();
        check(&mut tail, "three\n", &[Polled::CutShort]);
        fs::write(folder.log(), "").unwrap();
        check(&mut tail, "", &[Polled::CutShort]);
        folder.append("four\n");
        check(&mut tail, "four\n", &[]);
    }

    #[test]
    fn torn_line_is_not_glued_to_the_next_file() {
        let folder = Folder::new("torn");
        folder.append("one\ntw");
        let mut tail = Tail::open(&folder.log(), Start::Beginning).unwrap();
        check(&mut tail, "one\ntw", &[]);
        fs::remove_file(folder.log()).unwrap();
        check(&mut tail, "", &[]);
        folder.append("three\n");
        check(&mut tail, "\nthree\n", &[Polled::Replaced]);
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
        check(&mut tail, "three", &[Polled::CutShort]);
        let mut tail = Tail::open(&folder.log(), Start::End).unwrap();
        check(&mut tail, "three", &[]);
        // Written byte by byte, and replaced before it is whole.
        fs::remove_file(folder.log()).unwrap();
        fs::write(folder.log(), b"\xEF").unwrap();
        check(&mut tail, "\n", &[Polled::Replaced]);
        fs::write(folder.log(), b"\xEF\xBB").unwrap();
        check(&mut tail, "", &[]);
        fs::remove_file(folder.log()).unwrap();
        folder.append("four\n");
        check(&mut tail, "four\n", &[Polled::Replaced]);
    }

    #[test]
    fn missing_file_is_told_at_once() {
        let folder = Folder::new("missing");
        let error = Tail::open(&folder.log(), Start::End).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
