//! Time and chance of the year that is played.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use crate::domain::{Clock, Random, Timestamp};

/// A clock that stands still until it is set, and never goes back.
#[derive(Debug)]
pub struct YearClock(AtomicI64);

impl YearClock {
    /// Stands at a moment.
    pub const fn at(moment: Timestamp) -> Self {
        Self(AtomicI64::new(moment.0))
    }

    /// Sets it to a moment, unless it has passed that.
    pub fn set(&self, moment: Timestamp) {
        self.0.fetch_max(moment.0, Ordering::SeqCst);
    }

    /// Lets so many microseconds pass.
    pub(super) fn pass(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for YearClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that follow from a seed (SplitMix64), for ids and salts of invented data. Secrets that outlive the year, keys and passwords,
/// come from the system.
#[derive(Debug)]
pub struct SeededRandom(Mutex<u64>);

impl SeededRandom {
    /// From this seed.
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
