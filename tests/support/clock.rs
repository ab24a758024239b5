//! Time that tests move, randomness that tests repeat.

use std::{
    backtrace::Backtrace,
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use leadkeep::domain::{Clock, Random, Timestamp, clock::SECOND};

/// A clock that goes on by itself from now, or stands still, and can be moved.
#[derive(Debug)]
pub struct TestClock {
    /// `Some`: stands still there.
    frozen: Option<i64>,
    moved: AtomicI64,
    trap: Mutex<Option<&'static str>>,
}

impl TestClock {
    /// The system's time.
    pub fn running() -> Self {
        Self { frozen: None, moved: AtomicI64::new(0), trap: Mutex::default() }
    }

    /// Stands still at an RFC 3339 moment until it is moved.
    pub fn frozen_at(moment: &str) -> Self {
        Self { frozen: Some(Timestamp::parse(moment).expect("RFC 3339").0), moved: AtomicI64::new(0), trap: Mutex::default() }
    }

    /// Panics once, as soon as something called from this module asks for the time.
    pub fn panic_in(&self, module: &'static str) {
        *self.trap.lock().expect("not poisoned") = Some(module);
    }

    /// Moves it forward (or, below zero, back).
    pub fn advance_seconds(&self, seconds: i64) {
        self.moved.fetch_add(seconds * SECOND, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let trap = *self.trap.lock().expect("not poisoned");
        if trap.is_some_and(|module| Backtrace::force_capture().to_string().contains(module)) {
            *self.trap.lock().expect("not poisoned") = None;
            panic!("the time is out of joint");
        }
        let base = self.frozen.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
            i64::try_from(since.as_micros()).expect("before the year 294247")
        });
        Timestamp(base + self.moved.load(Ordering::SeqCst))
    }
}

/// SplitMix64 from a seed: the same bytes in every run that asks in the same order.
pub struct SeededRandom {
    state: Mutex<u64>,
    before_next: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl std::fmt::Debug for SeededRandom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SeededRandom")
    }
}

impl SeededRandom {
    /// From this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: Mutex::new(seed), before_next: Mutex::default() }
    }

    /// Does this just before somebody is given random bytes the next time: what happens in the middle of a use case happens
    /// there in every run.
    pub fn before_next(&self, work: impl FnOnce() + Send + 'static) {
        *self.before_next.lock().expect("not poisoned") = Some(Box::new(work));
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let work = self.before_next.lock().expect("not poisoned").take();
        if let Some(work) = work {
            work();
        }
        let mut state = self.state.lock().expect("not poisoned");
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = *state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
