//! The keys and indexes of all paths, as a tree, so that one pass over a record finds every field.

use super::path::Step;
use crate::scan::cursor::Cursor;
use crate::scan::string::Text;
use crate::scan::swar;
use crate::tokens::MemberKey;

/// The number of a node. Each node but the root is at the end of one key or index.
pub(crate) type NodeId = usize;

/// The node of the record itself.
pub(crate) const ROOT: NodeId = 0;

/// The offset of the key of a node that was not found in a record.
pub(super) const UNSEEN: usize = usize::MAX;

/// The keys and indexes of all paths.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

/// A value on a path.
#[derive(Debug, Default)]
pub(crate) struct Node {
    keys: Vec<KeyEdge>,
    /// The [bits](key_bit) of all keys.
    key_bits: u64,
    /// The minimum length of one of them that is written with an escape.
    escaped_len_min: usize,
    /// Sorted by index.
    indexes: Vec<(usize, NodeId)>,
    /// The slots of the paths that end here.
    slots: Vec<usize>,
}

/// A key that leads to a node.
#[derive(Debug)]
struct KeyEdge {
    /// The first bytes of the key, padded with zeros.
    word: u64,
    /// Ones where a byte of the word is compared.
    mask: u64,
    key: Box<str>,
    node: NodeId,
}

impl Tree {
    /// Builds the tree of paths, each with the number of its slot.
    pub(crate) fn new<'s>(paths: impl Iterator<Item = (usize, &'s [Step])>) -> Self {
        let mut tree = Self { nodes: vec![Node::default()] };
        for (slot, steps) in paths {
            let end = steps.iter().fold(ROOT, |node, step| tree.child(node, step));
            tree.nodes[end].slots.push(slot);
        }
        tree
    }

    /// Returns the number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns the node of a number that this tree has returned.
    #[inline(always)]
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// Returns the node one step below `parent`, and adds it if there is none.
    fn child(&mut self, parent: NodeId, step: &Step) -> NodeId {
        let (id, node) = (self.nodes.len(), &mut self.nodes[parent]);
        match step {
            Step::Key(key) => {
                if let Some(edge) = node.keys.iter().find(|edge| edge.key == *key) {
                    return edge.node;
                }
                let first = key.bytes().next().unwrap_or(b'"'); // An empty key ends at once.
                node.key_bits |= key_bit(first, key.len());
                let escaped_len = escaped_len_min(key);
                let has_keys = node.has_keys();
                let least = if has_keys { node.escaped_len_min } else { usize::MAX };
                node.escaped_len_min = least.min(escaped_len);
                let word = swar::word_of(key.as_bytes());
                let mask = swar::first_bytes(u64::MAX, key.len());
                node.keys.push(KeyEdge { word, mask, key: key.clone(), node: id });
                self.nodes.push(Node::default());
            }
            Step::Index(index) => match node.indexes.binary_search_by_key(index, |edge| edge.0) {
                Ok(place) => return node.indexes[place].1,
                Err(place) => {
                    node.indexes.insert(place, (*index, id));
                    self.nodes.push(Node::default());
                }
            },
        }
        id
    }
}

impl Node {
    /// Returns the slots of the paths that end here.
    #[inline(always)]
    pub(crate) fn slots(&self) -> &[usize] {
        &self.slots
    }

    /// Returns whether a path goes on from here by a key.
    #[inline(always)]
    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Returns whether a path goes on from here by an index.
    #[inline(always)]
    pub(crate) fn has_indexes(&self) -> bool {
        !self.indexes.is_empty()
    }

    /// Returns the node below a key without escapes in ASCII, whose `len` bytes are at `start`.
    #[inline(always)]
    pub(crate) fn by_plain_key(&self, start: Cursor<'_>, len: usize) -> Option<NodeId> {
        // Most keys of a record have a bit that no selected key has.
        let is_other = self.key_bits & key_bit(start.peek(), len) == 0;
        if is_other { None } else { self.by_bytes(start.rest(), len) }
    }

    /// Returns the node below a key of a list of places, or [`ROOT`] if there is none.
    ///
    /// Returns `None` if the key has escapes and may be one of the keys.
    #[inline(always)]
    pub(super) fn by_member_key(&self, key: MemberKey<'_>) -> Option<NodeId> {
        match self.by_plain_key(Cursor::new(key.bytes()), key.len) {
            None if key.len >= self.escaped_len_min && key.is_escaped() => None,
            None => Some(ROOT),
            node => node,
        }
    }

    /// Returns the node below the key that the first `len` of `bytes` are.
    ///
    /// Not inlined, because it would take registers from the loop over all keys.
    #[inline(never)]
    fn by_bytes(&self, bytes: &[u8], len: usize) -> Option<NodeId> {
        let word = swar::word_of(bytes);
        for edge in &self.keys {
            if (word ^ edge.word) & edge.mask == 0
                && edge.key.len() == len
                && (len <= swar::BYTES || bytes.starts_with(edge.key.as_bytes()))
            {
                return Some(edge.node);
            }
        }
        None
    }

    /// Returns the node below a key of any text.
    #[cold]
    pub(crate) fn by_key(&self, text: Text<'_>) -> Option<NodeId> {
        self.keys.iter().find(|edge| text.is(&edge.key)).map(|edge| edge.node)
    }

    /// Returns the node below an index.
    #[inline(always)]
    pub(crate) fn by_index(&self, index: usize) -> Option<NodeId> {
        self.indexes.iter().find(|edge| edge.0 == index).map(|edge| edge.1)
    }
}

/// Returns the minimum length of a key that is written with an escape, at least.
fn escaped_len_min(key: &str) -> usize {
    let added = |character: char| match character {
        // These have an escape of two bytes.
        '"' | '\\' | '/' | '\u{8}' | '\u{c}' | '\n' | '\r' | '\t' => 1,
        _ => 6 * character.len_utf16() - character.len_utf8(),
    };
    key.chars().map(added).min().map_or(usize::MAX, |added| key.len() + added)
}

/// Returns the bit of a key, which depends on its first byte and its length.
#[inline(always)]
fn key_bit(first: u8, len: usize) -> u64 {
    1 << (usize::from(first).wrapping_add(8 * len) % u64::BITS as usize)
}
