//! What all files of the binary form have: a magic number, a version and a tag, and a checksum.

use core_time::Statistic;

use super::error::{BinaryError, Problem};
use super::reader::BinaryReader;
use super::writer::BinaryWriter;

/// The bytes of the checksum at the end.
const CHECKSUM: usize = 4;

/// Which kind of file it is.
pub(crate) struct Kind {
    pub(crate) magic: &'static str,
    pub(crate) version: u64,
    /// What it contains, as messages name it.
    pub(crate) content: &'static str,
}

impl Kind {
    /// Begins a file of a statistic.
    pub(crate) fn begin<S: Statistic>(&self) -> BinaryWriter {
        let mut writer = BinaryWriter::default();
        writer.raw(self.magic.as_bytes());
        writer.integer(self.version);
        writer.text(&S::TAG.to_string());
        writer
    }

    /// Checks all bytes against the checksum, and returns the tag and what follows it.
    pub(crate) fn open<'a>(
        &self,
        bytes: &'a [u8],
    ) -> Result<(&'a str, BinaryReader<'a>), BinaryError> {
        let &Self { magic, version, content } = self;
        let mut start = BinaryReader::new(bytes);
        if start.raw(magic.len()) != Ok(magic.as_bytes()) {
            return Err(BinaryError::new(0, Problem::OtherFile { content, magic }));
        }
        let found = start.integer()?;
        if found != version {
            let problem = Problem::OtherVersion { content, found, known: version };
            return Err(BinaryError::new(magic.len(), problem));
        }
        let end = || BinaryError::new(bytes.len(), Problem::End { what: "the checksum" });
        let (before, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or_else(end)?;
        let (found, expected) = (u32::from_le_bytes(*checksum), crc32fast::hash(before));
        if found != expected {
            let problem = Problem::Checksum { found, expected };
            return Err(BinaryError::new(before.len(), problem));
        }
        let mut reader = BinaryReader::new(before);
        reader.raw(magic.len())?;
        reader.integer()?;
        Ok((reader.text()?, reader))
    }

    /// Checks that a tag is that of a statistic.
    pub(crate) fn check_tag<S: Statistic>(&self, tag: &str) -> Result<(), BinaryError> {
        const SHOWN: usize = 80; // The tag that was read may have any length.
        let expected = S::TAG.to_string();
        if tag == expected {
            return Ok(());
        }
        let found = match tag.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &tag[..end]),
            None => tag.to_owned(),
        };
        let problem = Problem::OtherTag { content: self.content, found, expected };
        Err(BinaryError::new(self.magic.len() + 1, problem))
    }
}

/// Writes the checksum, and returns all bytes.
pub(crate) fn finish(mut writer: BinaryWriter) -> Vec<u8> {
    let checksum = crc32fast::hash(writer.bytes());
    writer.raw(&checksum.to_le_bytes());
    writer.into_bytes()
}
