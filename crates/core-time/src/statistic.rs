//! Statistics: summaries that merge.

use crate::tag::Tag;

/// Summarises values, so that summaries of parts merge into that of the whole.
///
/// A statistic has an identity (`Default`), inserts a value, and merges another statistic. Merging
/// is commutative and associative *to the bit*, and the identity changes nothing. So values can be
/// split over threads, buckets, processes or machines in any way and merged in any order, and the
/// result is the same. [`laws::check_merge`](crate::laws::check_merge) tests that.
///
/// A tuple of statistics is a statistic. Its values are those of its first member, converted for
/// the other members.
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
    /// Change it when the serialized form changes: a snapshot is read only as a statistic with the
    /// same tag.
    const TAG: Tag;

    /// Whether an insert never panics, whatever the value and the content.
    ///
    /// If so, a tracker of actions may buffer values and insert several at once, which costs less.
    /// A statistic that panics nevertheless loses the buffered values.
    const NEVER_PANICS: bool = false;

    /// The maximum number of bytes that it allocates; `usize::MAX` without a limit.
    ///
    /// The memory bounds of rings and trackers are computed from it.
    const HEAP_BYTES_MAX: usize = 0;

    /// Inserts one value.
    fn insert(&mut self, value: Self::Value);

    /// Inserts all values, in their order.
    ///
    /// Implement it only if that is cheaper than one insert for each.
    #[inline]
    fn insert_all(&mut self, values: impl Iterator<Item = Self::Value> + Clone) {
        values.for_each(|value| self.insert(value));
    }

    /// Inserts `n` equal values.
    ///
    /// Gives the same statistic as `n` inserts, to the bit; without values it changes nothing.
    /// [`laws::check_merge`](crate::laws::check_merge) tests that.
    ///
    /// # Complexity
    ///
    /// `n` inserts, unless the statistic implements it. Implement it where the cost need not grow
    /// with `n`.
    fn insert_n(&mut self, value: Self::Value, n: u64) {
        (0..n).for_each(|_| self.insert(value));
    }

    /// Inserts one value, or changes nothing if that panics.
    ///
    /// Copies the statistic unless it promises [never to panic](Self::NEVER_PANICS).
    #[inline]
    fn insert_whole(&mut self, value: Self::Value) {
        let copy = copy_with(self, value);
        finish(self, copy, value);
    }

    /// Inserts `n` equal values, or changes nothing if that panics.
    ///
    /// Copies the statistic unless it promises [never to panic](Self::NEVER_PANICS).
    fn insert_n_whole(&mut self, value: Self::Value, n: u64) {
        if Self::NEVER_PANICS {
            return self.insert_n(value, n);
        }
        let mut copy = self.clone();
        copy.insert_n(value, n);
        *self = copy;
    }

    /// Reads some of the memory that an insert of this value will touch.
    ///
    /// A tracker of many actions calls it for several of them before it inserts a value into each,
    /// so that the processor waits for all of that memory together. Returns a number made of what
    /// was read, so that the compiler keeps the reads. Implement it if the statistic allocates: one
    /// read for each cache line.
    #[inline]
    fn prefetch(&self, value: Self::Value) -> u64 {
        let _ = value;
        0
    }

    /// Adds all values of `other`.
    fn merge(&mut self, other: &Self);

    /// Returns whether both can be merged without an overflow.
    ///
    /// Called before snapshots are merged, whose counts may have any value; `false` refuses the
    /// merge. Implement it if a count can overflow, and leave room for later inserts: see
    /// [`COUNT_MAX`].
    fn can_merge(&self, other: &Self) -> bool {
        let _ = other;
        true
    }
}

/// A statistic that can subtract a part that was merged.
///
/// Subtracting undoes merging *to the bit*: for any `a` and `b`, merging `b` into `a` and
/// subtracting it returns `a`. [`laws::check_subtract`](crate::laws::check_subtract) tests that. So
/// sums, counts and bins can be subtracted. A maximum cannot, because the second largest value is
/// not kept.
///
/// The part must have been merged or inserted before. Otherwise nothing panics, but the result has
/// no meaning until that part is merged.
///
/// A tuple of such statistics can subtract, too.
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
    /// Removes all values of `other`.
    fn subtract(&mut self, other: &Self);

    /// Returns whether `other` can be a part of this statistic.
    ///
    /// Called before snapshots are subtracted, whose counts may have any value; `false` refuses the
    /// difference.
    fn can_subtract(&self, other: &Self) -> bool {
        let _ = other;
        true
    }
}

/// The maximum count of a statistic that is read or merged, 2^63.
///
/// The same number of values can still be inserted, which takes centuries.
pub const COUNT_MAX: u64 = 1 << 63;

/// Returns a copy with the value, if inserting it may panic.
#[inline]
fn copy_with<S: Statistic>(statistic: &S, value: S::Value) -> Option<S> {
    (!S::NEVER_PANICS).then(|| {
        let mut copy = statistic.clone();
        copy.insert(value);
        copy
    })
}

/// Replaces the statistic by its copy, or inserts the value where that cannot panic.
#[inline]
fn finish<S: Statistic>(statistic: &mut S, copy: Option<S>, value: S::Value) {
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

            // Always inlined: a call would hide where the values come from, and members that insert
            // several at once would lose a tenth.
            #[inline(always)]
            fn insert_all(&mut self, values: impl Iterator<Item = Self::Value> + Clone) {
                $(self.$index.insert_all(values.clone().map(Into::into));)*
                self.0.insert_all(values);
            }

            fn insert_n(&mut self, value: Self::Value, n: u64) {
                self.0.insert_n(value, n);
                $(self.$index.insert_n(value.into(), n);)*
            }

            // Copies only members that may panic, and changes nothing until none of them did.
            #[inline(always)] // A call costs the record of a line a tenth of its statistic.
            fn insert_whole(&mut self, value: Self::Value) {
                let values = (value, $($name::Value::from(value),)*);
                let copies =
                    (copy_with(&self.0, value), $(copy_with(&self.$index, values.$index),)*);
                finish(&mut self.0, copies.0, values.0);
                $(finish(&mut self.$index, copies.$index, values.$index);)*
            }

            #[inline]
            fn prefetch(&self, value: Self::Value) -> u64 {
                self.0.prefetch(value) $(^ self.$index.prefetch(value.into()))*
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
