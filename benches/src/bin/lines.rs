//! Writes lines of a form: `lines FORM COUNT` to standard output.
//!
//! The same arguments give the same bytes.

use std::env;
use std::io::{self, BufWriter, Write};

use benches::harness::lines::{Form, LineWriter};

fn main() -> io::Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [name, count] = match &args[..] {
        [version] if version == "--version" => {
            return writeln!(io::stdout(), "lines {}", env!("CARGO_PKG_VERSION"));
        }
        [name, count] => [name, count],
        _ => return Err(io::Error::other("which form, and how many lines?")),
    };
    let Some(form) = Form::named(name) else {
        let names: Vec<_> = Form::all().map(|(name, _)| name).collect();
        return Err(io::Error::other(format!(
            "no form `{name}`; the forms are {}",
            names.join(", ")
        )));
    };
    let count: u64 = count.parse().map_err(|_| io::Error::other("how many lines?"))?;
    let mut output = BufWriter::with_capacity(128 * 1_024, io::stdout().lock());
    let (mut writer, mut line) = (LineWriter::new(form), Vec::new());
    for _ in 0..count {
        line.clear();
        writer.write(&mut line);
        output.write_all(&line)?;
    }
    output.flush()
}
