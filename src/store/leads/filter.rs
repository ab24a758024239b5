//! Conditions as SQL. A cell that is not clear satisfies no test but that for emptiness.

use entity::{lead::Column, lead_key, lead_word};
use sea_orm::{
    EntityName, ExprTrait,
    sea_query::{CaseStatement, Expr, Query, Value},
};

use crate::{
    domain::{Field, Filter, LeadValue, Test, words},
    policy::LeadScope,
    store::scope::{clear_cell, clear_groups, column, opened_by},
};

/// The highest code point: no text that begins with `p` sorts behind `p` followed by it.
const HIGHEST: char = char::MAX;

pub(super) fn value(value: &LeadValue) -> Value {
    match value {
        LeadValue::Text(text) => text.clone().into(),
        LeadValue::Integer(number) => (*number).into(),
    }
}

/// True where the filter holds; false or NULL where it does not.
pub(super) fn condition(scope: &LeadScope, filter: &Filter) -> Expr {
    match filter {
        Filter::All(parts) => parts.iter().map(|part| condition(scope, part)).reduce(ExprTrait::and).unwrap_or_else(|| truth(true)),
        Filter::Any(parts) => parts.iter().map(|part| condition(scope, part)).reduce(ExprTrait::or).unwrap_or_else(|| truth(false)),
        // NULL must come out as true here: what is not seen does not pass the test inside.
        Filter::Not(part) => CaseStatement::new().case(condition(scope, part), false).finally(true).into(),
        Filter::Ids(ids) => Expr::col(Column::Id).is_in(ids.iter().map(|id| id.0)),
        Filter::Field(field, Test::Empty(true)) => clear_cell(scope, *field).is_null(),
        Filter::Field(field, test) => open_and(scope, scope.clear_in(*field), passes(*field, test)),
    }
}

/// True where each word begins a word of some clear field.
pub(super) fn search(scope: &LeadScope, typed: &[String]) -> Option<Expr> {
    let groups = clear_groups(scope, words::searchable());
    let found = |word: &String| {
        let in_group = |(bits, fields): &(u32, crate::domain::FieldSet)| {
            let numbers: Vec<i64> = fields.iter().map(|field| field.number().into()).collect();
            let leads = Query::select()
                .column(lead_word::Column::LeadId)
                .from(lead_word::Entity.table_ref())
                .and_where(starts_with(Expr::col(lead_word::Column::Word), word))
                .and_where(Expr::col(lead_word::Column::Field).is_in(numbers))
                .take();
            open_and(scope, *bits, Expr::col(Column::Id).in_subquery(leads))
        };
        groups.iter().map(in_group).reduce(ExprTrait::or).unwrap_or_else(|| truth(false))
    };
    typed.iter().map(found).reduce(ExprTrait::and)
}

fn passes(field: Field, test: &Test) -> Expr {
    match test {
        Test::In(values) if values.len() == 1 => column(field).eq(value(&values[0])),
        Test::In(values) => column(field).is_in(values.iter().map(value)),
        Test::AtLeast(least) => column(field).gte(value(least)),
        Test::AtMost(most) => column(field).lte(value(most)),
        Test::Prefix(prefix) => starts_with(column(field), prefix),
        Test::Has(key) => {
            let leads = Query::select()
                .column(lead_key::Column::LeadId)
                .from(lead_key::Entity.table_ref())
                .and_where(Expr::col(lead_key::Column::Kind).eq(key.kind as i64))
                .and_where(Expr::col(lead_key::Column::Value).eq(key.value.clone()))
                .take();
            Expr::col(Column::Id).in_subquery(leads)
        }
        Test::Empty(_) => column(field).is_not_null(),
    }
}

fn starts_with(text: Expr, prefix: &str) -> Expr {
    text.clone().gte(prefix).and(text.lt(format!("{prefix}{HIGHEST}")))
}

fn open_and(scope: &LeadScope, bits: u32, test: Expr) -> Expr {
    match opened_by(scope, bits) {
        None => test,
        Some(open) => test.and(open),
    }
}

fn truth(value: bool) -> Expr {
    Expr::value(value)
}
