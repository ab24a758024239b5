//! Erasing: what the main database holds of a lead or a person beside the id goes, in one transaction.

mod files;

use std::collections::BTreeSet;

use entity::{
    acceptance, alarm, change_detail, contact_account, departure, departure_task, idempotency, lead, lead_key, lead_origin,
    lead_relationship, lead_word, paper, person, proposal, refresh_token, session, subject,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, Func},
};
use serde_json::Value;

use self::files::Called;
use super::{Store, StoreError, Tx, sessions::SessionsOf, snapshot::ERASED};
use crate::{
    domain::{AccountKind, Id, Timestamp},
    policy::Permit,
};

/// What an erased person is called.
const NOBODY: &str = "(erased)";
/// Shorter texts are not looked for elsewhere: they would be found in what has nothing to do with them.
const SHORTEST: usize = 5;
/// Values of one `IN`.
const AT_ONCE: usize = 500;

impl Store {
    /// Whether there is a lead with this id. Tells nothing else of it.
    pub async fn has_lead(&self, _permit: Permit, id: Id) -> Result<bool, StoreError> {
        let found = lead::Entity::find_by_id(id.0).select_only().column(lead::Column::Id);
        Ok(found.into_tuple::<i64>().one(&self.0.main).await?.is_some())
    }
}

impl Tx<'_> {
    /// Erases a lead; returns the texts of it that may stand in what lies beside records. One that is gone stays gone.
    pub async fn erase_lead(self, _permit: Permit, id: Id) -> Result<Vec<String>, StoreError> {
        self.scrub(true).await?;
        let mut traces = BTreeSet::new();
        let texts = lead::Entity::find_by_id(id.0).select_only();
        let texts = texts.columns([lead::Column::Emails, lead::Column::Phones, lead::Column::FirstName, lead::Column::LastName]);
        let [emails, phones, first, last]: [Option<String>; 4] = texts.into_tuple().one(self.0).await?.map_or_else(Default::default, four);
        let called = Called::of([&first, &last].into_iter().flatten().map(String::as_str), emails.iter().flat_map(|emails| emails.lines()));
        for text in [emails, phones].into_iter().flatten() {
            traces.extend(text.lines().map(str::to_owned));
        }
        self.erase_changes("lead", id, &["emails", "phones"], &mut traces).await?;
        self.erase_imported(id).await?;
        let files = self.files_of_lead(id).await?;
        lead_key::Entity::delete_many().filter(lead_key::Column::LeadId.eq(id.0)).exec(self.0).await?;
        lead_word::Entity::delete_many().filter(lead_word::Column::LeadId.eq(id.0)).exec(self.0).await?;
        lead_origin::Entity::delete_many().filter(lead_origin::Column::LeadId.eq(id.0)).exec(self.0).await?;
        lead_relationship::Entity::delete_many().filter(lead_relationship::Column::LeadId.eq(id.0)).exec(self.0).await?;
        self.erase_file_names(&called, &files, &mut traces).await?;
        // The hash of what somebody asked for could be compared with a guess.
        idempotency::Entity::delete_many().filter(idempotency::Column::Result.eq(id.to_string())).exec(self.0).await?;
        lead::Entity::delete_by_id(id.0).exec(self.0).await?;
        self.scrub(false).await?;
        Ok(looked_for(traces))
    }

    /// Erases a person, whose sessions end; returns the same.
    pub async fn erase_person(self, _permit: Permit, id: Id, at: Timestamp) -> Result<Vec<String>, StoreError> {
        // Whoever is about to begin one of these sessions has begun it then, or finds the account locked.
        self.end_sessions(SessionsOf::Subject(id), at, "erased").await?;
        self.scrub(true).await?;
        let mut traces = BTreeSet::new();
        let email = person::Entity::find_by_id(id.0).one(self.0).await?.map(|row| row.email);
        let name = subject::Entity::find_by_id(id.0).one(self.0).await?.map(|row| row.name).filter(|name| name != NOBODY);
        let called = Called::of(name.as_deref(), email.as_deref());
        self.erase_file_names(&called, &self.files_by(id).await?, &mut traces).await?;
        traces.extend(email);
        traces.extend(name);
        self.erase_changes("person", id, &["email", "name"], &mut traces).await?;
        let own = || Condition::all().add(session::Column::PersonId.eq(id.0));
        let sessions: Vec<i64> =
            session::Entity::find().select_only().column(session::Column::Id).filter(own()).into_tuple().all(self.0).await?;
        for sessions in sessions.chunks(AT_ONCE) {
            let of_them = refresh_token::Column::SessionId.is_in(sessions.iter().copied());
            refresh_token::Entity::delete_many().filter(of_them).exec(self.0).await?;
        }
        session::Entity::delete_many().filter(own()).exec(self.0).await?;
        self.erase_profiles(id, at, &mut traces).await?;
        self.erase_signatures(id, &mut traces).await?;
        self.erase_departures(id, &mut traces).await?;
        self.erase_proposals(id, &mut traces).await?;
        idempotency::Entity::delete_many().filter(idempotency::Column::Actor.eq(id.0)).exec(self.0).await?;
        let about = alarm::Entity::update_many().col_expr(alarm::Column::Note, Expr::value(None::<String>));
        about.filter(alarm::Column::SubjectId.eq(id.0)).exec(self.0).await?;
        person::Entity::delete_by_id(id.0).exec(self.0).await?;
        let locked = Func::coalesce([Expr::col(subject::Column::LockedAt), Expr::value(at.0)]);
        subject::Entity::update_many()
            .col_expr(subject::Column::Kind, Expr::value(ERASED))
            .col_expr(subject::Column::Name, Expr::value(NOBODY))
            .col_expr(subject::Column::LockedAt, locked.into())
            .col_expr(subject::Column::Version, Expr::col(subject::Column::Version).add(1))
            .filter(subject::Column::Id.eq(id.0))
            .filter(subject::Column::Kind.ne(ERASED))
            .exec(self.0)
            .await?;
        self.scrub(false).await?;
        Ok(looked_for(traces))
    }

    /// The register forgets how the person's own profiles are called; that leads came through them stays.
    async fn erase_profiles(self, person: Id, at: Timestamp, traces: &mut BTreeSet<String>) -> Result<(), StoreError> {
        use contact_account::Column;
        let own = [AccountKind::PersonalProfile, AccountKind::CompanySeat].map(AccountKind::number);
        let profiles = contact_account::Entity::find().filter(Column::CustodianId.eq(person.0)).filter(Column::Kind.is_in(own));
        for row in profiles.all(self.0).await? {
            self.erase_changes("contactAccount", Id(row.id), &["handle"], traces).await?;
            let retired = row.retired_at.unwrap_or(at.0);
            traces.insert(row.handle);
            let forget = contact_account::Entity::update_many()
                .col_expr(Column::Handle, Expr::value(format!("{NOBODY} {}", Id(row.id))))
                .col_expr(Column::Policy, Expr::value(None::<String>))
                .col_expr(Column::RetiredAt, Expr::value(retired))
                .col_expr(Column::Version, Expr::col(Column::Version).add(1));
            forget.filter(Column::Id.eq(row.id)).exec(self.0).await?;
        }
        Ok(())
    }

    /// What the person accepted, and when, stays; their signature goes, typed or on paper, and where it came from.
    async fn erase_signatures(self, person: Id, traces: &mut BTreeSet<String>) -> Result<(), StoreError> {
        use acceptance::Column;
        let own = || Condition::all().add(Column::PersonId.eq(person.0));
        for row in acceptance::Entity::find().filter(own()).all(self.0).await? {
            self.erase_changes("acceptance", Id(row.id), &["typedName"], traces).await?;
            traces.extend(row.typed_name);
            let Some(sha256) = row.paper_sha256 else { continue };
            // One sheet can bind several.
            let others = acceptance::Entity::find().filter(Column::PaperSha256.eq(sha256.clone()));
            let others = others.filter(Condition::any().add(Column::PersonId.is_null()).add(Column::PersonId.ne(person.0)));
            if others.count(self.0).await? == 0 {
                paper::Entity::delete_by_id(sha256).exec(self.0).await?;
            }
        }
        let forget = [Column::TypedName, Column::Ip, Column::UserAgent, Column::Attestation];
        let forget = forget
            .into_iter()
            .fold(acceptance::Entity::update_many(), |update, column| update.col_expr(column, Expr::value(None::<String>)));
        forget.filter(own()).exec(self.0).await?;
        Ok(())
    }

    /// Of their departures go the words: why, what was said of the certificate and of tasks.
    async fn erase_departures(self, person: Id, traces: &mut BTreeSet<String>) -> Result<(), StoreError> {
        for row in departure::Entity::find().filter(departure::Column::PersonId.eq(person.0)).all(self.0).await? {
            self.erase_changes("departure", Id(row.id), &[], traces).await?;
            let of_it = || Condition::all().add(departure_task::Column::DepartureId.eq(row.id));
            for task in departure_task::Entity::find().filter(of_it()).all(self.0).await? {
                self.erase_changes("departureTask", Id(task.id), &[], traces).await?;
            }
            let forget = departure_task::Entity::update_many().col_expr(departure_task::Column::Note, Expr::value(None::<String>));
            forget.filter(of_it()).exec(self.0).await?;
            let forget = departure::Entity::update_many()
                .col_expr(departure::Column::Reason, Expr::value(NOBODY))
                .col_expr(departure::Column::EndReason, Expr::value(None::<String>))
                .col_expr(departure::Column::CertificateNote, Expr::value(row.certificate_note.map(|_| NOBODY)))
                .col_expr(departure::Column::Version, Expr::col(departure::Column::Version).add(1));
            forget.filter(departure::Column::Id.eq(row.id)).exec(self.0).await?;
        }
        Ok(())
    }

    /// Why somebody asked for their departure, or for the end of one.
    async fn erase_proposals(self, person: Id, traces: &mut BTreeSet<String>) -> Result<(), StoreError> {
        const ABOUT: [&str; 3] = ["beginDeparture", "cancelDeparture", "rehire"];
        // A number that begins like the id is found as well, and left alone.
        let near = proposal::Column::Act.contains(format!("\"person\":{}", person.0));
        for row in proposal::Entity::find().filter(near).all(self.0).await? {
            let mut act: Value =
                serde_json::from_str(&row.act).map_err(|error| StoreError::Corrupt(format!("proposal {}: {error}", row.id)))?;
            let about = act["person"] == person.0 && ABOUT.iter().any(|about| act["act"] == *about);
            let Some(reason) = act.get_mut("reason").filter(|_| about) else { continue };
            *reason = NOBODY.into();
            let forget = proposal::Entity::update_many().col_expr(proposal::Column::Act, Expr::value(act.to_string()));
            forget.filter(proposal::Column::Id.eq(row.id)).exec(self.0).await?;
            self.erase_changes("proposal", Id(row.id), &[], traces).await?;
        }
        Ok(())
    }

    /// Before and after of what was changed of it go; the texts they have under `keys` are traces.
    async fn erase_changes(self, kind: &str, id: Id, keys: &[&str], traces: &mut BTreeSet<String>) -> Result<(), StoreError> {
        let of_them = Condition::all().add(change_detail::Column::Kind.eq(kind)).add(change_detail::Column::Item.eq(id.to_string()));
        for row in change_detail::Entity::find().filter(of_them.clone()).all(self.0).await? {
            for json in [row.before, row.after].into_iter().flatten() {
                let object: Value = serde_json::from_str(&json).unwrap_or_default();
                let texts = keys.iter().filter_map(|key| object.get(key)?.as_str());
                traces.extend(texts.flat_map(str::lines).map(str::to_owned));
            }
        }
        change_detail::Entity::delete_many().filter(of_them).exec(self.0).await?;
        Ok(())
    }

    /// Whether SQLite overwrites what is deleted, instead of only leaving it out.
    async fn scrub(self, on: bool) -> Result<(), StoreError> {
        if self.0.get_database_backend() == DbBackend::Sqlite {
            self.0.execute_unprepared(if on { "PRAGMA secure_delete = ON" } else { "PRAGMA secure_delete = OFF" }).await?;
        }
        Ok(())
    }
}

fn four<T>((one, two, three, four): (T, T, T, T)) -> [T; 4] {
    [one, two, three, four]
}

fn looked_for(traces: BTreeSet<String>) -> Vec<String> {
    traces.into_iter().filter(|text| text.chars().count() >= SHORTEST).collect()
}
