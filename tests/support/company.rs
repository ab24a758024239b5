//! The company of every test: six people, an app, three teams, a compartment, sixteen leads; written straight into the
//! database, so that a test of one use case does not stand on all others.
//!
//! ```text
//! Sales ── EMEA (compartment EMEA: manager, rep)   AMER
//! ```

use entity::{acceptance, agreement_text, app, app_secret, generation, person, policy_change, policy_item, policy_revision, subject};
use leadkeep::{
    app::Core,
    auth::{Passwords, Secret},
    domain::{Channel, Field, Id, LeadValues, Random, RelationshipRole, Subject, Timestamp, normal, words},
    policy::{GrantRow, Level, Marking, Permission, PolicyDocument, TeamRow, table},
    store::{
        StoreError,
        leads::{NewLead, NewOrigin, NewRelationship},
    },
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseConnection, EntityTrait, IntoActiveModel};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

pub const SALES: Id = Id(11);
pub const EMEA: Id = Id(12);
pub const AMER: Id = Id(13);

/// Somebody with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub id: Id,
    pub email: &'static str,
    pub name: &'static str,
    pub role: &'static str,
    /// The team of their grant.
    pub team: Option<Id>,
    /// Whether their grant opens the compartment EMEA.
    pub emea: bool,
}

const fn member(id: i64, email: &'static str, name: &'static str, role: &'static str) -> Member {
    Member { id: Id(id), email, name, role, team: None, emea: false }
}

pub const ADMIN: Member = member(101, "admin@example.com", "Ada Admin", "admin");
pub const SECOND_ADMIN: Member = member(102, "admin2@example.com", "Abel Admin", "admin");
pub const AUDITOR: Member = member(103, "auditor@example.com", "Otto Auditor", "auditor");
/// Of all Sales, with the compartment.
pub const MANAGER: Member = Member { team: Some(SALES), emea: true, ..member(104, "manager@example.com", "Mona Manager", "manager") };
/// Of EMEA, with the compartment.
pub const REP: Member = Member { team: Some(EMEA), emea: true, ..member(105, "rep@example.com", "Rita Rep", "rep") };
/// Of AMER, without.
pub const OTHER_REP: Member = Member { team: Some(AMER), ..member(106, "rep2@example.com", "Ralf Rep", "rep") };
pub const ANALYST: Member = member(107, "analyst@example.com", "Anna Analyst", "analyst");
/// Holds no grant at all.
pub const NEWCOMER: Member = member(108, "newcomer@example.com", "Nils Newcomer", "");

pub const PEOPLE: [Member; 8] = [ADMIN, SECOND_ADMIN, AUDITOR, MANAGER, REP, OTHER_REP, ANALYST, NEWCOMER];

/// The app; it holds `app-reader`.
pub const APP: Id = Id(201);
pub const CLIENT_ID: &str = "warehouse";

/// The ids of the leads: 1001, 1002, …; see [`lead`].
pub const LEADS: std::ops::RangeInclusive<i64> = 1_001..=1_016;

/// The policy: what ships, the teams, the compartment, a grant for each, asked for by one admin, approved by the other.
pub fn policy(now: Timestamp) -> PolicyDocument {
    let mut document = table::initial();
    for (version, _) in table::starters(now) {
        document.publish_agreement(version).expect("the first of its kind");
    }
    document.compartments.push("EMEA".into());
    for (id, name, parent) in [(SALES, "Sales", None), (EMEA, "EMEA", Some(SALES.0)), (AMER, "AMER", Some(SALES.0))] {
        document.teams.insert(id.0, TeamRow { name: name.into(), parent });
    }
    let app = Member { id: APP, ..member(0, "", "", "app-reader") };
    for (holder, grant) in PEOPLE.into_iter().chain([app]).filter(|holder| !holder.role.is_empty()).zip(21..) {
        let (role, _) = document.role_named(holder.role).expect("a built-in role");
        let row = GrantRow {
            subject: holder.id.0,
            role: role.0,
            team: holder.team.map(|team| team.0),
            compartments: if holder.emea { vec!["EMEA".into()] } else { Vec::new() },
            reason: "their job".into(),
            requested_by: Some(ADMIN.id.0),
            requested_at: now.0,
            approved_by: Some(SECOND_ADMIN.id.0),
            approved_at: Some(now.0),
            expires_at: None,
            revoked_at: None,
            revoked_by: None,
        };
        document.grants.insert(grant, row);
    }
    document
}

/// Writes accounts and policy; returns the app's secret. The core has to look again afterwards.
pub async fn found(database: &DatabaseConnection, now: Timestamp, random: std::sync::Arc<dyn Random>) -> String {
    let passwords = Passwords::new(&leadkeep::auth::Settings::default(), random.clone()).expect("a hasher");
    let hash = passwords.hash(PASSWORD.into()).await.expect("a hash");
    let account =
        |id: Id, kind, name: &str| subject::Model { id: id.0, kind, name: name.into(), locked_at: None, created_at: now.0, version: 1 };
    for who in PEOPLE {
        account(who.id, 1, who.name).into_active_model().insert(database).await.expect("a subject");
        let row = person::Model {
            id: who.id.0,
            email: who.email.into(),
            password_hash: hash.clone(),
            password_changed_at: now.0,
            password_given: 0,
            jurisdiction: None,
            company: None,
        };
        row.into_active_model().insert(database).await.expect("a person");
    }
    for (version, text) in table::starters(now) {
        let sha256 = leadkeep::domain::unhex(&version.sha256).expect("a hash").to_vec();
        agreement_text::Model { sha256, body: text.into() }.into_active_model().insert(database).await.expect("a text");
    }
    // Everybody has accepted the confidentiality agreement, on paper.
    for (who, id) in PEOPLE.into_iter().zip(301..) {
        accepted(id, who.id, now).into_active_model().insert(database).await.expect("an acceptance");
    }
    let secret = Secret::new(&*random);
    account(APP, 2, "Warehouse").into_active_model().insert(database).await.expect("a subject");
    let row = app::Model { id: APP.0, client_id: CLIENT_ID.into(), responsible_id: ADMIN.id.0 };
    row.into_active_model().insert(database).await.expect("an app");
    let row = app_secret::Model { id: 1, app_id: APP.0, hash: secret.hash.to_vec(), created_at: now.0, expires_at: None };
    row.into_active_model().insert(database).await.expect("a secret");

    let document = policy(now);
    for (change, seq) in PolicyDocument::default().changes_to(&document).into_iter().zip(1..) {
        let (kind, after) = (change.kind.to_owned(), change.after);
        let row =
            policy_change::Model { revision: 1, seq, kind: kind.clone(), item: change.item.clone(), before: None, after: after.clone() };
        row.into_active_model().insert(database).await.expect("a change");
        if let Some(value) = after {
            let row = policy_item::Model { kind, item: change.item, value };
            row.into_active_model().insert(database).await.expect("the policy");
        }
    }
    let revision =
        policy_revision::Model { number: 1, sha256: document.sha256().to_vec(), at: now.0, by_id: Some(ADMIN.id.0), request_id: 1 };
    revision.into_active_model().insert(database).await.expect("a revision");
    let raised = generation::ActiveModel { name: Set("rights".into()), value: Set(1) };
    raised.update(database).await.expect("the counter");
    secret.text
}

/// The first version of the confidentiality agreement, accepted by a person.
fn accepted(id: i64, person: Id, now: Timestamp) -> acceptance::Model {
    acceptance::Model {
        id,
        kind: "CONFIDENTIALITY".into(),
        version: 1,
        person_id: Some(person.0),
        company: None,
        jurisdiction: None,
        text_sha256: None,
        typed_name: None,
        signed_at: now.0,
        until_at: None,
        at: now.0,
        ip: None,
        user_agent: None,
        session_id: None,
        paper_sha256: Some(vec![7; 32]),
        attested_by: Some(ADMIN.id.0),
        attestation: Some("signed when they began".into()),
        replaced: 0,
        request_id: 1,
    }
}

/// Lead `number` of [`LEADS`]: four owners (rep, other rep, manager, nobody) by four markings (INTERNAL, CONFIDENTIAL,
/// TRADE_SECRET, CONFIDENTIAL//EMEA); the team is EMEA, but AMER for the other rep's, and none for nobody's.
pub fn lead(number: i64, now: Timestamp) -> NewLead {
    let n = number - LEADS.start();
    let (owner, team) =
        [(Some(REP), Some(EMEA)), (Some(OTHER_REP), Some(AMER)), (Some(MANAGER), Some(EMEA)), (None, None)][(n % 4) as usize];
    let marking = [
        Marking::new(Level::Internal, 0),
        Marking::new(Level::Confidential, 0),
        Marking::new(Level::TradeSecret, 0),
        Marking::new(Level::Confidential, 1),
    ][(n / 4 % 4) as usize];
    let mut values = LeadValues::default();
    let pick = |of: [&'static str; 4]| of[((n * 7 + 3) % 4) as usize];
    let email = format!("lead{n}@customer{}.example", n % 5);
    let phone = format!("+1 202 555 01{n:02}");
    for (field, text) in [
        (Field::Company, format!("Customer {}", n % 5)),
        (Field::Industry, pick(["Retail", "Energy", "Health", "Banking"]).to_owned()),
        (Field::Country, pick(["DE", "US", "FR", "BR"]).to_owned()),
        (Field::Stage, pick(["New Lead", "Qualified", "Negotiation", "Closed Won"]).to_owned()),
        (Field::Source, pick(["Chatbot", "Referral", "Trade Show", "Direct"]).to_owned()),
        (Field::FirstName, format!("First{n}")),
        (Field::LastName, format!("Last{n}")),
        (Field::Title, "Buyer".to_owned()),
        (Field::Website, format!("https://customer{}.example", n % 5)),
        (Field::City, pick(["Berlin", "Boston", "Paris", "Recife"]).to_owned()),
        (Field::Tags, "vip\nrenewal".to_owned()),
        (Field::Reference, format!("REF-{n}")),
        (Field::Emails, email.clone()),
        (Field::Phones, phone.clone()),
        (Field::Notes, format!("secret note {n}")),
    ] {
        values.set_text(field, text);
    }
    for (field, value) in [
        (Field::DealValue, (n + 1) * 100_000),
        (Field::Score, n * 6),
        (Field::CreatedAt, now.0),
        (Field::UpdatedAt, now.0),
        (Field::Archived, 0),
    ] {
        values.set_integer(field, value);
    }
    if let Some(owner) = owner {
        values.set_integer(Field::Owner, owner.id.0);
    }
    if let Some(team) = team {
        values.set_integer(Field::Team, team.0);
    }
    let finders = (normal::keys(&values), words::index(&values));
    NewLead { id: Id(number), marking, values, finders }
}

/// Puts leads into the list.
pub async fn insert(core: &Core, leads: Vec<NewLead>) {
    let snapshot = core.current.fresh(&core.store, &*core.clock).await.expect("a snapshot");
    let scope = snapshot.rights(&Subject::OPERATOR, None, core.now()).leads(Permission::LeadCreate).expect("the operator may");
    let written = core.store.write(move |tx| Box::pin(async move { tx.insert_leads(&scope, &leads).await }));
    written.await.map_err(|error: StoreError| error.to_string()).expect("the leads");
}

/// Gives leads the rows of their linked fields: an origin through the channel whose number stands in `origins`, and the
/// person whose id stands in `relationships` as second. Nothing of it changes from run to run.
pub async fn link(core: &Core, leads: Vec<NewLead>) {
    let snapshot = core.current.fresh(&core.store, &*core.clock).await.expect("a snapshot");
    let scope = snapshot.rights(&Subject::OPERATOR, None, core.now()).leads(Permission::LeadCreate).expect("the operator may");
    let number = |lead: &NewLead, field| lead.values.text(field).and_then(|text| text.parse::<i64>().ok());
    let origin = |lead: &NewLead| {
        let channel = number(lead, Field::Origins).and_then(Channel::from_number)?;
        let recorded_at = Timestamp(channel.number());
        Some(NewOrigin { lead: lead.id, source: Id(1), channel, since: None, recorded_at, by: None, account: None, record: None })
    };
    let second = |lead: &NewLead| {
        let whom = (RelationshipRole::Second, Id(number(lead, Field::Relationships)?));
        Some(NewRelationship { lead: lead.id, whom, since: Timestamp(1), by: None })
    };
    let origins: Vec<NewOrigin> = leads.iter().filter_map(origin).collect();
    let seconds: Vec<NewRelationship> = leads.iter().filter_map(second).collect();
    let written = core.store.write(move |tx| {
        Box::pin(async move {
            tx.insert_origins(&scope, &origins).await?;
            for second in &seconds {
                tx.add_relationship(&scope, second).await?;
            }
            Ok(())
        })
    });
    written.await.map_err(|error: StoreError| error.to_string()).expect("what is linked to the leads");
}
