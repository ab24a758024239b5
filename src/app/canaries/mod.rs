//! Canaries: invented leads that only one reader sees, or that stand in one exported file, so that a list found outside says where
//! it comes from. Nobody but the trap's keeper hears which leads they are (docs/canaries.md, decision 0029).

mod bulletin;
mod file;
pub mod key;
mod origin;
mod plant;
mod settings;
mod touch;

pub(in crate::app) use bulletin::message;
pub use bulletin::{
    acknowledge_bulletin, bulletin_deliveries, bulletins, count_bulletins, date, keep_telling, last_bulletin, next_bulletin,
    resend_bulletin, tell, told,
};
pub(in crate::app) use file::into_file;
pub use plant::{keep_planted, plant};
pub use settings::{KeeperSettings, Settings};
pub(in crate::app) use touch::noticed;
pub use touch::{TouchView, count_touches, touches};

use std::collections::BTreeMap;

use super::{Core, Error, Op, ways::Ways};
pub use crate::store::{Bulletin, Canary};
use crate::{
    domain::{Field, Id, LeadKey, LeadRecord, LeadValues, Timestamp},
    policy::{Permission, Permit, Refusal},
    store::leads::{Finders, NewLead},
    trap::{Secret, imitate},
};

/// Most canaries of a page.
pub const MAX_PAGE: usize = 500;

/// What invents them.
#[derive(Debug)]
pub struct Trap {
    /// What they follow from.
    pub secret: Secret,
    /// How many there are, and where their mail goes.
    pub settings: Settings,
    /// The ways to the keeper alone.
    pub ways: Ways,
}

impl Trap {
    /// What follows from a secret, as it is set.
    pub fn new(secret: Secret, settings: Settings) -> Self {
        let ways = Ways::open(&settings.keeper.webhook, &settings.keeper.mail);
        Self { secret, settings, ways }
    }

    /// What the invented lead with this id looks like among leads like `model`; made and placed at these moments.
    fn values(&self, lead: Id, model: &LeadRecord, at: (Timestamp, Timestamp)) -> LeadValues {
        imitate(&self.secret, lead, model, &self.settings.domains, at)
    }

    /// Which of the models it imitates.
    fn model<'m>(&self, lead: Id, models: &'m [LeadRecord]) -> Option<&'m LeadRecord> {
        models.get(self.secret.draw(lead, "model", models.len()))
    }
}

/// What an invented lead is found under: all but its reference, so that no lead that is imported is ever taken for it.
fn finders(values: &LeadValues) -> Finders {
    let (keys, words) = super::leads::finders(values);
    let kept = |key: &LeadKey| key.kind.field() != Field::Reference;
    (keys.into_iter().filter(kept).collect(), words)
}

/// A canary as the keeper sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryView {
    /// Which lead, whose, in which file.
    pub canary: Canary,
    /// Who it was invented to be.
    pub name: String,
    /// The company it was invented to work for.
    pub company: String,
    /// Its e-mail address, if the company's domains are set.
    pub email: Option<String>,
    /// What its row holds now in the fields that tell who it is; its reader may have changed it.
    pub now: Option<LeadValues>,
}

/// At most `first` canaries by rising id after `skip` others; those of one reader if one is named. Needs `TRAP_KEEP`.
///
/// They are no leads, so the record names none, and no page begins behind an id: an auditor, who reads the arguments of this, must
/// not learn from them which ids are theirs.
pub async fn list(op: &Op, reader: Option<Id>, skip: u64, first: usize) -> Result<Vec<CanaryView>, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    if first == 0 || first > MAX_PAGE + 1 {
        return Err(Refusal::bad_input(format!("A page has 1 to {MAX_PAGE} canaries.")).into());
    }
    let canaries = op.core.store.canaries(permit, reader, skip, first as u64).await?;
    op.trace().rows += canaries.len() as u64;
    views(op, permit, canaries).await
}

/// Them as the keeper sees them.
pub(in crate::app) async fn views(op: &Op, permit: Permit, canaries: Vec<Canary>) -> Result<Vec<CanaryView>, Error> {
    let ids: Vec<Id> = canaries.iter().map(|canary| canary.lead).collect();
    let mut values = op.core.store.canary_values(permit, &ids).await?;
    let trap = &op.core.trap;
    let view = |canary: Canary| {
        let invented = trap.secret.invent(canary.lead);
        CanaryView {
            name: format!("{} {}", invented.first_name, invented.last_name),
            company: invented.company,
            email: trap.secret.email(canary.lead, &trap.settings.domains),
            now: values.remove(&canary.lead).filter(|_| canary.reader.is_some()),
            canary,
        }
    };
    Ok(canaries.into_iter().map(view).collect())
}

/// How many there are.
pub async fn count(op: &Op, reader: Option<Id>) -> Result<u64, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    Ok(op.core.store.count_canaries(permit, reader).await?)
}

/// The files that invented leads came in with, and when: the notes of those imports hold their SHA-256. Needs `TRAP_KEEP`.
pub async fn files(op: &Op) -> Result<Vec<(Timestamp, String)>, Error> {
    op.rights.permit(Permission::TrapKeep)?;
    let mut rounds: BTreeMap<Timestamp, Vec<Id>> = BTreeMap::new();
    for canary in op.core.store.every_canary().await? {
        rounds.entry(canary.made_at).or_default().push(canary.lead);
    }
    op.trace().rows += rounds.len() as u64;
    Ok(rounds.into_iter().map(|(at, leads)| (at, op.core.trap.secret.file(leads))).collect())
}

/// Invents what is lacking now instead of at the next of the server's rounds; how many. Needs `TRAP_KEEP`.
pub async fn plant_now(op: &Op) -> Result<u64, Error> {
    op.rights.permit(Permission::TrapKeep)?;
    if op.core.trap.settings.domains.is_empty() {
        return Err(Refusal::conflict("No domain for the mail of canaries is set (`canaries.domains`), so none are invented.").into());
    }
    let made = plant(&op.core).await?;
    op.trace().rows += made;
    Ok(made)
}

/// The canaries that only this reader sees, those of exported files too. For the server itself: the answer must reach nobody but the
/// trap's keeper.
pub async fn of_reader(core: &Core, reader: Id) -> Result<Vec<Canary>, Error> {
    Ok(core.store.canaries_of(reader).await?)
}

/// Those of new leads that have mail at a domain of the trap: somebody hands a canary on. Only whoever adds one sees it.
pub(in crate::app) fn copies(domains: &[String], added: &[NewLead]) -> Vec<Id> {
    let trapped =
        |email: &str| email.rsplit_once('@').is_some_and(|(_, domain)| domains.iter().any(|held| held.eq_ignore_ascii_case(domain)));
    let is_copy = |lead: &&NewLead| lead.values.text(Field::Emails).into_iter().flat_map(str::lines).any(|email| trapped(email.trim()));
    added.iter().filter(is_copy).map(|lead| lead.id).collect()
}
