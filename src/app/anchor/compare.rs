//! The ledger as it is against a head that its key has signed, wherever that head was kept. Such a head is the one thing that
//! proves that the log was another.

use crate::{
    ledger::{Breach, Checkpoint, key::Public},
    store::{Store, StoreError},
};

/// In which way the ledger is not the one of this head; `None`: it is.
pub(super) async fn contradicted(store: &Store, key: &Public, seen: &Checkpoint) -> Result<Option<Breach>, StoreError> {
    let size = store.ledger_signed().await?;
    if seen.size > size {
        return Ok(Some(Breach::Cut { size, known: seen.size }));
    }
    // Every head that leaves the server was stored first, and stays.
    let there = store.ledger_checkpoint(Some(seen.size)).await?;
    let there = there.and_then(|(_, note)| Checkpoint::open(&note, key));
    let same = there.is_some_and(|there| (there.size, there.root) == (seen.size, seen.root));
    Ok((!same).then_some(Breach::Forked { known: seen.size }))
}
