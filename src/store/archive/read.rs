//! Reading a part of a segment: the footer, then the row group that is wanted. Nothing that is read is trusted: a leaf is computed
//! from its bytes.

use std::{io::Read, ops::Range, sync::Arc};

use bytes::{Buf, Bytes};
use parquet::{
    column::reader::ColumnReader,
    data_type::ByteArray,
    errors::{ParquetError, Result},
    file::{
        metadata::{ParquetMetaData, ParquetMetaDataReader},
        reader::{ChunkReader, FileReader, Length, SerializedFileReader},
    },
};

use super::{
    Archived,
    file::{GROUP, READ},
};
use crate::{domain::Id, ledger::tree};

/// Bytes of a file's end that hold its footer.
pub(super) const TAIL: u64 = 1 << 20;

/// Where the row groups of a file lie.
#[derive(Clone)]
pub(super) struct Footer {
    length: u64,
    /// The end of the file, from which the footer is read again for each group.
    tail: Bytes,
    metadata: Arc<ParquetMetaData>,
}

/// Two parts of a file, at their places.
#[derive(Clone)]
struct Parts {
    length: u64,
    parts: [(u64, Bytes); 2],
}

impl Length for Parts {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Parts {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let held = self.parts.iter().find(|(at, bytes)| (*at..at + bytes.len() as u64).contains(&start));
        let (at, bytes) = held.ok_or_else(outside)?;
        Ok(Box::new(bytes.slice((start - at) as usize..).reader()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64).ok_or_else(outside)?;
        let held = self.parts.iter().find(|(at, bytes)| *at <= start && end <= at + bytes.len() as u64);
        let (at, bytes) = held.ok_or_else(outside)?;
        let first = (start - at) as usize;
        Ok(bytes.slice(first..first + length))
    }
}

fn outside() -> ParquetError {
    ParquetError::General("the file refers to what it does not hold".into())
}

impl Footer {
    /// Reads it from the end of a file of this length.
    pub(super) fn read(length: u64, tail: Bytes) -> Option<Self> {
        let parts = Parts { length, parts: [(length.checked_sub(tail.len() as u64)?, tail.clone()), (0, Bytes::new())] };
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&parts).ok()?;
        Some(Self { length, tail, metadata: Arc::new(metadata) })
    }

    /// Where the columns of a group lie that are read.
    pub(super) fn range(&self, number: usize) -> Option<Range<u64>> {
        let group = self.metadata.row_groups().get(number)?;
        let offset = |column: usize| {
            let column = group.columns().get(column)?;
            let first = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
            let (first, size) = (u64::try_from(first).ok()?, u64::try_from(column.compressed_size()).ok()?);
            Some(first..first.checked_add(size)?)
        };
        let ranges = READ.into_iter().map(offset).collect::<Option<Vec<_>>>()?;
        let (first, end) = (ranges.iter().map(|range| range.start).min()?, ranges.iter().map(|range| range.end).max()?);
        (end <= self.length).then_some(first..end)
    }
}

/// The entries of a group whose columns these bytes are, which begin at `start` of the file; `None` if they cannot be read.
pub(super) fn group(footer: &Footer, number: usize, start: u64, bytes: Bytes, first: u64) -> Option<Vec<Archived>> {
    let tail = (footer.length - footer.tail.len() as u64, footer.tail.clone());
    let reader = SerializedFileReader::new(Parts { length: footer.length, parts: [tail, (start, bytes)] }).ok()?;
    let group = reader.get_row_group(number).ok()?;
    let rows = usize::try_from(group.metadata().num_rows()).ok().filter(|rows| *rows as u64 <= GROUP)?;
    let integers = |column: usize| {
        let ColumnReader::Int64ColumnReader(mut reader) = group.get_column_reader(column).ok()? else { return None };
        let mut values = Vec::with_capacity(rows);
        while values.len() < rows && reader.read_records(rows - values.len(), None, None, &mut values).ok()?.0 > 0 {}
        (values.len() == rows).then_some(values)
    };
    let (epochs, numbers) = (integers(READ[0])?, integers(READ[1])?);
    let ColumnReader::ByteArrayColumnReader(mut reader) = group.get_column_reader(READ[2]).ok()? else { return None };
    let mut bodies: Vec<ByteArray> = Vec::with_capacity(rows);
    while bodies.len() < rows && reader.read_records(rows - bodies.len(), None, None, &mut bodies).ok()?.0 > 0 {}
    if bodies.len() != rows {
        return None;
    }
    let entries = epochs.into_iter().zip(numbers).zip(bodies).zip(first..).map(|(((epoch, rseq), body), index)| {
        let body = body.data().to_vec();
        Archived { index, epoch: Id(epoch), rseq: rseq as u64, leaf: tree::leaf(&body), body }
    });
    Some(entries.collect())
}
