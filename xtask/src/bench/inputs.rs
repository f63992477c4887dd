//! The files that programs read, made once and recognised later by their first lines.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use xshell::{Shell, cmd};

use super::rusage;
use super::tools::{Tool, Tools};

/// The number of lines by which an existing file is recognised as current.
const HEAD_LINES: u64 = 1_000;

/// The file that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) maker: Maker,
    pub(crate) packing: Packing,
    /// The number of lines that are asked for is divided by this, because the lines are long.
    pub(crate) share: u64,
    /// The number of lines before the first record.
    pub(crate) header_lines: u64,
}

/// How a file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// The options of `windrow generate`, without the number of lines.
    Generate(&'static [&'static str]),
    /// The form of `lines` of `benches`.
    Lines(&'static str),
}

impl Input {
    /// Returns the number of records in the file if `lines` are asked for.
    pub(crate) fn records(&self, lines: u64) -> u64 {
        (lines / self.share).max(1)
    }
}

/// The compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// Returns the compressor and the file extension.
    pub(crate) fn tool(self) -> Option<(Tool, &'static str)> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some((Tool::Gzip, "gz")),
            Self::Zstd => Some((Tool::Zstd, "zst")),
        }
    }
}

/// The folder of inputs and answers.
pub(super) struct Place {
    pub(super) folder: PathBuf,
}

impl Place {
    /// Returns the path of an input without compression.
    pub(super) fn plain(&self, input: &Input, lines: u64) -> PathBuf {
        let ending = match input.maker {
            Maker::Generate(_) => "ndjson",
            Maker::Lines(_) => "log",
        };
        self.folder.join(format!("{}-{}.{ending}", input.name, input.records(lines)))
    }

    /// Makes the file of an input unless it exists; `None` if the compressor is missing.
    pub(super) fn input(
        &self,
        sh: &Shell,
        tools: &Tools,
        input: &Input,
        lines: u64,
    ) -> anyhow::Result<Option<PathBuf>> {
        let (plain, records) = (self.plain(input, lines), input.records(lines));
        let head_lines = HEAD_LINES.min(records).to_string();
        let head = maker(sh, tools, input, &head_lines).output()?.stdout;
        if !begins_with(&plain, &head)? {
            // Written under another name, so that a file of this name is complete.
            let made = plain.with_extension("part");
            let mut command: std::process::Command =
                maker(sh, tools, input, &records.to_string()).into();
            let status = command.stdout(File::create(&made)?).status()?;
            ensure!(status.success(), "`{}` could not be made", plain.display());
            fs::rename(&made, &plain)?;
        }
        let Some((tool, ending)) = input.packing.tool() else { return Ok(Some(plain)) };
        if !tools.has(tool) {
            return Ok(None);
        }
        let name = plain.file_name().context("an input has a name")?.display().to_string();
        let packed = plain.with_file_name(format!("{name}.{ending}"));
        let made = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
        if made(&packed) < made(&plain) {
            let part = plain.with_extension("part");
            let file = plain.display().to_string();
            let usage = rusage::run(&tools.program(tool), &["-c".into(), file], None, Some(&part))?;
            ensure!(usage.code == Some(0), "`{}` could not be compressed", plain.display());
            fs::rename(&part, &packed)?;
        }
        Ok(Some(packed))
    }
}

/// Returns the command that writes the first lines of an input to standard output.
fn maker<'s>(sh: &'s Shell, tools: &Tools, input: &Input, lines: &str) -> xshell::Cmd<'s> {
    let command = match input.maker {
        Maker::Generate(options) => {
            let windrow = tools.program(Tool::Windrow);
            cmd!(sh, "{windrow} generate --lines {lines} {options...}")
        }
        Maker::Lines(form) => {
            let program = tools.program(Tool::Lines);
            cmd!(sh, "{program} {form} {lines}")
        }
    };
    command.quiet()
}

/// Says whether a file exists and begins with `head`.
fn begins_with(path: &Path, head: &[u8]) -> anyhow::Result<bool> {
    let Ok(file) = File::open(path) else { return Ok(false) };
    let mut found = Vec::new();
    file.take(head.len() as u64).read_to_end(&mut found)?;
    Ok(found == head)
}

/// Reads a file, so that it is in the page cache.
pub(super) fn warm(path: &Path) -> anyhow::Result<()> {
    io::copy(&mut File::open(path)?, &mut io::sink())?;
    Ok(())
}
