//! Changing leads: each change commits with its record-to-be, and shows what the caller may see of the outcome.

use serde_json::{Map, Value, json};

use super::{
    SaidOrigin,
    changed::{Changed, changed_meanwhile, opening, seen},
    finders, read,
};
use crate::{
    app::{Error, Op, canaries},
    domain::{Field, FieldSet, Id, KeyKind, LeadRecord, LeadValue, LeadValues, lead::FieldType, normal, words},
    policy::{Account, LeadScope, Level, Marking, Permission, Refusal, RowScope},
    store::{
        Change, Tx,
        leads::{LeadChange, NewLead},
    },
};

/// A lead to be added.
#[derive(Clone, Debug, Default)]
pub struct NewLeadRequest {
    /// Its values; without owner and team it falls to the caller and the caller's team.
    pub values: LeadValues,
    /// Its marking; `None` is the company's default.
    pub marking: Option<Marking>,
    /// Where it comes from.
    pub origin: SaidOrigin,
    /// With the same key the same lead is answered, however often it is sent.
    pub idempotency_key: Option<String>,
}

/// Adds a lead inside the caller's windows.
pub async fn create(op: &Op, request: NewLeadRequest) -> Result<Changed, Error> {
    let scope = op.rights.leads(Permission::LeadCreate)?;
    let mut values = request.values.clone();
    if values.integer(Field::Owner).is_none()
        && let Some(person) = op.subject.person
    {
        values.set_integer(Field::Owner, person.0);
    }
    if values.integer(Field::Team).is_none()
        && let Some(team) = own_team(&scope)
    {
        values.set_integer(Field::Team, team.0);
    }
    known_places(op, &values)?;
    check(&values)?;
    request.origin.check(op).await?;
    values.set_integer(Field::CreatedAt, op.at.0);
    values.set_integer(Field::UpdatedAt, op.at.0);
    values.set_integer(Field::Archived, 0);
    let marking = request.marking.unwrap_or_else(|| op.snapshot.document.default_lead_marking());
    let mut record =
        LeadRecord { id: op.core.new_id(), version: 1, level: marking.level as u8, compartments: marking.compartments, windows: 0, values };
    let given = request.values.fields().minus([Field::Owner, Field::Team].into_iter().collect());
    let clear = scope.cells(opening(&scope, &record)).0;
    if opening(&scope, &record) == 0 || !given.minus(clear).is_empty() {
        return Err(Refusal::forbidden("The new lead, or a field of it, would lie outside the windows in which you may add leads.").into());
    }
    read::note_grants(op, &scope);
    let lead = NewLead { id: record.id, marking, values: record.values.clone(), finders: finders(&record.values) };
    let origin = request.origin.of(op, record.id);
    let after = json_of(&record, Field::STORED.iter().copied().collect());
    let after = with(after, "channel", Some(origin.channel.name().into()));
    let note = op.note_change(vec![Change { kind: "lead", item: record.id.to_string(), before: None, after: Some(after) }]);
    let copies = canaries::copies(&op.core.trap.settings.domains, std::slice::from_ref(&lead));
    let (put, actor, at) = (note.clone(), op.subject.actor(), op.at);
    // An app's keys for one person are not its keys for another.
    let whose = op.subject.person.map(|person| person.to_string()).unwrap_or_default();
    let key = request.idempotency_key.as_ref().map(|key| (format!("createLead {whose} {key}"), digest(&request)));
    let existing = op
        .core
        .store
        .write(move |tx: Tx<'_>| {
            Box::pin(async move {
                if let (Some((key, digest)), Some(actor)) = (key, actor) {
                    match tx.remember(actor, &key, &digest, &lead.id.to_string(), at).await? {
                        None => {}
                        Some(known) if known.digest == digest => return Ok(known.result.parse::<Id>().ok()),
                        Some(_) => {
                            let message = "This idempotency key was used for another lead.";
                            return Err(Refusal::new(crate::policy::Code::Conflict, message).into());
                        }
                    }
                }
                tx.insert_leads(&scope, std::slice::from_ref(&lead)).await?;
                tx.let_only_see(&scope, &copies).await?;
                tx.insert_origins(&scope, &[origin]).await?;
                tx.put_change(&put).await?;
                Ok::<_, Error>(None)
            })
        })
        .await?;
    if let Some(known) = existing {
        return again(op, known).await;
    }
    op.changed(&note);
    record.windows = 0;
    Ok(seen(op, record))
}

/// Sets values of a lead. Fields that are not clear to the caller on this lead cannot be set.
pub async fn update(op: &Op, id: Id, expected_version: Option<i64>, values: LeadValues) -> Result<Changed, Error> {
    check(&values)?;
    let scope = op.rights.leads(Permission::LeadUpdate)?;
    read::require_clear(&scope, values.fields())?;
    change(op, scope, id, expected_version, None, move |scope, record| {
        let clear = scope.cells(record.windows).0;
        match values.fields().iter().find(|field| !clear.contains(*field)) {
            Some(field) => Err(Refusal::forbidden(format!("The field {} of this lead is not yours to change.", field.name()))),
            None => Ok((values.clone(), None)),
        }
    })
    .await
}

/// Gives a lead another owner or team, within the caller's windows.
pub async fn assign(op: &Op, id: Id, expected_version: Option<i64>, owner: Option<Id>, team: Option<Id>) -> Result<Changed, Error> {
    let mut values = LeadValues::default();
    if let Some(owner) = owner {
        values.set_integer(Field::Owner, owner.0);
    }
    if let Some(team) = team {
        values.set_integer(Field::Team, team.0);
    }
    known_places(op, &values)?;
    let scope = op.rights.leads(Permission::LeadAssign)?;
    change(op, scope, id, expected_version, None, move |scope, record| {
        let mut moved = record.clone();
        moved.values.0.extend(values.0.clone());
        if opening(scope, &moved) == 0 {
            return Err(Refusal::forbidden("The lead would leave the windows in which you may assign."));
        }
        Ok((values.clone(), None))
    })
    .await
}

/// Marks a lead. Raising needs `LEAD_MARK`; anything else needs `LEAD_DECLASSIFY` and a reason.
pub async fn mark(op: &Op, id: Id, expected_version: Option<i64>, marking: Marking, reason: Option<String>) -> Result<Changed, Error> {
    let scope = op.rights.leads(Permission::LeadMark)?;
    let declassify = op.rights.leads(Permission::LeadDeclassify).ok();
    let reason = reason.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let given = reason.clone();
    change(op, scope, id, expected_version, reason, move |_, record| {
        let current = Marking::new(Level::from_number(record.level), record.compartments);
        if !marking.dominates(current) {
            if declassify.as_ref().is_none_or(|scope| opening(scope, record) == 0) {
                return Err(Refusal::forbidden("Lowering a marking needs the permission LEAD_DECLASSIFY on this lead."));
            }
            if given.is_none() {
                return Err(Refusal::bad_input("Lowering a marking needs a reason."));
            }
        }
        Ok((LeadValues::default(), Some(marking)))
    })
    .await
}

/// Puts a lead away, or brings it back.
pub async fn archive(op: &Op, id: Id, expected_version: Option<i64>, archived: bool) -> Result<Changed, Error> {
    let scope = op.rights.leads(Permission::LeadArchive)?;
    let mut values = LeadValues::default();
    values.set_integer(Field::Archived, archived.into());
    change(op, scope, id, expected_version, None, move |_, _| Ok((values.clone(), None))).await
}

/// What a change sets: values, and perhaps a marking.
type Decided = (LeadValues, Option<Marking>);

/// One change of one lead: decided on the lead as it stands, written if it still stands so, else decided again.
async fn change<D>(op: &Op, scope: LeadScope, id: Id, expected: Option<i64>, reason: Option<String>, decide: D) -> Result<Changed, Error>
where
    D: Fn(&LeadScope, &LeadRecord) -> Result<Decided, Refusal> + Send,
{
    let visible = read::readable(op)?;
    read::note_grants(op, &scope);
    let at = op.at;
    for _ in 0..ATTEMPTS {
        // What the caller does not see is missing; what they see but may not change is forbidden.
        let seen_now = op.core.store.whole_lead(&visible, id).await?.ok_or_else(|| read::not_there(op, id))?;
        let mut record = seen_now.clone();
        record.windows = opening(&scope, &seen_now);
        if record.windows == 0 {
            return Err(Refusal::forbidden("You see this lead, but none of your roles lets you do that with it.").into());
        }
        if expected.is_some_and(|version| version != record.version) {
            return Err(changed_meanwhile().into());
        }
        let (mut values, marking) = decide(&scope, &record)?;
        let touched = values.fields();
        let before = json_of(&record, touched);
        values.set_integer(Field::UpdatedAt, at.0);
        let found_anew = touched.iter().any(finds);
        let old = found_anew.then(|| finders(&record.values));
        let from = (id, record.version);
        apply(&mut record, &values, marking);
        let new = found_anew.then(|| finders(&record.values)).filter(|new| Some(new) != old.as_ref());
        let after = with(json_of(&record, touched), "reason", reason.clone());
        let change = Change { kind: "lead", item: id.to_string(), before: Some(before), after: Some(after) };
        let note = op.note_change(vec![change]);
        let change = LeadChange { from, values, marking, finders: new, note: note.clone() };
        if op.core.store.change_lead(&scope, change).await? {
            op.changed(&note);
            return Ok(seen(op, record));
        }
    }
    Err(changed_meanwhile().into())
}

/// How often a change is decided again because somebody else was faster.
const ATTEMPTS: usize = 8;

/// Whether a lead is found by its values in this field.
fn finds(field: Field) -> bool {
    words::searchable().contains(field) || KeyKind::ALL.iter().any(|kind| kind.field() == field)
}

fn apply(record: &mut LeadRecord, values: &LeadValues, marking: Option<Marking>) {
    record.values.0.extend(values.0.clone());
    record.version += 1;
    if let Some(marking) = marking {
        (record.level, record.compartments) = (marking.level as u8, marking.compartments);
    }
}

/// The lead that an earlier request with the same idempotency key made.
async fn again(op: &Op, id: Id) -> Result<Changed, Error> {
    let scope = read::readable(op)?;
    let found = op.core.store.whole_lead(&scope, id).await?;
    Ok(seen(op, found.ok_or_else(Refusal::not_found)?))
}

/// The first team that the windows are about.
fn own_team(scope: &LeadScope) -> Option<Id> {
    scope.windows().iter().flat_map(|window| &window.rows).find_map(|rows| match rows {
        RowScope::Teams(teams) => teams.first().copied(),
        RowScope::Owner(_) => None,
    })
}

/// Refuses owners and teams that do not exist, or no longer work here.
fn known_places(op: &Op, values: &LeadValues) -> Result<(), Refusal> {
    let owner = values.integer(Field::Owner).map(Id);
    if owner.is_some_and(|owner| !op.snapshot.accounts.get(&owner).is_some_and(Account::works_here)) {
        return Err(Refusal::bad_input("The owner must be a person whose account is not locked."));
    }
    if values.integer(Field::Team).is_some_and(|team| !op.snapshot.document.teams.contains_key(&team)) {
        return Err(Refusal::bad_input("There is no such team."));
    }
    Ok(())
}

/// Longest text of a field, in bytes; notes may be longer.
const TEXT: usize = 1_000;
const NOTES: usize = 20_000;

/// Refuses values that do not fit their field, by name.
fn check(values: &LeadValues) -> Result<(), Refusal> {
    for (field, value) in &values.0 {
        let Some(LeadValue::Text(text)) = value else { continue };
        let most = if *field == Field::Notes { NOTES } else { TEXT };
        if text.len() > most {
            return Err(Refusal::bad_input(format!("{} is longer than {most} bytes.", field.name())));
        }
        if field.kind() == FieldType::Text && *field != Field::Notes && text.contains(['\n', '\r']) {
            return Err(Refusal::bad_input(format!("{} must be one line.", field.name())));
        }
    }
    if values.integer(Field::Score).is_some_and(|score| !(0..=100).contains(&score)) {
        return Err(Refusal::bad_input("score must be between 0 and 100."));
    }
    match values.text(Field::Emails).into_iter().flat_map(str::lines).find(|line| normal::email(line).is_none()) {
        Some(_) => Err(Refusal::bad_input("emails: one of them is no e-mail address.")),
        None => Ok(()),
    }
}

/// Fields of a lead and its marking as JSON, for the erasable table.
fn json_of(record: &LeadRecord, fields: FieldSet) -> String {
    let mut object = Map::new();
    for field in fields.iter() {
        let value = match record.values.0.get(&field) {
            Some(Some(LeadValue::Text(text))) => Value::from(text.as_str()),
            Some(Some(LeadValue::Integer(number))) => Value::from(*number),
            _ => Value::Null,
        };
        object.insert(field.name().into(), value);
    }
    object.insert("marking".into(), json!({ "level": Level::from_number(record.level).name(), "compartments": record.compartments }));
    Value::Object(object).to_string()
}

fn with(object: String, key: &str, value: Option<String>) -> String {
    match (serde_json::from_str(&object), value) {
        (Ok(Value::Object(mut map)), Some(value)) => {
            map.insert(key.into(), value.into());
            Value::Object(map).to_string()
        }
        _ => object,
    }
}

/// SHA-256 of what an idempotency key stands for.
fn digest(request: &NewLeadRequest) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(format!("{:?} {:?} {:?}", request.values, request.marking, request.origin)).to_vec()
}
