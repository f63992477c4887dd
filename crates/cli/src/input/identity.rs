//! The identity of an input: its path, its length and a hash of its content.
//!
//! A job that is run again on the same input is the same, wherever and whenever that is. So saved
//! rows of an input are counted once, however often they are merged. A log that has grown, and
//! another one of the same name after a rotation, are other inputs.

use std::io::{self, Read};
use std::path::{self, Path};

use facade::time::Instance;
use xxhash_rust::xxh3::Xxh3;

use super::source;

/// The content of an input up to here.
#[derive(Default)]
pub(super) struct Content {
    hash: Xxh3,
    len: u64,
}

impl Content {
    /// Returns the identity of the input with this path and content.
    pub(super) fn instance(&self, path: &Path) -> Instance {
        let is_stdin = source::is_stdin(path);
        let absolute = if is_stdin { None } else { path::absolute(path).ok() };
        let path = absolute.as_deref().unwrap_or(path).as_os_str().as_encoded_bytes();
        let mut whole = Xxh3::new();
        whole.update(&self.hash.digest128().to_le_bytes());
        whole.update(&self.len.to_le_bytes());
        whole.update(path);
        let digest = whole.digest128().to_le_bytes();
        Instance::from_bytes(digest.first_chunk().copied().unwrap_or_default())
    }
}

/// A reader whose content is hashed, if that is wanted.
pub(super) struct Identified<'c, R> {
    reader: R,
    content: Option<&'c mut Content>,
}

impl<'c, R> Identified<'c, R> {
    pub(super) fn new(reader: R, content: Option<&'c mut Content>) -> Self {
        Self { reader, content }
    }
}

impl<R: Read> Read for Identified<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.reader.read(buffer)?;
        if let Some(content) = &mut self.content {
            content.hash.update(&buffer[..len]);
            content.len += len as u64;
        }
        Ok(len)
    }
}
