//! `cargo xtask doc`: runs rustdoc with warnings denied, which also checks links between items.

use xshell::{Shell, cmd};

use crate::step::{Job, Steps};

/// Build the documentation with warnings denied
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask doc --open")]
pub(crate) struct Args {
    /// Open the documentation in a browser
    #[arg(long)]
    open: bool,
}

impl Args {
    pub(crate) fn run(self, sh: &Shell) -> anyhow::Result<()> {
        let mut steps = Steps::new();
        if steps.command(job(sh)) && self.open {
            let open = cmd!(sh, "cargo doc --package facade --no-deps --open");
            steps.command(Job::new("open", open).env("RUSTDOCFLAGS", "-Dwarnings"));
        }
        steps.finish("doc")
    }
}

/// Returns the step, which is also a step of `ci`.
pub(crate) fn job(sh: &Shell) -> Job<'_> {
    Job::new("doc", cmd!(sh, "cargo doc --workspace --no-deps --locked"))
        .env("RUSTDOCFLAGS", "-Dwarnings")
        .figure(|output| {
            let is_crate = |line: &&str| line.trim_start().starts_with("Documenting ");
            format!("{} crates documented", output.lines().filter(is_crate).count())
        })
}
