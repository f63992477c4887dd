//! The totals of lines, which every decoder must find.

/// The totals of lines, which every decoder must find.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    /// The number of valid actions.
    pub accepted: u64,
    /// The number of other lines.
    pub refused: u64,
    /// The number of bytes in all names.
    pub name_bytes: u64,
    /// The sum of all times.
    pub time: f64,
}

impl Sums {
    /// Adds a valid action by the length of its name and its time.
    #[inline]
    pub fn accept(&mut self, name_bytes: usize, time: f64) {
        self.accepted += 1;
        self.name_bytes += name_bytes as u64;
        self.time += time;
    }

    /// Merges two totals. The sum of integer times does not depend on the order.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            name_bytes: self.name_bytes + other.name_bytes,
            time: self.time + other.time,
        }
    }

    /// Adds a decoded line.
    #[inline]
    pub fn add<E>(&mut self, action: Result<(usize, f64), E>) {
        match action {
            Ok((name_bytes, time)) => self.accept(name_bytes, time),
            Err(_) => self.refused += 1,
        }
    }

    /// Returns the number of lines.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.accepted + self.refused
    }
}
