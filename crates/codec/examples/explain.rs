//! Reads lines and says of each what action it is, or why it is none.
//!
//! `printf '%s\n' '{"action":"jump","time":1}' '{"action":"jump"}' | cargo run --example explain`
#![expect(clippy::print_stdout, reason = "an example that shows its result")]

use std::io::{self, BufRead};

use codec::{Action, decode};

fn main() -> io::Result<()> {
    for (number, line) in io::stdin().lock().split(b'\n').enumerate() {
        match decode(&line?) {
            Ok(Action { name, time }) => println!("line {}: `{name}` took {time}", number + 1),
            Err(refusal) => println!("line {}: {refusal}", number + 1),
        }
    }
    Ok(())
}
