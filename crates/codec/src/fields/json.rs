//! The reader of JSON objects: one strict pass that fills the slots of all paths.
//!
//! All of the object is checked, also what no path selects. The pass does not recurse: the open
//! objects and arrays that paths lead through are a list, as deep as the longest path.

use super::found::{Fault, Found, Slot};
use super::listed::ListedFields;
use super::tree::{Node, NodeId, ROOT, Tree, UNSEEN};
use crate::error::code::{ErrorCode, ScanError, ScanResult};
use crate::scan::cursor::Cursor;
use crate::scan::string::{Text, text_at};
use crate::tokens::Tokens;

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

/// An object or an array that a path leads through.
#[derive(Debug, Clone, Copy)]
enum Open {
    Object(NodeId),
    /// An array, and the index of its next element.
    Array(NodeId, usize),
}

/// The first member or element that a path selects, or the end of its object or array.
struct Next {
    /// The node, or [`ROOT`] at the end: no key and no index leads to the root.
    node: NodeId,
    /// Offset of the key of a member.
    key_at: usize,
    /// Offset of the value, or after the end.
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
        let cursor = Cursor::new(record).known(known.len() == record.len()).placed(at);
        self.read_object(cursor, known, slots).map_err(Fault::Refused)
    }

    /// Reads the line at `at` in `block` by the list of its places.
    ///
    /// `text` is the part of the block from there on that is known to be UTF-8, in whole lines.
    /// Returns the length of the line, or `None` if [`read`](Self::read) is to read it; then no
    /// slot is filled.
    #[inline(never)]
    pub(crate) fn read_listed<'a>(
        &mut self,
        tokens: &mut Tokens,
        (block, at): (&[u8], usize),
        text: &'a str,
        slots: &mut [Slot<'a>],
    ) -> Option<usize> {
        self.seen.fill(UNSEEN);
        let Self { tree, seen, .. } = self;
        let mut fields = ListedFields { tree, seen, text, slots };
        let len = tokens.read(block, at, text.len(), self.nesting, &mut fields);
        if len.is_none() {
            slots.fill(Slot::default());
        }
        len
    }

    fn read_object<'a>(
        &mut self,
        cursor: Cursor<'a>,
        known: &'a str,
        slots: &mut [Slot<'a>],
    ) -> ScanResult<()> {
        let mut cursor = cursor; // A copy in registers: a large argument lies in memory.
        self.seen.fill(UNSEEN);
        self.repeated = None;
        if cursor.begin_object(self.nesting)? {
            self.read_members(&mut cursor, known, slots)?;
        }
        cursor.end()?;
        self.repeated.map_or(Ok(()), Err)
    }

    /// Reads the members of the outermost object. The cursor is at a key.
    ///
    /// Inlined, so that the cursor stays in registers.
    #[inline(always)]
    fn read_members<'a>(
        &mut self,
        cursor: &mut Cursor<'a>,
        known: &'a str,
        slots: &mut [Slot<'a>],
    ) -> ScanResult<()> {
        self.around.clear();
        let mut here = Open::Object(ROOT);
        loop {
            let next = self.next(&mut here, *cursor)?;
            cursor.at = next.at;
            if next.node != ROOT {
                if self.is_repeated(next.node, next.key_at) {
                    cursor.at = cursor.skip_unwanted(self.around.len() + 1, self.nesting)?;
                } else if let Some(inner) = self.read_value(next.node, cursor, known, slots)? {
                    self.around.push(here);
                    here = inner;
                    continue;
                }
                if go_on(here, cursor)? {
                    continue;
                }
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

    /// Skips what no path selects, and returns what follows.
    #[inline(always)]
    fn next(&self, open: &mut Open, cursor: Cursor<'_>) -> ScanResult<Next> {
        let (around, max) = (self.around.len() + 1, self.nesting);
        match open {
            Open::Object(object) => next_member(self.tree.node(*object), cursor, around, max),
            Open::Array(array, index) => {
                next_element(self.tree.node(*array), index, cursor, around, max)
            }
        }
    }

    /// Notes the key of a node, whose offset is `at`, and returns whether it is a repeated one.
    ///
    /// The first repeated key by position is reported. Elements of an array are never repeated.
    #[inline(always)]
    fn is_repeated(&mut self, node: NodeId, at: usize) -> bool {
        let first = self.seen[node];
        if first != UNSEEN {
            std::hint::cold_path();
            let code = ErrorCode::FieldRepeated;
            self.repeated.get_or_insert(ScanError { code, at, detail: first });
            return true;
        }
        self.seen[node] = at;
        false
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
        let raw = |range| text_at(start.bytes, known, range).unwrap_or_default();
        // Stored in each arm: the compiler would merge the arms byte by byte.
        let mut put =
            |found| own.iter().for_each(|&slot| slots[slot] = Slot { found, at: start.at });
        match token {
            b'"' if cursor.plain_string() => put(Found::Text(raw(start.at + 1..cursor.at - 1))),
            b'-' | b'0'..=b'9' => {
                cursor.number()?;
                put(Found::Number(raw(start.at..cursor.at)));
            }
            _ => {
                let (end, found) = other_value(start, known, self.around.len() + 1, self.nesting)?;
                cursor.at = end;
                put(found);
            }
        }
        Ok(())
    }
}

/// Skips members that no path selects, and returns the first other one.
///
/// The cursor is at a key. Lines with many keys spend their time here. The function is not a
/// method, so that everything fits into registers.
#[inline(never)]
fn next_member(object: &Node, cursor: Cursor<'_>, around: usize, max: usize) -> ScanResult<Next> {
    let mut here = cursor; // A copy in registers: a large argument lies in memory.
    loop {
        let key_at = here.at;
        let node = if here.plain_string() {
            object.by_plain_key(here.placed(key_at + 1), here.at - key_at - 2)
        } else {
            let key;
            (here.at, key) = other_key(here.placed(key_at))?;
            object.by_key(key)
        };
        here.colon()?;
        if let Some(node) = node {
            return Ok(Next { node, key_at, at: here.at });
        }
        here.skip_value(around, max)?;
        if !here.next_member()? {
            return Ok(Next { node: ROOT, key_at, at: here.at });
        }
    }
}

/// Skips elements that no path selects, and returns the first other one.
#[inline(never)]
fn next_element(
    array: &Node,
    index: &mut usize,
    cursor: Cursor<'_>,
    around: usize,
    max: usize,
) -> ScanResult<Next> {
    let mut here = cursor; // A copy in registers: a large argument lies in memory.
    loop {
        let node = array.by_index(*index);
        *index += 1;
        if let Some(node) = node {
            return Ok(Next { node, key_at: here.at, at: here.at });
        }
        here.skip_value(around, max)?;
        if !here.next_element()? {
            return Ok(Next { node: ROOT, key_at: here.at, at: here.at });
        }
    }
}

/// Reads a value other than a number or a text of one piece. Returns its end too.
#[inline(never)]
fn other_value<'a>(
    cursor: Cursor<'a>,
    known: &'a str,
    around: usize,
    max: usize,
) -> ScanResult<(usize, Found<'a>)> {
    let mut here = cursor; // A copy in registers: a large argument lies in memory.
    let token = here.peek();
    let raw = |range| text_at(cursor.bytes, known, range).unwrap_or_default();
    if token == b'"' {
        let text = here.string()?;
        let is_escaped = text.is_escaped();
        let raw = raw(text.range());
        return Ok((here.at, if is_escaped { Found::Escaped(raw) } else { Found::Text(raw) }));
    }
    here.skip_value(around, max)?;
    let found = match token {
        b'{' => Found::Object(raw(cursor.at..here.at)),
        b'[' => Found::Array(raw(cursor.at..here.at)),
        b'n' => Found::Null,
        _ => Found::Bool(token == b't'),
    };
    Ok((here.at, found))
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
