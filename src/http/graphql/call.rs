//! One operation as the caller sent it.

use async_graphql::Variables;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    graphql::upload::Uploads,
    http::caller::Purpose,
    policy::{Refusal, purpose},
};

/// The variable by which an operation declares its purpose, where the request's header does not. No document has to declare it.
const PURPOSE: &str = "accessPurpose";

/// The members of a GraphQL request; others are ignored, as the specification asks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Call {
    /// The document's text.
    pub(super) query: Option<String>,
    /// Which operation of it.
    pub(super) operation_name: Option<String>,
    /// Its variables.
    pub(super) variables: Option<Map<String, Value>>,
    /// What goes beside; here the hash of a trusted document.
    pub(super) extensions: Option<Map<String, Value>>,
    /// The hash of a trusted document, as `sha256:…` or bare.
    pub(super) document_id: Option<String>,
    /// The files that came with it.
    #[serde(skip)]
    pub(super) uploads: Option<Uploads>,
    /// Held as long as the files are there.
    #[serde(skip)]
    pub(super) upload_turn: Option<OwnedSemaphorePermit>,
}

/// One call or several.
#[derive(Debug)]
pub(super) enum Calls {
    /// A single object.
    One(Box<Call>),
    /// An array of them.
    Batch(Vec<Call>),
}

impl Calls {
    /// The calls one by one.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Call> {
        match self {
            Self::One(call) => std::slice::from_ref(&**call).iter(),
            Self::Batch(calls) => calls.iter(),
        }
    }
}

impl Call {
    /// Whether this could be a mutation: its text has the keyword, or is not here to be looked at.
    pub(super) fn may_change(&self) -> bool {
        self.query.as_deref().is_none_or(|text| text.contains("mutation"))
    }

    /// Takes the variables in the engine's form.
    pub(super) fn take_variables(&mut self) -> Variables {
        self.variables.take().map(|map| Variables::from_json(Value::Object(map))).unwrap_or_default()
    }

    /// The purpose that the call declares, or that the request's header does for it.
    pub(super) fn purpose(&self, header: &Purpose) -> Result<Purpose, Refusal> {
        let declared = match self.variables.as_ref().and_then(|variables| variables.get(PURPOSE)) {
            None | Some(Value::Null) => return Ok(header.clone()),
            Some(Value::String(text)) => Some(purpose::parse(text)?),
            Some(_) => return Err(Refusal::bad_input("The variable accessPurpose must be text: CODE or CODE; text.")),
        };
        match header {
            Some(_) if *header != declared => Err(Refusal::bad_input("Header and variable declare two purposes; declare one.")),
            _ => Ok(declared),
        }
    }

    /// The hash of a trusted document that the call names.
    pub(super) fn document_hash(&self) -> Option<String> {
        let persisted = || self.extensions.as_ref()?.get("persistedQuery")?.get("sha256Hash")?.as_str();
        let named = self.document_id.as_deref().or_else(persisted)?;
        Some(named.strip_prefix("sha256:").unwrap_or(named).to_ascii_lowercase())
    }
}
