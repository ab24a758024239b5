//! Saved mappings of CSV columns.

use entity::import_mapping;
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};

use super::{Store, StoreError, Tx};
use crate::policy::Permit;

impl Store {
    /// The mapping saved under this name, as JSON.
    pub async fn import_mapping(&self, _allowed: Permit, name: &str) -> Result<Option<String>, StoreError> {
        let row = import_mapping::Entity::find_by_id(name).one(&self.0.main).await?;
        Ok(row.map(|row| row.mapping))
    }
}

impl Tx<'_> {
    /// Saves a mapping, in place of one that has this name.
    pub async fn save_import_mapping(self, _allowed: Permit, name: &str, mapping: &str) -> Result<(), StoreError> {
        let row = import_mapping::ActiveModel { name: Set(name.to_owned()), mapping: Set(mapping.to_owned()) };
        let replace = OnConflict::column(import_mapping::Column::Name).update_column(import_mapping::Column::Mapping).to_owned();
        import_mapping::Entity::insert(row).on_conflict(replace).exec_without_returning(self.0).await?;
        Ok(())
    }
}
