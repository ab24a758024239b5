//! The index of a recorder's ledger.

use std::sync::{Arc, atomic::Ordering};

use super::{Index, keeper::Keeper};
use crate::audit::{Recorder, inside::Inside, lock::lock};

impl Recorder {
    /// Which records show a lead or are somebody's.
    pub fn index(&self) -> &Index {
        &self.inside.index
    }

    /// Who can make the index.
    pub fn index_keeper(&self) -> Keeper {
        let Inside { store, writer, clock, ids, random, .. } = &*self.inside;
        let name = ids.next(&**clock, &**random);
        Keeper::new(store, writer, Arc::clone(clock), name.0, self.inside.settings.index_segment)
    }

    /// Does what a server does beside recording, as long as records are taken: keeps the index and some room on the disk, and
    /// sees to its own changes that were given up.
    pub fn serve(&self) {
        self.inside.serves.store(true, Ordering::Relaxed);
        self.inside.store.disk().keep(self.inside.settings.reserve);
        let keeping = tokio::spawn(self.index_keeper().run(self.stop.subscribe()));
        lock(&self.tasks).push(keeping);
    }
}
