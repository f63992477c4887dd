//! The keys and indexes of all paths, as a tree, so that one pass over a record finds every field.

use super::path::Step;
use crate::scan::cursor::Cursor;
use crate::scan::string::Text;
use crate::scan::swar;

/// The number of a node. Each node but the root is at the end of one key or index.
pub(crate) type NodeId = usize;

/// The node of the record itself.
pub(crate) const ROOT: NodeId = 0;

/// The keys and indexes of all paths.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

/// A value on a path.
#[derive(Debug, Default)]
pub(crate) struct Node {
    keys: Vec<KeyEdge>,
    /// A bit for each length of a key; lengths from 63 on share one.
    key_lens: u64,
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
                node.key_lens |= len_bit(key.len());
                let word = swar::word_of(key.as_bytes());
                node.keys.push(KeyEdge { word, key: key.clone(), node: id });
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
        // Most keys of a record have a length that no selected key has.
        if self.key_lens & len_bit(len) == 0 {
            return None;
        }
        let word = swar::first_bytes(start.word(), len);
        let same = |edge: &&KeyEdge| {
            edge.word == word && edge.key.len() == len && (len <= swar::BYTES || edge.is_at(start))
        };
        self.keys.iter().find(same).map(|edge| edge.node)
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

impl KeyEdge {
    /// Returns whether the bytes from `start` on begin with the key.
    fn is_at(&self, start: Cursor<'_>) -> bool {
        start.rest().starts_with(self.key.as_bytes())
    }
}

/// Returns the bit of a length.
#[inline(always)]
fn len_bit(len: usize) -> u64 {
    1 << len.min(63)
}
