//! Describes the machine of a measurement.

use std::env::consts;
use std::fs;
use std::thread;

/// The properties of a machine. Only Linux reports all of them.
pub(crate) struct Machine {
    /// The processor model, or the architecture.
    pub(crate) cpu: String,
    /// The number of hardware threads.
    pub(crate) cores: usize,
    /// The size of the memory, if the system reports it.
    pub(crate) memory: Option<String>,
    /// The load average of the minute before the run.
    pub(crate) load: Option<String>,
    /// The operating system and its kernel.
    pub(crate) system: String,
}

impl Machine {
    /// Reads the properties of this machine.
    pub(crate) fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let kernel = read("/proc/sys/kernel/osrelease");
        let kernel = kernel.split(['-', '\n']).next().unwrap_or_default(); // Not the build.
        let name = field(&read("/etc/os-release"), "PRETTY_NAME", '=');
        let system = [name.unwrap_or_default(), consts::OS.to_owned(), kernel.to_owned()];
        Self {
            cpu: field(&read("/proc/cpuinfo"), "model name", ':')
                .unwrap_or_else(|| format!("{} {}", consts::OS, consts::ARCH)),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory: field(&read("/proc/meminfo"), "MemTotal", ':').map(|kib| gib(&kib)),
            load: read("/proc/loadavg").split_whitespace().next().map(str::to_owned),
            system: system.join(" ").trim().to_owned(),
        }
    }

    /// Shortens the processor model for the name of a folder: `xeon-2core`, `epyc-9b45-8core`.
    pub(crate) fn slug(&self) -> String {
        const NOISE: [&str; 8] = ["intel", "amd", "r", "tm", "cpu", "processor", "core", "with"];
        let lower = self.cpu.to_lowercase();
        let model = lower.split('@').next().unwrap_or_default();
        let words = model.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let words = words
            .filter(|word| !word.is_empty() && !NOISE.contains(word) && !word.ends_with("-core"));
        let mut slug: Vec<_> = words.take(3).map(str::to_owned).collect();
        slug.push(format!("{}core", self.cores));
        slug.join("-")
    }
}

/// Finds `key<separator> value` and removes the quotes of the value.
fn field(text: &str, key: &str, separator: char) -> Option<String> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(separator)?;
        (found.trim() == key).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Converts `24731700 kB` to `23.6 GiB`; other text is returned unchanged.
fn gib(kib: &str) -> String {
    match kib.split_whitespace().next().and_then(|number| number.parse::<f64>().ok()) {
        Some(kib) => format!("{:.1} GiB", kib / f64::from(1 << 20)),
        None => kib.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slug_keeps_the_model_and_the_cores() {
        let cases = [
            ("Intel(R) Xeon(R) Processor", "xeon-2core"),
            ("Intel(R) Xeon(R) CPU @ 2.20GHz", "xeon-2core"),
            ("AMD EPYC 9B45", "epyc-9b45-2core"),
            ("AMD Ryzen 9 5950X 16-Core Processor", "ryzen-9-5950x-2core"),
            ("Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz", "i7-8700-2core"),
            ("macos aarch64", "macos-aarch64-2core"),
        ];
        for (cpu, slug) in cases {
            let machine = Machine { cpu: cpu.to_owned(), cores: 2, ..Machine::this() };
            assert_eq!(machine.slug(), slug);
        }
    }

    #[test]
    fn fields_of_the_system_are_read() {
        let text = "processor\t: 0\nmodel name\t: Some: CPU\nNAME=\"A b\"\n";
        assert_eq!(field(text, "model name", ':').as_deref(), Some("Some: CPU"));
        assert_eq!(field(text, "NAME", '=').as_deref(), Some("A b"));
        assert_eq!(field(text, "absent", ':'), None);
        assert_eq!(gib("24731700 kB"), "23.6 GiB");
    }
}
