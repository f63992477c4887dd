//! Names: how the texts of fields become the name of an action.
//!
//! In this order: the parts are joined, each replacement is applied, identifiers in paths are
//! grouped, control characters are cleaned, a blank name is missing, and a long name is shortened.

mod group;
#[cfg(feature = "regex")]
mod replace;
mod shorten;
#[cfg(test)]
mod tests;

#[cfg(feature = "regex")]
pub use self::replace::{Replace, ReplaceError, ReplaceErrorKind};
pub(crate) use self::shorten::ShortNames;

#[cfg(feature = "regex")]
use self::replace::Replacer;

/// Makes the name of an action from the texts of its fields.
///
/// The default joins them by one space and changes nothing else. Write
/// `NameRules { group_paths: true, ..NameRules::default() }`, so that the code compiles when a rule
/// is added later.
///
/// # Examples
///
/// ```
/// use codec::NameRules;
///
/// let rules = NameRules { group_paths: true, ..NameRules::default() };
/// assert_eq!(rules.name(&["GET", "/users/42?page=2"]).as_deref(), Some("GET /users/:id"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRules {
    /// The text between two parts of a name. One space by default.
    pub separator: Box<str>,
    /// Replacements, applied in this order. None by default.
    #[cfg(feature = "regex")]
    pub replace: Vec<Replace>,
    /// Whether identifiers in paths become `:id` and queries are dropped. Not by default.
    ///
    /// A word of a name is a path if it begins with `/`, or holds `://`; its scheme and host stay.
    /// The path ends before the first `?` or `#`, and each segment before its first `;`.
    ///
    /// A segment is an identifier if it is one of these as a whole:
    ///
    /// - a number or a date: `42`, `2024-05-01`, `1,2,3`, `10:30`;
    /// - a UUID, also in braces;
    /// - at least 8 hexadecimal digits, one of them 0 to 9;
    /// - at least 20 letters, digits, `-` and `_`, of which two are digits, and both cases occur;
    /// - at least 20 letters and digits, of which four are digits;
    /// - anything with `@`, such as an e-mail address.
    ///
    /// An extension of one to five letters stays: `:id.json`.
    pub group_paths: bool,
    /// Whether control characters become spaces. Not by default, so a name with one is refused.
    ///
    /// A run of control characters becomes one space, and white space at the ends is removed.
    pub clean: bool,
    /// The maximum length of a name in bytes, beyond which it is shortened. None by default.
    ///
    /// Without it, a name longer than [`Limits::name_bytes`](crate::Limits::name_bytes) is refused.
    ///
    /// A shortened name is the first `max_bytes - 12` bytes, cut at a character, then `…` and eight
    /// hexadecimal digits of a hash of the whole name. The hash is the same in every run: the upper
    /// half of FNV-1a of 64 bits after `fmix64` of MurmurHash3. Below 11 bytes, the name is as many
    /// of the digits as fit; 0 is taken as 1.
    ///
    /// A name with a control character is refused, and so is not shortened.
    pub max_bytes: Option<usize>,
}

impl Default for NameRules {
    fn default() -> Self {
        Self {
            separator: " ".into(),
            #[cfg(feature = "regex")]
            replace: Vec::new(),
            group_paths: false,
            clean: false,
            max_bytes: None,
        }
    }
}

impl NameRules {
    /// Returns the name that the parts make, or `None` if it is blank.
    ///
    /// Shows what the rules do to a few names. Decoding reuses its memory, and does more for long
    /// names: it notices if two have the same short form.
    ///
    /// # Examples
    ///
    /// ```
    /// use codec::NameRules;
    ///
    /// let rules = NameRules { clean: true, max_bytes: Some(20), ..NameRules::default() };
    /// assert_eq!(rules.name(&["a", "b\r\n"]).as_deref(), Some("a b"));
    /// assert_eq!(rules.name(&["\t"]), None);
    /// let long = rules.name(&["a long name of 28 characters"]);
    /// assert_eq!(long.as_deref(), Some("a long n…e823713a"));
    /// ```
    #[must_use]
    pub fn name(&self, parts: &[&str]) -> Option<String> {
        let mut joined = String::new();
        parts.iter().for_each(|part| self.push_part(&mut joined, part));
        let mut scratch = self.scratch();
        match self.apply(&joined, &mut scratch) {
            NameOutcome::Plain(_) => Some(joined),
            NameOutcome::Changed { .. } => Some(scratch.name),
            NameOutcome::Missing => None,
        }
    }

    /// Returns whether no rule changes a name of visible ASCII and spaces that is not too long.
    ///
    /// It must start with a visible character. No such name looks like the short form of another.
    pub(crate) fn change_nothing(&self) -> bool {
        #[cfg(feature = "regex")]
        if !self.replace.is_empty() {
            return false;
        }
        !self.group_paths && !self.clean && self.max_bytes.is_none_or(shorten::has_mark)
    }

    /// Returns whether a name could be the short form of another.
    #[inline]
    pub(crate) fn is_like_short(&self, name: &str) -> bool {
        self.max_bytes.is_some_and(|max| shorten::looks_shortened(name, max))
    }

    /// Appends a part to the parts before it, after a separator. An empty part is not one.
    pub(crate) fn push_part(&self, joined: &mut String, part: &str) {
        if !joined.is_empty() && !part.is_empty() {
            joined.push_str(&self.separator);
        }
        joined.push_str(part);
    }

    /// Creates the memory that [`apply`](Self::apply) reuses, one for each thread.
    pub(crate) fn scratch(&self) -> NameScratch {
        NameScratch {
            name: String::new(),
            next: String::new(),
            #[cfg(feature = "regex")]
            replacers: self.replace.iter().map(Replace::replacer).collect(),
            short_names: ShortNames::default(),
        }
    }

    /// Applies the rules to the joined parts of a name.
    ///
    /// `scratch` is one that these rules created.
    ///
    /// # Complexity
    ///
    /// Constant if no rule is set, else linear. Allocates only until the scratch has grown to the
    /// longest name.
    #[inline]
    pub(crate) fn apply<'a>(&self, joined: &'a str, scratch: &mut NameScratch) -> NameOutcome<'a> {
        let mut name = Name { joined, scratch, is_changed: false };
        self.replace_all(&mut name);
        if self.group_paths {
            name.change(group::group);
        }
        if self.clean {
            name.change(clean);
        }
        if is_blank(name.text()) {
            return NameOutcome::Missing;
        }
        let is_shortened = self.max_bytes.is_some_and(|max| name.shorten(max));
        if name.is_changed {
            NameOutcome::Changed { is_shortened }
        } else {
            NameOutcome::Plain(joined)
        }
    }

    #[cfg(feature = "regex")]
    #[inline]
    fn replace_all(&self, name: &mut Name<'_, '_>) {
        debug_assert_eq!(
            name.scratch.replacers.len(),
            self.replace.len(),
            "scratch of other rules"
        );
        for (index, replace) in self.replace.iter().enumerate() {
            name.replace(index, replace);
        }
    }

    #[cfg(not(feature = "regex"))]
    fn replace_all(&self, _: &mut Name<'_, '_>) {}
}

/// What the rules make of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameOutcome<'a> {
    /// The name as it was.
    Plain(&'a str),
    /// Another name, which is [`NameScratch::name`].
    Changed {
        /// Whether it is a part of the name with a hash of the whole.
        is_shortened: bool,
    },
    /// The name is blank.
    Missing,
}

/// Memory that is reused from name to name.
#[derive(Debug)]
pub(crate) struct NameScratch {
    /// The name, if a rule changed it.
    name: String,
    /// What the next rule writes.
    next: String,
    #[cfg(feature = "regex")]
    replacers: Vec<Replacer>,
    short_names: ShortNames,
}

impl NameScratch {
    /// Returns the name of the last [`NameOutcome::Changed`].
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the short names so far.
    pub(crate) fn short_names(&self) -> &ShortNames {
        &self.short_names
    }
}

/// A name between two rules.
struct Name<'a, 's> {
    joined: &'a str,
    scratch: &'s mut NameScratch,
    /// Whether the name is in the scratch.
    is_changed: bool,
}

impl Name<'_, '_> {
    fn text(&self) -> &str {
        if self.is_changed { &self.scratch.name } else { self.joined }
    }

    /// Applies a rule, which returns whether it wrote another name.
    fn change(&mut self, rule: impl FnOnce(&str, &mut String) -> bool) {
        let NameScratch { name, next, .. } = self.scratch;
        if rule(if self.is_changed { name } else { self.joined }, next) {
            std::mem::swap(name, next);
            self.is_changed = true;
        }
    }

    #[cfg(feature = "regex")]
    fn replace(&mut self, index: usize, replace: &Replace) {
        let NameScratch { name, next, replacers, .. } = self.scratch;
        let Some(replacer) = replacers.get_mut(index) else { return };
        if replace.replace(replacer, if self.is_changed { name } else { self.joined }, next) {
            std::mem::swap(name, next);
            self.is_changed = true;
        }
    }

    /// Shortens a name that is longer than `max` bytes. Returns whether it is.
    fn shorten(&mut self, max: usize) -> bool {
        let NameScratch { name, next, short_names, .. } = self.scratch;
        let text = if self.is_changed { &**name } else { self.joined };
        // The part that is cut off may have the only one, which the check of names would not see.
        if text.len() > max && text.contains(char::is_control) {
            return false;
        }
        if !shorten::shorten(text, max, next) {
            if shorten::looks_shortened(text, max) {
                short_names.observe(text, text);
            }
            return false;
        }
        short_names.observe(next, text);
        std::mem::swap(name, next);
        self.is_changed = true;
        true
    }
}

/// Returns whether a name is empty or white space.
fn is_blank(name: &str) -> bool {
    name.chars().all(char::is_whitespace)
}

/// Replaces control characters. Returns whether the name changed.
fn clean(name: &str, out: &mut String) -> bool {
    if !name.contains(char::is_control) && name.trim().len() == name.len() {
        return false;
    }
    out.clear();
    let mut after_control = false;
    for c in name.chars() {
        match (c.is_control(), after_control) {
            (false, _) => out.push(c),
            (true, false) => out.push(' '),
            (true, true) => {}
        }
        after_control = c.is_control();
    }
    out.truncate(out.trim_end().len());
    out.drain(..out.len() - out.trim_start().len());
    true
}
