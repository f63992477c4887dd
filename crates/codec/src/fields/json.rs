//! The reader of JSON objects: one strict pass that fills the slots of all paths.
//!
//! All of the object is checked, also what no path selects. The pass does not recurse: the open
//! objects and arrays that paths lead through are a list, as deep as the longest path.

use super::found::{Fault, Found, Slot};
use super::tree::{NodeId, ROOT, Tree};
use crate::error::code::{ErrorCode, ScanError, ScanResult};
use crate::scan::cursor::Cursor;
use crate::scan::string::{Text, text_at};

/// Reads JSON objects.
#[derive(Debug)]
pub(crate) struct JsonReader<'p> {
    tree: &'p Tree,
    /// The maximum number of objects and arrays open at once.
    nesting: usize,
    /// The offset of the key of each node in this record, or [`UNSEEN`].
    seen: Vec<usize>,
    /// The objects and arrays around the one that is read.
    around: Vec<Open>,
    /// The first repeated key of this record.
    repeated: Option<ScanError>,
}

/// The offset of a key that was not found.
const UNSEEN: usize = usize::MAX;

/// An object or an array that a path leads through.
#[derive(Debug, Clone, Copy)]
enum Open {
    Object(NodeId),
    /// An array, and the index of its next element.
    Array(NodeId, usize),
}

/// The value of a node, or the end of the object.
struct Next {
    node: Option<NodeId>,
    /// Offset of the value, or after the object.
    at: usize,
}

impl<'p> JsonReader<'p> {
    /// Creates a reader of the fields in `tree`, with at most `nesting` open objects and arrays.
    pub(crate) fn new(tree: &'p Tree, nesting: usize) -> Self {
        let seen = vec![UNSEEN; tree.len()];
        Self { tree, nesting, seen, around: Vec::new(), repeated: None }
    }

    /// Reads the object that ends a record from `at` on, and fills the slots of the fields it has.
    ///
    /// All are absent at first. `known` is a prefix of the record that is known to be UTF-8.
    ///
    /// # Errors
    ///
    /// The first error by position of syntax, encoding or a limit; if there is none, that of the
    /// first repeated key. The slots may be filled in part.
    #[inline]
    pub(crate) fn read<'a>(
        &mut self,
        record: &'a [u8],
        at: usize,
        known: &'a str,
        slots: &mut [Slot<'a>],
    ) -> Result<(), Fault> {
        self.read_object(Cursor::new(record).placed(at), known, slots).map_err(Fault::Refused)
    }

    fn read_object<'a>(
        &mut self,
        mut cursor: Cursor<'a>,
        known: &'a str,
        slots: &mut [Slot<'a>],
    ) -> ScanResult<()> {
        self.seen.fill(UNSEEN);
        self.repeated = None;
        if cursor.begin_object(self.nesting)? {
            self.read_members(&mut cursor, known, slots)?;
        }
        cursor.end()?;
        self.repeated.map_or(Ok(()), Err)
    }

    /// Reads the members of the outermost object. The cursor is at a key.
    fn read_members<'a>(
        &mut self,
        cursor: &mut Cursor<'a>,
        known: &'a str,
        slots: &mut [Slot<'a>],
    ) -> ScanResult<()> {
        self.around.clear();
        let mut here = Open::Object(ROOT);
        loop {
            let next = match here {
                Open::Object(node) => self.next_member(node, *cursor)?,
                Open::Array(node, index) => self.next_element(node, index, &mut here, *cursor)?,
            };
            cursor.at = next.at;
            let goes_on = match next.node {
                Some(node) => match self.read_value(node, cursor, known, slots)? {
                    Some(inner) => {
                        self.around.push(here);
                        here = inner;
                        true
                    }
                    None => go_on(here, cursor)?,
                },
                None => false,
            };
            if goes_on {
                continue;
            }
            // `here` has ended, and so may have those around it.
            loop {
                match self.around.pop() {
                    None => return Ok(()),
                    Some(outer) => here = outer,
                }
                if go_on(here, cursor)? {
                    break;
                }
            }
        }
    }

    /// Skips members that no path selects, and returns the value of the first other one.
    ///
    /// The cursor is at a key. Lines with many keys spend their time here.
    #[inline(never)]
    fn next_member(&mut self, node: NodeId, cursor: Cursor<'_>) -> ScanResult<Next> {
        let mut here = cursor; // A copy in registers: a large argument lies in memory.
        let (depth, nesting) = (self.around.len() + 1, self.nesting);
        let object = self.tree.node(node);
        loop {
            let key_at = here.at;
            let selected = if here.plain_string() {
                let len = here.at - key_at - 2;
                object.by_plain_key(here.placed(key_at + 1), len)
            } else {
                here.at = key_at;
                let key;
                (here.at, key) = other_key(here)?;
                object.by_key(key)
            };
            here.colon()?;
            if let Some(node) = selected {
                if self.seen[node] == UNSEEN {
                    self.seen[node] = key_at;
                    return Ok(Next { node: Some(node), at: here.at });
                }
                self.repeat(node, key_at);
            }
            here.skip_value(depth, nesting)?;
            if !here.next_member()? {
                return Ok(Next { node: None, at: here.at });
            }
        }
    }

    /// Keeps the error of a repeated key. The first one by position is reported.
    #[cold]
    fn repeat(&mut self, node: NodeId, at: usize) {
        let code = ErrorCode::FieldRepeated;
        self.repeated.get_or_insert(ScanError { code, at, detail: self.seen[node] });
    }

    /// Skips elements that no path selects, and returns the first other one.
    #[inline(never)]
    fn next_element(
        &self,
        node: NodeId,
        mut index: usize,
        open: &mut Open,
        mut cursor: Cursor<'_>,
    ) -> ScanResult<Next> {
        let array = self.tree.node(node);
        loop {
            let selected = array.by_index(index);
            index += 1;
            if selected.is_some() {
                *open = Open::Array(node, index);
                return Ok(Next { node: selected, at: cursor.at });
            }
            cursor.skip_value(self.around.len() + 1, self.nesting)?;
            if !cursor.next_element()? {
                return Ok(Next { node: None, at: cursor.at });
            }
        }
    }

    /// Reads the value of a node, or opens it if paths lead through it.
    #[inline(always)]
    fn read_value<'a>(
        &self,
        id: NodeId,
        cursor: &mut Cursor<'a>,
        known: &'a str,
        slots: &mut [Slot<'a>],
    ) -> ScanResult<Option<Open>> {
        let node = self.tree.node(id);
        let token = cursor.peek_token();
        let inner = match token {
            b'{' if node.has_keys() => Open::Object(id),
            b'[' if node.has_indexes() => Open::Array(id, 0),
            _ => {
                self.fill(node.slots(), token, cursor, known, slots)?;
                return Ok(None);
            }
        };
        if !node.slots().is_empty() {
            // The whole value is a field too: it is read twice, which is rare.
            self.fill(node.slots(), token, &mut cursor.clone(), known, slots)?;
        }
        let depth = self.around.len() + 1;
        if depth >= self.nesting {
            let code = ErrorCode::NestingTooDeep;
            return Err(ScanError { code, at: cursor.at, detail: depth + 1 });
        }
        let has_more = match inner {
            Open::Object(_) => cursor.first_member()?,
            Open::Array(..) => cursor.first_element()?,
        };
        cursor.advance(usize::from(!has_more));
        Ok(has_more.then_some(inner))
    }

    /// Reads a value whole, and fills its slots. Its first byte is `token`.
    #[inline(always)]
    fn fill<'a>(
        &self,
        own: &[usize],
        token: u8,
        cursor: &mut Cursor<'a>,
        known: &'a str,
        slots: &mut [Slot<'a>],
    ) -> ScanResult<()> {
        let start = *cursor;
        let raw = |end: usize| text_at(start.bytes, known, start.at..end).unwrap_or_default();
        let found = match token {
            b'"' => {
                let text = cursor.string()?;
                let raw = text_at(start.bytes, known, text.range()).unwrap_or_default();
                if text.is_escaped() { Found::Escaped(raw) } else { Found::Text(raw) }
            }
            b'-' | b'0'..=b'9' => {
                cursor.number()?;
                Found::Number(raw(cursor.at))
            }
            _ => {
                cursor.at = cursor.skip_unwanted(self.around.len() + 1, self.nesting)?;
                match token {
                    b'{' => Found::Object(raw(cursor.at)),
                    b'[' => Found::Array(raw(cursor.at)),
                    b'n' => Found::Null,
                    _ => Found::Bool(token == b't'),
                }
            }
        };
        for &slot in own {
            slots[slot] = Slot { found, at: start.at };
        }
        Ok(())
    }
}

/// Reads a key that has escapes or characters outside ASCII. Returns its end too.
#[cold]
#[inline(never)]
fn other_key(mut cursor: Cursor<'_>) -> ScanResult<(usize, Text<'_>)> {
    let text = cursor.string()?;
    Ok((cursor.at, text))
}

/// Skips what follows a value. Returns whether another one follows it.
#[inline(always)]
fn go_on(open: Open, cursor: &mut Cursor<'_>) -> ScanResult<bool> {
    match open {
        Open::Object(_) => cursor.next_member(),
        Open::Array(..) => cursor.next_element(),
    }
}
