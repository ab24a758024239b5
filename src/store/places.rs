//! Where a lead stands, whoever asks.

use entity::lead;
use sea_orm::EntityTrait;

use super::{Store, StoreError};
use crate::{
    domain::{Id, Timestamp},
    policy::{Level, Marking, Permit},
};

/// What decides who sees a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub owner: Option<Id>,
    /// Which team's.
    pub team: Option<Id>,
    /// Its marking.
    pub marking: Marking,
    /// When it came in.
    pub made: Timestamp,
}

impl Store {
    /// Where a lead stands, one of the trap as any other.
    pub async fn place_of(&self, _permit: Permit, lead: Id) -> Result<Option<Place>, StoreError> {
        let row = lead::Entity::find_by_id(lead.0).one(&self.0.main).await?;
        let place = |row: lead::Model| Place {
            owner: row.owner_id.map(Id),
            team: row.team_id.map(Id),
            marking: Marking::new(Level::from_number(row.level as u8), row.compartments as u64),
            made: Timestamp(row.created_at),
        };
        Ok(row.map(place))
    }
}
