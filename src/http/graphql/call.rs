//! One operation as the caller sent it.

use async_graphql::Variables;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The members of a GraphQL request; others are ignored, as the specification asks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    /// The document's text.
    #[serde(default)]
    pub(super) query: Option<String>,
    /// Which operation of it.
    #[serde(default)]
    pub(super) operation_name: Option<String>,
    /// Its variables.
    #[serde(default)]
    pub(super) variables: Option<Map<String, Value>>,
    /// What goes beside; here the hash of a trusted document.
    #[serde(default)]
    pub(super) extensions: Option<Map<String, Value>>,
}

/// One call or several.
#[derive(Debug)]
pub(super) enum Calls {
    /// A single object.
    One(Box<Call>),
    /// An array of them.
    Batch(Vec<Call>),
}

impl Call {
    /// Takes the variables in the engine's form.
    pub(super) fn take_variables(&mut self) -> Variables {
        self.variables.take().map(|map| Variables::from_json(Value::Object(map))).unwrap_or_default()
    }
}
