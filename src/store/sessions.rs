//! Sessions and their refresh tokens.

use entity::{refresh_token, session};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use super::{Store, StoreError, Tx};
use crate::domain::{Client, Digest, Id, Timestamp};

/// A session as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id, the `sid` of tokens.
    pub id: Id,
    /// The person, or the person an app acts for.
    pub person: Option<Id>,
    /// The app.
    pub app: Option<Id>,
    /// The person's session this one was made from, and ends with.
    pub parent: Option<Id>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// From where it was begun.
    pub client: Client,
}

impl Session {
    /// Whether a token that names it counts at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// A refresh token as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session it prolongs.
    pub session: Id,
    /// When it was given out.
    pub issued_at: Timestamp,
    /// Whether it has been used.
    pub spent: bool,
}

/// Which sessions of a subject to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionsOf {
    /// Those of a person or app, and those in which an app acts for the person.
    Subject(Id),
    /// The same, but for one session and those made from it.
    SubjectExcept(Id, Id),
    /// One session and those made from it.
    Session(Id),
}

impl Store {
    /// The session with this id, whether open or not.
    pub async fn session(&self, id: Id) -> Result<Option<Session>, StoreError> {
        Ok(session::Entity::find_by_id(id.0).one(&self.0.main).await?.map(Session::from))
    }

    /// The newest open sessions in which a person or app acts, or is acted for; at most `limit`.
    pub async fn open_sessions(&self, subject: Id, now: Timestamp, limit: u64) -> Result<Vec<Session>, StoreError> {
        let open = session::Entity::find()
            .filter(SessionsOf::Subject(subject).condition())
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now.0));
        let rows = open.order_by_desc(session::Column::Id).limit(limit).all(&self.0.main).await?;
        Ok(rows.into_iter().map(Session::from).collect())
    }

    /// The refresh token with this hash.
    pub async fn refresh_token(&self, hash: &Digest) -> Result<Option<RefreshToken>, StoreError> {
        let row = refresh_token::Entity::find_by_id(hash.to_vec()).one(&self.0.main).await?;
        Ok(row.map(|row| RefreshToken { session: Id(row.session_id), issued_at: Timestamp(row.issued_at), spent: row.spent_at.is_some() }))
    }
}

impl Tx<'_> {
    /// Whether a session is open, after [`Tx::hold_rights`].
    pub async fn is_session_open(self, id: Id, now: Timestamp) -> Result<bool, StoreError> {
        let row = session::Entity::find_by_id(id.0).one(self.0).await?;
        Ok(row.is_some_and(|row| Session::from(row).is_open(now)))
    }

    /// Begins a session.
    pub async fn put_session(self, new: &Session) -> Result<(), StoreError> {
        let row = session::ActiveModel {
            id: Set(new.id.0),
            person_id: Set(new.person.map(|id| id.0)),
            app_id: Set(new.app.map(|id| id.0)),
            parent_id: Set(new.parent.map(|id| id.0)),
            created_at: Set(new.created_at.0),
            expires_at: Set(new.expires_at.0),
            ended_at: Set(None),
            end_reason: Set(None),
            ip: Set(new.client.ip.clone()),
            user_agent: Set(new.client.user_agent.clone()),
        };
        session::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Gives a session a refresh token.
    pub async fn put_refresh_token(self, hash: &Digest, session: Id, now: Timestamp) -> Result<(), StoreError> {
        let row =
            refresh_token::ActiveModel { hash: Set(hash.to_vec()), session_id: Set(session.0), issued_at: Set(now.0), spent_at: Set(None) };
        refresh_token::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Spends a refresh token; `false` if somebody has already, or its session has ended.
    pub async fn spend_refresh_token(self, hash: &Digest, now: Timestamp) -> Result<bool, StoreError> {
        let spent = refresh_token::Entity::update_many()
            .col_expr(refresh_token::Column::SpentAt, Expr::value(now.0))
            .filter(refresh_token::Column::Hash.eq(hash.to_vec()))
            .filter(refresh_token::Column::SpentAt.is_null());
        Ok(spent.exec(self.0).await?.rows_affected == 1)
    }

    /// Ends sessions, forgets their refresh tokens and tells every server. Returns which were ended.
    pub async fn end_sessions(self, which: SessionsOf, now: Timestamp, reason: &str) -> Result<Vec<Id>, StoreError> {
        // First of all: whoever is about to make another of these sessions has made it then, or finds its parent ended.
        self.bump_generation().await?;
        let open = which.condition().add(session::Column::EndedAt.is_null());
        let ids = session::Entity::find().select_only().column(session::Column::Id).filter(open).into_tuple::<i64>();
        let ids = ids.all(self.0).await?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let end = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(now.0))
            .col_expr(session::Column::EndReason, Expr::value(reason))
            .filter(session::Column::Id.is_in(ids.iter().copied()));
        end.exec(self.0).await?;
        let forget = refresh_token::Entity::delete_many().filter(refresh_token::Column::SessionId.is_in(ids.iter().copied()));
        forget.exec(self.0).await?;
        Ok(ids.into_iter().map(Id).collect())
    }
}

/// What is out of date.
#[derive(Clone, Copy, Debug)]
pub struct Outdated {
    /// Sessions that ended, or whose time was over, before this.
    pub sessions: Timestamp,
    /// Refresh tokens given out before this.
    pub refresh_tokens: Timestamp,
    /// Rows of each at most.
    pub most: u64,
}

impl Tx<'_> {
    /// Forgets what is out of date; how many rows of all.
    pub async fn forget_sessions(self, outdated: Outdated) -> Result<u64, StoreError> {
        let Outdated { sessions, refresh_tokens, most } = outdated;
        let over = Condition::any().add(session::Column::ExpiresAt.lt(sessions.0)).add(session::Column::EndedAt.lt(sessions.0));
        let ids = session::Entity::find().select_only().column(session::Column::Id).filter(over).limit(most);
        let ids: Vec<i64> = ids.into_tuple().all(self.0).await?;
        let tokens = refresh_token::Entity::delete_many().filter(refresh_token::Column::SessionId.is_in(ids.iter().copied()));
        let mut gone = tokens.exec(self.0).await?.rows_affected;
        gone += session::Entity::delete_many().filter(session::Column::Id.is_in(ids)).exec(self.0).await?.rows_affected;
        let old = refresh_token::Entity::find().select_only().column(refresh_token::Column::Hash);
        let old = old.filter(refresh_token::Column::IssuedAt.lt(refresh_tokens.0)).limit(most);
        let old: Vec<Vec<u8>> = old.into_tuple().all(self.0).await?;
        let old = refresh_token::Entity::delete_many().filter(refresh_token::Column::Hash.is_in(old));
        Ok(gone + old.exec(self.0).await?.rows_affected)
    }
}

impl SessionsOf {
    fn condition(self) -> Condition {
        let of = |id: Id| Condition::any().add(session::Column::PersonId.eq(id.0)).add(session::Column::AppId.eq(id.0));
        let family = |id: Id| Condition::any().add(session::Column::Id.eq(id.0)).add(session::Column::ParentId.eq(id.0));
        let condition = match self {
            Self::Subject(id) => of(id),
            Self::SubjectExcept(id, spared) => {
                let stranger = Condition::any().add(session::Column::ParentId.is_null()).add(session::Column::ParentId.ne(spared.0));
                Condition::all().add(of(id)).add(session::Column::Id.ne(spared.0)).add(stranger)
            }
            Self::Session(id) => family(id),
        };
        Condition::all().add(condition)
    }
}

impl From<session::Model> for Session {
    fn from(row: session::Model) -> Self {
        Self {
            id: Id(row.id),
            person: row.person_id.map(Id),
            app: row.app_id.map(Id),
            parent: row.parent_id.map(Id),
            created_at: Timestamp(row.created_at),
            expires_at: Timestamp(row.expires_at),
            ended_at: row.ended_at.map(Timestamp),
            client: Client { ip: row.ip, user_agent: row.user_agent },
        }
    }
}
