//! Compares an output with a committed file.

use std::path::Path;

use anyhow::{Context as _, ensure};
use xshell::{Shell, cmd};

/// Compares a text with a file, line ends aside, or writes it as the new file.
///
/// `command` is the one that is being run; with `--update` it writes the file.
pub(crate) fn check(
    sh: &Shell,
    file: &Path,
    found: &str,
    update: bool,
    command: &str,
) -> anyhow::Result<()> {
    let shown = file.display();
    ensure!(!found.is_empty(), "there is nothing to compare with {shown}");
    if update {
        return sh.write_file(file, found).with_context(|| shown.to_string());
    }
    let known = sh.path_exists(file);
    ensure!(known, "{shown} is missing; run `{command} --update` to write it");
    let options = ["--no-index", "--exit-code", "--ignore-cr-at-eol", "--unified=0"];
    let diff = cmd!(sh, "git diff {options...} -- {file} -");
    let diff = diff.stdin(found).quiet().ignore_status().output()?;
    ensure!(
        diff.status.success(),
        "the output differs from {shown}:\n{}{}\
         if that is intended, run `{command} --update` and review the difference",
        String::from_utf8_lossy(&diff.stdout),
        String::from_utf8_lossy(&diff.stderr)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_is_shown_and_line_ends_are_ignored() {
        let sh = Shell::new().unwrap();
        let folder = sh.create_temp_dir().unwrap();
        let golden = folder.path().join("golden.txt");
        let check = |found: &str, update| check(&sh, &golden, found, update, "cargo xtask demo");
        let missing = check("a\n", false).unwrap_err().to_string();
        assert!(missing.ends_with("run `cargo xtask demo --update` to write it"), "{missing}");
        sh.write_file(&golden, "a\r\nb\r\n").unwrap();
        check("a\nb\n", false).unwrap();
        let error = check("a\nX\n", false).unwrap_err().to_string();
        assert!(error.contains("\n-b") && error.contains("\n+X\n"), "{error}");
        assert!(check("", true).is_err());
        check("a\nX\n", true).unwrap();
        assert_eq!(sh.read_file(&golden).unwrap(), "a\nX\n");
    }
}
