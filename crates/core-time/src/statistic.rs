//! What can be kept per bucket of time and per action: a mergeable summary.

/// Summarises values so that summaries of parts merge into the summary of the whole.
///
/// Three things make a statistic: an identity (`Default`), taking in one value, and merging another
/// summary. Merging is commutative and associative *to the bit*, and the identity changes nothing;
/// so values may be split over threads, buckets of time, processes or machines in any way, and
/// merged in any order, and the answer is the same.
///
/// A tuple of statistics over the same values is a statistic.
///
/// # Examples
///
/// The share of times above a limit:
///
/// ```
/// use core_time::Statistic;
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
/// ```
pub trait Statistic: Clone + Default + Send + Sync + 'static {
    /// What one insert takes in.
    type Value: Copy;

    /// Takes one value in.
    fn insert(&mut self, value: Self::Value);

    /// Takes in everything that `other` took in.
    fn merge(&mut self, other: &Self);
}

macro_rules! tuple_is_a_statistic {
    ($($name:ident $index:tt),+) => {
        impl<V: Copy, $($name: Statistic<Value = V>),+> Statistic for ($($name,)+) {
            type Value = V;

            fn insert(&mut self, value: V) {
                $(self.$index.insert(value);)+
            }

            fn merge(&mut self, other: &Self) {
                $(self.$index.merge(&other.$index);)+
            }
        }
    };
}

tuple_is_a_statistic!(A 0);
tuple_is_a_statistic!(A 0, B 1);
tuple_is_a_statistic!(A 0, B 1, C 2);
tuple_is_a_statistic!(A 0, B 1, C 2, D 3);
tuple_is_a_statistic!(A 0, B 1, C 2, D 3, E 4);
tuple_is_a_statistic!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple_is_a_statistic!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_is_a_statistic!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
