//! Decompresses input, and removes its byte order mark.

use std::io::{self, BufRead, BufReader, Chain, Cursor, ErrorKind, Read};
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use facade::codec::Unsupported;
use flate2::bufread::GzDecoder;
use shlex::try_quote;
use thiserror::Error;

use super::format::{Format, Other, detect, skip_frames};
use super::{STDIN, Stopped};

/// The size of a read from a compressed file.
const COMPRESSED_BYTES: usize = 128 * 1024;

/// An input as text.
pub(crate) struct Source<'i> {
    pub(crate) reader: Box<dyn Read + Send + 'i>,
    /// Whether reading decompresses.
    pub(crate) is_compressed: bool,
    pub(crate) ignored: Ignored,
}

/// Whether bytes after compressed data were ignored; known at the end of the input.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ignored(Arc<AtomicBool>);

impl Ignored {
    // ORDERING: Relaxed.
    // Needs: after the last byte, `any` sees the flag of the reading thread. Gives: the reader
    // hands its end over by a channel or a join, which orders the two. Not needed: an order of the
    // flag itself, since no other memory depends on it. Checks: no model; the unit tests below.
    fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Decompresses an input if its first bytes say so.
///
/// # Errors
///
/// The error of the input, or [`NotText`] for an unsupported format.
pub(super) fn unpack<'i>(mut input: impl Read + Send + 'i) -> io::Result<Source<'i>> {
    let ignored = Ignored::default();
    let (mut format, mut head) = detect(&mut input)?;
    if format == Format::Skippable {
        (format, head) = skip_frames(&mut input).map_err(damaged)?;
        if !matches!(format, Format::Other(_)) {
            // If it is not zstd, the decoder returns the error. Without bytes it is an empty file.
            format = if head.is_empty() { Format::Text } else { Format::Zstd };
        }
    }
    if let Format::Text | Format::MarkedText = format {
        return Ok(Source { reader: text(head, format, input), is_compressed: false, ignored });
    }
    let whole = Cursor::new(head).chain(input);
    let (reader, command): (Box<dyn Read + Send + 'i>, _) = match format {
        Format::Gzip => {
            let members = Members::new(BufReader::with_capacity(COMPRESSED_BYTES, whole), &ignored);
            (Box::new(Unpacked(members)), "gzip -dc")
        }
        Format::Other(other) => return Err(NotText { outer: None, other }.into()),
        _ => {
            let compressed = BufReader::with_capacity(COMPRESSED_BYTES, whole);
            (Box::new(Unpacked(zstd::Decoder::with_buffer(compressed)?)), "zstd -dc")
        }
    };
    Ok(Source { reader: unpacked_text(reader, command)?, is_compressed: true, ignored })
}

/// Joins the bytes that detection read and the rest.
fn text<'i>(
    head: Vec<u8>,
    format: Format,
    rest: impl Read + Send + 'i,
) -> Box<dyn Read + Send + 'i> {
    match format {
        Format::MarkedText => Box::new(rest),
        _ => Box::new(Cursor::new(head).chain(rest)),
    }
}

/// Returns the text in decompressed data; `command` decompresses the same.
fn unpacked_text<'i>(
    mut reader: Box<dyn Read + Send + 'i>,
    command: &'static str,
) -> io::Result<Box<dyn Read + Send + 'i>> {
    let (format, head) = detect(&mut reader)?;
    let other = match format {
        Format::Text | Format::MarkedText => return Ok(text(head, format, reader)),
        Format::Other(other) => other,
        Format::Gzip => twice("gzip -dc"),
        Format::Zstd | Format::Skippable => twice("zstd -dc"),
    };
    Err(NotText { outer: Some(command), other }.into())
}

const fn twice(command: &'static str) -> Other {
    Other { what: "compressed twice", command, filter: command }
}

/// The format is not supported.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}, which is not supported", .other.what)]
pub(crate) struct NotText {
    /// The command that decompresses the outer format.
    outer: Option<&'static str>,
    other: Other,
}

/// Returns the error for a format that the text of an input shows, in which it cannot be read.
pub(crate) fn unsupported(format: Unsupported) -> io::Error {
    let what = match format.name {
        "UTF-16" => "encoded as UTF-16",
        "UTF-32" => "encoded as UTF-32",
        _ => "in another format",
    };
    let Unsupported { command, .. } = format;
    NotText { outer: None, other: Other { what, command, filter: command } }.into()
}

impl From<NotText> for io::Error {
    fn from(not_text: NotText) -> Self {
        Self::new(ErrorKind::Unsupported, not_text)
    }
}

/// The compressed data cannot be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
enum Damaged {
    #[error("the compressed data is cut off")]
    CutOff,
    #[error("the compressed data needs more than 128 MiB of memory to unpack")]
    LongWindow,
    #[error("the compressed data cannot be read: {0}")]
    Corrupt(String),
}

/// The message of the library for a window that is too long; it has no error code.
const LONG_WINDOW: &str = "Frame requires too much memory for decoding";

fn damaged(error: io::Error) -> io::Error {
    let is_ours = error.get_ref().is_some_and(|error| error.is::<Stopped>());
    match error.kind() {
        _ if is_ours || error.raw_os_error().is_some() => error,
        kind @ ErrorKind::Interrupted => kind.into(),
        kind @ ErrorKind::UnexpectedEof => io::Error::new(kind, Damaged::CutOff),
        kind if error.to_string() == LONG_WINDOW => io::Error::new(kind, Damaged::LongWindow),
        kind => io::Error::new(kind, Damaged::Corrupt(error.to_string())),
    }
}

/// Returns the command that converts an unsupported file for a subcommand, if there is one.
pub(crate) fn command(error: &io::Error, file: &str, reader: &str) -> Option<String> {
    let is_stdin = file == STDIN;
    let cause = error.get_ref()?;
    let (first, then) = match (cause.downcast_ref(), cause.downcast_ref()) {
        (Some(&NotText { outer: None, other }), _) if is_stdin => (other.filter, None),
        (Some(&NotText { outer: None, other }), _) => (other.command, None),
        (Some(&NotText { outer: Some(outer), other }), _) => (outer, Some(other.filter)),
        (_, Some(Damaged::LongWindow)) => ("zstd -dc --long=31", None),
        _ => return None,
    };
    let mut command = first.to_owned();
    if is_stdin {
        command.insert_str(0, "... | ");
    } else {
        command.push(' ');
        command += &try_quote(file).unwrap_or(file.into());
    }
    let reader = format!("windrow {reader}");
    let stages = iter::once(command.as_str()).chain(then);
    Some(stages.chain([&*reader]).collect::<Vec<_>>().join(" | "))
}

/// Decompressed data, with errors in the words of this program.
struct Unpacked<R>(R);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(damaged)
    }
}

/// Reads the members of a gzip file, one after the other.
///
/// Like gzip, and unlike `MultiGzDecoder`, it skips zeros after a member, with which tapes and some
/// archives fill blocks, and ignores other bytes.
struct Members<R> {
    state: State<Chain<Cursor<&'static [u8]>, R>>,
    ignored: Ignored,
}

enum State<R> {
    Member(Box<GzDecoder<R>>),
    /// After a member; `true` once the first byte of the next was read.
    Between(R, bool),
    End,
}

impl<R: BufRead> Members<R> {
    fn new(compressed: R, ignored: &Ignored) -> Self {
        let whole = Cursor::new(&[][..]).chain(compressed);
        Self { state: State::Member(Box::new(GzDecoder::new(whole))), ignored: ignored.clone() }
    }

    /// Advances to the next member or to the end.
    fn advance(&mut self) -> io::Result<()> {
        const FIRST: u8 = 0x1F;
        const SECOND: u8 = 0x8B;
        let State::Between(rest, has_first) = &mut self.state else { return Ok(()) };
        let free = rest.fill_buf()?;
        let zeros = free.iter().take_while(|&&byte| byte == 0).count();
        match free {
            [] if !*has_first => self.state = State::End,
            [SECOND, ..] if *has_first => {
                let State::Between(rest, _) = std::mem::replace(&mut self.state, State::End) else {
                    return Ok(());
                };
                let whole = Cursor::new(&[FIRST][..]).chain(rest.into_inner().1);
                self.state = State::Member(Box::new(GzDecoder::new(whole)));
            }
            [0, ..] if !*has_first => rest.consume(zeros),
            [FIRST, ..] if !*has_first => {
                rest.consume(1);
                *has_first = true;
            }
            _ => {
                self.ignored.note();
                self.state = State::End;
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.state {
                State::End => return Ok(0),
                State::Between(..) => self.advance()?,
                State::Member(member) => {
                    let read = member.read(buffer)?;
                    if read > 0 || buffer.is_empty() {
                        return Ok(read);
                    }
                    let State::Member(member) = std::mem::replace(&mut self.state, State::End)
                    else {
                        return Ok(0);
                    };
                    self.state = State::Between(member.into_inner(), false);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// Returns at most this many bytes at once.
    struct Sips<'t>(&'t [u8], usize);

    impl Read for Sips<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    impl BufRead for Sips<'_> {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            Ok(&self.0[..self.0.len().min(self.1)])
        }

        fn consume(&mut self, amount: usize) {
            self.0.consume(amount);
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    #[track_caller]
    fn check(bytes: &[u8], text: &[u8], ignored: bool) {
        for sip in [1, 2, 3, 1_000] {
            let noted = Ignored::default();
            let mut found = Vec::new();
            Members::new(Sips(bytes, sip), &noted).read_to_end(&mut found).unwrap();
            assert_eq!((&found[..], noted.any()), (text, ignored), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn zeros_between_members_are_skipped() {
        let (a, b) = (gzip(b"one\n"), gzip(b"two\n"));
        check(&a, b"one\n", false);
        check(&[&a[..], &b].concat(), b"one\ntwo\n", false);
        check(&[&a[..], &[0; 700], &b, &[0; 5]].concat(), b"one\ntwo\n", false);
        check(&[&gzip(b"")[..], &b].concat(), b"two\n", false);
    }

    #[test]
    fn other_bytes_after_a_member_are_ignored_and_noted() {
        let a = gzip(b"one\n");
        for rest in
            [&b"x"[..], b"\x1F", b"\x1F\x1F\x8B", b"\x1Fx", b"\0\0x", b"\0\x1F\0", b"\x8B\x1F"]
        {
            check(&[&a, rest].concat(), b"one\n", true);
        }
    }

    #[test]
    fn member_that_is_cut_off_or_corrupt_is_an_error() {
        let a = gzip(b"one\n");
        let kind = |bytes: &[u8]| {
            let mut members = Members::new(bytes, &Ignored::default());
            members.read_to_end(&mut Vec::new()).unwrap_err().kind()
        };
        for cut in 2..a.len() {
            let found = kind(&[&a[..], &a[..cut]].concat());
            assert_eq!(found, ErrorKind::UnexpectedEof, "{cut}");
        }
        assert_eq!(kind(&[&a[..], b"\x1F\x8B\x07xxxxxxxxx"].concat()), ErrorKind::InvalidInput);
    }

    #[test]
    fn command_names_the_file_as_a_shell_needs_it() {
        let failing = |bytes: &'static [u8], file| {
            let error = unpack(bytes).err().unwrap();
            (error.to_string(), command(&error, file, "top").unwrap())
        };
        let (message, command) = failing(b"\x04\x22\x4D\x18", "my logs/it's.lz4");
        assert_eq!(message, "compressed with lz4, which is not supported");
        assert_eq!(command, r#"lz4 -dc "my logs/it's.lz4" | windrow top"#);
        let (_, command) = failing(b"PK\x03\x04", "a.zip");
        assert_eq!(command, "unzip -p a.zip | windrow top");
        let (_, command) = failing(b"PK\x03\x04", STDIN);
        assert_eq!(command, "... | funzip | windrow top");
        let (message, command) = failing(b"\xFE\xFF\0{", STDIN);
        assert_eq!(message, "encoded as UTF-16, which is not supported");
        assert_eq!(command, "... | iconv -f UTF-16 -t UTF-8 | windrow top");
    }
}
