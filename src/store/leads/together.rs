//! What is asked of PostgreSQL while a statement of the same kind is under way waits for it and then shares the next one:
//! the more callers there are, the fewer statements each of them costs, and nobody waits for a timer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The jobs of one kind.
pub(super) struct Together<J>(Mutex<Jobs<J>>);

struct Jobs<J> {
    waiting: Vec<J>,
    /// Whether somebody sees to them.
    under_way: bool,
}

impl<J> Default for Together<J> {
    fn default() -> Self {
        Self(Mutex::new(Jobs { waiting: Vec::new(), under_way: false }))
    }
}

impl<J> std::fmt::Debug for Together<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Together")
    }
}

impl<J> Together<J> {
    /// Adds a job. Whoever gets a turn has to see to the jobs, in a task of its own, until there is none.
    pub(super) fn join(self: &Arc<Self>, job: J) -> Option<Turn<J>> {
        let mut jobs = self.jobs();
        jobs.waiting.push(job);
        let idle = !std::mem::replace(&mut jobs.under_way, true);
        idle.then(|| Turn(Some(Arc::clone(self))))
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs<J>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The duty to see to the jobs. If it is dropped before there are none, those that wait are dropped too.
pub(super) struct Turn<J>(Option<Arc<Together<J>>>);

impl<J> Turn<J> {
    /// The next jobs, at most so many.
    pub(super) fn next(&mut self, most: usize) -> Option<Vec<J>> {
        let together = self.0.take()?;
        let mut jobs = together.jobs();
        if jobs.waiting.is_empty() {
            jobs.under_way = false;
            return None;
        }
        let most = jobs.waiting.len().min(most);
        let next = jobs.waiting.drain(..most).collect();
        drop(jobs);
        self.0 = Some(together);
        Some(next)
    }
}

impl<J> Drop for Turn<J> {
    fn drop(&mut self) {
        if let Some(together) = &self.0 {
            let mut jobs = together.jobs();
            jobs.under_way = false;
            let given_up = std::mem::take(&mut jobs.waiting);
            drop(jobs);
            drop(given_up);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_meanwhile_is_next() {
        let together = Arc::new(Together::default());
        let mut turn = together.join(1).unwrap();
        assert!(together.join(2).is_none());
        assert_eq!(turn.next(64), Some(vec![1, 2]));
        assert!(together.join(3).is_none());
        assert!(together.join(4).is_none());
        assert_eq!((turn.next(1), turn.next(1)), (Some(vec![3]), Some(vec![4])));
        assert_eq!(turn.next(64), None);
        assert!(together.join(5).is_some());
    }

    #[test]
    fn a_turn_given_up_gives_up_those_who_wait() {
        let together = Arc::new(Together::default());
        let (waits, told) = std::sync::mpsc::channel::<()>();
        let turn = together.join(waits);
        drop(turn);
        assert!(told.recv().is_err());
        let (waits, _) = std::sync::mpsc::channel::<()>();
        assert!(together.join(waits).is_some());
    }
}
