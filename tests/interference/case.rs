//! Companies to be random in: windows of the caller, leads, and what is hidden of them changed.

use leadkeep::{
    domain::{Field, FieldSet, Id, LeadValues, normal, words},
    policy::{LeadScope, Level, Marking, PolicyDocument, Purpose, Scope, WindowTemplate, document::MarkingText},
    store::leads::NewLead,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use crate::support::{
    company::{AMER, ANALYST, EMEA, OTHER_REP, REP, SALES},
    property::{LEVELS, grant, role},
};

const PERMISSIONS: [&str; 8] =
    ["CUSTODY_READ", "LEAD_UPDATE", "LEAD_ASSIGN", "LEAD_MARK", "LEAD_DECLASSIFY", "LEAD_ARCHIVE", "LEAD_CREATE", "LEAD_IMPORT"];
/// Ids of the leads of a case: those that change only, and those that come and go.
pub const FIRST: i64 = 2_001;
const GHOSTS: i64 = 3_001;
/// Canaries of somebody else, wherever they stand.
pub const CANARIES: i64 = 4_001;

/// A lead: where it stands, and what it holds; a second set of values for the cells that are hidden.
#[derive(Clone, Debug)]
pub struct Spec {
    pub owner: Option<i64>,
    pub team: Option<i64>,
    pub level: u8,
    pub emea: bool,
    pub now: Held,
    pub other: Held,
}

/// Values of a lead, small enough to collide.
#[derive(Clone, Debug)]
pub struct Held {
    pub company: &'static str,
    pub last_name: Option<&'static str>,
    pub stage: Option<&'static str>,
    pub country: Option<&'static str>,
    pub email: Option<&'static str>,
    pub tag: Option<&'static str>,
    pub score: Option<i64>,
    pub deal: Option<i64>,
    pub reference: Option<&'static str>,
    pub archived: i64,
    pub created: i64,
    /// Number of the channel of its origin, and the colleague it knows besides its owner.
    pub linked: (Option<&'static str>, Option<&'static str>),
}

#[derive(Clone, Debug)]
pub struct Case<A> {
    pub field_levels: Vec<&'static str>,
    pub windows: Vec<(WindowTemplate, bool, Vec<&'static str>)>,
    pub leads: Vec<Spec>,
    pub ghosts: Vec<Spec>,
    pub acts: Vec<A>,
    /// Fields that the purpose [`PURPOSE`] hides and masks; the caller declares it.
    pub narrowed: Option<(Vec<&'static str>, Vec<&'static str>)>,
}

/// What the caller declares in some cases.
pub const PURPOSE: &str = "NARROW";

pub fn held() -> impl Strategy<Value = Held> {
    let word = || option::of(select(vec!["alpha", "beta", "gamma"]));
    let email = option::of(select(vec!["a@x.example", "b@x.example", "a@y.example"]));
    let numbers = (option::of(0_i64..3), option::of(1_i64..4), prop::bool::weighted(0.2), 0_i64..3);
    let linked = (option::of(select(vec!["1", "4", "11"])), option::of(select(vec!["105", "106"])));
    (select(vec!["Acme", "Beta"]), word(), word(), word(), email, word(), word(), numbers, linked).prop_map(
        |(company, last_name, stage, country, email, tag, reference, (score, deal, archived, created), linked)| Held {
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
            linked,
        },
    )
}

pub fn spec() -> impl Strategy<Value = Spec> {
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

pub fn window() -> impl Strategy<Value = (WindowTemplate, bool, Vec<&'static str>)> {
    let scope = select(vec![Scope::Own, Scope::Team, Scope::All]);
    let masked = subsequence(vec!["emails", "phones", "lastName", "company", "city"], 0..=3);
    (scope, select(LEVELS[1..].to_vec()), masked, any::<bool>(), subsequence(PERMISSIONS.to_vec(), 0..=PERMISSIONS.len())).prop_map(
        |(scope, level, masked, emea, permissions)| {
            let masked = masked.into_iter().map(Into::into).collect();
            (WindowTemplate { scope, level: level.into(), compartments: Vec::new(), all_compartments: false, masked }, emea, permissions)
        },
    )
}

/// A company with what a caller does in it.
pub fn case<A: std::fmt::Debug>(acts: impl Strategy<Value = Vec<A>>) -> impl Strategy<Value = Case<A>> {
    let levels = vec(select(LEVELS.to_vec()), Field::ALL.len());
    let fields =
        || subsequence(vec!["company", "lastName", "stage", "emails", "tags", "score", "dealValue", "reference", "archived"], 0..=4);
    let narrowed = option::of((fields(), fields()));
    (levels, vec(window(), 1..=3), vec(spec(), 1..9), vec(spec(), 1..4), acts, narrowed)
        .prop_map(|(field_levels, windows, leads, ghosts, acts, narrowed)| Case { field_levels, windows, leads, ghosts, acts, narrowed })
}

/// The company's policy with the case's roles given to the analyst instead of theirs.
pub fn policy<A>(base: &PolicyDocument, case: &Case<A>) -> PolicyDocument {
    let mut document = base.clone();
    document.grants.retain(|_, grant| grant.subject != ANALYST.id.0);
    for (field, level) in Field::ALL.iter().zip(&case.field_levels) {
        let marking = MarkingText { level: (*level).into(), compartments: Vec::new() };
        document.field_markings.insert(field.name().into(), marking);
    }
    if let Some((hidden, masked)) = &case.narrowed {
        let names = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect();
        let purpose = Purpose { description: "a test".into(), hidden: names(hidden), masked: names(masked), ..Purpose::default() };
        document.purposes.insert(PURPOSE.into(), purpose);
    }
    for (number, (window, emea, permissions)) in (0_i64..).zip(&case.windows) {
        let held: Vec<&str> = ["LEAD_READ"].iter().chain(permissions).copied().collect();
        let role = role(format!("case-{number}"), &held, vec![window.clone()]);
        document.roles.insert(500 + number, role);
        let team = if number % 2 == 0 { EMEA.0 } else { SALES.0 };
        let grant = grant(ANALYST.id, 500 + number, Some(team), if *emea { &["EMEA"] } else { &[] });
        document.grants.insert(500 + number, grant);
    }
    document
}

pub fn values(spec: &Spec, held: &Held) -> LeadValues {
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
        (Field::Origins, held.linked.0),
        (Field::Relationships, held.linked.1),
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

pub fn new_lead(id: i64, spec: &Spec, values: LeadValues) -> NewLead {
    let marking = Marking::new(Level::from_number(spec.level), spec.emea.into());
    let finders = (normal::keys(&values), words::index(&values));
    NewLead { id: Id(id), marking, values, finders }
}

/// Which fields of a lead the caller sees anything of; `None` if the lead does not exist for them.
pub fn shown(scope: Option<&LeadScope>, lead: &NewLead) -> Option<FieldSet> {
    let scope = scope?;
    let place = |field| lead.values.integer(field).map(Id);
    let opens = |window: &leadkeep::policy::Window| window.opens(place(Field::Owner), place(Field::Team), lead.marking);
    let open = scope.windows().iter().enumerate().filter(|(_, window)| opens(window)).fold(0, |bits, (bit, _)| bits | 1 << bit);
    let (clear, masked) = scope.cells(open);
    (open != 0).then(|| clear.union(masked))
}

/// The leads with what is hidden from the caller changed: other values in hidden cells, other leads altogether where
/// the lead is hidden, and leads that were not there before if they are hidden or are somebody else's canaries.
pub fn changed<A>(case: &Case<A>, scope: Option<&LeadScope>) -> Vec<NewLead> {
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
        leads.push(new_lead(id - GHOSTS + CANARIES, spec, values(spec, &spec.other)));
    }
    leads
}
