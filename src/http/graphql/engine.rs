//! The engine, twice over: with every rule of validation, and with only those that bound what a document costs, for what passed
//! all of them before and would again.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use async_graphql::{
    Request, Response, ValidationMode,
    parser::types::{BaseType, ExecutableDocument},
};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use super::normalise;
use crate::{
    app::Limits,
    graphql::{LeadkeepSchema, builder},
};

/// How many shapes of variables are remembered of a document; when there are more, all are forgotten.
const MOST: usize = 64;
/// Larger ones are checked each time.
const LARGEST: usize = 1_024;

/// What executes documents.
pub(in crate::http) struct Engine {
    limits: (usize, usize),
    checking: LeadkeepSchema,
    /// Made when it is first of use: it takes as long to make as the other.
    trusting: OnceCell<LeadkeepSchema>,
}

impl Engine {
    /// One with these limits.
    pub(in crate::http) fn new(limits: &Limits) -> Self {
        let limits = (limits.depth, limits.complexity);
        Self { limits, checking: schema(limits, ValidationMode::Strict), trusting: OnceCell::new() }
    }

    /// Checks a document by every rule.
    pub(in crate::http) const fn checking(&self) -> &LeadkeepSchema {
        &self.checking
    }

    /// Executes a document, whose variables have this shape, with no more checks than it needs after what it has passed; without a shape with
    /// all of them.
    pub(super) async fn execute(&self, request: Request, passed: &Passed, shape: Option<String>) -> Response {
        let known = shape.as_deref().is_some_and(|shape| passed.knows(shape));
        let schema = if known { self.trusting().await } else { &self.checking };
        let response = schema.execute(request).await;
        if let Some(shape) = shape.filter(|_| !known && response.is_ok()) {
            passed.learn(shape);
        }
        response
    }

    /// Checks only what it may cost.
    async fn trusting(&self) -> &LeadkeepSchema {
        let limits = self.limits;
        let make = || async move { tokio::task::spawn_blocking(move || schema(limits, ValidationMode::Fast)).await };
        // It fails only while the server stops.
        self.trusting.get_or_try_init(make).await.unwrap_or(&self.checking)
    }
}

fn schema((depth, complexity): (usize, usize), mode: ValidationMode) -> LeadkeepSchema {
    builder().limit_depth(depth).limit_complexity(complexity).validation_mode(mode).finish()
}

/// The variables with which a document passed every rule.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// The variables that are declared as text: whatever theirs is, it is valid.
    texts: HashSet<String>,
    shapes: Mutex<HashSet<String>>,
}

impl Passed {
    /// Nothing yet of the operation of this name, or the only one.
    pub(super) fn none_of(document: &ExecutableDocument, name: Option<&str>) -> Self {
        let declared = normalise::selected(document, name).map(|operation| &operation.node.variable_definitions);
        let texts = declared.into_iter().flatten().filter(|variable| {
            let base = &variable.node.var_type.node.base;
            matches!(base, BaseType::Named(name) if name == "ID" || name == "String")
        });
        Self { texts: texts.map(|variable| variable.node.name.node.to_string()).collect(), shapes: Mutex::default() }
    }

    /// What the rules look at of the variables: all of them but the texts of those that may have any.
    pub(super) fn shape(&self, variables: Option<&Map<String, Value>>) -> Option<String> {
        let any = |name: &String, value: &Value| value.is_string() && self.texts.contains(name);
        let shape: Vec<_> = variables.into_iter().flatten().map(|(name, value)| (name, (!any(name, value)).then_some([value]))).collect();
        serde_json::to_string(&shape).ok().filter(|shape| shape.len() <= LARGEST)
    }

    /// Whether it passed with variables of this shape.
    fn knows(&self, shape: &str) -> bool {
        self.shapes.lock().unwrap_or_else(PoisonError::into_inner).contains(shape)
    }

    /// It did.
    fn learn(&self, shape: String) {
        let mut shapes = self.shapes.lock().unwrap_or_else(PoisonError::into_inner);
        if shapes.len() >= MOST {
            shapes.clear();
        }
        shapes.insert(shape);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_texts_declared_as_text_are_left_out() {
        let text = "query A($id: ID!, $search: String, $ids: [ID!], $first: Int) { a } query B($search: LeadGroupBy!) { b }";
        let document = async_graphql::parser::parse_query(text).unwrap();
        let passed = Passed::none_of(&document, Some("A"));
        let shape = |id, search, ids, first| {
            let variables = json!({ "id": id, "search": search, "ids": ids, "first": first });
            passed.shape(variables.as_object())
        };
        let one = shape(json!("a"), json!("x"), json!(["a"]), json!(1)).unwrap();
        assert_eq!(shape(json!("b"), json!(""), json!(["a"]), json!(1)).as_ref(), Some(&one));
        passed.learn(one.clone());
        assert!(passed.knows(&one));
        for other in [
            shape(json!(null), json!("x"), json!(["a"]), json!(1)),
            shape(json!(1), json!("x"), json!(["a"]), json!(1)),
            shape(json!("a"), json!(null), json!(["a"]), json!(1)),
            shape(json!("a"), json!("x"), json!(["b"]), json!(1)),
            shape(json!("a"), json!("x"), json!("a"), json!(1)),
            shape(json!("a"), json!("x"), json!(["a"]), json!(2)),
            passed.shape(None),
        ] {
            assert!(!passed.knows(&other.unwrap()));
        }
        let other = Passed::none_of(&document, Some("B"));
        assert_ne!(other.shape(json!({ "search": "a" }).as_object()), other.shape(json!({ "search": "b" }).as_object()));
        assert_eq!(passed.shape(json!({ "ids": ["x".repeat(LARGEST)] }).as_object()), None, "too large to remember");
    }
}
