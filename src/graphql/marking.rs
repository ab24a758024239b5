//! Markings as they come in.

use async_graphql::{Enum, InputObject};

use crate::policy::{Level, Marking, PolicyDocument, Refusal};

/// How confidential something is, rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Level")]
pub enum LevelName {
    /// May be known to anyone.
    Public,
    /// For the company's own people.
    Internal,
    /// For those who work with it.
    Confidential,
    /// Part of the trade secret.
    TradeSecret,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::Public => Self::Public,
            LevelName::Internal => Self::Internal,
            LevelName::Confidential => Self::Confidential,
            LevelName::TradeSecret => Self::TradeSecret,
        }
    }
}

impl From<Level> for LevelName {
    fn from(level: Level) -> Self {
        match level {
            Level::Public => Self::Public,
            Level::Internal => Self::Internal,
            Level::Confidential => Self::Confidential,
            Level::TradeSecret => Self::TradeSecret,
        }
    }
}

/// A marking to be set.
#[derive(Clone, Debug, InputObject)]
pub struct MarkingInput {
    /// The level.
    pub level: LevelName,
    /// Codes of the compartments.
    #[graphql(default)]
    pub compartments: Vec<String>,
}

impl MarkingInput {
    /// The marking meant, or that a compartment does not exist.
    pub fn marking(&self, document: &PolicyDocument) -> Result<Marking, Refusal> {
        let bits = document.compartment_bits(&self.compartments).ok_or_else(|| Refusal::bad_input("There is no such compartment."))?;
        Ok(Marking::new(self.level.into(), bits))
    }
}
