//! Importing leads from an uploaded file.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    channel::ChannelName,
    error::{Outward, op},
    marking::MarkingInput,
    scalar,
    upload::{Upload, UploadedFile},
};
use crate::{
    app::{
        Error, Op,
        import::{self, Counts, Report, Request, Watcher},
    },
    domain::Field,
    import::{Encoding, Format, Options, Preset, Reader, Reject, Target, rejects},
    policy::Refusal,
};

/// How many rejects and rows that meet leads are told.
const TOLD: usize = 100;
/// Bytes of rejects that are answered at most.
const REJECTS: usize = 1024 * 1024;

/// What a column of the file means.
#[derive(Clone, Debug, InputObject)]
pub struct ColumnMappingInput {
    /// The column's name in the file.
    column: String,
    /// A field of a lead; `email`, `phone`, `name` (first and last name in one), `since` (when the contact came about),
    /// `deleted`; or `-` to leave it out.
    field: String,
}

/// A file of leads to import.
#[derive(Debug, InputObject)]
pub struct ImportLeadsInput {
    /// The file: CSV of any common export, LinkedIn's `Connections.csv`, vCards, `following.js` or `follower.js` of an X
    /// archive, `friends_v2` JSON of a Facebook export.
    file: Upload,
    /// What kind of file it is: `csv`, `linkedin`, `vcard`, `x` or `facebook`; found out unless given.
    format: Option<String>,
    /// Only say what would be created, merged and rejected.
    #[graphql(default)]
    dry_run: bool,
    /// What columns mean, before what their names say.
    #[graphql(default)]
    mapping: Vec<ColumnMappingInput>,
    /// The name of a saved mapping to use.
    saved_mapping: Option<String>,
    /// Save the mapping under this name.
    save_mapping_as: Option<String>,
    /// The system the file comes from: `salesforce`, `hubspot`, `suitecrm`, `datablist`, `linkedin` or `leadkeep`; found out unless given.
    preset: Option<String>,
    /// What separates cells, one character; found out unless given.
    delimiter: Option<String>,
    /// The encoding, for example `windows-1252`; found out unless given.
    encoding: Option<String>,
    /// The region of telephone numbers written without a country, two letters; US unless given.
    region: Option<String>,
    /// The owner of new leads whose row names no person of the company.
    owner: Option<ID>,
    /// The team of new leads whose row names no team; the caller's unless given.
    team: Option<ID>,
    /// The marking of new leads; the company's default unless given.
    marking: Option<MarkingInput>,
    /// The channel through which those in the file came to be known; that of its format unless given: of CSV it is CRM, of
    /// vCards BUSINESS_CARD.
    channel: Option<ChannelName>,
    /// The account of the register through which they came to be known.
    account_id: Option<ID>,
}

/// What a column was taken for.
#[derive(Debug, SimpleObject)]
pub struct ImportColumn {
    /// Its name in the file.
    name: String,
    /// The field its values went to; null if they were left out.
    field: Option<String>,
    /// Why it was left out although its name is known.
    note: Option<String>,
}

/// A row that was not taken.
#[derive(Debug, SimpleObject)]
pub struct ImportReject {
    /// The line it starts on, counted from 1.
    line: i64,
    /// The columns concerned.
    column: String,
    /// What is wrong.
    reason: String,
}

/// What came of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ImportVerdict {
    /// It is a new lead.
    Created,
    /// It adds to a lead.
    Merged,
    /// The lead has all of it already.
    Unchanged,
    /// It answers to several leads or contradicts one, and is not taken.
    Conflict,
}

/// A row that meets leads of the list.
#[derive(Debug, SimpleObject)]
pub struct ImportMatch {
    /// The line it starts on, counted from 1.
    line: i64,
    /// What came of it.
    verdict: ImportVerdict,
    /// The leads it meets.
    leads: Vec<ID>,
    /// The fields it fills or adds to.
    fields: Vec<String>,
}

/// A name in the file that is nobody's here.
#[derive(Debug, SimpleObject)]
pub struct ImportUnknownName {
    /// The name of an owner or a team.
    name: String,
    /// How many rows have it.
    rows: i64,
}

/// What an import did or, as a dry run, would do.
#[derive(Debug, SimpleObject)]
pub struct ImportLeadsPayload {
    /// The import's id, which the access log names.
    id: ID,
    /// Whether nothing was written.
    dry_run: bool,
    /// Rows that are not blank.
    rows: i64,
    /// Leads added.
    created: i64,
    /// Rows that added something to a lead.
    merged: i64,
    /// Rows that said nothing new.
    unchanged: i64,
    /// Rows not taken.
    rejected: i64,
    /// What kind of file it was.
    format: String,
    /// How the file's bytes were read.
    encoding: String,
    /// What separated its cells.
    delimiter: String,
    /// The system it comes from, if recognised.
    preset: Option<String>,
    /// What its columns were taken for.
    columns: Vec<ImportColumn>,
    /// The first hundred rows that were not taken.
    rejects: Vec<ImportReject>,
    /// The first hundred rows that add to leads of the list or conflict with them.
    matches: Vec<ImportMatch>,
    /// Names of owners and teams that are nobody's here, at most a hundred.
    unknown_names: Vec<ImportUnknownName>,
    /// The rows that were not taken as a CSV file to correct and import again; empty if there are none.
    rejects_csv: String,
    /// Whether that file lacks rows because it would be longer than 1 MiB.
    rejects_csv_cut: bool,
}

/// Mutations that import.
#[derive(Debug, Default)]
pub struct ImportMutation;

#[Object]
impl ImportMutation {
    /// Imports a file of leads (needs LEAD_IMPORT). Send it as multipart/form-data (GraphQL multipart request
    /// specification) with the header `GraphQL-Require-Preflight: 1`. The same file twice adds nothing: a row
    /// whose reference, e-mail or telephone is a lead's that you see, with a name that bears it out, adds to that lead
    /// what it lacks and never replaces anything. What was taken stays if the request is cut off; send the file again.
    async fn import_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The file and how to read it.")] input: ImportLeadsInput,
    ) -> Result<Option<ImportLeadsPayload>> {
        let op = op(ctx);
        // Of somebody who may not, no file was taken in.
        import::windows(op).outward(op)?;
        let (uploads, number) = input.file.find(ctx).outward(op)?;
        run(op, input, &uploads.0[number]).await.map(Some).outward(op)
    }
}

async fn run(op: &Op, input: ImportLeadsInput, upload: &UploadedFile) -> Result<ImportLeadsPayload, Error> {
    let file = import::open(&upload.path())?;
    let request = input.request(op, upload)?;
    let mut told = Told { delimiter: b',', csv: Vec::new(), cut: false, header: String::new() };
    let report = import::import(op, file, request, &mut told).await?;
    Ok(payload(report, told))
}

impl ImportLeadsInput {
    fn request(&self, op: &Op, upload: &UploadedFile) -> Result<Request, Refusal> {
        let unknown = |what: &str, value: &str| Refusal::bad_input(format!("`{value}` is no {what}."));
        let mut mapping = Vec::new();
        for column in &self.mapping {
            let target = Target::from_name(&column.field).ok_or_else(|| unknown("field to import into", &column.field))?;
            mapping.push((column.column.clone(), target));
        }
        let preset = self.preset.as_ref().map(|name| Preset::from_name(name).ok_or_else(|| unknown("preset", name)));
        let format = self.format.as_ref().map(|name| Format::from_name(name).ok_or_else(|| unknown("format", name)));
        let encoding = self.encoding.as_ref().map(|name| Encoding::from_name(name).ok_or_else(|| unknown("encoding", name)));
        let delimiter = self.delimiter.as_ref().map(|text| match text.as_bytes() {
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b'"' => Ok(*byte),
            _ => Err(unknown("delimiter", text)),
        });
        Ok(Request {
            options: Options {
                format: format.transpose()?,
                delimiter: delimiter.transpose()?,
                encoding: encoding.transpose()?,
                preset: preset.transpose()?,
                mapping,
                region: self.region.clone(),
            },
            owner: self.owner.as_ref().map(scalar::id).transpose()?,
            team: self.team.as_ref().map(scalar::id).transpose()?,
            marking: self.marking.as_ref().map(|marking| marking.marking(&op.snapshot.document)).transpose()?,
            mapping: self.saved_mapping.clone(),
            save_mapping: self.save_mapping_as.clone(),
            file_name: upload.name.clone(),
            channel: self.channel.map(Into::into),
            account: self.account_id.as_ref().map(scalar::id).transpose()?,
            dry_run: self.dry_run,
            told: TOLD,
        })
    }
}

/// Collects the rejects file.
struct Told {
    delimiter: u8,
    header: String,
    csv: Vec<u8>,
    cut: bool,
}

impl Watcher for Told {
    fn opened(&mut self, file: &Reader) {
        self.delimiter = file.delimiter();
        file.header().clone_into(&mut self.header);
    }

    fn rejected(&mut self, reject: &Reject) -> std::io::Result<()> {
        if self.csv.is_empty() {
            rejects::write_header(&mut self.csv, self.delimiter, &self.header)?;
        }
        let before = self.csv.len();
        if !self.cut {
            reject.write(&mut self.csv, self.delimiter)?;
        }
        if self.csv.len() > REJECTS {
            self.csv.truncate(before);
            self.cut = true;
        }
        Ok(())
    }
}

fn payload(report: Report, told: Told) -> ImportLeadsPayload {
    let Counts { rows, created, merged, unchanged, rejected } = report.counts;
    let column = |column: crate::import::Column| ImportColumn {
        field: Some(column.target.name()).filter(|name| *name != "-").map(str::to_owned),
        name: column.name,
        note: column.note.map(str::to_owned),
    };
    let verdict = |verdict| match verdict {
        import::Verdict::Created => ImportVerdict::Created,
        import::Verdict::Merged => ImportVerdict::Merged,
        import::Verdict::Unchanged => ImportVerdict::Unchanged,
        import::Verdict::Conflict => ImportVerdict::Conflict,
    };
    let met = |row: import::Preview| ImportMatch {
        line: row.line as i64,
        verdict: verdict(row.verdict),
        leads: row.leads.into_iter().map(scalar::opaque).collect(),
        fields: row.fields.iter().map(Field::name).map(str::to_owned).collect(),
    };
    let reject = |reject: Reject| ImportReject { line: reject.line as i64, column: reject.columns(), reason: reject.reason() };
    ImportLeadsPayload {
        id: scalar::opaque(report.id),
        dry_run: report.dry_run,
        rows: rows as i64,
        created: created as i64,
        merged: merged as i64,
        unchanged: unchanged as i64,
        rejected: rejected as i64,
        format: report.format.name().into(),
        encoding: report.encoding.name().into(),
        delimiter: char::from(report.delimiter).to_string(),
        preset: report.preset.map(|preset| preset.name().into()),
        columns: report.columns.into_iter().map(column).collect(),
        rejects: report.rejects.into_iter().map(reject).collect(),
        matches: report.preview.into_iter().map(met).collect(),
        unknown_names: report.unknown_places.into_iter().map(|(name, rows)| ImportUnknownName { name, rows: rows as i64 }).collect(),
        rejects_csv: String::from_utf8_lossy(&told.csv).into_owned(),
        rejects_csv_cut: told.cut,
    }
}
