//! The fields of long lines, read by the list of their places.

use super::found::{Found, Slot};
use super::tree::{Tree, UNSEEN};
use crate::tokens::{Kind, MemberKey, Node, RECORD, Reader, Value, Wanted};

/// Fills the slots of a record.
pub(super) struct ListedFields<'r, 'a> {
    pub(super) tree: &'r Tree,
    /// Whether the key of each node was found, as in the reader of other lines.
    pub(super) seen: &'r mut [usize],
    /// The record and what follows it.
    pub(super) text: &'a str,
    pub(super) slots: &'r mut [Slot<'a>],
}

impl Wanted for ListedFields<'_, '_> {
    #[inline(always)]
    fn reader(&self) -> Reader {
        Reader::Fields
    }

    #[inline(always)]
    fn member(&mut self, object: Node, key: MemberKey<'_>) -> Option<Node> {
        let node = self.tree.node(object).by_member_key(key)?;
        if node != RECORD {
            let seen = self.seen.get_mut(node)?;
            if *seen != UNSEEN {
                return None;
            }
            *seen = 0;
        }
        Some(node)
    }

    #[inline(always)]
    fn element(&mut self, array: Node, index: usize) -> Option<Node> {
        Some(self.tree.node(array).by_index(index).unwrap_or(RECORD))
    }

    #[inline(always)]
    fn opens(&mut self, node: Node, bracket: u8) -> Option<bool> {
        let node = self.tree.node(node);
        // A field that is an object or an array is rare, and left to the scanner.
        let is_open = if bracket == b'{' { node.has_keys() } else { node.has_indexes() };
        node.slots().is_empty().then_some(is_open)
    }

    #[inline(always)]
    fn put(&mut self, node: Node, value: Value) -> Option<()> {
        let Value { kind, at, end } = value;
        let found = match kind {
            Kind::Plain => Found::Text(self.text.get(at + 1..end - 1)?),
            Kind::Escaped => Found::Escaped(self.text.get(at + 1..end - 1)?),
            Kind::Number => Found::Number(self.text.get(at..end)?),
            Kind::True => Found::Bool(true),
            Kind::False => Found::Bool(false),
            Kind::Null => Found::Null,
        };
        for &slot in self.tree.node(node).slots() {
            *self.slots.get_mut(slot)? = Slot { found, at };
        }
        Some(())
    }
}
