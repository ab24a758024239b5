//! What every operation shares: the databases, the recorder, the policy in force, clock and randomness.

use std::sync::Arc;

use super::{Limits, access_log, agreements, alarms::Alarms, anchor, canaries::Trap, current::Current, quota::Quotas, reminder::Reminders};
use crate::{
    audit::Recorder,
    auth::Auth,
    domain::{Clock, Id, IdMaker, Random, Timestamp},
    store::Store,
};

/// The inside of a server or of one run of the command line.
#[derive(Debug)]
pub struct Core {
    /// The databases.
    pub store: Store,
    /// The way to the ledger.
    pub recorder: Recorder,
    /// The policy in force.
    pub current: Current,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub random: Arc<dyn Random>,
    /// How the access log is read.
    pub access_log: access_log::Settings,
    /// What was used of the quotas today.
    pub quotas: Quotas,
    /// The watch over the ledger.
    pub alarms: Alarms,
    /// Those outside who attest the log's heads.
    pub outside: anchor::Outside,
    /// What holds of agreements that are published without saying otherwise.
    pub agreements: agreements::Settings,
    /// Who has been reminded of confidentiality today.
    pub reminders: Reminders,
    /// Makes ids.
    pub ids: IdMaker,
    /// How callers prove who they are.
    pub auth: Auth,
    /// What one request may cost.
    pub limits: Limits,
    /// What invents canaries.
    pub trap: Trap,
}

impl Core {
    /// A new id.
    pub fn new_id(&self) -> Id {
        self.ids.next(&*self.clock, &*self.random)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
