//! `cargo xtask doc`: runs rustdoc with warnings denied, which also checks links between items.

use std::fs;

use xshell::{Shell, cmd};

use crate::step::{Job, Steps};
use crate::workspace::Workspace;

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
        if steps.command(job(sh)) {
            steps.run("items", || items(sh));
            if self.open {
                let open = cmd!(sh, "cargo doc --package facade --no-deps --open");
                steps.command(Job::new("open", open).env("RUSTDOCFLAGS", "-Dwarnings"));
            }
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

/// Counts the documented items of each crate.
fn items(sh: &Shell) -> anyhow::Result<String> {
    let workspace = Workspace::read(sh)?;
    let mut listed = Vec::new();
    for package in &workspace.packages {
        let page = workspace.target.join("doc").join(package.name.replace('-', "_"));
        if let Ok(html) = fs::read_to_string(page.join("all.html")) {
            listed.push(format!("{} {}", package.name, count_items(&html)));
        }
    }
    Ok(listed.join(", "))
}

/// Counts the entries of `all.html`.
fn count_items(html: &str) -> usize {
    html.matches("<li><a href=\"").count() - html.matches("<li><a href=\"#").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_not_counted_as_items() {
        let html = "<ul><li><a href=\"#structs\">Structs</a></li></ul>\
                    <ul><li><a href=\"struct.Window.html\">Window</a></li></ul>";
        assert_eq!(count_items(html), 1);
    }
}
