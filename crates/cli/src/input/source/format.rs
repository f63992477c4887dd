//! What the first bytes of an input say it is.

use std::io::{self, ErrorKind, Read};

/// The format of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Anything that is none of the others: text in UTF-8, or what is refused line by line.
    Text,
    /// Text in UTF-8 behind a byte order mark.
    MarkedText,
    Gzip,
    Zstd,
    /// Frames of zstd or lz4 that hold no data, such as the sizes that pzstd notes.
    Skippable,
    /// Another format, and the command that reads it.
    Other(Other),
}

/// A format that is not read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Other {
    /// How a file is made into it, as a message begins.
    pub(super) what: &'static str,
    /// What writes the text in a file that is named behind it.
    pub(super) command: &'static str,
    /// What writes the text in standard input.
    pub(super) filter: &'static str,
}

/// The first bytes of each format. Where two begin alike, the longer one decides.
const MAGICS: &[(&[u8], Format)] = &[
    (b"\xEF\xBB\xBF", Format::MarkedText),
    (b"\x1F\x8B", Format::Gzip),
    (b"\x28\xB5\x2F\xFD", Format::Zstd),
    (b"\xFD7zXZ\0", other("Compressed with xz", "xz -dc")),
    (b"\x5D\0\0", other("Compressed with lzma", "xz -dc")),
    (b"BZh", other("Compressed with bzip2", "bzip2 -dc")),
    (b"\x04\x22\x4D\x18", other("Compressed with lz4", "lz4 -dc")),
    (b"\x02\x21\x4C\x18", other("Compressed with lz4", "lz4 -dc")),
    (b"\x1F\x9D", other("Compressed with compress", "gzip -dc")),
    (b"LZIP", other("Compressed with lzip", "lzip -dc")),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"PK\x07\x08", ZIP),
    (b"\xFF\xFE", other("Encoded as UTF-16", "iconv -f UTF-16 -t UTF-8")),
    (b"\xFE\xFF", other("Encoded as UTF-16", "iconv -f UTF-16 -t UTF-8")),
    (b"{\0", other("Encoded as UTF-16", "iconv -f UTF-16LE -t UTF-8")),
    (b"\0{", other("Encoded as UTF-16", "iconv -f UTF-16BE -t UTF-8")),
    (b"\xFF\xFE\0\0", other("Encoded as UTF-32", "iconv -f UTF-32 -t UTF-8")),
    (b"\0\0\xFE\xFF", other("Encoded as UTF-32", "iconv -f UTF-32 -t UTF-8")),
    (b"{\0\0\0", other("Encoded as UTF-32", "iconv -f UTF-32LE -t UTF-8")),
    (b"\0\0\0{", other("Encoded as UTF-32", "iconv -f UTF-32BE -t UTF-8")),
];

const ZIP: Format =
    Format::Other(Other { what: "Compressed with zip", command: "unzip -p", filter: "funzip" });

/// The first byte of a skippable frame; the low half is free.
const SKIPPABLE: u8 = 0x50;
/// The three bytes behind it.
const SKIPPABLE_REST: [u8; 3] = *b"\x2A\x4D\x18";

const fn other(what: &'static str, command: &'static str) -> Format {
    Format::Other(Other { what, command, filter: command })
}

/// Reads as much of the beginning as distinguishes the formats, and returns what was read.
///
/// Of most text no more than one byte is waited for, and never more than the first line has: more
/// may not come for a while.
pub(super) fn recognise(input: &mut impl Read) -> io::Result<(Format, Vec<u8>)> {
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

/// Whether one more byte may say more.
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

/// Reads past frames that hold no data, of which the first four bytes were read, up to a format.
///
/// What follows may also be the end.
pub(super) fn skip_frames(input: &mut impl Read) -> io::Result<(Format, Vec<u8>)> {
    loop {
        let mut len = [0; 4];
        read_all(input, &mut len)?;
        let len = u64::from(u32::from_le_bytes(len));
        if io::copy(&mut input.take(len), &mut io::sink())? < len {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let (format, head) = recognise(input)?;
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
        let (format, head) = recognise(&mut &bytes[..]).unwrap();
        let shown = bytes.escape_ascii();
        assert_eq!((format, head.len()), (expected, read), "{shown}");
        assert!(bytes.starts_with(&head), "{shown}");
    }

    fn name(bytes: &[u8]) -> &'static str {
        match recognise(&mut &bytes[..]).unwrap().0 {
            Format::Other(other) => other.what.trim_start_matches("Encoded as "),
            _ => "",
        }
    }

    #[test]
    fn no_more_is_read_than_distinguishes_the_formats() {
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
    fn longer_beginning_decides() {
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
