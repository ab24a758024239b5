//! Writing a segment as a Parquet file (docs/ledger-format.md): a row for each entry, its exact bytes beside what other tools
//! may want to filter by.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use parquet::{
    basic::{Compression, ZstdLevel},
    column::writer::ColumnWriter,
    data_type::{ByteArray, FixedLenByteArray},
    errors::{ParquetError, Result},
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

use crate::{
    domain::{Digest, Id},
    store::StoreError,
};

/// What the files call their format.
const FORMAT: &str = "leadkeep-segment/v1";
/// Rows of a row group, of all but the last.
pub(super) const GROUP: u64 = 4_096;
/// The columns that are read again, by their number: epoch, rseq, body.
pub(super) const READ: [usize; 3] = [1, 2, 4];

const SCHEMA: &str = "message leadkeep_segment {
    REQUIRED INT64 index;
    REQUIRED INT64 epoch;
    REQUIRED INT64 rseq;
    REQUIRED FIXED_LEN_BYTE_ARRAY (32) leaf;
    REQUIRED BYTE_ARRAY body;
    REQUIRED INT64 at (TIMESTAMP(MICROS,true));
    REQUIRED INT64 request;
    OPTIONAL INT64 person;
    OPTIONAL INT64 app;
    REQUIRED BYTE_ARRAY kind (STRING);
    OPTIONAL BYTE_ARRAY name (STRING);
    REQUIRED BYTE_ARRAY decision (STRING);
    OPTIONAL BYTE_ARRAY code (STRING);
    OPTIONAL BYTE_ARRAY purpose (STRING);
    OPTIONAL BYTE_ARRAY ip (STRING);
    REQUIRED BYTE_ARRAY level (STRING);
}";

/// What a file says of itself.
#[derive(Clone, Debug)]
pub struct Header {
    /// The log's name.
    pub origin: String,
    /// The place of its first entry in the tree.
    pub from: u64,
    /// The first place after it.
    pub until: u64,
    /// The root of the tree of its entries alone.
    pub root: Digest,
}

/// An entry on its way into a segment, with what its bytes say.
#[derive(Clone, Debug)]
pub struct ArchiveRow {
    /// Its place in the tree.
    pub index: u64,
    /// Its epoch.
    pub epoch: Id,
    /// Its number there.
    pub rseq: u64,
    /// The hash of its bytes.
    pub leaf: Digest,
    /// Its bytes.
    pub body: Vec<u8>,
    /// When the operation began (µs).
    pub at: i64,
    /// The operation.
    pub request: Id,
    /// The person.
    pub person: Option<Id>,
    /// The app.
    pub app: Option<Id>,
    /// The kind of operation.
    pub kind: &'static str,
    /// The name of the operation.
    pub name: Option<String>,
    /// How it ended.
    pub decision: &'static str,
    /// The code of the first error.
    pub code: Option<&'static str>,
    /// The purpose that was declared.
    pub purpose: Option<String>,
    /// The internet address.
    pub ip: Option<String>,
    /// The highest level disclosed.
    pub level: &'static str,
}

/// The bytes of the file.
pub(super) fn write(header: &Header, rows: &[ArchiveRow]) -> std::result::Result<Vec<u8>, StoreError> {
    file(header, rows).map_err(|error| StoreError::Archive(format!("a segment could not be written: {error}")))
}

fn file(header: &Header, rows: &[ArchiveRow]) -> Result<Vec<u8>> {
    let said = [
        ("leadkeep.format", FORMAT.to_owned()),
        ("leadkeep.origin", header.origin.clone()),
        ("leadkeep.from", header.from.to_string()),
        ("leadkeep.until", header.until.to_string()),
        ("leadkeep.root", STANDARD.encode(header.root)),
    ];
    let said = said.into_iter().map(|(key, value)| KeyValue::new(key.to_owned(), value)).collect();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_created_by(concat!("leadkeep ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(said))
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(parse_message_type(SCHEMA)?), Arc::new(properties))?;
    for rows in rows.chunks(GROUP as usize) {
        let mut group = writer.next_row_group()?;
        let mut number = 0;
        while let Some(mut column) = group.next_column()? {
            match column.untyped() {
                ColumnWriter::Int64ColumnWriter(column) => {
                    let (values, levels) = integers(number, rows);
                    column.write_batch(&values, levels.as_deref(), None)?;
                }
                ColumnWriter::FixedLenByteArrayColumnWriter(column) => {
                    let leaves: Vec<_> = rows.iter().map(|row| FixedLenByteArray::from(row.leaf.to_vec())).collect();
                    column.write_batch(&leaves, None, None)?;
                }
                ColumnWriter::ByteArrayColumnWriter(column) => {
                    let (values, levels) = texts(number, rows);
                    column.write_batch(&values, levels.as_deref(), None)?;
                }
                _ => return Err(ParquetError::General("a column of a type that the schema does not have".into())),
            }
            column.close()?;
            number += 1;
        }
        group.close()?;
    }
    writer.into_inner()
}

/// Values of an optional column and, for each row, whether it has one.
fn present<T>(values: impl Iterator<Item = Option<T>>) -> (Vec<T>, Option<Vec<i16>>) {
    let (mut found, mut levels) = (Vec::new(), Vec::new());
    for value in values {
        levels.push(i16::from(value.is_some()));
        found.extend(value);
    }
    (found, Some(levels))
}

fn integers(column: usize, rows: &[ArchiveRow]) -> (Vec<i64>, Option<Vec<i16>>) {
    let every = |of: fn(&ArchiveRow) -> i64| (rows.iter().map(of).collect(), None);
    match column {
        0 => every(|row| row.index as i64),
        1 => every(|row| row.epoch.0),
        2 => every(|row| row.rseq as i64),
        5 => every(|row| row.at),
        6 => every(|row| row.request.0),
        7 => present(rows.iter().map(|row| row.person.map(|id| id.0))),
        _ => present(rows.iter().map(|row| row.app.map(|id| id.0))),
    }
}

fn texts(column: usize, rows: &[ArchiveRow]) -> (Vec<ByteArray>, Option<Vec<i16>>) {
    let every = |of: fn(&ArchiveRow) -> &'static str| (rows.iter().map(|row| ByteArray::from(of(row))).collect(), None);
    let some = |of: fn(&ArchiveRow) -> Option<&str>| present(rows.iter().map(|row| of(row).map(ByteArray::from)));
    match column {
        4 => (rows.iter().map(|row| ByteArray::from(row.body.clone())).collect(), None),
        9 => every(|row| row.kind),
        10 => some(|row| row.name.as_deref()),
        11 => every(|row| row.decision),
        12 => some(|row| row.code),
        13 => some(|row| row.purpose.as_deref()),
        14 => some(|row| row.ip.as_deref()),
        _ => every(|row| row.level),
    }
}
