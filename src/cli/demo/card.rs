//! `demo.json`: the address and the sign-ins of a demo.

use std::{collections::BTreeMap, io::ErrorKind, path::Path};

use leadkeep::store::private;
use serde::{Deserialize, Serialize};

use super::Failure;

const FILE: &str = "demo.json";

/// What the file holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Card {
    /// `http://address:port`.
    pub(super) url: String,
    /// By role.
    pub(super) people: BTreeMap<String, SignIn>,
    /// The app.
    pub(super) app: AppSignIn,
}

/// How a person signs in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SignIn {
    pub(super) email: String,
    pub(super) password: String,
}

/// How the app takes a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AppSignIn {
    pub(super) client_id: String,
    pub(super) client_secret: String,
}

impl Card {
    /// The card in this folder; `None` if there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let file = folder.join(FILE);
        let bad = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", file.display()));
        match std::fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| bad(&error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(bad(&error)),
        }
    }

    /// Writes it, readable for its owner alone.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Failure::failed(error.to_string()))?;
        Ok(private::write_file(&folder.join(FILE), format!("{text}\n").as_bytes())?)
    }
}
