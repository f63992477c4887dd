//! What decoding allocates: nothing for a plain line, and little for a refusal, whatever the input.
#![expect(unsafe_code, reason = "counting what is allocated takes an allocator of our own")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;

use codec::{DecodeError, Limits, decode};

/// The system's allocator, counting the bytes that each thread asks for.
struct Counting;

thread_local! {
    // For each thread its own: tests run beside each other.
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: `GlobalAlloc` wants blocks that fit their layout, do not overlap and stay valid until
// they are freed. `System` gives them, and each call is handed on as it came. Counting does not
// allocate (the cell is constant and has no destructor) and does not unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.with(|bytes| bytes.set(bytes.get() + layout.size()));
        // SAFETY: the caller upholds the contract of `alloc`, which is that of `System.alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller hands over a block of ours with its layout, and ours are of `System`.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The bytes that a call allocates in all, freed or not.
fn allocated<T>(call: impl FnOnce() -> T) -> (usize, T) {
    let before = BYTES.get();
    let answer = call();
    (BYTES.get() - before, answer)
}

#[track_caller]
fn check_accepted(input: &str, expected: usize) {
    let (bytes, answer) = allocated(|| decode(input.as_bytes()));
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(bytes, expected, "{}", &input[..input.len().min(99)]);
}

#[track_caller]
fn check_refused(input: &[u8]) -> DecodeError {
    let (bytes, answer) = allocated(|| decode(input));
    let refusal = answer.unwrap_err();
    assert!(bytes < 1_024, "{bytes} bytes for {refusal}");
    refusal
}

#[test]
fn what_is_counted_is_what_is_allocated() {
    assert_eq!(allocated(|| Box::new([0_u8; 77])).0, 77);
    assert_eq!(allocated(|| ()).0, 0);
}

#[test]
fn lines_without_escapes_in_the_name_allocate_nothing() {
    check_accepted(r#"{"action":"jump","time":100}"#, 0);
    check_accepted(r#"{"time":0.1,"action":"日本"}"#, 0);
    check_accepted(r#"{"\u0061ction":"jump","tim\u0065":1e2,"x\n":"\ud83d\ude80"}"#, 0);
    let deepest =
        format!(r#"{{"action":"a","time":1,"x":{}1{}}}"#, "[".repeat(127), "]".repeat(127));
    check_accepted(&deepest, 0);
    let long_number = format!(r#"{{"action":"a","time":0.{}1e5001}}"#, "0".repeat(5_000));
    check_accepted(&long_number, 0);
}

#[test]
fn a_name_with_escapes_is_copied_once() {
    check_accepted(r#"{"action":"\u006aump","time":100}"#, 4);
    check_accepted(&format!(r#"{{"action":"\u00e9{}","time":1}}"#, "x".repeat(254)), 256);
}

#[test]
fn refusals_allocate_less_than_a_kibibyte() {
    let reject = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/reject");
    for path in std::fs::read_dir(reject).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "json") {
            check_refused(&std::fs::read(path).unwrap());
        }
    }
    let large = 100_000;
    let escaped = r"\u0061".repeat(large);
    let name = r"\u0061".repeat(256);
    check_refused(format!(r#"{{"action":"{escaped}","time":1}}"#).as_bytes());
    check_refused(format!(r#"{{"{escaped}":1}}"#).as_bytes());
    check_refused(format!(r#"{{"action":"{name}","time":-{}}}"#, "9".repeat(large)).as_bytes());
    check_refused(format!(r#"{{"action":"{name}","time":1{}.0}}"#, "0".repeat(large)).as_bytes());
    check_refused(format!(r#"{{"action":"{name}","time":1"#).as_bytes());
    check_refused("[".repeat(large).as_bytes());
    check_refused(r#""action":"#.repeat(large).as_bytes());
    let many_faults = r#""action":1,"time":"","#.repeat(large / 8);
    let refusal = check_refused(format!("{{{many_faults}}}").as_bytes());
    // The last comma, after all those faults of the schema.
    assert!(refusal.is_syntax(), "{refusal}");
}

#[test]
fn deeper_nesting_costs_bits() {
    let limits = Limits { nesting: 1_000_000, ..Limits::default() };
    let input = "[".repeat(500_000) + &"]".repeat(500_000);
    let (bytes, answer) = allocated(|| limits.decode(input.as_bytes()));
    assert!(answer.unwrap_err().is_schema());
    // A vector that doubles asks for at most four times what it holds, added up.
    assert!(bytes <= 4 * 500_000 / 8, "{bytes} bytes");
}
