//! Tags: the names of statistics in snapshots.

use std::fmt;

/// The name of a statistic in snapshots.
///
/// A snapshot has the tag of its statistic, so that it is never read as another one. Two
/// statistics with the same tag must have the same serialized form, in every version of a program.
///
/// The statistics of these crates have [standard](Self::standard) names, custom statistics have
/// names that begin with `x-`. A tuple joins the tags of its members with `+`, as in
/// `mean+minmax+quantiles`; a tuple within a tuple is in parentheses, and so is the member of a
/// tuple of one. So different types never share a tag unless they share a name.
///
/// All constructors are `const`: an invalid name does not compile in a
/// [`Statistic::TAG`](crate::Statistic::TAG).
///
/// # Examples
///
/// ```
/// use core_time::Tag;
///
/// const SHARE: Tag = Tag::own("x-share-above-250");
/// const COUNT: Tag = Tag::standard("count");
/// const PAIR: Tag = Tag::tuple(&[SHARE, COUNT]);
/// const NESTED: Tag = Tag::tuple(&[PAIR, COUNT]);
/// assert_eq!(PAIR.to_string(), "x-share-above-250+count");
/// assert_eq!(NESTED.to_string(), "(x-share-above-250+count)+count");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tag(Form);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Name(&'static str),
    Numbered(&'static str, usize),
    Of(&'static str, &'static Tag),
    Tuple(&'static [Tag]),
}

impl Tag {
    /// Names a custom statistic.
    ///
    /// # Panics
    ///
    /// If the name does not begin with `x-`, has nothing after that, or has a character other than
    /// `a` to `z`, `0` to `9` and `-`.
    #[must_use]
    pub const fn own(name: &'static str) -> Self {
        assert!(is_own(name), "a statistic of your own needs a tag that begins with `x-`");
        Self(Form::Name(checked(name)))
    }

    /// Names a statistic of these crates: `count`, `mean`, `minmax` and others.
    ///
    /// # Panics
    ///
    /// If the name is empty, begins with `x-`, or has a character other than `a` to `z`, `0` to `9`
    /// and `-`.
    #[must_use]
    pub const fn standard(name: &'static str) -> Self {
        assert!(!is_own(name), "tags that begin with `x-` are for custom statistics");
        Self(Form::Name(checked(name)))
    }

    /// Appends a number to a name, for a statistic with a constant: `top` and 3 are `top3`.
    ///
    /// # Panics
    ///
    /// If the name is empty, ends with a digit, or has a character other than `a` to `z`, `0` to
    /// `9` and `-`.
    #[must_use]
    pub const fn numbered(name: &'static str, number: usize) -> Self {
        let bytes = checked(name).as_bytes();
        assert!(
            !bytes[bytes.len() - 1].is_ascii_digit(),
            "the name of a numbered tag must not end with a digit"
        );
        Self(Form::Numbered(name, number))
    }

    /// Names a statistic that contains another: `ring` of `mean` is `ring(mean)`.
    ///
    /// # Panics
    ///
    /// If the name is empty or has a character other than `a` to `z`, `0` to `9` and `-`.
    #[must_use]
    pub const fn of(name: &'static str, inner: &'static Self) -> Self {
        Self(Form::Of(checked(name), inner))
    }

    /// Joins the tags of the members of a tuple.
    #[must_use]
    pub const fn tuple(members: &'static [Self]) -> Self {
        Self(Form::Tuple(members))
    }
}

#[cfg(all(feature = "serde", feature = "counter"))]
impl Tag {
    /// Returns whether no other statistic of these crates had the same form in version 1.
    ///
    /// Statistics of signed values were not there. The extremes had the form of two values and of a
    /// tuple of two counts. The largest values did not say how many are kept. The forms of custom
    /// statistics are not known.
    pub(crate) fn is_distinct_in_version_1(self) -> bool {
        let is_count = |tag: &Self| tag.0 == Form::Name("count");
        match self.0 {
            Form::Name(name) => matches!(
                name,
                "events" | "count" | "mean" | "variance" | "histogram" | "quantiles" | "last"
            ),
            Form::Numbered(..) => false,
            Form::Of(name, inner) => name != "signed" && inner.is_distinct_in_version_1(),
            Form::Tuple(members) => {
                members.iter().all(|member| member.is_distinct_in_version_1())
                    && !members.iter().all(is_count)
            }
        }
    }
}

const fn is_own(name: &str) -> bool {
    matches!(name.as_bytes(), [b'x', b'-', _, ..])
}

/// Checks a name, which must not have the `+` and parentheses that join names.
const fn checked(name: &'static str) -> &'static str {
    let bytes = name.as_bytes();
    assert!(!bytes.is_empty(), "a tag needs a name");
    let mut at = 0;
    while at < bytes.len() {
        let is_valid = matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9' | b'-');
        assert!(is_valid, "a tag consists of `a` to `z`, `0` to `9` and `-`");
        at += 1;
    }
    name
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Name(name) => f.write_str(name),
            Form::Numbered(name, number) => write!(f, "{name}{number}"),
            Form::Of(name, inner) => write!(f, "{name}({inner})"),
            Form::Tuple(members) => {
                for (at, member) in members.iter().enumerate() {
                    f.write_str(if at > 0 { "+" } else { "" })?;
                    if members.len() == 1 || matches!(member.0, Form::Tuple(_)) {
                        write!(f, "({member})")?;
                    } else {
                        write!(f, "{member}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::panic::catch_unwind;

    const A: Tag = Tag::standard("a");
    const B: Tag = Tag::own("x-b");

    #[test]
    fn tuples_that_differ_in_structure_have_different_tags() {
        const AB: Tag = Tag::tuple(&[A, B]);
        const JUST_A: Tag = Tag::tuple(&[A]);
        const AA: Tag = Tag::tuple(&[A, A]);
        const RING: Tag = Tag::of("ring", &A);
        let tags = [
            A,
            B,
            AB,
            JUST_A,
            Tag::tuple(&[B, A]),
            Tag::tuple(&[AB]),
            Tag::tuple(&[JUST_A]),
            Tag::tuple(&[A, A, B]),
            Tag::tuple(&[A, AB]),
            Tag::tuple(&[AA, B]),
            Tag::tuple(&[JUST_A, B]),
            Tag::of("ring", &AB),
            Tag::tuple(&[RING, B]),
        ];
        let texts: HashSet<_> = tags.iter().map(Tag::to_string).collect();
        assert_eq!(texts.len(), tags.len(), "{texts:?}");
        assert_eq!(Tag::of("ring", &AB).to_string(), "ring(a+x-b)");
        assert_eq!(Tag::tuple(&[A, AB, JUST_A]).to_string(), "a+(a+x-b)+((a))");
    }

    #[test]
    fn names_that_are_not_allowed_panic() {
        for name in ["", "x", "x-", "mean", "x-A", "x-a+b", "x-(a)", "x-é", "x-a b"] {
            assert!(catch_unwind(|| Tag::own(name)).is_err(), "{name}");
        }
        for name in ["", "x-a", "Mean", "a+b", "a(b", "a\"b"] {
            assert!(catch_unwind(|| Tag::standard(name)).is_err(), "{name}");
        }
        assert!(catch_unwind(|| Tag::numbered("top1", 2)).is_err()); // Or it could be `top` and 12.
        assert_eq!(Tag::numbered("top", 12).to_string(), "top12");
    }
}
