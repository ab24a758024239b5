//! What a caller asks and changes.

use leadkeep::domain::Id;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    case::FIRST,
    support::{
        company::{ANALYST, REP},
        property::LEVELS,
    },
};

#[derive(Clone, Debug)]
pub struct Operation {
    pub document: &'static str,
    pub variables: Value,
}

pub const LIST: &str = "query($f: LeadFilter, $o: LeadOrder, $s: String, $n: Int, $a: String) { leads(filter: $f, orderBy: $o, search: $s, first: $n, after: $a) \
    { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id version name company industry \
    stage country city emails phones tags reference dealValue score notes archived createdAt owner { id name } team { name } \
    origins { channel recordedAt } custody { strength reasons } relationships { role person { id } } \
    marking { banner } redactions { field disposition marking { level } } } } } }";
pub const BACK: &str = "query($f: LeadFilter, $o: LeadOrder, $n: Int) { leads(filter: $f, orderBy: $o, last: $n) { nodes { id } \
    pageInfo { hasPreviousPage } } }";
pub const STATS: &str = "query($g: LeadGroupBy!, $f: LeadFilter) { leadStats(groupBy: $g, filter: $f) { key id count } }";
pub const ONE: &str = "query($id: ID!) { lead(id: $id) { id name emails company score redactions { field disposition } } }";
pub const CUSTODY: &str = "query($v: Boolean!, $f: LeadFilter) { custodyReport(withValue: $v, months: 2, filter: $f) { all { leads value } \
    groups { strength tally { leads value share } } singleRelationship { leads value } \
    people { personId name onlyThrough { leads } onlyKnownTo { leads value } } trend { month company shared personal unknown } \
    unknown: leads(list: UNKNOWN) { id company custody { strength } } single: leads(list: SINGLE_RELATIONSHIP) { id } } }";
pub const RELATE: &str = "mutation($id: ID!, $to: ID!) { addRelationship(input: { leadId: $id, personId: $to }) \
    { lead { id version company relationships { role person { id } } } } }";
pub const UNRELATE: &str = "mutation($id: ID!, $to: ID!) { removeRelationship(input: { leadId: $id, personId: $to }) \
    { lead { id version relationships { role person { id } } } } }";
pub const ORIGIN: &str = "mutation($id: ID!, $c: Channel!) { addOrigin(input: { leadId: $id, origin: { channel: $c } }) \
    { lead { id version company origins { channel } custody { strength } } } }";
pub const UPDATE: &str = "mutation($id: ID!, $v: LeadValuesInput!) { updateLead(input: { id: $id, values: $v }) \
    { lead { id version name company emails score } } }";
pub const ASSIGN: &str = "mutation($id: ID!, $to: ID!) { assignLead(input: { id: $id, owner: $to }) { lead { id owner { name } } } }";
pub const MARK: &str = "mutation($id: ID!, $l: Level!) { markLead(input: { id: $id, marking: { level: $l }, reason: \"why\" }) \
    { lead { id marking { banner } company } } }";
pub const ARCHIVE: &str = "mutation($id: ID!) { archiveLead(input: { id: $id }) { lead { id archived } } }";
pub const CREATE: &str = "mutation($v: LeadValuesInput!) { createLead(input: { values: $v }) { lead { company emails reference \
    origins { channel } custody { strength } } } }";

pub fn filter() -> impl Strategy<Value = Value> {
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

pub fn operation() -> impl Strategy<Value = Operation> {
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
        2 => (any::<bool>(), option::of(filter())).prop_map(|(v, f)| (CUSTODY, json!({ "v": v, "f": f }))),
        1 => (id(), select(vec![REP.id, ANALYST.id])).prop_map(|(id, to)| (RELATE, json!({ "id": id, "to": to.to_string() }))),
        1 => (id(), select(vec!["EVENT", "OTHER"])).prop_map(|(id, channel)| (ORIGIN, json!({ "id": id, "c": channel }))),
        1 => (id(), select(vec![REP.id, ANALYST.id])).prop_map(|(id, to)| (UNRELATE, json!({ "id": id, "to": to.to_string() }))),
        1 => id().prop_map(|id| (ONE, json!({ "id": id }))),
        2 => (id(), values.clone()).prop_map(|(id, v)| (UPDATE, json!({ "id": id, "v": v }))),
        1 => (id(), select(vec![REP.id, ANALYST.id])).prop_map(|(id, to)| (ASSIGN, json!({ "id": id, "to": to.to_string() }))),
        1 => (id(), select(LEVELS.to_vec())).prop_map(|(id, l)| (MARK, json!({ "id": id, "l": l }))),
        1 => id().prop_map(|id| (ARCHIVE, json!({ "id": id }))),
        1 => values.prop_map(|v| (CREATE, json!({ "v": v }))),
    ]
    .prop_map(|(document, variables)| Operation { document, variables })
}
