//! Long lines of two keys, read by the list of their places.

use super::decoder::Rules;
use super::draft::{Checked, Found, Key, Scratch};
use super::fast_path::Keys;
use crate::scan::cursor::Cursor;
use crate::tokens::{Kind, MemberKey, Node, RECORD, Reader, Tokens, Value, Wanted};

const NAME: Node = 1;
const TIME: Node = 2;

/// The values of the name and the time of a line, by their nodes.
///
/// In an array, so that they are in memory: in registers, they would be moved for each member.
struct Members<'k, K> {
    keys: &'k K,
    values: [Option<Value>; 3],
}

impl<K: Keys> Wanted for Members<'_, K> {
    #[inline(always)]
    fn reader(&self) -> Reader {
        Reader::TwoKeys
    }

    #[inline(always)]
    fn member(&mut self, _: Node, key: MemberKey<'_>) -> Option<Node> {
        match self.keys.known_in(key)? {
            Key::Action => self.values[NAME].is_none().then_some(NAME),
            Key::Time => self.values[TIME].is_none().then_some(TIME),
            Key::Other => Some(RECORD),
        }
    }

    #[inline(always)]
    fn element(&mut self, _: Node, _: usize) -> Option<Node> {
        None
    }

    #[inline(always)]
    fn opens(&mut self, _: Node, _: u8) -> Option<bool> {
        None
    }

    #[inline(always)]
    fn put(&mut self, node: Node, value: Value) -> Option<()> {
        *self.values.get_mut(node)? = Some(value);
        Some(())
    }
}

impl Rules {
    /// Decodes the line at `at` in `block` by the list of its places. Returns its length too.
    ///
    /// `text` is the part of the block from there on that is known to be UTF-8, in whole lines.
    /// Returns `None` for a line that [`decode_any`](Self::decode_any) is to decode.
    #[inline(always)]
    pub(crate) fn decode_listed<'a>(
        &self,
        keys: &impl Keys,
        tokens: &mut Tokens,
        (block, at): (&'a [u8], usize),
        text: &'a str,
        scratch: &mut Scratch,
    ) -> Option<(Found<'a>, usize)> {
        let mut members = Members { keys, values: [None; 3] };
        let len = tokens.read(block, at, text.len(), self.limits.nesting, &mut members)?;
        let (name, time) = (members.values[NAME]?, members.values[TIME]?);
        let line = Cursor::line(block.get(at..)?).known(true);
        if !matches!(name.kind, Kind::Plain | Kind::Escaped) {
            return None;
        }
        let name = self.name(text, &mut line.placed(name.at), scratch).ok()?;
        let Checked::Valid(name) = name else { return None };
        let time = match time.kind {
            Kind::Number => {
                let time = self.time(&mut line.placed(time.at)).ok()?;
                let Checked::Valid(time) = time else { return None };
                time
            }
            Kind::Plain => {
                let (time, has_unit, _) = self.quoted_time(keys, line.placed(time.at))?;
                scratch.has_unit = has_unit;
                self.allow_time(time).then_some(time)?
            }
            _ => return None,
        };
        (len <= self.limits.input_bytes).then_some((Found { name, time }, len))
    }
}
