//! Inventing what is lacking: canaries for readers who have too few, and a stock for files.
//!
//! To whoever reads the access log, invented leads come in as others do that an operator imports: a file is made of them and taken
//! in, the record is that of this import and names them like any leads. All of it is so, and the keeper can show the file whose SHA-256
//! the record commits to. That they are canaries follows from the secret, and from nothing that is recorded.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Weak},
    time::Duration,
};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Trap, finders, origin};
use crate::{
    app::{Core, Error, Op, change::name_changes, command, import::note_used, leads::note_grants},
    audit::record::Decision,
    domain::{Channel, Field, Id, LeadQuery, LeadRecord, LeadValues, Subject, hex},
    policy::{LeadScope, Level, Marking, Permission, Snapshot},
    store::{Change, ChangeNote, NewCanary, Noted, StoreError, leads::NewLead},
};

/// Models that are looked at for one reader.
pub(super) const MODELS: u64 = 200;
/// Canaries that are made in one round.
const AT_ONCE: usize = 300;
/// The name of the file, which an auditor does not see.
const FILE: &str = "leads.csv";

/// Invents what is lacking; how many. Two servers that do so at once do it once.
pub async fn plant(core: &Arc<Core>) -> Result<u64, Error> {
    let trap = &core.trap;
    if trap.settings.domains.is_empty() {
        return Ok(0);
    }
    let op = command::own(core).await?;
    let known = core.store.every_canary().await?;
    let mut names: HashSet<String> = known.iter().filter_map(|canary| trap.secret.email(canary.lead, &trap.settings.domains)).collect();
    let (mut made, mut imitated) = (Vec::new(), Vec::new());
    for reader in readers(&op.snapshot) {
        let Some(scope) = scope_of(&op, reader) else { continue };
        let there = core.store.canaries_seen(&scope).await?;
        let lacking = u64::from(trap.settings.per_reader).saturating_sub(there);
        if lacking == 0 || made.len() >= AT_ONCE {
            continue;
        }
        let models = core.store.models(&scope, &LeadQuery::default(), MODELS.max(trap.settings.at_least.into())).await?;
        if models.len() < trap.settings.at_least as usize {
            continue;
        }
        let models = liked(models, reader);
        for _ in 0..lacking {
            let id = unheard_of(&op, &mut names);
            let Some(model) = trap.model(id, &models) else { break };
            imitated.push((id, model.id));
            made.push(canary(&op, trap, id, Some((reader, model))));
        }
    }
    let stock = known.iter().filter(|canary| canary.reader.is_none()).count();
    for _ in stock..trap.settings.stock as usize * usize::from(trap.settings.exports) {
        let id = unheard_of(&op, &mut names);
        made.push(canary(&op, trap, id, None));
    }
    if made.is_empty() {
        return Ok(0);
    }
    let models: Vec<Id> = imitated.iter().map(|(_, model)| *model).collect();
    let known_origins = core.store.first_origins(&models).await?;
    let like = |(id, model): (Id, Id)| known_origins.get(&model).map(|model| origin::Invented::like(&op, id, model, op.at));
    let origins = imitated.into_iter().filter_map(like).collect();
    import(&op, known.len(), made, origins).await
}

/// People with an account that is open.
fn readers(snapshot: &Snapshot) -> BTreeSet<Id> {
    let open = snapshot.accounts.iter().filter(|(_, account)| !account.is_app && !account.locked && !account.erased);
    open.map(|(id, _)| *id).collect()
}

/// What a person sees, for whatever purpose shows e-mail addresses in clear.
fn scope_of(op: &Op, reader: Id) -> Option<LeadScope> {
    let subject = Subject { person: Some(reader), app: None, session: None, operator: false };
    let purposes = op.snapshot.document.purposes.keys().map(|code| Some(code.as_str()));
    let scopes = std::iter::once(None).chain(purposes).filter_map(|purpose| {
        let rights = op.snapshot.rights(&subject, purpose, op.at);
        rights.leads(Permission::LeadRead).ok()
    });
    scopes.into_iter().find(|scope| scope.clear_in(Field::Emails) != 0)
}

/// The models that least of all make colleagues wonder: the reader's own leads, else those of nobody, else all.
fn liked(models: Vec<LeadRecord>, reader: Id) -> Vec<LeadRecord> {
    let owner = |model: &LeadRecord| model.values.integer(Field::Owner);
    for wanted in [Some(reader.0), None] {
        let some: Vec<LeadRecord> = models.iter().filter(|model| owner(model) == wanted).cloned().collect();
        if !some.is_empty() {
            return some;
        }
    }
    models
}

/// A new id whose e-mail address no canary has yet, as far as a few tries find one.
fn unheard_of(op: &Op, names: &mut HashSet<String>) -> Id {
    const TRIES: usize = 20;
    let trap = &op.core.trap;
    let mut id = op.core.new_id();
    for _ in 0..TRIES {
        if trap.secret.email(id, &trap.settings.domains).is_none_or(|email| names.insert(email)) {
            break;
        }
        id = op.core.new_id();
    }
    id
}

fn canary(op: &Op, trap: &Trap, id: Id, of: Option<(Id, &LeadRecord)>) -> NewCanary {
    // What is in stock gets its looks when it is placed.
    let nobody = LeadRecord { id, version: 1, level: 0, compartments: 0, windows: 0, values: LeadValues::default() };
    let model = of.map_or(&nobody, |(_, model)| model);
    let values = trap.values(id, model, (op.at, op.at));
    let marking = Marking::new(Level::from_number(model.level), model.compartments);
    let finders = finders(&values);
    NewCanary { lead: NewLead { id, marking, values, finders }, reader: of.map(|(reader, _)| reader) }
}

/// Puts them into the list as one import, and seals its record.
async fn import(op: &Op, known: usize, made: Vec<NewCanary>, origins: Vec<origin::Invented>) -> Result<u64, Error> {
    let scope = op.rights.leads(Permission::LeadImport)?;
    note_grants(op, &scope);
    note_used(op, &scope);
    let leads: Vec<Id> = made.iter().map(|canary| canary.lead.id).collect();
    let note = note(op, &leads)?;
    let (put, at) = (note.clone(), op.at);
    let written = op.core.store.write(move |tx| {
        Box::pin(async move {
            if !tx.put_canaries(&scope, known, &made, at).await? {
                return Ok(false);
            }
            for origin in origins {
                origin.put(tx, &scope).await?;
            }
            tx.put_change(&put).await?;
            Ok::<_, StoreError>(true)
        })
    });
    if !written.await? {
        return Ok(0);
    }
    op.changed(&note);
    op.trace().rows += leads.len() as u64;
    let nothing = serde_json::Value::Null;
    let arguments = json!({
        "file": FILE, "channel": nothing, "account": nothing, "dryRun": false, "owner": nothing, "team": nothing, "marking": nothing,
        "mapping": nothing,
    });
    // What could not be recorded now lies in the outbox, as with any change.
    if let Err(error) = command::record(op, "import", Some(&arguments), Decision::Allowed).await {
        tracing::warn!(%error, "the record of a change waits in the outbox");
    }
    Ok(leads.len() as u64)
}

/// What an import notes of new leads.
fn note(op: &Op, leads: &[Id]) -> Result<ChangeNote, Error> {
    let run = op.core.new_id();
    let sha256 = hex(&Sha256::digest(op.core.trap.secret.file(leads.to_vec())).into());
    let named: Vec<String> = leads.iter().map(Id::to_string).collect();
    let after = json!({
        "file": FILE, "sha256": sha256, "channel": Channel::Crm.name(), "account": null, "created": named, "merged": [],
        "met": named, "unchanged": 0, "rejected": 0,
    });
    let change = Change { kind: "import", item: run.to_string(), before: None, after: Some(after.to_string()) };
    let mut note = op.note_change(vec![change]);
    let of_leads = named.into_iter().map(|item| Change { kind: "lead", item, before: None, after: None });
    note.changes.extend(of_leads.map(|change| Noted { change, salt: None }));
    name_changes(&mut note)?;
    Ok(note)
}

/// Plants every [`super::Settings::every`] seconds, as long as there is a `core`.
pub async fn keep_planted(core: Weak<Core>) {
    loop {
        let Some(every) = core.upgrade().map(|core| core.trap.settings.every) else { return };
        tokio::time::sleep(Duration::from_secs(every)).await;
        let Some(core) = core.upgrade() else { return };
        if let Err(error) = plant(&core).await {
            tracing::warn!(%error, "what is kept up in rounds could not be");
        }
    }
}
