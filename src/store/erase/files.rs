//! The files that leads were imported from: what they are called can name somebody, and what an import changed stands together in
//! one row. SHA-256 of the file stays, and so does what came from it.

use std::collections::BTreeSet;

use entity::{change_detail, import_run, lead_origin};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, sea_query::Expr};

use super::{NOBODY, SHORTEST};
use crate::{
    domain::Id,
    store::{StoreError, Tx},
};

/// What somebody is called, in small letters and digits alone.
#[derive(Debug, Default)]
pub(super) struct Called {
    names: BTreeSet<String>,
    mailboxes: BTreeSet<String>,
}

impl Called {
    /// By these names and under these addresses.
    pub(super) fn of<'t>(names: impl IntoIterator<Item = &'t str>, addresses: impl IntoIterator<Item = &'t str>) -> Self {
        let names = names.into_iter().flat_map(str::split_whitespace).map(squeezed).filter(|name| name.len() > 1).collect();
        let mailboxes = addresses.into_iter().filter_map(|address| address.split('@').next()).map(squeezed);
        Self { names, mailboxes: mailboxes.filter(|mailbox| mailbox.len() >= SHORTEST).collect() }
    }

    /// Whether a file of theirs that is called so may be called after them.
    fn may_be(&self, file: &str) -> bool {
        let file = squeezed(file);
        self.is_squeezed(&file) || self.names.iter().any(|name| name.len() > 2 && file.contains(name.as_str()))
    }

    /// Whether any file that is called so is called after them: it has all of their names.
    fn is(&self, file: &str) -> bool {
        self.is_squeezed(&squeezed(file))
    }

    fn is_squeezed(&self, file: &str) -> bool {
        let all = self.names.len() > 1 && self.names.iter().all(|name| file.contains(name.as_str()));
        all || self.mailboxes.iter().any(|mailbox| file.contains(mailbox.as_str()))
    }
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Tx<'_> {
    /// The imports that a lead's origins name.
    pub(super) async fn files_of_lead(self, lead: Id) -> Result<BTreeSet<i64>, StoreError> {
        let origins = lead_origin::Entity::find().filter(lead_origin::Column::LeadId.eq(lead.0));
        let runs: Vec<Option<i64>> = origins.select_only().column(lead_origin::Column::ImportId).into_tuple().all(self.0).await?;
        Ok(runs.into_iter().flatten().collect())
    }

    /// The imports of a person.
    pub(super) async fn files_by(self, person: Id) -> Result<BTreeSet<i64>, StoreError> {
        let own = import_run::Entity::find().filter(import_run::Column::ById.eq(person.0));
        let runs: Vec<i64> = own.select_only().column(import_run::Column::Id).into_tuple().all(self.0).await?;
        Ok(runs.into_iter().collect())
    }

    /// Forgets what files are called after this one, of their `own` files if they only may be, and if nobody else came from them.
    /// Those names are traces.
    pub(super) async fn erase_file_names(
        self,
        called: &Called,
        own: &BTreeSet<i64>,
        traces: &mut BTreeSet<String>,
    ) -> Result<(), StoreError> {
        for run in import_run::Entity::find().filter(import_run::Column::File.ne(NOBODY)).all(self.0).await? {
            let theirs = own.contains(&run.id);
            let named = called.is(&run.file) || theirs && called.may_be(&run.file);
            let goes = named || theirs && self.is_empty(run.id).await?;
            if !goes {
                continue;
            }
            let forget = import_run::Entity::update_many().col_expr(import_run::Column::File, Expr::value(NOBODY));
            forget.filter(import_run::Column::Id.eq(run.id)).exec(self.0).await?;
            let of_it = change_detail::Entity::delete_many().filter(change_detail::Column::Kind.eq("import"));
            of_it.filter(change_detail::Column::Item.eq(Id(run.id).to_string())).exec(self.0).await?;
            if named {
                traces.insert(run.file);
            }
        }
        Ok(())
    }

    async fn is_empty(self, run: i64) -> Result<bool, StoreError> {
        Ok(lead_origin::Entity::find().filter(lead_origin::Column::ImportId.eq(run)).count(self.0).await? == 0)
    }

    /// What imports changed of a lead goes, with what they changed of others at once.
    pub(super) async fn erase_imported(self, lead: Id) -> Result<(), StoreError> {
        let merged = format!("\"lead\":\"{lead}\"");
        let of_imports = change_detail::Entity::delete_many().filter(change_detail::Column::Kind.eq("import"));
        of_imports.filter(change_detail::Column::After.contains(merged)).exec(self.0).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_after_somebody() {
        let erna = Called::of(["Erna Maria", "Zacharias"], ["zq7unique@erasable.example"]);
        for file in ["Erna_Zacharias-maria.vcf", "contacts of ZQ7unique.csv"] {
            assert!(erna.is(file) && erna.may_be(file), "{file}");
        }
        for file in ["zacharias.vcf", "ERNA.csv"] {
            assert!(!erna.is(file) && erna.may_be(file), "{file}");
        }
        assert!(!erna.may_be("leads 2026.csv"));
        let short = Called::of(["Li"], ["li@company.example"]);
        assert!(!short.is("clients.csv") && !short.may_be("clients.csv"), "two letters are no name in the midst of others");
    }
}
