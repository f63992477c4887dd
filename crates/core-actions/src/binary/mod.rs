//! The binary form of statistics: small, and added without an object in between.

pub(crate) mod envelope;
pub(crate) mod error;
mod quantiles;
mod reader;
pub(crate) mod rows;
mod statistics;
mod sum;
mod writer;

pub use error::BinaryError;
pub use reader::BinaryReader;
pub use rows::{RowHead, RowsHeader, RowsReader, RowsWriter};
pub use writer::BinaryWriter;

use core_time::Statistic;

/// A statistic that can be written as bytes and added from them.
///
/// Equal statistics are written as equal bytes. The bytes do not name the statistic: what contains
/// them does, by its [tag](Statistic::TAG). A tuple of such statistics has their bytes in a row.
///
/// # Examples
///
/// ```
/// use core_actions::{BinaryForm, BinaryReader, BinaryWriter, Mean, Statistic};
///
/// let (mut here, mut there) = (Mean::default(), Mean::default());
/// here.insert(100_u32.into());
/// there.insert(300_u32.into());
///
/// let mut writer = BinaryWriter::default();
/// there.write(&mut writer);
/// assert_eq!(writer.bytes().len(), 3);
///
/// here.add_from(&mut BinaryReader::new(writer.bytes()))?;
/// assert_eq!(here.sum(), 400.0);
/// # Ok::<(), core_actions::BinaryError>(())
/// ```
///
/// A statistic of your own writes and reads its parts:
///
/// ```
/// use core_actions::{
///     ActionTime, BinaryError, BinaryForm, BinaryReader, BinaryWriter, Statistic, Tag,
/// };
///
/// #[derive(Debug, Clone, Default, PartialEq)]
/// struct Fast(u64);
///
/// impl Statistic for Fast {
///     type Value = ActionTime;
///
///     const TAG: Tag = Tag::own("x-fast");
///
///     fn insert(&mut self, time: ActionTime) {
///         self.0 += u64::from(time < ActionTime::from(250_u32));
///     }
///
///     fn merge(&mut self, other: &Self) {
///         self.0 += other.0;
///     }
/// }
///
/// impl BinaryForm for Fast {
///     fn write(&self, writer: &mut BinaryWriter) {
///         writer.integer(self.0);
///     }
///
///     fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
///         let sum = self.0.checked_add(reader.integer()?);
///         self.0 = sum.ok_or_else(|| reader.impossible("there are 2^64 or more"))?;
///         Ok(())
///     }
/// }
/// ```
pub trait BinaryForm: Statistic {
    /// Writes the statistic.
    fn write(&self, writer: &mut BinaryWriter);

    /// Reads a statistic and merges it.
    ///
    /// Equals, to the bit, merging the statistic that was written.
    ///
    /// # Errors
    ///
    /// [`BinaryError`] if the bytes are not any that [`write`](Self::write) makes, or if the merge
    /// would overflow a count. What was read before the error may have been added: see
    /// [`check`](Self::check).
    fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError>;

    /// Reads a statistic, and checks that it can be merged.
    ///
    /// After that, [`add_from`](Self::add_from) at the same place succeeds. By default, adds it to
    /// a copy. Implement it if there is a cheaper way.
    ///
    /// # Errors
    ///
    /// As [`add_from`](Self::add_from).
    fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
        self.clone().add_from(reader)
    }
}

macro_rules! tuple_has_the_forms_of_its_members {
    ($first:ident $(, $name:ident $index:tt)*) => {
        impl<$first, $($name),*> BinaryForm for ($first, $($name,)*)
        where
            $first: BinaryForm,
            $($name: BinaryForm<Value: From<$first::Value>>,)*
        {
            fn write(&self, writer: &mut BinaryWriter) {
                self.0.write(writer);
                $(self.$index.write(writer);)*
            }

            fn add_from(&mut self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
                self.0.add_from(reader)?;
                $(self.$index.add_from(reader)?;)*
                Ok(())
            }

            fn check(&self, reader: &mut BinaryReader<'_>) -> Result<(), BinaryError> {
                self.0.check(reader)?;
                $(self.$index.check(reader)?;)*
                Ok(())
            }
        }
    };
}

tuple_has_the_forms_of_its_members!(A);
tuple_has_the_forms_of_its_members!(A, B 1);
tuple_has_the_forms_of_its_members!(A, B 1, C 2);
tuple_has_the_forms_of_its_members!(A, B 1, C 2, D 3);
tuple_has_the_forms_of_its_members!(A, B 1, C 2, D 3, E 4);
tuple_has_the_forms_of_its_members!(A, B 1, C 2, D 3, E 4, F 5);
tuple_has_the_forms_of_its_members!(A, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_has_the_forms_of_its_members!(A, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
