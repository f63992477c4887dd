//! What can be kept per bucket of time and per action: a mergeable summary.

use crate::tag::Tag;

/// Summarises values so that summaries of parts merge into the summary of the whole.
///
/// Three things make a statistic: an identity (`Default`), taking in one value, and merging another
/// summary. Merging is commutative and associative *to the bit*, and the identity changes nothing;
/// so values may be split over threads, buckets of time, processes or machines in any way, and
/// merged in any order, and the answer is the same. [`laws::check_merge`](crate::laws::check_merge)
/// tries that, for any statistic.
///
/// A tuple of statistics is a statistic. Its first member says what value it takes, and the others
/// take what that can be made into: usually the same.
///
/// # Examples
///
/// The share of times above a limit:
///
/// ```
/// use core_time::{Statistic, Tag, laws};
///
/// #[derive(Debug, Clone, Default, PartialEq)]
/// struct ShareAbove250 {
///     above: u64,
///     all: u64,
/// }
///
/// impl Statistic for ShareAbove250 {
///     type Value = u64;
///
///     const TAG: Tag = Tag::own("x-share-above-250");
///
///     fn insert(&mut self, value: u64) {
///         self.above += u64::from(value > 250);
///         self.all += 1;
///     }
///
///     fn merge(&mut self, other: &Self) {
///         self.above += other.above;
///         self.all += other.all;
///     }
/// }
///
/// let (mut one, mut two) = (ShareAbove250::default(), ShareAbove250::default());
/// one.insert(100);
/// two.insert(300);
/// one.merge(&two);
/// assert_eq!(one, ShareAbove250 { above: 1, all: 2 });
///
/// laws::check_merge::<ShareAbove250>(&[100, 250, 251, 300]);
/// ```
pub trait Statistic: Clone + Default + Send + Sync + 'static {
    /// The type of the values that are inserted.
    type Value: Copy;

    /// Names the statistic in snapshots: `x-...` for a statistic of your own.
    ///
    /// Change it when the serialized form changes: a snapshot is only read by a statistic with the
    /// same tag.
    const TAG: Tag;

    /// Whether inserting never panics, whatever the value and whatever was inserted before.
    ///
    /// Whoever says so lets values wait, to be inserted several at once, which costs less: a
    /// tracker of actions does that. A statistic that says so and panics all the same loses the
    /// values that were waiting.
    const NEVER_PANICS: bool = false;

    /// How many bytes one may allocate at most, on top of its size; `usize::MAX` without a limit.
    ///
    /// Bounds on the memory of what keeps many of them are made of this.
    const HEAP_BYTES_MAX: usize = 0;

    /// Takes one value in.
    fn insert(&mut self, value: Self::Value);

    /// Takes all values in, in their order.
    ///
    /// To be written only where several at once are cheaper than one by one.
    #[inline]
    fn insert_all(&mut self, values: impl Iterator<Item = Self::Value> + Clone) {
        values.for_each(|value| self.insert(value));
    }

    /// Takes one value in as a whole: if inserting panics, this is as it was.
    ///
    /// A statistic that does not promise [never to panic](Self::NEVER_PANICS) is copied for that.
    #[inline]
    fn insert_whole(&mut self, value: Self::Value) {
        let copy = copy_with(self, value);
        settle(self, copy, value);
    }

    /// Takes in everything that `other` took in.
    fn merge(&mut self, other: &Self);

    /// Returns whether the merge of both still counts correctly.
    ///
    /// Called before snapshots are merged, which may have any counts that can be read; `false`
    /// refuses the merge. Implement it where a count can overflow, and leave room for values that
    /// are inserted later: see [`COUNT_MAX`].
    fn can_merge(&self, other: &Self) -> bool {
        let _ = other;
        true
    }
}

/// A statistic that can also give back what it merged, so that a part is a difference of two
/// wholes.
///
/// Subtracting undoes merging *to the bit*: whatever `a` and `b` are, `a` merged with `b` and then
/// without `b` is `a`. [`laws::check_subtract`](crate::laws::check_subtract) tries that. So sums,
/// counts and cells can be subtracted; extremes cannot, as nobody remembers the second largest.
///
/// What is subtracted must have been merged or inserted before. Otherwise nothing panics, and the
/// result is good for nothing but merging that very part.
///
/// A tuple of such statistics is one.
///
/// # Examples
///
/// ```
/// use core_time::{Statistic, Subtract, Tag, laws};
///
/// #[derive(Debug, Clone, Default, PartialEq)]
/// struct Total(u64);
///
/// impl Statistic for Total {
///     type Value = u64;
///
///     const TAG: Tag = Tag::own("x-total");
///
///     fn insert(&mut self, value: u64) {
///         self.0 = self.0.wrapping_add(value);
///     }
///
///     fn merge(&mut self, other: &Self) {
///         self.0 = self.0.wrapping_add(other.0);
///     }
/// }
///
/// impl Subtract for Total {
///     fn subtract(&mut self, other: &Self) {
///         self.0 = self.0.wrapping_sub(other.0);
///     }
/// }
///
/// laws::check_subtract::<Total>(&[1, 2, 3]);
/// ```
pub trait Subtract: Statistic {
    /// Takes out everything that `other` took in.
    fn subtract(&mut self, other: &Self);

    /// Returns whether everything in `other` can be in here as well.
    ///
    /// Called before snapshots are subtracted, which may have any counts that can be read; `false`
    /// refuses the difference.
    fn can_subtract(&self, other: &Self) -> bool {
        let _ = other;
        true
    }
}

/// The largest count with which a statistic is read or merged, 2^63.
///
/// As many values again can be inserted, which takes centuries.
pub const COUNT_MAX: u64 = 1 << 63;

/// A copy that also took a value in, of a statistic that may panic over it.
#[inline]
fn copy_with<S: Statistic>(statistic: &S, value: S::Value) -> Option<S> {
    (!S::NEVER_PANICS).then(|| {
        let mut copy = statistic.clone();
        copy.insert(value);
        copy
    })
}

/// Puts the copy that took the value in into place, or takes it in here, where it cannot panic.
#[inline]
fn settle<S: Statistic>(statistic: &mut S, copy: Option<S>, value: S::Value) {
    match copy {
        Some(copy) => *statistic = copy,
        None => statistic.insert(value),
    }
}

macro_rules! tuple_is_a_statistic {
    ($first:ident $(, $name:ident $index:tt)*) => {
        impl<$first, $($name),*> Statistic for ($first, $($name,)*)
        where
            $first: Statistic,
            $($name: Statistic<Value: From<$first::Value>>,)*
        {
            type Value = $first::Value;

            const TAG: Tag = Tag::tuple(&[$first::TAG $(, $name::TAG)*]);

            const NEVER_PANICS: bool = $first::NEVER_PANICS $(&& $name::NEVER_PANICS)*;

            const HEAP_BYTES_MAX: usize =
                $first::HEAP_BYTES_MAX$(.saturating_add($name::HEAP_BYTES_MAX))*;

            #[inline]
            fn insert(&mut self, value: Self::Value) {
                self.0.insert(value);
                $(self.$index.insert(value.into());)*
            }

            // In line always: called, it would not know where the values come from, and members
            // that take several at once would lose a tenth.
            #[inline(always)]
            fn insert_all(&mut self, values: impl Iterator<Item = Self::Value> + Clone) {
                $(self.$index.insert_all(values.clone().map(Into::into));)*
                self.0.insert_all(values);
            }

            // Only those members that may panic are copied, and nothing changes before they did
            // not.
            fn insert_whole(&mut self, value: Self::Value) {
                let values = (value, $($name::Value::from(value),)*);
                let copies =
                    (copy_with(&self.0, value), $(copy_with(&self.$index, values.$index),)*);
                settle(&mut self.0, copies.0, values.0);
                $(settle(&mut self.$index, copies.$index, values.$index);)*
            }

            fn merge(&mut self, other: &Self) {
                self.0.merge(&other.0);
                $(self.$index.merge(&other.$index);)*
            }

            fn can_merge(&self, other: &Self) -> bool {
                self.0.can_merge(&other.0) $(&& self.$index.can_merge(&other.$index))*
            }
        }

        impl<$first, $($name),*> Subtract for ($first, $($name,)*)
        where
            $first: Subtract,
            $($name: Subtract<Value: From<$first::Value>>,)*
        {
            fn subtract(&mut self, other: &Self) {
                self.0.subtract(&other.0);
                $(self.$index.subtract(&other.$index);)*
            }

            fn can_subtract(&self, other: &Self) -> bool {
                self.0.can_subtract(&other.0) $(&& self.$index.can_subtract(&other.$index))*
            }
        }
    };
}

tuple_is_a_statistic!(A);
tuple_is_a_statistic!(A, B 1);
tuple_is_a_statistic!(A, B 1, C 2);
tuple_is_a_statistic!(A, B 1, C 2, D 3);
tuple_is_a_statistic!(A, B 1, C 2, D 3, E 4);
tuple_is_a_statistic!(A, B 1, C 2, D 3, E 4, F 5);
tuple_is_a_statistic!(A, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_is_a_statistic!(A, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
