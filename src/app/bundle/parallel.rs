//! Looking at each entry of a bundle and at its line, on as many threads as there are processors: what needs nothing but these two.
//! What is found comes back in order. Read meanwhile is a bounded number of entries.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    ops::Range,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use serde_json::Value;

use super::write_line;
use crate::{
    audit::{codec, record::Entry},
    domain::Digest,
    ledger::{
        bundle::{self, Line},
        tree,
        verify::Said,
    },
};

/// Entries handed to a thread at once, and bytes of them and their lines that are enough.
const PIECE: u64 = 256;
const ENOUGH: usize = 1 << 20;
/// More threads than this would wait for the one that reads.
const MOST: usize = 8;
/// Pieces that each thread may have at hand.
const AHEAD: usize = 2;

/// What the line of an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// What the entry's bytes say.
    Same,
    /// The leaf of its bytes, and otherwise something else.
    SameLeaf,
    /// Another leaf in the same place of the epoch.
    SamePlace,
    /// Anything else, or nothing.
    Other,
}

/// What was found of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Examined {
    /// The leaf of its bytes.
    pub(super) leaf: Digest,
    /// Where its bytes say that it stands; `None` if they cannot be read.
    pub(super) said: Option<Said>,
    /// What its line says.
    pub(super) line: Told,
}

/// The entries of a bundle and their lines.
pub(super) struct Files {
    entries: BufReader<File>,
    lines: BufReader<File>,
}

/// Some entries with their lines, one after another, and where each ends.
#[derive(Default)]
struct Piece {
    from: u64,
    bodies: Vec<u8>,
    lines: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

impl Files {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let open = |name| Ok::<_, io::Error>(BufReader::with_capacity(1 << 18, File::open(folder.join(name))?));
        Ok(Self { entries: open(bundle::ENTRIES)?, lines: open(bundle::LINES)? })
    }

    /// Reads on; fewer than were asked for only at the end of the entries, or if they are enough.
    fn read(&mut self, range: Range<u64>) -> io::Result<(Piece, bool)> {
        let mut piece = Piece { from: range.start, ..Piece::default() };
        for _ in range {
            if !entry(&mut self.entries, &mut piece.bodies)? {
                return Ok((piece, false));
            }
            self.lines.read_until(b'\n', &mut piece.lines)?;
            piece.ends.push((piece.bodies.len(), piece.lines.len()));
            if piece.bodies.len() + piece.lines.len() > ENOUGH {
                break;
            }
        }
        Ok((piece, true))
    }

    fn at_end(&mut self) -> io::Result<bool> {
        Ok(self.entries.fill_buf()?.is_empty() && self.lines.fill_buf()?.is_empty())
    }
}

/// Adds the bytes of the next entry of a file of entries; false at its end, also within one.
pub(super) fn entry(file: &mut impl Read, body: &mut Vec<u8>) -> io::Result<bool> {
    let at_end = |error: io::Error| if error.kind() == io::ErrorKind::UnexpectedEof { Ok(false) } else { Err(error) };
    let mut length = [0; 2];
    if let Err(error) = file.read_exact(&mut length) {
        return at_end(error);
    }
    let start = body.len();
    body.resize(start + usize::from(u16::from_be_bytes(length)), 0);
    file.read_exact(&mut body[start..]).map_or_else(at_end, |()| Ok(true))
}

/// Tells of each entry in this range, in order, what was found of it, and with `None` where the entries end too early. Returns
/// whether both files are at their end.
pub(super) fn examine(mut files: Files, range: Range<u64>, each: &mut dyn FnMut(u64, Option<Examined>)) -> io::Result<bool> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST);
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..threads).map(|_| lane(scope)).collect();
        let (mut next, mut more) = (range.start, true);
        let (mut given, mut taken) = (0, 0);
        loop {
            while more && next < range.end && given - taken < threads * AHEAD {
                let (piece, whole) = files.read(next..range.end.min(next + PIECE))?;
                (next, more) = (next + piece.ends.len() as u64, whole);
                if lanes[given % threads].0.send(piece).is_err() {
                    break;
                }
                given += 1;
            }
            if taken == given {
                break;
            }
            // A thread that is gone has panicked; that is passed on when this ends.
            let Ok((from, found)) = lanes[taken % threads].1.recv() else { break };
            taken += 1;
            for (found, index) in found.into_iter().zip(from..) {
                each(index, Some(found));
            }
        }
        if !more {
            each(next, None);
        }
        files.at_end()
    })
}

type Lane = (SyncSender<Piece>, Receiver<(u64, Vec<Examined>)>);

/// A thread that looks at what it is given.
fn lane<'scope>(scope: &'scope thread::Scope<'scope, '_>) -> Lane {
    let ((give, given), (tell, told)) = (sync_channel::<Piece>(AHEAD), sync_channel(AHEAD));
    scope.spawn(move || {
        while let Ok(piece) = given.recv() {
            if tell.send((piece.from, piece.look())).is_err() {
                return;
            }
        }
    });
    (give, told)
}

impl Piece {
    fn look(&self) -> Vec<Examined> {
        let (mut body, mut line) = (0, 0);
        let mut rendered = Vec::new();
        let mut found = Vec::with_capacity(self.ends.len());
        for ((body_end, line_end), index) in self.ends.iter().zip(self.from..) {
            found.push(look(index, &self.bodies[body..*body_end], &self.lines[line..*line_end], &mut rendered));
            (body, line) = (*body_end, *line_end);
        }
        found
    }
}

/// Looks at one; `rendered` is for its use.
fn look(index: u64, body: &[u8], line: &[u8], rendered: &mut Vec<u8>) -> Examined {
    let leaf = tree::leaf(body);
    let Ok(entry) = codec::decode(body) else { return Examined { leaf, said: None, line: Told::Other } };
    rendered.clear();
    write_line(index, &leaf, &entry, rendered);
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    // As we write it; or what says the same in other words.
    let line = if line == rendered { Told::Same } else { read(line, rendered, &leaf, &entry) };
    Examined { leaf, said: Some(entry.said()), line }
}

/// What a line says that is not written as we would.
fn read(line: &[u8], rendered: &[u8], leaf: &Digest, entry: &Entry) -> Told {
    let Ok(line) = serde_json::from_slice::<Line>(line) else { return Told::Other };
    if bundle::digest(&line.leaf_hash) == Some(*leaf) {
        let same = serde_json::from_slice::<Line>(rendered).is_ok_and(|ours| (ours.index, ours.record) == (line.index, line.record));
        return if same { Told::Same } else { Told::SameLeaf };
    }
    let place = |record: &Value| (record["epoch"].as_str().and_then(|epoch| epoch.parse().ok()), record["rseq"].as_u64());
    if place(&line.record) == (Some(entry.epoch), Some(entry.rseq)) { Told::SamePlace } else { Told::Other }
}
