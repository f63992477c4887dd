//! Builds the rival that uses simdjson, a library in C++.

use std::env;
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use xshell::{Shell, cmd};

use crate::workspace::root;

/// How to install what is needed.
pub(super) const INSTALL: &str = "apt-get install g++ libsimdjson-dev, or set SIMDJSON to a folder \
                                  with simdjson.h and simdjson.cpp";

/// Compiles the program for this processor; `None` if the compiler or the library is missing.
///
/// Kernels of simdjson on demand are chosen when it is compiled, not when it runs.
pub(super) fn build(sh: &Shell, folder: &Path) -> anyhow::Result<Option<String>> {
    let program = folder.join(format!("simdjson_lines{EXE_SUFFIX}"));
    // A program of an earlier run may be that of another version.
    let _ = fs::remove_file(&program);
    let source = root().join("benches/e2e/simdjson_lines.cpp");
    let (include, library) = match env::var("SIMDJSON") {
        Ok(folder) => (vec!["-I".to_owned(), folder.clone()], format!("{folder}/simdjson.cpp")),
        Err(_) => (Vec::new(), "-lsimdjson".to_owned()),
    };
    let optimise = ["-std=c++17", "-O3", "-DNDEBUG", "-march=native", "-ffp-contract=off"];
    let compile = cmd!(sh, "g++ {optimise...} {include...} -o {program} {source} {library}");
    if compile.quiet().ignore_stdout().ignore_stderr().run().is_err() {
        return Ok(None);
    }
    let version = cmd!(sh, "{program} --version").quiet().read();
    Ok(Some(version.context("simdjson does not run")?))
}
