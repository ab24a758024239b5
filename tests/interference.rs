//! Non-interference: change what a caller does not see, and every permitted operation answers byte for byte the same,
//! receipt and time aside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::sync::atomic::{AtomicI64, Ordering};

use leadkeep::{
    domain::{Field, FieldSet, Id, LeadValues, Timestamp, normal, words},
    policy::{
        GrantRow, LeadScope, Level, Marking, Permission, PolicyDocument, Rights, RoleDefinition, Scope, WindowTemplate,
        document::{MarkingText, Quotas},
    },
    store::{Settled, StoreError, leads::NewLead},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use support::{
    Answer, Backend, Caller, Table, World,
    company::{self, AMER, ANALYST, EMEA, OTHER_REP, REP, SALES},
};

const LEVELS: [&str; 4] = ["PUBLIC", "INTERNAL", "CONFIDENTIAL", "TRADE_SECRET"];
const PERMISSIONS: [&str; 6] = ["LEAD_UPDATE", "LEAD_ASSIGN", "LEAD_MARK", "LEAD_DECLASSIFY", "LEAD_ARCHIVE", "LEAD_CREATE"];
/// Ids of the leads of a case: those that change only, and those that come and go.
const FIRST: i64 = 2_001;
const GHOSTS: i64 = 3_001;

/// A lead: where it stands, and what it holds; a second set of values for the cells that are hidden.
#[derive(Clone, Debug)]
struct Spec {
    owner: Option<i64>,
    team: Option<i64>,
    level: u8,
    emea: bool,
    now: Held,
    other: Held,
}

/// Values of a lead, small enough to collide.
#[derive(Clone, Debug)]
struct Held {
    company: &'static str,
    last_name: Option<&'static str>,
    stage: Option<&'static str>,
    country: Option<&'static str>,
    email: Option<&'static str>,
    tag: Option<&'static str>,
    score: Option<i64>,
    deal: Option<i64>,
    reference: Option<&'static str>,
    archived: i64,
    created: i64,
}

#[derive(Clone, Debug)]
struct Operation {
    document: &'static str,
    variables: Value,
}

#[derive(Clone, Debug)]
struct Case {
    field_levels: Vec<&'static str>,
    windows: Vec<(WindowTemplate, bool, Vec<&'static str>)>,
    leads: Vec<Spec>,
    ghosts: Vec<Spec>,
    operations: Vec<Operation>,
}

fn held() -> impl Strategy<Value = Held> {
    let word = || option::of(select(vec!["alpha", "beta", "gamma"]));
    let email = option::of(select(vec!["a@x.example", "b@x.example", "a@y.example"]));
    let numbers = (option::of(0_i64..3), option::of(1_i64..4), prop::bool::weighted(0.2), 0_i64..3);
    (select(vec!["Acme", "Beta"]), word(), word(), word(), email, word(), word(), numbers).prop_map(
        |(company, last_name, stage, country, email, tag, reference, (score, deal, archived, created))| Held {
            company,
            last_name,
            stage,
            country,
            email,
            tag,
            score,
            deal,
            reference,
            archived: archived.into(),
            created,
        },
    )
}

fn spec() -> impl Strategy<Value = Spec> {
    let owner = option::of(select(vec![ANALYST.id.0, REP.id.0, OTHER_REP.id.0]));
    let team = option::of(select(vec![EMEA.0, AMER.0]));
    (owner, team, 0_u8..4, any::<bool>(), held(), held()).prop_map(|(owner, team, level, emea, now, other)| Spec {
        owner,
        team,
        level,
        emea,
        now,
        other,
    })
}

fn window() -> impl Strategy<Value = (WindowTemplate, bool, Vec<&'static str>)> {
    let scope = select(vec![Scope::Own, Scope::Team, Scope::All]);
    let masked = subsequence(vec!["emails", "phones", "lastName", "company", "city"], 0..=3);
    (scope, select(LEVELS[1..].to_vec()), masked, any::<bool>(), subsequence(PERMISSIONS.to_vec(), 0..=6)).prop_map(
        |(scope, level, masked, emea, permissions)| {
            let masked = masked.into_iter().map(Into::into).collect();
            (WindowTemplate { scope, level: level.into(), compartments: Vec::new(), all_compartments: false, masked }, emea, permissions)
        },
    )
}

const LIST: &str = "query($f: LeadFilter, $o: LeadOrder, $s: String, $n: Int, $a: String) { leads(filter: $f, orderBy: $o, search: $s, first: $n, after: $a) \
    { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id version name company industry \
    stage country city emails phones tags reference dealValue score notes archived createdAt owner { id name } team { name } \
    marking { banner } redactions { field disposition marking { level } } } } } }";
const BACK: &str = "query($f: LeadFilter, $o: LeadOrder, $n: Int) { leads(filter: $f, orderBy: $o, last: $n) { nodes { id } \
    pageInfo { hasPreviousPage } } }";
const STATS: &str = "query($g: LeadGroupBy!, $f: LeadFilter) { leadStats(groupBy: $g, filter: $f) { key id count } }";
const ONE: &str = "query($id: ID!) { lead(id: $id) { id name emails company score redactions { field disposition } } }";
const UPDATE: &str = "mutation($id: ID!, $v: LeadValuesInput!) { updateLead(input: { id: $id, values: $v }) \
    { lead { id version name company emails score } } }";
const ASSIGN: &str = "mutation($id: ID!, $to: ID!) { assignLead(input: { id: $id, owner: $to }) { lead { id owner { name } } } }";
const MARK: &str = "mutation($id: ID!, $l: Level!) { markLead(input: { id: $id, marking: { level: $l }, reason: \"why\" }) \
    { lead { id marking { banner } company } } }";
const ARCHIVE: &str = "mutation($id: ID!) { archiveLead(input: { id: $id }) { lead { id archived } } }";
const CREATE: &str = "mutation($v: LeadValuesInput!) { createLead(input: { values: $v }) { lead { company emails reference } } }";

fn filter() -> impl Strategy<Value = Value> {
    let word = || select(vec!["alpha", "beta", "b"]);
    let leaf = prop_oneof![
        (select(vec!["stage", "country", "lastName"]), word()).prop_map(|(field, word)| json!({ field: { "eq": word } })),
        (select(vec!["stage", "lastName", "company"]), word()).prop_map(|(field, word)| json!({ field: { "prefix": word } })),
        (select(vec!["stage", "score", "emails", "owner", "dealValue"]), any::<bool>())
            .prop_map(|(f, empty)| json!({ f: { "isNull": empty } })),
        (0..3).prop_map(|least| json!({ "score": { "gte": least } })),
        (0..3).prop_map(|most| json!({ "dealValue": { "lte": f64::from(most) / 100.0 } })),
        select(vec!["a@x.example", "b@x.example"]).prop_map(|email| json!({ "emails": { "has": email } })),
        word().prop_map(|tag| json!({ "tags": { "has": tag } })),
        word().prop_map(|reference| json!({ "reference": { "has": reference } })),
        select(vec![REP.id, ANALYST.id]).prop_map(|owner| json!({ "owner": { "eq": owner.to_string() } })),
        any::<bool>().prop_map(|archived| json!({ "archived": archived })),
        Just(json!({ "createdAt": { "gte": "1970-01-01T00:00:00.000001Z" } })),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..3).prop_map(|parts| json!({ "and": parts })),
            vec(inner.clone(), 1..3).prop_map(|parts| json!({ "or": parts })),
            inner.prop_map(|part| json!({ "not": part })),
        ]
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    let order = || {
        let field = select(vec!["COMPANY", "LAST_NAME", "STAGE", "SCORE", "DEAL_VALUE", "COUNTRY", "CREATED_AT"]);
        option::of((field, select(vec!["ASC", "DESC"])).prop_map(|(field, direction)| json!({ "field": field, "direction": direction })))
    };
    let id = || (FIRST..FIRST + 9).prop_map(|id| Id(id).to_string());
    let search = option::of(select(vec!["alpha", "be", "acme", "x", "example"]));
    let values = prop_oneof![
        Just(json!({ "company": "Changed" })),
        Just(json!({ "score": 2 })),
        Just(json!({ "emails": ["a@x.example"] })),
        Just(json!({ "lastName": null })),
        Just(json!({ "score": 999 })),
        Just(json!({ "company": "New", "emails": ["a@x.example"], "reference": "alpha" })),
    ];
    let group = select(vec!["STAGE", "SOURCE", "INDUSTRY", "COUNTRY", "OWNER", "TEAM", "MONTH"]);
    prop_oneof![
        4 => (option::of(filter()), order(), search, 0..8, option::of(id()))
            .prop_map(|(f, o, s, n, a)| (LIST, json!({ "f": f, "o": o, "s": s, "n": n, "a": a }))),
        1 => (option::of(filter()), order(), 1..4).prop_map(|(f, o, n)| (BACK, json!({ "f": f, "o": o, "n": n }))),
        2 => (group, option::of(filter())).prop_map(|(g, f)| (STATS, json!({ "g": g, "f": f }))),
        1 => id().prop_map(|id| (ONE, json!({ "id": id }))),
        2 => (id(), values.clone()).prop_map(|(id, v)| (UPDATE, json!({ "id": id, "v": v }))),
        1 => (id(), select(vec![REP.id, ANALYST.id])).prop_map(|(id, to)| (ASSIGN, json!({ "id": id, "to": to.to_string() }))),
        1 => (id(), select(LEVELS.to_vec())).prop_map(|(id, l)| (MARK, json!({ "id": id, "l": l }))),
        1 => id().prop_map(|id| (ARCHIVE, json!({ "id": id }))),
        1 => values.prop_map(|v| (CREATE, json!({ "v": v }))),
    ]
    .prop_map(|(document, variables)| Operation { document, variables })
}

fn case() -> impl Strategy<Value = Case> {
    let levels = vec(select(LEVELS.to_vec()), Field::ALL.len());
    (levels, vec(window(), 1..=3), vec(spec(), 1..9), vec(spec(), 1..4), vec(operation(), 4))
        .prop_map(|(field_levels, windows, leads, ghosts, operations)| Case { field_levels, windows, leads, ghosts, operations })
}

/// The company's policy with the case's roles given to the analyst instead of theirs.
fn policy(base: &PolicyDocument, case: &Case) -> PolicyDocument {
    let mut document = base.clone();
    document.grants.retain(|_, grant| grant.subject != ANALYST.id.0);
    for (field, level) in Field::ALL.iter().zip(&case.field_levels) {
        let marking = MarkingText { level: (*level).into(), compartments: Vec::new() };
        document.field_markings.insert(field.name().into(), marking);
    }
    for (number, (window, emea, permissions)) in (0_i64..).zip(&case.windows) {
        let role = RoleDefinition {
            name: format!("case-{number}"),
            description: "of a test".into(),
            built_in: false,
            permissions: ["LEAD_READ"].iter().chain(permissions).map(|name| (*name).into()).collect(),
            windows: vec![window.clone()],
            quotas: Quotas::default(),
        };
        document.roles.insert(500 + number, role);
        let grant = GrantRow {
            subject: ANALYST.id.0,
            role: 500 + number,
            team: Some(if number % 2 == 0 { EMEA.0 } else { SALES.0 }),
            compartments: if *emea { vec!["EMEA".into()] } else { Vec::new() },
            reason: "a test".into(),
            requested_by: None,
            requested_at: 0,
            approved_by: None,
            approved_at: Some(0),
            expires_at: None,
            revoked_at: None,
            revoked_by: None,
        };
        document.grants.insert(500 + number, grant);
    }
    document
}

fn values(spec: &Spec, held: &Held) -> LeadValues {
    let mut values = LeadValues::default();
    let texts = [
        (Field::Company, Some(held.company)),
        (Field::LastName, held.last_name),
        (Field::Stage, held.stage),
        (Field::Industry, held.stage),
        (Field::Source, held.tag),
        (Field::City, held.country),
        (Field::Country, held.country),
        (Field::Emails, held.email),
        (Field::Phones, held.tag.map(|_| "+1 202 555 0100")),
        (Field::Tags, held.tag),
        (Field::Reference, held.reference),
        (Field::Notes, held.stage),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            values.set_text(field, text);
        }
    }
    let times = [(Field::Archived, Some(held.archived)), (Field::CreatedAt, Some(held.created)), (Field::UpdatedAt, Some(held.created))];
    let numbers = [(Field::Score, held.score), (Field::DealValue, held.deal), (Field::Owner, spec.owner), (Field::Team, spec.team)];
    for (field, number) in numbers.into_iter().chain(times) {
        if let Some(number) = number {
            values.set_integer(field, number);
        }
    }
    values
}

fn new_lead(id: i64, spec: &Spec, values: LeadValues) -> NewLead {
    let marking = Marking::new(Level::from_number(spec.level), spec.emea.into());
    let (keys, words) = (normal::keys(&values), words::index(&values));
    NewLead { id: Id(id), marking, values, keys, words }
}

/// Which fields of a lead the caller sees anything of; `None` if the lead does not exist for them.
fn shown(scope: Option<&LeadScope>, lead: &NewLead) -> Option<FieldSet> {
    let scope = scope?;
    let place = |field| lead.values.integer(field).map(Id);
    let opens = |window: &leadkeep::policy::Window| window.opens(place(Field::Owner), place(Field::Team), lead.marking);
    let open = scope.windows().iter().enumerate().filter(|(_, window)| opens(window)).fold(0, |bits, (bit, _)| bits | 1 << bit);
    let (clear, masked) = scope.cells(open);
    (open != 0).then(|| clear.union(masked))
}

/// The leads with what is hidden from the caller changed: other values in hidden cells, other leads altogether where
/// the lead is hidden, and leads that were not there before if they are hidden.
fn changed(case: &Case, scope: Option<&LeadScope>) -> Vec<NewLead> {
    let mut leads = Vec::new();
    for (id, spec) in (FIRST..).zip(&case.leads) {
        let lead = new_lead(id, spec, values(spec, &spec.now));
        let other = values(spec, &spec.other);
        match shown(scope, &lead) {
            // Every second hidden lead goes away, the others hold other values.
            None if id % 2 == 0 => {}
            None => leads.push(new_lead(id, spec, other)),
            Some(shown) => {
                let mut mixed = lead.values.clone();
                // Owner and team decide which windows open the row: they are not a hidden value but a part of the rule.
                let rule: FieldSet = [Field::Owner, Field::Team].into_iter().collect();
                for field in Field::ALL.iter().filter(|field| !shown.union(rule).contains(**field)) {
                    mixed.0.insert(*field, other.0.get(field).cloned().flatten());
                }
                for field in [Field::CreatedAt, Field::UpdatedAt, Field::Archived] {
                    mixed.0.entry(field).or_insert(Some(leadkeep::domain::LeadValue::Integer(0)));
                }
                leads.push(new_lead(id, spec, mixed));
            }
        }
    }
    for (id, spec) in (GHOSTS..).zip(&case.ghosts) {
        let ghost = new_lead(id, spec, values(spec, &spec.now));
        if shown(scope, &ghost).is_none() {
            leads.push(ghost);
        }
    }
    leads
}

async fn put(world: &World, leads: Vec<NewLead>) {
    world.home.tamper(Table::Main, "DELETE FROM lead; DELETE FROM lead_key; DELETE FROM lead_word;").await.unwrap();
    if !leads.is_empty() {
        company::insert(&world.core, leads).await;
    }
}

async fn decide(world: &World, number: i64, before: &PolicyDocument, after: &PolicyDocument) {
    let changes = before.changes_to(after);
    let settled = Settled { number, changes, sha256: after.sha256(), by: None, at: world.core.now(), request: Id(number) };
    let core = &world.core;
    let written = core.store.write(move |tx| {
        Box::pin(async move {
            tx.commit_policy(&settled).await?;
            tx.bump_generation().await?;
            Ok::<_, StoreError>(())
        })
    });
    written.await.unwrap();
    core.current.check(&core.store, &*core.clock).await.unwrap();
}

/// The answer without what may differ: receipt and request id.
fn comparable(answer: &Answer) -> (u16, String, Value) {
    let text = answer.text.split("\"extensions\":{\"confidentiality\"").next().unwrap().to_owned();
    let mut marked = answer.json["extensions"]["confidentiality"].clone();
    marked.as_object_mut().map(|marked| marked.remove("receipt"));
    (answer.status, text, marked)
}

async fn same(world: &World, caller: &Caller, next: &AtomicI64, base: &PolicyDocument, case: Case) -> Result<(), TestCaseError> {
    let before = world.core.current.fresh(&world.core.store, &*world.core.clock).await.unwrap().document.clone();
    let document = policy(base, &case);
    decide(world, next.fetch_add(1, Ordering::SeqCst), &before, &document).await;
    let scope = Rights::of(&document, ANALYST.id, Timestamp(1)).leads(Permission::LeadRead).ok();
    let originals: Vec<NewLead> = (FIRST..).zip(&case.leads).map(|(id, spec)| new_lead(id, spec, values(spec, &spec.now))).collect();
    for operation in &case.operations {
        put(world, originals.clone()).await;
        let first = caller.graphql(operation.document, operation.variables.clone()).await;
        put(world, changed(&case, scope.as_ref())).await;
        let second = caller.graphql(operation.document, operation.variables.clone()).await;
        prop_assert_eq!(comparable(&first), comparable(&second), "{} {}", operation.document, operation.variables);
        prop_assert!(first.code() != Some("INTERNAL"), "{}", first.text);
    }
    Ok(())
}

fn run(backend: Backend) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = runtime.block_on(World::start(backend));
    let caller = runtime.block_on(world.caller(ANALYST));
    let base = runtime.block_on(world.core.current.fresh(&world.core.store, &*world.core.clock)).unwrap();
    let next = AtomicI64::new(base.revision + 1);
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&case(), |case| runtime.block_on(same(&world, &caller, &next, &base.document, case)));
    runtime.block_on(world.shutdown());
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn sqlite_answers_the_same() {
    run(Backend::Sqlite);
}

#[test]
fn postgres_answers_the_same() {
    run(Backend::Postgres);
}
