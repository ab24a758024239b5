//! Databases with people in them: twenty hold the same role for the same team.

use std::{path::Path, sync::Arc};

use entity::{policy_change, policy_item, policy_revision, subject};
use leadkeep::{
    app::Core,
    config::{DatabaseUrl, Settings},
    domain::Digest,
    policy::{GrantRow, PolicyDocument, Requirement, TeamRow, table},
    server,
    store::Store,
    system::SystemRandom,
};
use sea_orm::{ActiveModelTrait, Database, DatabaseConnection, EntityTrait, IntoActiveModel};

use super::{
    Failed,
    fill::{PEOPLE, YearClock, person},
};

/// Records that share a commit at most, as by default.
pub(super) const BATCH: usize = 256;

/// The inside of a server whose time is this clock's, in an empty database.
pub(super) async fn core(folder: &Path, database_url: Option<String>, clock: Arc<YearClock>, batch: usize) -> Result<Arc<Core>, Failed> {
    let settings = settings(folder, database_url.as_deref(), batch)?;
    Store::migrate(&server::location(&settings)).await?;
    let url = database_url.unwrap_or_else(|| format!("sqlite://{}", folder.join("leadkeep.db").display()));
    let database = Database::connect(url).await?;
    if policy_revision::Entity::find().one(&database).await?.is_none() {
        found(&database).await?;
    }
    database.close().await?;
    let core = server::build_core(&settings, clock, Arc::new(SystemRandom)).await?;
    core.recorder.serve();
    Ok(core)
}

/// The hash of the policy that decides.
pub(super) async fn policy(core: &Core) -> Result<Digest, Failed> {
    Ok(core.current.fresh(&core.store, &*core.clock).await?.sha256)
}

/// The inside of another server on the same database.
pub(super) async fn another(folder: &Path, database_url: Option<String>, clock: Arc<YearClock>) -> Result<Arc<Core>, Failed> {
    let settings = settings(folder, database_url.as_deref(), BATCH)?;
    let core = server::build_core(&settings, clock, Arc::new(SystemRandom)).await?;
    core.recorder.serve();
    Ok(core)
}

fn settings(folder: &Path, database_url: Option<&str>, batch: usize) -> Result<Settings, Failed> {
    let mut settings = Settings { data: folder.to_owned(), ..Settings::default() };
    settings.database_url = database_url.map(DatabaseUrl::parse).transpose()?;
    settings.ledger.batch = batch;
    Ok(settings)
}

async fn found(database: &DatabaseConnection) -> Result<(), Failed> {
    let mut document = table::initial();
    let (role, _) = document.role_named("rep").ok_or("the role of reps is gone")?;
    // Nobody here can accept anything.
    document.requirements.insert(role.0, Requirement { agreements: Vec::new(), ..Requirement::default() });
    for number in 0..PEOPLE {
        let id = person(number);
        let row = subject::Model { id, kind: 1, name: format!("Rep {number}"), locked_at: None, created_at: 0, version: 1 };
        row.into_active_model().insert(database).await?;
        let team = 11 + (number / 20) as i64;
        document.teams.insert(team, TeamRow { name: format!("Team {team}"), parent: None });
        let grant = GrantRow {
            subject: id,
            role: role.0,
            team: Some(team),
            compartments: Vec::new(),
            reason: "sells".into(),
            requested_by: None,
            requested_at: 0,
            approved_by: None,
            approved_at: Some(0),
            expires_at: None,
            revoked_at: None,
            revoked_by: None,
        };
        document.grants.insert(2_000 + number as i64, grant);
    }
    for (change, seq) in PolicyDocument::default().changes_to(&document).into_iter().zip(1..) {
        let (kind, item, after) = (change.kind.to_owned(), change.item, change.after);
        let row = policy_change::Model { revision: 1, seq, kind: kind.clone(), item: item.clone(), before: None, after: after.clone() };
        row.into_active_model().insert(database).await?;
        policy_item::Model { kind, item, value: after.ok_or("nothing new")? }.into_active_model().insert(database).await?;
    }
    let revision = policy_revision::Model { number: 1, sha256: document.sha256().to_vec(), at: 0, by_id: None, request_id: 1 };
    revision.into_active_model().insert(database).await?;
    Ok(())
}
