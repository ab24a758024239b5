//! Somebody, as the file calls them.

use serde::Serialize;

/// Somebody, as the file calls them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Who {
    /// The id of the account; `None` is the operator of the server, or somebody who had not signed in.
    pub account: Option<String>,
    /// What it is: the name of a role, `app`, `operator`, `nobody signed in`, `account`.
    pub is: String,
    /// Their name, if they had to be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
