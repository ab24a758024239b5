//! The index of a recorder's ledger.

use std::sync::Arc;

use super::{Index, keeper::Keeper};
use crate::audit::{
    Recorder,
    recorder::{Inside, lock},
};

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

    /// Keeps the index from now on, as long as records are taken.
    pub fn keep_index(&self) {
        let keeping = tokio::spawn(self.index_keeper().run(self.stop.subscribe()));
        lock(&self.tasks).push(keeping);
    }
}
