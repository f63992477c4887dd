//! The commands of the workspace's README, run in its directory.

use std::env;

#[test]
fn commands_print_what_the_readme_says() {
    // Nothing else in this process depends on the current directory.
    env::set_current_dir("../..").unwrap();
    trycmd::TestCases::new()
        .register_bin("windrow", std::path::Path::new(env!("CARGO_BIN_EXE_windrow")))
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .env("CLICOLOR_FORCE", "0")
        .case("README.md")
        .run();
}
