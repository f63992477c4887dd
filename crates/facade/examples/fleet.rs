//! Several processes record, another one answers for all of them, through a Redis server.
//!
//! ```sh
//! cargo run -p facade --features store --example fleet -- write redis://127.0.0.1 1000
//! cargo run -p facade --features store --example fleet -- read redis://127.0.0.1
//! ```

use std::env;
use std::error::Error;
use std::time::Duration;

use facade::store::{Reader, RedisStore, StoreSpec};
use facade::{Quantile, Summary, Unit, Windrow};

#[cfg(test)]
#[path = "../../exposition/tests/prometheus/program.rs"]
mod program;

/// The same in all processes.
const SET: &str = "fleet-example";
const WINDOW: Duration = Duration::from_secs(300);

#[expect(clippy::print_stdout, reason = "an example shows what it finds")]
fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<_> = env::args().skip(1).collect();
    println!("{}", run(&words)?);
    Ok(())
}

fn run(words: &[String]) -> Result<String, Box<dyn Error>> {
    match words {
        [write, url, number] if write == "write" => {
            record(RedisStore::new(url.parse()?, SET)?, number.parse()?)
        }
        [read, url] if read == "read" => answer(RedisStore::new(url.parse()?, SET)?),
        _ => Err("expected `write URL NUMBER` or `read URL`".into()),
    }
}

/// Records actions of 1 to 100 ms.
fn record(mut store: RedisStore, number: u64) -> Result<String, Box<dyn Error>> {
    store.connect()?; // A service would go on without it, and publish when it is back.
    let windrow = Windrow::default();
    let publishing = windrow.publish_actions(store, StoreSpec::default())?;
    let checkout = windrow.action("checkout")?;
    for at in 0..number {
        checkout.record(Duration::from_millis(1 + at % 100));
    }
    publishing.flush()?;
    Ok(format!("recorded {number}"))
}

/// Answers for all processes.
fn answer(store: RedisStore) -> Result<String, Box<dyn Error>> {
    let mut reader = Reader::<Summary>::new(store, &StoreSpec::default(), Unit::Nanoseconds)?;
    let view = reader.read(WINDOW)?;
    let checkout = view.get("checkout", WINDOW)?;
    let p99 = checkout.statistic().quantile(Quantile::P99);
    let p99 = p99.map_or(0.0, |time| time.as_f64() / 1e6);
    let missing = view.writers().iter().filter(|writer| writer.is_missing()).count();
    let (count, writers) = (checkout.count(), view.writers().len());
    Ok(format!("checkout: {count}, p99 {p99:.0} ms, of {writers} processes, {missing} missing"))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn two_writers_and_a_reader_have_one_answer() {
        if program::is_missing("redis-server", "redis-server") {
            return;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Command::new("redis-server");
        server.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()]);
        let mut server = server.stdout(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(server.stdout.take().unwrap());
        let mut log = log.lines().map_while(Result::ok);
        let is_ready = log.any(|line| line.contains("Ready to accept connections"));
        let url = format!("redis://127.0.0.1:{port}");
        let run = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
            run(&words).map_err(|error| error.to_string())
        };
        let answers =
            [&["write", &url, "1000"][..], &["write", &url, "500"], &["read", &url]].map(run);
        server.kill().unwrap();
        server.wait().unwrap();
        assert!(is_ready);
        let expected = [
            "recorded 1000",
            "recorded 500",
            "checkout: 1500, p99 99 ms, of 2 processes, 0 missing",
        ];
        assert_eq!(answers, expected.map(|text| Ok(text.to_owned())));
        let usage = "expected `write URL NUMBER` or `read URL`";
        assert_eq!(run(&["write"]), Err(usage.to_owned()));
    }
}
