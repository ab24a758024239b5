//! What somebody who leaves did with their canaries: beside the exposure report, for the trap's keeper and nobody else.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    app::{
        Error, Op,
        canaries::{self, CanaryView},
    },
    audit::record::{AccessRecord, is_asked_export, is_export_file},
    domain::{Id, Timestamp},
    policy::{Permission, Permit},
};

/// A canary of somebody who leaves, and what they did with it in the days of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryMet {
    /// The canary.
    pub canary: CanaryView,
    /// What they did.
    pub met: Met,
}

/// What was done with a canary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Answers on a screen that showed it.
    pub shown: u64,
    /// Of those, that showed no other lead.
    pub alone: u64,
    /// Records of changes of it.
    pub changed: u64,
    /// Places in the tree of the records of files that it stands in.
    pub files: Vec<u64>,
    /// When it was met last.
    pub last: Option<Timestamp>,
}

/// The canaries of somebody, counted as their records pass.
pub(super) struct Trapped {
    permit: Permit,
    canaries: BTreeMap<Id, (canaries::Canary, Met)>,
}

impl Trapped {
    /// Those of this person; `None` if the caller does not keep the trap.
    pub(super) async fn of(op: &Op, person: Id) -> Result<Option<Self>, Error> {
        let Ok(permit) = op.rights.permit(Permission::TrapKeep) else { return Ok(None) };
        let canaries = canaries::of_reader(&op.core, person).await?;
        Ok(Some(Self { permit, canaries: canaries.into_iter().map(|canary| (canary.lead, (canary, Met::default()))).collect() }))
    }

    /// Counts a record, or a part of one.
    pub(super) fn count(&mut self, index: u64, record: &AccessRecord) {
        let shown: BTreeSet<Id> = record.disclosures.iter().flat_map(|group| &group.leads).copied().collect();
        let changed: BTreeSet<Id> =
            record.changed.iter().filter(|changed| changed.kind == "lead").filter_map(|changed| changed.item.parse().ok()).collect();
        for lead in shown.union(&changed) {
            let Some((_, met)) = self.canaries.get_mut(lead) else { continue };
            if shown.contains(lead) && is_export_file(record) {
                met.files.push(index);
            } else if shown.contains(lead) && !is_asked_export(record) {
                met.shown += 1;
                met.alone += u64::from(shown.len() == 1);
            }
            met.changed += u64::from(changed.contains(lead));
            met.last = met.last.max(Some(record.at));
        }
    }

    /// Them as the keeper sees them.
    pub(super) async fn told(self, op: &Op) -> Result<Vec<CanaryMet>, Error> {
        let (canaries, mut met): (Vec<_>, BTreeMap<Id, Met>) =
            self.canaries.into_values().map(|(canary, met)| (canary, (canary.lead, met))).unzip();
        let views = canaries::views(op, self.permit, canaries).await?;
        Ok(views.into_iter().map(|canary| CanaryMet { met: met.remove(&canary.canary.lead).unwrap_or_default(), canary }).collect())
    }
}
