//! Canaries: which leads are invented, whose they are, in which file they stand. Only this module and the window filter
//! ([`super::scope`]) know of them; `lead.reader_id` says who sees the row, and [`NOBODY`] of one that is kept in stock.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    canary::{self, Column, Entity},
    import_run, lead, lead_key, lead_origin, lead_word,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityName, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, IntoColumnRef, Order, Query},
};

use super::{
    Store, StoreError, Tx,
    leads::{Finders, NewLead, canary_seen, models},
    rows::Row,
};
use crate::{
    domain::{Channel, Field, Id, KeyKind, LeadKey, LeadQuery, LeadRecord, LeadValues, Timestamp},
    policy::{LeadScope, Marking, Permit},
};

/// The reader of those that nobody sees; no account has this id.
const NOBODY: i64 = 0;
/// Values of one `IN`; SQLite takes 32,766 bound values in a statement.
const VALUES: usize = 5_000;

/// An invented lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canary {
    /// The lead.
    pub lead: Id,
    /// Who alone sees it; `None` as long as it is kept in stock.
    pub reader: Option<Id>,
    /// The request of the exported file that it was put into, if it was.
    pub export: Option<Id>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When its reader got it.
    pub placed_at: Option<Timestamp>,
}

/// An invented lead on its way into the list.
#[derive(Clone, Debug)]
pub struct NewCanary {
    /// The row.
    pub lead: NewLead,
    /// Who alone sees it; `None` keeps it in stock.
    pub reader: Option<Id>,
}

/// A canary of the stock on its way to a reader.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The lead.
    pub lead: Id,
    /// Who alone sees it from then on.
    pub reader: Id,
    /// The request of the exported file that it is put into.
    pub export: Id,
    /// What it looks like.
    pub values: LeadValues,
    /// Its marking.
    pub marking: Marking,
    /// What it is found under.
    pub finders: Finders,
    /// Now.
    pub at: Timestamp,
}

/// Where a lead came from, as an invented one can come from there, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelOrigin {
    /// The channel.
    pub channel: Channel,
    /// When the contact came about.
    pub since: Option<Timestamp>,
    /// Who noted it.
    pub by: Option<Id>,
    /// The account through which it came.
    pub account: Option<Id>,
    /// Name and format of the file it stood in.
    pub file: Option<(String, String)>,
}

fn read(row: &canary::Model) -> Canary {
    Canary {
        lead: Id(row.lead_id),
        reader: row.reader_id.map(Id),
        export: row.export_id.map(Id),
        made_at: Timestamp(row.made_at),
        placed_at: row.placed_at.map(Timestamp),
    }
}

impl Store {
    /// At most `first` canaries by rising id after so many others; of one reader if one is named.
    pub async fn canaries(&self, _permit: Permit, reader: Option<Id>, skip: u64, first: u64) -> Result<Vec<Canary>, StoreError> {
        let find = Entity::find().filter(of(reader)).order_by_asc(Column::LeadId).offset(skip).limit(first);
        Ok(find.all(&self.0.main).await?.iter().map(read).collect())
    }

    /// How many there are.
    pub async fn count_canaries(&self, _permit: Permit, reader: Option<Id>) -> Result<u64, StoreError> {
        Ok(Entity::find().filter(of(reader)).count(&self.0.main).await?)
    }

    /// Every canary, for the server itself.
    pub async fn every_canary(&self) -> Result<Vec<Canary>, StoreError> {
        Ok(Entity::find().order_by_asc(Column::LeadId).all(&self.0.main).await?.iter().map(read).collect())
    }

    /// Those of the leads that are canaries, for the server itself: nobody but the keeper may hear of it.
    pub async fn canaries_among(&self, leads: &[Id]) -> Result<Vec<Canary>, StoreError> {
        let mut found = Vec::new();
        for leads in leads.chunks(VALUES) {
            let some = Entity::find().filter(Column::LeadId.is_in(leads.iter().map(|lead| lead.0))).order_by_asc(Column::LeadId);
            found.extend(some.all(&self.0.main).await?.iter().map(read));
        }
        Ok(found)
    }

    /// Those of a reader, in files too, for the server itself.
    pub async fn canaries_of(&self, reader: Id) -> Result<Vec<Canary>, StoreError> {
        Ok(Entity::find().filter(of(Some(reader))).order_by_asc(Column::LeadId).all(&self.0.main).await?.iter().map(read).collect())
    }

    /// How many canaries, those of files aside, the scope's reader sees through it.
    pub async fn canaries_seen(&self, scope: &LeadScope) -> Result<u64, StoreError> {
        let of_files =
            Query::select().column(Column::LeadId).from(Entity.table_ref()).and_where(Expr::col(Column::ExportId).is_not_null()).take();
        let count = |count: &mut u64, row: &dyn Row| {
            *count = row.integer(0)?.unwrap_or_default() as u64;
            Ok(())
        };
        self.0.rows.fold(canary_seen(scope, of_files), 0, count).await
    }

    /// At most `limit` leads, no canaries, that the query finds and whose e-mail addresses the scope shows in clear, the newest
    /// first. Their values are there whatever the windows say: show none of them.
    pub async fn models(&self, scope: &LeadScope, query: &LeadQuery, limit: u64) -> Result<Vec<LeadRecord>, StoreError> {
        let (statement, layout) = models(scope, query, limit);
        let take = move |found: &mut Vec<LeadRecord>, row: &dyn Row| {
            found.push(layout.record(row));
            Ok(())
        };
        self.0.rows.fold(statement, Vec::new(), take).await
    }

    /// The first origin of each of these leads that has one.
    pub async fn first_origins(&self, leads: &[Id]) -> Result<BTreeMap<Id, ModelOrigin>, StoreError> {
        let mut found = BTreeMap::new();
        for leads in leads.chunks(VALUES) {
            let some = lead_origin::Entity::find()
                .filter(lead_origin::Column::LeadId.is_in(leads.iter().map(|lead| lead.0)))
                .order_by_asc(lead_origin::Column::RecordedAt);
            for row in some.all(&self.0.main).await? {
                let file = match row.import_id {
                    Some(import) => import_run::Entity::find_by_id(import).one(&self.0.main).await?.map(|run| (run.file, run.format)),
                    None => None,
                };
                let channel = Channel::from_number(row.channel).unwrap_or(Channel::Other);
                let (since, by, account) = (row.since.map(Timestamp), row.by_id.map(Id), row.account_id.map(Id));
                found.entry(Id(row.lead_id)).or_insert(ModelOrigin { channel, since, by, account, file });
            }
        }
        Ok(found)
    }

    /// What canaries are called now: company, first and last name, e-mail addresses, telephone numbers, a line each.
    pub async fn canary_values(&self, _permit: Permit, leads: &[Id]) -> Result<BTreeMap<Id, LeadValues>, StoreError> {
        const FIELDS: [Field; 5] = [Field::Company, Field::FirstName, Field::LastName, Field::Emails, Field::Phones];
        let mut found = BTreeMap::new();
        for leads in leads.chunks(VALUES) {
            let invented = lead::Column::ReaderId.is_not_null().and(lead::Column::Id.is_in(leads.iter().map(|lead| lead.0)));
            for row in lead::Entity::find().filter(invented).all(&self.0.main).await? {
                let texts = [row.company, row.first_name, row.last_name, row.emails, row.phones];
                let values = FIELDS.iter().zip(texts).map(|(field, text)| (*field, text.map(crate::domain::LeadValue::Text)));
                found.insert(Id(row.id), LeadValues(values.collect()));
            }
        }
        Ok(found)
    }

    /// How many leads there are, canaries included.
    pub async fn every_lead(&self, _permit: Permit) -> Result<u64, StoreError> {
        Ok(lead::Entity::find().count(&self.0.main).await?)
    }

    /// Which leads, canaries included, have one of these keys.
    pub async fn leads_with_keys(&self, _permit: Permit, keys: &BTreeSet<LeadKey>) -> Result<BTreeMap<LeadKey, Vec<Id>>, StoreError> {
        let mut found: BTreeMap<LeadKey, Vec<Id>> = BTreeMap::new();
        for kind in [KeyKind::Email, KeyKind::Phone] {
            let values: Vec<&str> = keys.iter().filter(|key| key.kind == kind).map(|key| key.value.as_str()).collect();
            for values in values.chunks(VALUES) {
                let some = lead_key::Entity::find()
                    .filter(lead_key::Column::Kind.eq(kind as i64))
                    .filter(lead_key::Column::Value.is_in(values.iter().copied()));
                for row in some.all(&self.0.main).await? {
                    found.entry(LeadKey { kind, value: row.value }).or_default().push(Id(row.lead_id));
                }
            }
        }
        Ok(found)
    }

    /// Which leads, canaries included, have one of these words in this field.
    pub async fn leads_with_words(
        &self,
        _permit: Permit,
        field: Field,
        words: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Id>>, StoreError> {
        let mut found: BTreeMap<String, Vec<Id>> = BTreeMap::new();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for words in words.chunks(VALUES) {
            let some = lead_word::Entity::find()
                .filter(lead_word::Column::Word.is_in(words.iter().copied()))
                .filter(lead_word::Column::Field.eq(i64::from(field.number())));
            for row in some.all(&self.0.main).await? {
                found.entry(row.word).or_default().push(Id(row.lead_id));
            }
        }
        Ok(found)
    }
}

impl Tx<'_> {
    /// Puts invented leads into the list, unless there are other canaries by now than `known`; whether it did. The scope
    /// proves that adding leads was allowed.
    pub async fn put_canaries(self, allowed: &LeadScope, known: usize, canaries: &[NewCanary], at: Timestamp) -> Result<bool, StoreError> {
        self.lock_imports().await?;
        if Entity::find().count(self.0).await? != known as u64 {
            return Ok(false);
        }
        let leads: Vec<NewLead> = canaries.iter().map(|canary| canary.lead.clone()).collect();
        self.insert_leads(allowed, &leads).await?;
        for canary in canaries {
            let (id, reader) = (canary.lead.id.0, canary.reader.map(|reader| reader.0));
            self.let_see(canary.lead.id, canary.reader).await?;
            let row = canary::ActiveModel {
                lead_id: Set(id),
                reader_id: Set(reader),
                export_id: Set(None),
                made_at: Set(at.0),
                placed_at: Set(reader.map(|_| at.0)),
            };
            Entity::insert(row).exec_without_returning(self.0).await?;
        }
        Ok(true)
    }

    /// Lets nobody but the scope's reader see these new leads; without one, nobody.
    pub async fn let_only_see(self, allowed: &LeadScope, leads: &[Id]) -> Result<(), StoreError> {
        for lead in leads {
            self.let_see(*lead, allowed.reader()).await?;
        }
        Ok(())
    }

    async fn let_see(self, lead: Id, reader: Option<Id>) -> Result<(), StoreError> {
        let see = lead::Entity::update_many().col_expr(lead::Column::ReaderId, Expr::value(reader.map_or(NOBODY, |reader| reader.0)));
        see.filter(lead::Column::Id.eq(lead.0)).exec(self.0).await?;
        Ok(())
    }

    /// Gives a canary of the stock to a reader; `false` if it is gone from there.
    pub async fn place_canary(self, allowed: &LeadScope, placed: &Placed) -> Result<bool, StoreError> {
        let place = Entity::update_many()
            .col_expr(Column::ReaderId, Expr::value(placed.reader.0))
            .col_expr(Column::ExportId, Expr::value(placed.export.0))
            .col_expr(Column::PlacedAt, Expr::value(placed.at.0))
            .filter(Column::LeadId.eq(placed.lead.0))
            .filter(Column::ReaderId.is_null());
        if place.exec(self.0).await?.rows_affected == 0 {
            return Ok(false);
        }
        let from = (placed.lead, 1);
        if !self.update_lead(allowed, from, &placed.values, Some(placed.marking), Some(&placed.finders)).await? {
            return Ok(false);
        }
        self.let_see(placed.lead, Some(placed.reader)).await?;
        Ok(true)
    }

    /// Puts the canaries of a reader's earlier files away, as leads are; which.
    pub async fn archive_placed(self, reader: Id, but: Id, at: Timestamp) -> Result<Vec<Id>, StoreError> {
        let mut earlier = Query::select();
        earlier
            .column((lead::Entity, lead::Column::Id))
            .from(Entity.table_ref())
            .inner_join(lead::Entity.table_ref(), Expr::col((Entity, Column::LeadId)).equals((lead::Entity, lead::Column::Id)));
        earlier.and_where(Expr::col((Entity, Column::ReaderId)).eq(reader.0));
        earlier.and_where(Expr::col((Entity, Column::ExportId)).is_not_null());
        earlier.and_where(Expr::col((Entity, Column::ExportId)).ne(but.0));
        earlier.and_where(Expr::col((lead::Entity, lead::Column::Archived)).eq(0_i64));
        earlier.order_by((lead::Entity, lead::Column::Id).into_column_ref(), Order::Asc);
        let mut away = Vec::new();
        for row in self.0.query_all(&earlier).await? {
            away.push(Id(row.try_get_by_index(0)?));
        }
        let put_away = lead::Entity::update_many()
            .col_expr(lead::Column::Archived, Expr::value(1_i64))
            .col_expr(lead::Column::UpdatedAt, Expr::value(at.0))
            .col_expr(lead::Column::Version, Expr::col(lead::Column::Version).add(1))
            .filter(lead::Column::Id.is_in(away.iter().map(|lead| lead.0)));
        put_away.exec(self.0).await?;
        Ok(away)
    }
}

fn of(reader: Option<Id>) -> Condition {
    reader.map_or_else(Condition::all, |reader| Condition::all().add(Column::ReaderId.eq(reader.0)))
}
