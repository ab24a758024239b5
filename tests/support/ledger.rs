//! The ledger as somebody reads it who has the database and the public key, and does not ask the server.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::VerifyingKey;
use entity::ledger_entry;
use leadkeep::{
    audit::{codec, record::Entry},
    domain::Id,
    ledger::{LedgerKey, Receipt, tree},
};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::Value;

use super::{Answer, Home};

/// Every entry there is, by epoch and rseq.
#[derive(Debug)]
pub struct LedgerCopy(HashMap<(Id, u64), ledger_entry::Model>);

impl LedgerCopy {
    /// Reads it from the database.
    pub async fn read(home: &Home) -> Self {
        let database = home.connect_ledger().await;
        let rows = ledger_entry::Entity::find().all(&database).await.expect("its entries");
        database.close().await.expect("closing");
        Self(rows.into_iter().map(|row| ((Id(row.epoch), row.rseq as u64), row)).collect())
    }

    /// The record that a receipt promises; fails the test if it is not there, is another, or the receipt is not signed.
    #[track_caller]
    pub fn promised(&self, receipt: &Receipt, key: &VerifyingKey) -> Entry {
        assert!(receipt.is_signed_by(key), "a receipt that nobody signed: {receipt:?}");
        let row = self.0.get(&(receipt.epoch, receipt.rseq)).unwrap_or_else(|| panic!("no record for {receipt:?}"));
        assert_eq!(tree::leaf(&row.body), receipt.leaf, "another record than the one promised");
        assert_eq!(row.leaf, receipt.leaf, "a leaf that is not its record's");
        let entry = codec::decode(&row.body).expect("a record");
        assert_eq!((entry.epoch, entry.rseq), (receipt.epoch, receipt.rseq), "a record that says it stands elsewhere");
        entry
    }

    /// The records of one request, in the order in which one server wrote them.
    pub fn of_request(&self, request: Id) -> Vec<Entry> {
        let entries = self.0.values().map(|row| codec::decode(&row.body).expect("a record"));
        let mut entries: Vec<_> = entries.filter(|entry| entry.record.request == request).collect();
        entries.sort_by_key(|entry| (entry.epoch, entry.rseq));
        entries
    }

    /// Every record.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        self.0.values().map(|row| codec::decode(&row.body).expect("a record"))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// The public key, from the data folder.
pub fn public_key(home: &Home) -> VerifyingKey {
    let pem = std::fs::read_to_string(home.folder().join("keys/ledger.pem")).expect("the ledger's key");
    LedgerKey::from_pem(&pem).expect("a key").public()
}

/// The receipt in a GraphQL answer; `None` if it has none.
pub fn receipt(answer: &Value) -> Option<Receipt> {
    let receipt = &answer["extensions"]["confidentiality"]["receipt"];
    let bytes = |key: &str| STANDARD.decode(receipt[key].as_str()?).ok();
    let rseq = receipt["rseq"].as_u64().or_else(|| receipt["rseq"].as_str()?.parse().ok())?;
    Some(Receipt {
        epoch: receipt["epoch"].as_str()?.parse().ok()?,
        rseq,
        leaf: bytes("leafHash")?.try_into().ok()?,
        signature: bytes("signature")?.try_into().ok()?,
    })
}

/// Changes whose record is not in the ledger yet.
pub async fn outbox(home: &Home) -> u64 {
    let database = home.connect().await;
    let count = entity::outbox::Entity::find().count(&database).await.expect("the outbox");
    database.close().await.expect("closing");
    count
}

/// Waits until every change has its record.
pub async fn outbox_empties(home: &Home) {
    let empties = async {
        while outbox(home).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(super::PATIENCE, empties).await.expect("changes without a record stay");
}

impl Answer {
    /// Its record, straight from the database.
    pub async fn record(&self, home: &Home) -> Entry {
        let receipt = receipt(&self.json).unwrap_or_else(|| panic!("no receipt: {} {}", self.status, self.text));
        LedgerCopy::read(home).await.promised(&receipt, &public_key(home))
    }
}
