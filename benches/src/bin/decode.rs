//! Decodes a file several times on one thread: `decode DECODER FORM FILE PASSES`.
//!
//! Prints the totals of all passes as a line of JSON; a decoder named `floor_newlines` counts lines
//! and prints their number. The file is read into memory first, as parsers need it there.

use std::io::{self, Write};
use std::{env, fs};

use benches::harness::lines::{Form, Sums};
use benches::implementations::{decoders_of, floor_newlines};

fn main() -> io::Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    let (name, form, file, passes) = match &args[..] {
        [version] if version == "--version" => {
            return writeln!(io::stdout(), "decode {}", env!("CARGO_PKG_VERSION"));
        }
        [name, form, file, passes] => (name, form, file, passes),
        _ => return Err(io::Error::other("which decoder, form and file, and how many passes?")),
    };
    let passes: u64 = passes.parse().map_err(|_| io::Error::other("how many passes?"))?;
    let form = Form::named(form).ok_or_else(|| io::Error::other(format!("no form `{form}`")))?;
    let text = fs::read(file)?;
    if name == "floor_newlines" {
        let lines: u64 = (0..passes).map(|_| floor_newlines(&text)).sum();
        return writeln!(io::stdout(), "{lines}");
    }
    let decoder = decoders_of(form).iter().find(|(known, _)| known == name);
    let (_, decode) =
        decoder.ok_or_else(|| io::Error::other(format!("no decoder `{name}` of this form")))?;
    let sums = (0..passes).fold(Sums::default(), |sums, _| sums.with(decode(&text)));
    let Sums { accepted, refused, name_bytes, time } = sums;
    writeln!(
        io::stdout(),
        r#"{{"accepted":{accepted},"refused":{refused},"name_bytes":{name_bytes},"time":{time}}}"#
    )
}
