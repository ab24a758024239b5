//! What was found out already, kept within bounds.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    mem,
    sync::{PoisonError, RwLock},
};

use crate::domain::{Id, Timestamp};

/// A map that holds at most `capacity` entries and forgets those unused for longest, roughly: when the young half is
/// full it becomes the old half, and what was in the old half and not asked for since is gone.
pub struct Bounded<K, V> {
    halves: RwLock<Halves<K, V>>,
    half: usize,
}

struct Halves<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> fmt::Debug for Bounded<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded").field("half", &self.half).finish_non_exhaustive()
    }
}

impl<K: Eq + Hash + Copy, V: Copy> Bounded<K, V> {
    /// An empty one.
    pub fn new(capacity: usize) -> Self {
        Self { halves: RwLock::new(Halves { young: HashMap::new(), old: HashMap::new() }), half: (capacity / 2).max(1) }
    }

    /// The value of `key`, if it is still here.
    pub fn get(&self, key: &K) -> Option<V> {
        let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = halves.young.get(key) {
            return Some(*value);
        }
        let value = *halves.old.get(key)?;
        drop(halves);
        self.insert(*key, value);
        Some(value)
    }

    /// Keeps `value`.
    pub fn insert(&self, key: K, value: V) {
        let mut halves = self.halves.write().unwrap_or_else(PoisonError::into_inner);
        if halves.young.len() >= self.half && !halves.young.contains_key(&key) {
            halves.old = mem::take(&mut halves.young);
        }
        halves.young.insert(key, value);
    }
}

/// A session that is open, as far as the database knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// The person.
    pub person: Option<Id>,
    /// The app.
    pub app: Option<Id>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// The sessions that were found to be open at one value of the `rights` counter. Any change of policy, account or
/// session raises the counter and so empties this.
#[derive(Debug)]
pub struct OpenSessions {
    at: RwLock<(i64, Bounded<Id, OpenSession>)>,
    capacity: usize,
}

impl OpenSessions {
    /// An empty one.
    pub fn new(capacity: usize) -> Self {
        Self { at: RwLock::new((i64::MIN, Bounded::new(capacity))), capacity }
    }

    /// What was found at this value of the counter.
    pub fn get(&self, generation: i64, session: Id) -> Option<OpenSession> {
        let at = self.at.read().unwrap_or_else(PoisonError::into_inner);
        if at.0 == generation { at.1.get(&session) } else { None }
    }

    /// Keeps what was read from the database *after* the counter had this value. What comes late is dropped.
    pub fn insert(&self, generation: i64, session: Id, found: OpenSession) {
        let mut at = self.at.write().unwrap_or_else(PoisonError::into_inner);
        if at.0 < generation {
            *at = (generation, Bounded::new(self.capacity));
        }
        if at.0 == generation {
            at.1.insert(session, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_keeps_what_is_used() {
        let map = Bounded::new(8);
        for key in 0..100 {
            map.insert(key, key);
            assert_eq!(map.get(&0), Some(0), "asked for all the time, so still here");
        }
        assert_eq!(map.get(&50), None);
        assert_eq!(map.get(&99), Some(99));
        let halves = map.halves.read().unwrap();
        assert!(halves.young.len() + halves.old.len() <= 8);
    }

    #[test]
    fn a_raised_counter_empties() {
        let sessions = OpenSessions::new(8);
        let open = |person| OpenSession { person: Some(Id(person)), app: None, expires_at: Timestamp(9) };
        sessions.insert(3, Id(1), open(7));
        assert_eq!(sessions.get(3, Id(1)), Some(open(7)));
        assert_eq!(sessions.get(4, Id(1)), None);
        sessions.insert(4, Id(2), open(8));
        sessions.insert(3, Id(1), open(7));
        assert_eq!((sessions.get(3, Id(1)), sessions.get(4, Id(1)), sessions.get(4, Id(2))), (None, None, Some(open(8))));
    }
}
