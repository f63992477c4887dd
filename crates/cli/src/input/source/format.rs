//! Detects the format of an input from its first bytes.

use std::io::{self, ErrorKind, Read};

/// The format of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// UTF-8 text, or anything else, whose lines are refused one by one.
    Text,
    /// UTF-8 text with a byte order mark.
    MarkedText,
    Gzip,
    Zstd,
    /// Frames of zstd or lz4 without data, such as the sizes that pzstd writes.
    Skippable,
    /// An unsupported format, with the command that converts it.
    Other(Other),
}

/// An unsupported format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Other {
    /// The start of the message.
    pub(super) what: &'static str,
    /// The command that prints the text of a file, without the file.
    pub(super) command: &'static str,
    /// The command that converts standard input.
    pub(super) filter: &'static str,
}

/// The first bytes of each format. The longest match decides.
const MAGICS: &[(&[u8], Format)] = &[
    (b"\xEF\xBB\xBF", Format::MarkedText),
    (b"\x1F\x8B", Format::Gzip),
    (b"\x28\xB5\x2F\xFD", Format::Zstd),
    (b"\xFD7zXZ\0", other("compressed with xz", "xz -dc")),
    (b"\x5D\0\0", other("compressed with lzma", "xz -dc")),
    (b"BZh", other("compressed with bzip2", "bzip2 -dc")),
    (b"\x04\x22\x4D\x18", other("compressed with lz4", "lz4 -dc")),
    (b"\x02\x21\x4C\x18", other("compressed with lz4", "lz4 -dc")),
    (b"\x1F\x9D", other("compressed with compress", "gzip -dc")),
    (b"LZIP", other("compressed with lzip", "lzip -dc")),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"PK\x07\x08", ZIP),
    (b"\xFF\xFE", other("encoded as UTF-16", "iconv -f UTF-16 -t UTF-8")),
    (b"\xFE\xFF", other("encoded as UTF-16", "iconv -f UTF-16 -t UTF-8")),
    (b"{\0", other("encoded as UTF-16", "iconv -f UTF-16LE -t UTF-8")),
    (b"\0{", other("encoded as UTF-16", "iconv -f UTF-16BE -t UTF-8")),
    (b"\xFF\xFE\0\0", other("encoded as UTF-32", "iconv -f UTF-32 -t UTF-8")),
    (b"\0\0\xFE\xFF", other("encoded as UTF-32", "iconv -f UTF-32 -t UTF-8")),
    (b"{\0\0\0", other("encoded as UTF-32", "iconv -f UTF-32LE -t UTF-8")),
    (b"\0\0\0{", other("encoded as UTF-32", "iconv -f UTF-32BE -t UTF-8")),
];

const ZIP: Format =
    Format::Other(Other { what: "compressed with zip", command: "unzip -p", filter: "funzip" });

/// The first byte of a skippable frame; the low four bits are arbitrary.
const SKIPPABLE: u8 = 0x50;
/// The next three bytes of a skippable frame.
const SKIPPABLE_REST: [u8; 3] = *b"\x2A\x4D\x18";

const fn other(what: &'static str, command: &'static str) -> Format {
    Format::Other(Other { what, command, filter: command })
}

/// Reads enough bytes to detect the format, and returns it with the bytes.
///
/// That is one or two bytes for most text, and never more than the first line, since the next line
/// may arrive much later.
pub(super) fn detect(input: &mut impl Read) -> io::Result<(Format, Vec<u8>)> {
    let mut head = Vec::new();
    while may_become(&head) {
        let mut byte = [0];
        if read_some(input, &mut byte)? == 0 {
            break;
        }
        head.extend(byte);
    }
    if let [first, rest @ ..] = &head[..]
        && (first & 0xF0, rest) == (SKIPPABLE, &SKIPPABLE_REST)
    {
        return Ok((Format::Skippable, head));
    }
    let found = MAGICS.iter().filter(|(magic, _)| head.starts_with(magic));
    let found = found.max_by_key(|(magic, _)| magic.len());
    Ok((found.map_or(Format::Text, |&(_, format)| format), head))
}

/// Returns whether one more byte may change the format.
fn may_become(head: &[u8]) -> bool {
    let is_skippable = match head {
        [] => true,
        [first, rest @ ..] => {
            first & 0xF0 == SKIPPABLE
                && rest.len() < SKIPPABLE_REST.len()
                && SKIPPABLE_REST.starts_with(rest)
        }
    };
    is_skippable
        || MAGICS.iter().any(|(magic, _)| magic.len() > head.len() && magic.starts_with(head))
}

/// Skips frames without data, after the first four bytes of the first one.
///
/// Returns the format that follows; at the end of the input that is text without bytes.
pub(super) fn skip_frames(input: &mut impl Read) -> io::Result<(Format, Vec<u8>)> {
    loop {
        let mut len = [0; 4];
        read_all(input, &mut len)?;
        let len = u64::from(u32::from_le_bytes(len));
        if io::copy(&mut input.take(len), &mut io::sink())? < len {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let (format, head) = detect(input)?;
        if format != Format::Skippable {
            return Ok((format, head));
        }
    }
}

fn read_all(input: &mut impl Read, mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_some(input, buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => buffer = &mut buffer[read..],
        }
    }
    Ok(())
}

fn read_some(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Format, read: usize) {
        let (format, head) = detect(&mut &bytes[..]).unwrap();
        let shown = bytes.escape_ascii();
        assert_eq!((format, head.len()), (expected, read), "{shown}");
        assert!(bytes.starts_with(&head), "{shown}");
    }

    fn name(bytes: &[u8]) -> &'static str {
        match detect(&mut &bytes[..]).unwrap().0 {
            Format::Other(other) => other.what.trim_start_matches("encoded as "),
            _ => "",
        }
    }

    #[test]
    fn detection_reads_no_more_than_necessary() {
        check(b"", Format::Text, 0);
        check(b"[1]", Format::Text, 2);
        check(b"\n{}", Format::Text, 1);
        check(b"{\"action\"", Format::Text, 2);
        check(b"{", Format::Text, 1);
        check(b"P", Format::Text, 1);
        check(b"POST", Format::Text, 2);
        check(b"P*MB", Format::Text, 4);
        check(b"\xEF\xBB\xBF{}", Format::MarkedText, 3);
        check(b"\xEF\xBB", Format::Text, 2);
        check(b"\xEF\xBB{", Format::Text, 3);
        check(b"\x1F\x8B\x08", Format::Gzip, 2);
        check(b"\x28\xB5\x2F\xFD", Format::Zstd, 4);
        check(b"\x50\x2A\x4D\x18\x04", Format::Skippable, 4);
        check(b"\x5F\x2A\x4D\x18", Format::Skippable, 4);
        check(b"\x60\x2A\x4D\x18", Format::Text, 1);
    }

    #[test]
    fn longest_match_decides() {
        assert_eq!(name(b"\xFF\xFE{\0"), "UTF-16");
        assert_eq!(name(b"\xFF\xFE\0"), "UTF-16");
        assert_eq!(name(b"\xFF\xFE\0\0{\0\0\0"), "UTF-32");
        assert_eq!(name(b"{\0\"\0"), "UTF-16");
        assert_eq!(name(b"{\0\0\0"), "UTF-32");
        assert_eq!(name(b"\0{\0\""), "UTF-16");
        assert_eq!(name(b"\0\0\0{"), "UTF-32");
        assert_eq!(name(b"\0\0\xFE\xFF"), "UTF-32");
    }
}
