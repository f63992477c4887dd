//! Batches where the system cannot start a thread.

use std::env;
use std::process::Command;

use codec::{DecodeOptions, Record, Sink};

/// The variable from which the standard library reads the default stack size of threads.
const STACK: &str = "RUST_MIN_STACK";
/// More than any address space, so that no thread can be started.
const TOO_MUCH: &str = "1152921504606846976";

#[derive(Default)]
struct Sum(f64);

impl Sink for Sum {
    fn accept(&mut self, record: Record<'_>) {
        self.0 += record.time.as_f64();
    }
}

#[test]
fn batch_is_decoded_without_another_thread() {
    if env::var_os(STACK).is_none() {
        // The variable is read once, at the first thread, so this test needs its own process.
        let name = "batch_is_decoded_without_another_thread";
        let mut child = Command::new(env::current_exe().unwrap());
        let output = child.args(["--exact", name]).env(STACK, TOO_MUCH).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    assert!(std::thread::Builder::new().spawn(|| ()).is_err(), "a thread can be started");
    let lines = "{\"action\":\"jump\",\"time\":2}\n".repeat(50_000);
    let options = DecodeOptions::default();
    let mut sums: Vec<_> = (0..5).map(|_| Sum::default()).collect();
    let report = options.par_decode_slice(lines.as_bytes(), &mut sums);
    let read = options.par_decode_reader(lines.as_bytes(), &mut sums).unwrap();
    assert_eq!((report.accepted, read.accepted), (50_000, 50_000));
    assert_eq!(sums.iter().map(|sum| sum.0).sum::<f64>(), 200_000.0);
    assert_eq!(sums[0].0, 200_000.0);
}
