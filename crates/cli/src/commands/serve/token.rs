//! The file of a token.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use service::Token;

use crate::diagnostics;
use crate::input::source;

/// The maximum length of the file.
const BYTES_MAX: u64 = 16 << 10;

/// Reads the token in a file, without the white space around it.
///
/// # Errors
///
/// What is wrong with the file. The message has nothing of its content.
pub(super) fn read(path: &Path) -> Result<Token, String> {
    let name = source::name(path);
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
    read.map_err(|error| format!("{name}: {}", diagnostics::reason(&error)))?;
    Token::new(text.trim())
        .map_err(|error| format!("{name}: {error}\n  `openssl rand -hex 32` prints one"))
}
