//! How many subscriptions are open, altogether and of each subject.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Settings;
use crate::{
    domain::{Id, Subject},
    http::graphql::reply::Reply,
    policy::{Code, Refusal},
};

/// Whose it is: the person and the app.
type Whose = (Option<Id>, Option<Id>);

/// The places for subscriptions on this server.
#[derive(Debug)]
pub(in crate::http) struct Places {
    total: usize,
    each: usize,
    free: Arc<Semaphore>,
    taken: Mutex<HashMap<Whose, usize>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    whose: Whose,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(in crate::http) fn new(settings: &Settings) -> Self {
        let Settings { total, each, .. } = *settings;
        Self { total, each, free: Arc::new(Semaphore::new(total)), taken: Mutex::default() }
    }

    /// A place for this subject, if it may have one more and there is one.
    pub(super) fn take(self: &Arc<Self>, subject: &Subject) -> Result<Place, Reply> {
        let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() else {
            return Err(Reply::busy());
        };
        let whose = (subject.person, subject.app);
        let mut taken = self.taken();
        let mine = taken.entry(whose).or_default();
        if *mine >= self.each {
            let most = self.each;
            return Err(Reply::refused(Refusal::new(
                Code::QuotaExceeded,
                format!("You have {most} subscriptions open here, and there may not be more; end one of them."),
            )));
        }
        *mine += 1;
        drop(taken);
        Ok(Place { places: Arc::clone(self), whose, _permit: permit })
    }

    /// How many are taken.
    pub(in crate::http) fn open(&self) -> usize {
        self.total - self.free.available_permits()
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Whose, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(mine) = taken.get_mut(&self.whose) {
            *mine -= 1;
            if *mine == 0 {
                taken.remove(&self.whose);
            }
        }
    }
}
