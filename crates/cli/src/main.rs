//! windrow
fn main() {}
