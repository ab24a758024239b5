//! A file of leads, read row by row.

use std::{
    io::{self, BufReader, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    dialect,
    encoding::{self, Encoding, Utf16},
    entries::Entries,
    format::{self, Format},
    header::{self, REJECT_COLUMNS},
    item::{Item, Unreadable},
    lines::Lines,
    presets::Preset,
    record,
    row::{self, Shape},
    target::{Column, Target},
    vcard::Cards,
};
use crate::domain::normal;

/// How to read a file, where that is not to be found out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What kind of file it is.
    pub format: Option<Format>,
    /// What separates cells.
    pub delimiter: Option<u8>,
    /// Which bytes mean which letters.
    pub encoding: Option<Encoding>,
    /// The system it was exported from.
    pub preset: Option<Preset>,
    /// Column names and what they mean, before all else.
    pub mapping: Vec<(String, Target)>,
    /// The region of telephone numbers written without a country; none is [`normal::DEFAULT_REGION`].
    pub region: Option<String>,
}

/// A file of leads.
pub struct Reader {
    source: Source,
    format: Format,
    encoding: Encoding,
    read: Arc<AtomicU64>,
    size: u64,
}

/// What its rows come from.
enum Source {
    Table(Box<Table>),
    Cards(Cards),
    Entries(Entries),
}

/// A file of rows and columns.
struct Table {
    lines: Lines,
    shape: Shape,
    delimiter: u8,
    preset: Option<Preset>,
    header: String,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("format", &self.format).field("columns", &self.columns()).finish_non_exhaustive()
    }
}

/// Counts the bytes read through it.
struct Counted<R>(R, Arc<AtomicU64>);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = self.0.read(out)?;
        self.1.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}

impl Reader {
    /// Looks at the file and reads its header.
    pub fn open<R: Read + Seek + Send + 'static>(mut input: R, options: &Options) -> Result<Self, Unreadable> {
        let region = options.region.clone().unwrap_or_else(|| normal::DEFAULT_REGION.into());
        if !normal::is_region(&region) {
            return Err(Unreadable::Content(format!("`{region}` is no region: two capital letters as in US or DE")));
        }
        let size = input.seek(SeekFrom::End(0))?;
        let found = encoding::detect(&mut input)?;
        if found.archive {
            return Err(Unreadable::Content("this is a workbook or an archive; save the sheet as CSV and import that".into()));
        }
        let encoding = options.encoding.unwrap_or(found.encoding);
        let format = match options.format {
            Some(format) => format,
            None => format::detect(&mut input, encoding, found.mark)?,
        };
        input.seek(SeekFrom::Start(found.mark))?;
        let read = Arc::new(AtomicU64::new(found.mark));
        let input = Counted(input, Arc::clone(&read));
        let lines = |input: Counted<R>| match encoding {
            Encoding::Utf16Le | Encoding::Utf16Be => Lines::new(Box::new(BufReader::new(Utf16::new(input, encoding)))),
            _ => Lines::new(Box::new(BufReader::with_capacity(64 * 1024, input))),
        };
        let source = match format {
            Format::VCard => Source::Cards(Cards::new(lines(input)?, encoding, region)),
            Format::X | Format::Facebook => Source::Entries(Entries::read(input, format, region)?),
            Format::Csv | Format::LinkedIn => Source::Table(Box::new(Table::open(lines(input)?, encoding, region, options)?)),
        };
        let format = match &source {
            Source::Table(table) => Format::of_table(table.preset),
            _ => format,
        };
        Ok(Self { source, format, encoding, read, size })
    }

    /// The next row; `None` behind the last.
    pub fn next_row(&mut self) -> io::Result<Option<Item>> {
        match &mut self.source {
            Source::Table(table) => table.next(),
            Source::Cards(cards) => cards.next(),
            Source::Entries(entries) => Ok(entries.next()),
        }
    }

    fn table(&self) -> Option<&Table> {
        match &self.source {
            Source::Table(table) => Some(table),
            _ => None,
        }
    }

    /// What kind of file it is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What its columns mean; only tables have some.
    pub fn columns(&self) -> &[Column] {
        self.table().map_or(&[], |table| &table.shape.columns)
    }

    /// How its bytes are read.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// What separates its cells, or those of its rejects file.
    pub fn delimiter(&self) -> u8 {
        self.table().map_or(b',', |table| table.delimiter)
    }

    /// The system it was exported from, if it is known.
    pub fn preset(&self) -> Option<Preset> {
        self.table().and_then(|table| table.preset)
    }

    /// Its header as it stands there; of what is no table, what its rejects file says above the records.
    pub fn header(&self) -> &str {
        self.table().map_or("Record", |table| &table.header)
    }

    /// How many of its bytes have been read.
    pub fn position(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Table {
    fn open(mut lines: Lines, encoding: Encoding, region: String, options: &Options) -> Result<Self, Unreadable> {
        let named = dialect::skip_preamble(&mut lines)?;
        let delimiter = match options.delimiter.or(named) {
            Some(delimiter) => delimiter,
            None => dialect::detect(&mut lines)?,
        };
        let head = record::next(&mut lines, delimiter)?.ok_or_else(|| Unreadable::Content("the file has no header line".into()))?;
        if let Some((_, reason)) = head.fault {
            return Err(Unreadable::Content(format!("the header on line {} cannot be read: {reason}", head.line)));
        }
        let titles: Vec<String> = head.cells.iter().map(|cell| encoding.decode_lossy(cell)).collect();
        let preset = options.preset.or((options.format == Some(Format::LinkedIn)).then_some(Preset::LinkedIn));
        let (preset, columns) = header::resolve(&titles, preset, &options.mapping).map_err(Unreadable::Content)?;
        let told_before = if titles.iter().map(|title| title.trim()).take(3).eq(REJECT_COLUMNS) { REJECT_COLUMNS.len() } else { 0 };
        let start = head.starts.get(told_before).copied().unwrap_or(0);
        let header = encoding.decode_lossy(&head.raw[start..]);
        Ok(Self { lines, shape: Shape { columns, encoding, region, told_before }, delimiter, preset, header })
    }

    fn next(&mut self) -> io::Result<Option<Item>> {
        let Some(record) = record::next(&mut self.lines, self.delimiter)? else { return Ok(None) };
        if record.is_blank() {
            return Ok(Some(Item::Blank));
        }
        Ok(Some(match row::draft(&self.shape, record) {
            Ok(draft) => Item::Row(Box::new(draft)),
            Err(reject) => Item::Rejected(reject),
        }))
    }
}
