//! Command lines and their output, in `tests/cmd` and in the README.
//!
//! `TRYCMD=overwrite cargo test -p cli --test commands` accepts the current output; review it.

#[test]
fn commands_print_what_is_written_down() {
    trycmd::TestCases::new()
        .register_bin("windrow", std::path::Path::new(env!("CARGO_BIN_EXE_windrow")))
        // The output must not depend on the terminal that runs the tests.
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .env("CLICOLOR_FORCE", "0")
        // Reports have the moment when they were made, and the version of the program.
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .insert_var("[VERSION]", env!("CARGO_PKG_VERSION"))
        .unwrap()
        .case("tests/cmd/*.trycmd")
        .case("tests/cmd/*.toml")
        .case("README.md")
        .run();
}
