//! Records that would not fit one entry: each part says everything, and its share of the lists.

use super::MAX_ENTRY;
use crate::audit::record::{AccessRecord, Changed, Disclosure};

/// How many reasons one entry keeps.
pub(super) const MAX_REASONS: usize = 32;
/// How many bytes of lists a part takes; the rest of the entry, strings being bounded, is far below what this leaves.
const SHARE: usize = 56_000;
/// More bytes than an id takes, with its share of heads.
const ID: usize = 10;

/// The records that together say what `record` says, each small enough for an entry; usually `record` alone.
pub fn split(record: AccessRecord) -> Vec<AccessRecord> {
    let leads: usize = record.disclosures.iter().map(|shown| 20 + shown.leads.len() * ID).sum();
    let changed: usize = record.changed.iter().map(weight).sum();
    if leads + changed + record.grants.len() * ID <= SHARE {
        return vec![record];
    }
    let changed_from = record.changed_from;
    let AccessRecord { grants, disclosures, changed, .. } = record;
    let bare = AccessRecord { grants: Vec::new(), disclosures: Vec::new(), changed: Vec::new(), changed_from: 0, ..record };
    let mut parts = Filler { parts: vec![bare.clone()], bare, room: SHARE };
    for grant in grants {
        parts.with_room(ID).grants.push(grant);
    }
    for (change, number) in changed.into_iter().zip(changed_from..) {
        let part = parts.with_room(weight(&change));
        if part.changed.is_empty() {
            part.changed_from = number;
        }
        part.changed.push(change);
    }
    for Disclosure { clear, masked, leads } in disclosures {
        let mut rest = &leads[..];
        while !rest.is_empty() {
            let part = parts.with_room(20 + ID);
            let here = &mut part.disclosures;
            here.push(Disclosure { clear, masked, leads: Vec::new() });
            let (now, later) = rest.split_at(rest.len().min(parts.room / ID).max(1));
            parts.fill(now.len() * ID, |part| {
                if let Some(last) = part.disclosures.last_mut() {
                    last.leads.extend_from_slice(now);
                }
            });
            rest = later;
        }
    }
    parts.parts
}

fn weight(change: &Changed) -> usize {
    change.kind.len().min(32) + change.item.len().min(256) + 8 + if change.commitment.is_some() { 34 } else { 0 }
}

struct Filler {
    bare: AccessRecord,
    parts: Vec<AccessRecord>,
    room: usize,
}

impl Filler {
    /// A part with room for `bytes` more, which are taken.
    fn with_room(&mut self, bytes: usize) -> &mut AccessRecord {
        if self.room < bytes {
            self.parts.push(self.bare.clone());
            self.room = SHARE;
        }
        self.room -= bytes;
        let last = self.parts.len() - 1;
        &mut self.parts[last]
    }

    /// Puts more into the current part.
    fn fill(&mut self, bytes: usize, put: impl FnOnce(&mut AccessRecord)) {
        self.room = self.room.saturating_sub(bytes);
        if let Some(part) = self.parts.last_mut() {
            put(part);
        }
    }
}

const _: () = assert!(SHARE + 8_192 < MAX_ENTRY);
