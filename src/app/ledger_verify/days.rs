//! What accounts did by day, as the entries say. Entries come nearly in the order of time, so days that are over are kept packed, in
//! a tenth of the room.

use std::collections::HashMap;

use crate::audit::{
    daily::{Daily, spans},
    index::{CountedDays, count},
    record::{Counter, Entry},
};

/// The days counted so far.
#[derive(Default)]
pub(super) struct CountedPacked {
    /// Those that entries of late were of.
    open: CountedDays,
    over: HashMap<(Counter, i64), Box<[u8]>>,
    /// The newest day.
    newest: i64,
}

impl CountedPacked {
    /// Counts an entry in.
    pub(super) fn count(&mut self, entry: &Entry) {
        let day = entry.record.at.day();
        if day > self.newest {
            self.newest = day;
            self.pack(day - 1);
        } else if day < self.newest - 1 {
            // Late; what is there of this day is packed.
            let mut late = CountedDays::new();
            count(&mut late, entry, |_| true);
            self.add(late);
            return;
        }
        count(&mut self.open, entry, |_| true);
    }

    /// Adds others.
    pub(super) fn add(&mut self, others: CountedDays) {
        for (key, daily) in others {
            let mut sum = self.open.remove(&key).unwrap_or_default();
            if let Some(packed) = self.over.get(&key).and_then(|body| spans::unpack_day(body)) {
                sum.add(&packed);
            }
            sum.add(&daily);
            self.over.insert(key, spans::pack_day(&sum));
        }
    }

    /// Packs what is older than this day.
    fn pack(&mut self, day: i64) {
        let over: Vec<_> = self.open.extract_if(|(_, of), _| *of < day).collect();
        self.add(over.into_iter().collect());
    }

    /// After the last: how many there are, and how each can be asked for.
    pub(super) fn finish(&mut self) -> usize {
        self.pack(i64::MAX);
        self.over.len()
    }

    /// Whether that is what an account did on a day; of what is finished.
    pub(super) fn is(&self, key: (Counter, i64), daily: &Daily) -> bool {
        self.over.get(&key).is_some_and(|body| **body == *spans::pack_day(daily))
    }
}
