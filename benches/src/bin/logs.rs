//! Writes a log in the form of another program: `logs FORM LINES` to standard output.
//!
//! The same arguments give the same bytes.

use std::env;
use std::io::{self, BufWriter, Write};

use benches::harness::logs::{LOG_FORMS, LogLines};

fn main() -> io::Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [name, lines] = match &args[..] {
        [version] if version == "--version" => {
            return writeln!(io::stdout(), "logs {}", env!("CARGO_PKG_VERSION"));
        }
        [name, lines] => [name, lines],
        _ => return Err(io::Error::other("which form, and how many lines?")),
    };
    let Some((_, form)) = LOG_FORMS.into_iter().find(|(known, _)| known == name) else {
        let names = LOG_FORMS.map(|(name, _)| name).join(", ");
        return Err(io::Error::other(format!("no form `{name}`; the forms are {names}")));
    };
    let lines: u64 = lines.parse().map_err(|_| io::Error::other("how many lines?"))?;
    let mut output = BufWriter::with_capacity(128 * 1_024, io::stdout().lock());
    let mut log = LogLines::new(form);
    for _ in 0..lines {
        log.write(&mut output)?;
    }
    output.flush()
}
