//! The bare stack: no sign-in, no windows, no marking, no record. `LISTEN`, `DATABASE_URL`, `SQLITE_SYNC=normal|full`.
use async_graphql::{
    Context, EmptySubscription, ID, InputObject, Object, Result, Schema, SimpleObject,
    connection::{Connection, Edge, EmptyFields},
};
use async_graphql_axum::{GraphQLRequest, GraphQLResponse};
use axum::{Router, extract::State, routing::post};
use sea_orm::{ActiveValue::Set, ConnectOptions, Database, DatabaseConnection, QueryOrder, QuerySelect, entity::prelude::*};

mod lead {
    use super::*;
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
    #[sea_orm(table_name = "bare_lead")]
    #[graphql(name = "Lead")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub version: i64,
        pub level: i64,
        pub compartments: i64,
        pub company: Option<String>,
        pub industry: Option<String>,
        pub country: Option<String>,
        pub stage: Option<String>,
        pub source: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub title: Option<String>,
        pub website: Option<String>,
        pub city: Option<String>,
        pub owner_id: Option<i64>,
        pub team_id: Option<i64>,
        pub tags: Option<String>,
        pub reference: Option<String>,
        pub emails: Option<String>,
        pub phones: Option<String>,
        pub deal_value: Option<i64>,
        pub score: Option<i64>,
        pub notes: Option<String>,
        pub created_at: i64,
        pub updated_at: i64,
        pub archived: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
use lead::{Column, Entity, Model as Lead};

#[derive(InputObject, Default)]
struct TextFilter {
    eq: Option<String>,
}
#[derive(InputObject, Default)]
struct LeadFilter {
    stage: Option<TextFilter>,
}
type Page = Connection<String, Lead, EmptyFields, EmptyFields>;

struct Query;
#[Object]
impl Query {
    async fn lead(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Lead>> {
        Ok(Entity::find_by_id(id.parse::<i64>()?).one(ctx.data_unchecked::<DatabaseConnection>()).await?)
    }
    async fn leads(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>, filter: Option<LeadFilter>) -> Result<Page> {
        let rows = usize::try_from(first.unwrap_or(50).clamp(1, 200))?;
        let mut query = Entity::find();
        if let Some(stage) = filter.and_then(|filter| filter.stage).and_then(|test| test.eq) {
            query = query.filter(Column::Stage.eq(stage));
        }
        if let Some(after) = &after {
            query = query.filter(Column::Id.lt(after.parse::<i64>()?));
        }
        let found = query.order_by_desc(Column::Id).limit(rows as u64 + 1).all(ctx.data_unchecked::<DatabaseConnection>()).await?;
        let mut page = Connection::new(after.is_some(), found.len() > rows);
        page.edges.extend(found.into_iter().take(rows).map(|lead| Edge::new(lead.id.to_string(), lead)));
        Ok(page)
    }
}
#[derive(InputObject)]
struct Values {
    score: i64,
}
#[derive(InputObject)]
struct UpdateLeadInput {
    id: ID,
    values: Values,
}
#[derive(SimpleObject)]
struct LeadPayload {
    lead: Lead,
}
struct Mutation;
#[Object]
impl Mutation {
    async fn update_lead(&self, ctx: &Context<'_>, input: UpdateLeadInput) -> Result<LeadPayload> {
        let id = input.id.parse::<i64>()?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_micros() as i64;
        let change = lead::ActiveModel { id: Set(id), score: Set(Some(input.values.score)), updated_at: Set(now), ..Default::default() };
        Ok(LeadPayload { lead: change.update(ctx.data_unchecked::<DatabaseConnection>()).await? })
    }
}
type Bare = Schema<Query, Mutation, EmptySubscription>;

async fn answer(State(schema): State<Bare>, request: GraphQLRequest) -> GraphQLResponse {
    schema.execute(request.into_inner()).await.into()
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("DATABASE_URL")?;
    let mut options = ConnectOptions::new(&url);
    let connections = if url.starts_with("sqlite") { 4 } else { 16 };
    options.max_connections(connections).min_connections(connections).sqlx_logging(false).test_before_acquire(false);
    let sync = std::env::var("SQLITE_SYNC").unwrap_or("full".into());
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.pragma("journal_mode", "WAL").pragma("synchronous", sync.clone());
        sqlite.pragma("busy_timeout", "10000").pragma("cache_size", "-65536")
    });
    let schema = Schema::build(Query, Mutation, EmptySubscription).data(Database::connect(options).await?).finish();
    let router = Router::new().route("/graphql", post(answer)).with_state(schema);
    let listener = tokio::net::TcpListener::bind(std::env::var("LISTEN")?).await?;
    let listener = axum::serve::ListenerExt::tap_io(listener, |socket| drop(socket.set_nodelay(true)));
    Ok(axum::serve(listener, router).await?)
}
