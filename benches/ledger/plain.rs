//! What an append is measured against: rows with the same bytes, inserted in batches, and nothing else.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, params};
use sea_orm::{
    Database,
    sqlx::{self, PgPool},
};
use tokio::sync::{mpsc, oneshot};

use super::Failed;

/// Rows that share a commit at most, as in the product.
const BATCH: usize = 256;

/// A row, and who waits for it.
type Waiting = (Vec<u8>, oneshot::Sender<()>);

/// The way to the table.
#[derive(Clone)]
pub(super) struct Plain(mpsc::Sender<Waiting>);

impl Plain {
    /// A table in this database, or in a file of this folder.
    pub(super) async fn open(folder: &Path, url: Option<&str>) -> Result<Self, Failed> {
        let (sender, queue) = mpsc::channel(4_096);
        match url {
            None => {
                let connection = Connection::open(folder.join("plain.db"))?;
                connection.busy_timeout(Duration::from_secs(10))?;
                let _: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
                connection.pragma_update(None, "synchronous", "FULL")?;
                connection.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, leaf BLOB NOT NULL, body BLOB NOT NULL)", [])?;
                std::thread::spawn(move || sqlite(connection, queue));
            }
            Some(url) => {
                let database = Database::connect(url).await?;
                let pool = database.get_postgres_connection_pool().clone();
                sqlx::query("DROP TABLE IF EXISTS plain").execute(&pool).await?;
                sqlx::query("CREATE TABLE plain (id BIGINT PRIMARY KEY, leaf BYTEA NOT NULL, body BYTEA NOT NULL)").execute(&pool).await?;
                tokio::spawn(postgres(pool, queue));
            }
        }
        Ok(Self(sender))
    }

    /// Inserts a row and waits until it is durable.
    pub(super) async fn insert(&self, body: Vec<u8>) -> Result<(), String> {
        let (answer, answered) = oneshot::channel();
        self.0.send((body, answer)).await.map_err(|_| "the table is closed".to_owned())?;
        answered.await.map_err(|_| "the insert failed".to_owned())
    }
}

fn more(first: Waiting, queue: &mut mpsc::Receiver<Waiting>) -> Vec<Waiting> {
    let mut batch = vec![first];
    while batch.len() < BATCH
        && let Ok(next) = queue.try_recv()
    {
        batch.push(next);
    }
    batch
}

fn sqlite(mut connection: Connection, mut queue: mpsc::Receiver<Waiting>) -> Result<(), rusqlite::Error> {
    let mut id = 0_i64;
    while let Some(first) = queue.blocking_recv() {
        let batch = more(first, &mut queue);
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        {
            let mut put = transaction.prepare_cached("INSERT INTO plain (id, leaf, body) VALUES (?1, ?2, ?3)")?;
            for (body, _) in &batch {
                id += 1;
                put.execute(params![id, [0_u8; 32], body])?;
            }
        }
        transaction.commit()?;
        for (_, answer) in batch {
            let _ = answer.send(());
        }
    }
    Ok(())
}

async fn postgres(pool: PgPool, mut queue: mpsc::Receiver<Waiting>) -> Result<(), sqlx::Error> {
    let mut id = 0_i64;
    while let Some(first) = queue.recv().await {
        let (bodies, answers): (Vec<_>, Vec<_>) = more(first, &mut queue).into_iter().unzip();
        let ids: Vec<i64> = (id..id + bodies.len() as i64).collect();
        id += bodies.len() as i64;
        let put = sqlx::query("INSERT INTO plain (id, leaf, body) SELECT * FROM UNNEST($1::BIGINT[], $2::BYTEA[], $3::BYTEA[])");
        put.bind(ids).bind(vec![vec![0_u8; 32]; bodies.len()]).bind(bodies).execute(&pool).await?;
        for answer in answers {
            let _ = answer.send(());
        }
    }
    Ok(())
}
