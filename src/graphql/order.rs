//! The answer's `data` in document order.
//!
//! The engine hands back fields in the order in which they were finished and drops those that failed. The specification
//! wants document order, and null for a nullable field that failed; hashing and comparing answers need both.

use async_graphql::indexmap::IndexMap;
use async_graphql::{
    Name, PathSegment, ServerError, Value,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

use super::raw;

/// The response keys of a selection set in document order, each with what is below it.
#[derive(Debug, Default)]
pub struct Shape(Vec<(Name, Shape)>);

impl Shape {
    /// The shape of an operation's answer. The expansion of its fragments must have been bounded before.
    pub fn of(operation: &OperationDefinition, document: &ExecutableDocument) -> Self {
        let mut shape = Self::default();
        shape.add(&operation.selection_set.node, document);
        shape
    }

    fn add(&mut self, set: &SelectionSet, document: &ExecutableDocument) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    let place = self.0.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
                        self.0.push((key.clone(), Self::default()));
                        self.0.len() - 1
                    });
                    self.0[place].1.add(&field.node.selection_set.node, document);
                }
                Selection::InlineFragment(inline) => self.add(&inline.node.selection_set.node, document),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.add(&fragment.node.selection_set.node, document);
                    }
                }
            }
        }
    }

    /// Appends `data` as JSON to `out`. A field that is missing and named by the path of an error, or by the beginning
    /// of one, becomes null.
    pub fn write(&self, data: &Value, errors: &[ServerError], out: &mut Vec<u8>) {
        Writer { errors, path: Vec::new(), out }.value(data, self);
    }
}

struct Writer<'a> {
    errors: &'a [ServerError],
    path: Vec<Step<'a>>,
    out: &'a mut Vec<u8>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Writer<'a> {
    fn value(&mut self, value: &'a Value, shape: &'a Shape) {
        match value {
            Value::Object(object) => match object.get(raw::TOKEN) {
                Some(Value::String(json)) if object.len() == 1 => self.out.extend_from_slice(json.as_bytes()),
                _ if shape.0.is_empty() => self.plain(value),
                _ => self.object(Some(object), shape),
            },
            Value::List(items) => {
                self.out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.path.push(Step::Index(index));
                    self.value(item, shape);
                    self.path.pop();
                }
                self.out.push(b']');
            }
            // Every field below failed: the engine hands back null where there is an object of nulls.
            Value::Null if !self.errors.is_empty() && shape.0.iter().any(|(key, _)| self.failed(key)) => self.object(None, shape),
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Boolean(yes) => self.out.extend_from_slice(if *yes { b"true" } else { b"false" }),
            _ => self.plain(value),
        }
    }

    fn object(&mut self, object: Option<&'a IndexMap<Name, Value>>, shape: &'a Shape) {
        self.out.push(b'{');
        let mut first = true;
        for (key, below) in &shape.0 {
            let value = object.and_then(|object| object.get(key));
            if value.is_none() && !self.failed(key) {
                continue;
            }
            if !first {
                self.out.push(b',');
            }
            first = false;
            // Response keys are GraphQL names, which need no escaping.
            self.out.push(b'"');
            self.out.extend_from_slice(key.as_bytes());
            self.out.extend_from_slice(b"\":");
            match value {
                Some(value) => {
                    self.path.push(Step::Key(key));
                    self.value(value, below);
                    self.path.pop();
                }
                None => self.out.extend_from_slice(b"null"),
            }
        }
        self.out.push(b'}');
    }

    /// Whether an error happened at this key of the current object, or below it.
    fn failed(&self, key: &str) -> bool {
        self.errors.iter().any(|error| {
            let mut path = error.path.iter();
            let above = self.path.iter().all(|step| match (path.next(), step) {
                (Some(PathSegment::Field(name)), Step::Key(key)) => name == key,
                (Some(PathSegment::Index(found)), Step::Index(index)) => found == index,
                _ => false,
            });
            above && matches!(path.next(), Some(PathSegment::Field(name)) if name == key)
        })
    }

    fn plain(&mut self, value: &Value) {
        let before = self.out.len();
        // Values of the engine serialize without fail; should one not, it is left out rather than half written.
        if serde_json::to_writer(&mut *self.out, value).is_err() {
            self.out.truncate(before);
            self.out.extend_from_slice(b"null");
        }
    }
}
