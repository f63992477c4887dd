//! The work that programs share.

use std::path::Path;

use super::inputs::Input;
use super::programs::Program;

/// The same work for several programs.
pub(crate) struct Scenario {
    /// `operation/scenario`, as for every benchmark.
    pub(crate) name: &'static str,
    pub(crate) input: Input,
    pub(crate) threads: u8,
    /// How often a program reads the file.
    pub(crate) passes: u64,
    pub(crate) timing: Timing,
    pub(crate) programs: &'static [Program],
}

/// The time that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    /// From the start of the process to its end.
    Wall,
    /// The processor time in user mode, which is without that of reading the file.
    User,
}

impl Scenario {
    /// Programs that read a file once.
    pub(super) const fn new(
        name: &'static str,
        input: Input,
        threads: u8,
        programs: &'static [Program],
    ) -> Self {
        Self { name, input, threads, passes: 1, timing: Timing::Wall, programs }
    }

    /// Returns the arguments of a program for a file.
    pub(super) fn args(&self, program: &Program, file: &Path, scripts: &Path) -> Vec<String> {
        let [file, scripts] = [file, scripts].map(|path| path.display().to_string());
        let filled = |arg: &&str| match *arg {
            "FILE" => vec![file.clone()],
            "FILES" => vec![file.clone(); self.passes as usize],
            "FORM" => vec![self.input.name.to_owned()],
            "PASSES" => vec![self.passes.to_string()],
            _ => {
                let threads = self.threads.to_string();
                vec![arg.replace("THREADS", &threads).replace("SCRIPTS", &scripts)]
            }
        };
        program.args.iter().flat_map(filled).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::programs::{DUCKDB, MEANS, MILLER};
    use super::super::scenarios::COMMON;
    use super::super::shapes::CODEC;
    use super::*;

    #[test]
    fn arguments_name_the_file_and_the_threads() {
        let (file, scripts) = (Path::new("a b.ndjson"), Path::new("e2e"));
        let scenario = |threads| Scenario::new("e2e/a", COMMON, threads, &[]);
        let args = scenario(2).args(&DUCKDB, file, scripts);
        assert_eq!(args, ["e2e/duckdb_stats.py", "a b.ndjson", "2", "actions"]);
        let args = scenario(1).args(&MEANS, file, scripts);
        assert!(args.contains(&"--threads=1".to_owned()));
        assert_eq!(MILLER.env(2), Some(("GOMAXPROCS", "2".to_owned())));
    }

    #[test]
    fn file_is_named_for_each_pass() {
        let scenario = Scenario { passes: 2, ..Scenario::new("shapes/a", COMMON, 1, &[]) };
        let (file, scripts) = (Path::new("a.log"), Path::new("e2e"));
        let program = Program { args: &["stats", "FILES"], ..MEANS };
        assert_eq!(scenario.args(&program, file, scripts), ["stats", "a.log", "a.log"]);
        assert_eq!(scenario.args(&CODEC, file, scripts), ["batch", "common", "a.log", "2"]);
    }
}
