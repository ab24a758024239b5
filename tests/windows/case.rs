//! Policies, leads and questions to be random in.

use leadkeep::{
    domain::{Field, Filter, Id, LeadKey, LeadValue, Order, Test, query::KeyKind},
    policy::{PolicyDocument, Purpose, Requirement, Scope, TeamRow, WindowTemplate, document::MarkingText},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use crate::support::property::{self, LEVELS};

pub const ME: Id = Id(50);
pub const CODES: [&str; 3] = ["A", "B", "C"];
/// The purposes of a case; the last is not registered.
pub const PURPOSES: [&str; 3] = ["P", "Q", "R"];

/// What a lead of the test is made of.
#[derive(Clone, Debug)]
pub struct Spec {
    pub owner: Option<i64>,
    pub team: Option<i64>,
    pub level: u8,
    pub compartments: u64,
    pub company: Option<&'static str>,
    pub last_name: Option<&'static str>,
    pub score: Option<i64>,
    pub deal: Option<i64>,
    pub tags: Vec<&'static str>,
    pub archived: i64,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub document: PolicyDocument,
    pub declared: Option<&'static str>,
    pub leads: Vec<Spec>,
    pub filter: Filter,
    pub words: Vec<String>,
    pub order: Order,
    pub limit: usize,
    pub backward: bool,
    pub from: Option<prop::sample::Index>,
}

pub fn lead() -> impl Strategy<Value = Spec> {
    let texts = || option::of(select(vec!["a", "ab", "abc", "b", "ba c"]));
    let places = (option::of(select(vec![ME.0, 51])), option::of(1_i64..=4), 0_u8..4, 0_u64..8);
    let values = (texts(), texts(), option::of(0_i64..3), option::of(-1_i64..2), subsequence(vec!["x", "y"], 0..=2), 0_i64..2);
    (places, values).prop_map(|((owner, team, level, compartments), (company, last_name, score, deal, tags, archived))| Spec {
        owner,
        team,
        level,
        compartments,
        company,
        last_name,
        score,
        deal,
        tags,
        archived,
    })
}

pub fn marking() -> impl Strategy<Value = MarkingText> {
    (select(LEVELS.to_vec()), subsequence(CODES.to_vec(), 0..=1))
        .prop_map(|(level, codes)| MarkingText { level: level.into(), compartments: codes.into_iter().map(Into::into).collect() })
}

pub fn window() -> impl Strategy<Value = WindowTemplate> {
    let scope = select(vec![Scope::Own, Scope::Team, Scope::All]);
    let masked = subsequence(Field::ALL.iter().map(|field| field.name().to_owned()).collect::<Vec<_>>(), 0..=4);
    (scope, select(LEVELS.to_vec()), subsequence(CODES.to_vec(), 0..=3), any::<bool>(), masked).prop_map(
        |(scope, level, codes, all_compartments, masked)| WindowTemplate {
            scope,
            level: level.into(),
            compartments: codes.into_iter().map(Into::into).collect(),
            all_compartments,
            masked,
        },
    )
}

pub fn purpose() -> impl Strategy<Value = Purpose> {
    let names = || subsequence(Field::ALL.iter().map(|field| field.name().to_owned()).collect::<Vec<_>>(), 0..=6);
    (names(), names(), prop::bool::weighted(0.1)).prop_map(|(hidden, masked, retired)| Purpose {
        description: "A test.".into(),
        retired,
        hidden,
        masked,
        ..Purpose::default()
    })
}

pub fn requirement() -> impl Strategy<Value = Requirement> {
    (any::<bool>(), subsequence(PURPOSES.to_vec(), 0..=2)).prop_map(|(purpose_required, purposes)| Requirement {
        agreements: Vec::new(),
        purpose_required,
        purposes: purposes.into_iter().map(Into::into).collect(),
    })
}

pub fn document() -> impl Strategy<Value = PolicyDocument> {
    let markings = vec(marking(), Field::ALL.len());
    let role = || vec(window(), 1..=2);
    let grant = || (0_i64..2, option::of(1_i64..=4), subsequence(CODES.to_vec(), 0..=2));
    let purposes = (purpose(), purpose(), option::of(requirement()), option::of(requirement()));
    (markings, role(), role(), vec(grant(), 1..=3), purposes).prop_map(|(markings, one, other, grants, (p, q, asked, also))| {
        let role = |name: &str, windows| property::role(name.into(), &["LEAD_READ"], windows);
        let team = |name: &str, parent| TeamRow { name: name.into(), parent };
        let grant = |(role, team, codes): (i64, Option<i64>, Vec<&str>)| property::grant(ME, role, team, &codes);
        PolicyDocument {
            compartments: CODES.map(Into::into).to_vec(),
            field_markings: Field::ALL.iter().zip(markings).map(|(field, marking)| (field.name().to_owned(), marking)).collect(),
            // 1 ── 2 ── 3   4
            teams: [(1, team("1", None)), (2, team("2", Some(1))), (3, team("3", Some(2))), (4, team("4", None))].into(),
            roles: [(0, role("one", one)), (1, role("other", other))].into(),
            purposes: [("P".into(), p), ("Q".into(), q)].into(),
            requirements: asked.map(|asked| (0, asked)).into_iter().chain(also.map(|asked| (1, asked))).collect(),
            grants: grants.into_iter().map(grant).zip(1..).map(|(grant, id)| (id, grant)).collect(),
            ..PolicyDocument::default()
        }
    })
}

pub fn filter() -> impl Strategy<Value = Filter> {
    let text = || select(vec!["a", "ab", "b"]).prop_map(|text| LeadValue::Text(text.into()));
    let number = || (-1_i64..3).prop_map(LeadValue::Integer);
    let texts = || {
        prop_oneof![
            vec(text(), 0..3).prop_map(Test::In),
            select(vec!["a", "ab", "b", ""]).prop_map(|prefix| Test::Prefix(prefix.into())),
            any::<bool>().prop_map(Test::Empty),
        ]
    };
    let numbers = || {
        prop_oneof![
            vec(number(), 0..3).prop_map(Test::In),
            number().prop_map(Test::AtLeast),
            number().prop_map(Test::AtMost),
            any::<bool>().prop_map(Test::Empty),
        ]
    };
    let tag = select(vec!["x", "y"]).prop_map(|tag| Test::Has(LeadKey { kind: KeyKind::Tag, value: tag.into() }));
    let leaf = prop_oneof![
        (select(vec![Field::Company, Field::LastName]), texts()).prop_map(|(field, test)| Filter::Field(field, test)),
        (select(vec![Field::Score, Field::DealValue, Field::Archived]), numbers()).prop_map(|(field, test)| Filter::Field(field, test)),
        tag.prop_map(|test| Filter::Field(Field::Tags, test)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Filter::All),
            vec(inner.clone(), 0..3).prop_map(Filter::Any),
            inner.prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
}

pub fn case() -> impl Strategy<Value = Case> {
    let order = (option::of(select(vec![Field::Company, Field::LastName, Field::Score, Field::DealValue])), any::<bool>());
    let page = (1_usize..6, any::<bool>(), option::of(any::<prop::sample::Index>()));
    let words = vec(select(vec!["a", "ab", "b", "c"]).prop_map(str::to_owned), 0..2);
    let declared = option::of(select(PURPOSES.to_vec()));
    (document(), declared, vec(lead(), 1..14), filter(), words, order, page).prop_map(
        |(document, declared, leads, filter, words, (field, descending), (limit, backward, from))| Case {
            document,
            declared,
            leads,
            filter,
            words,
            order: Order { field, descending },
            limit,
            backward,
            from,
        },
    )
}
