//! Taking leads out as a file.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::{
    error::{Outward, op},
    lead::LeadFilter,
};
use crate::{
    app::{
        Error, Op,
        export::{self, Request},
    },
    domain::{Field, FieldSet, LeadQuery, words},
    policy::Refusal,
};

/// What to export.
#[derive(Debug, InputObject)]
pub struct ExportLeadsInput {
    /// Which leads; all that you may export unless given.
    filter: Option<LeadFilter>,
    /// Words that must all begin a word of some field you see in clear.
    search: Option<String>,
    /// Names of the fields; all that you see unless given.
    fields: Option<Vec<String>>,
    /// Your purpose: `CODE`, or `CODE; text`; that of the header `X-Access-Purpose` unless given.
    purpose: Option<String>,
}

/// A file of leads, recorded before it was answered.
#[derive(Debug, SimpleObject)]
pub struct ExportLeadsPayload {
    /// A name for the file.
    file_name: String,
    /// How many leads it has.
    rows: i64,
    /// How confidential it is.
    banner: String,
    /// The file: CSV. Its first lines, beginning with `#`, name receipt, banner, notice, who, when and purpose; the record
    /// that the receipt promises commits to the SHA-256 of all behind the first line.
    content: String,
}

/// Mutations that export.
#[derive(Debug, Default)]
pub struct ExportMutation;

#[Object]
impl ExportMutation {
    /// Exports leads as a file (needs LEAD_EXPORT and a purpose), as your windows show them and no more than your quota.
    async fn export_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to export and for what.")] input: ExportLeadsInput,
    ) -> Result<Option<ExportLeadsPayload>> {
        let op = op(ctx);
        run(op, input).await.map(Some).outward(op)
    }
}

async fn run(op: &Op, input: ExportLeadsInput) -> Result<ExportLeadsPayload, Error> {
    let field = |name: &String| Field::from_name(name).ok_or_else(|| Refusal::bad_input("There is no such field of a lead."));
    let fields = input.fields.map(|names| names.iter().map(field).collect::<Result<FieldSet, _>>()).transpose()?;
    let query = LeadQuery {
        filter: input.filter.map(LeadFilter::read).transpose()?,
        words: input.search.map(|text| words::words(&text).collect()).unwrap_or_default(),
        ..LeadQuery::default()
    };
    let mut exported = export::export(op, Request { query, fields, purpose: input.purpose }).await?;
    let content = exported.text()?;
    Ok(ExportLeadsPayload { file_name: exported.file_name, rows: exported.rows as i64, banner: exported.banner, content })
}
