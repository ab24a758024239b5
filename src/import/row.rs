//! From the cells of a record to the draft of a lead.

use super::{
    dates,
    encoding::Encoding,
    record::Record,
    rejects::{Problem, Reject},
    target::{Column, Target},
    values,
};
use crate::domain::{Field, LeadKey, LeadValues, Timestamp, normal};

/// A lead as a file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The line its row starts on.
    pub line: u64,
    /// Its values; owner and team are not among them.
    pub values: LeadValues,
    /// The normal forms of its e-mails, phones, reference and tags.
    pub keys: Vec<LeadKey>,
    /// The name of its owner in the system it came from.
    pub owner: Option<String>,
    /// The name of its team there.
    pub team: Option<String>,
    /// When the contact came about, if the file says so.
    pub since: Option<Timestamp>,
    /// Its row as the file has it, for a reject that only the list can decide on.
    pub raw: String,
}

impl Draft {
    /// One that says nothing yet.
    pub(super) fn new(line: u64, raw: String) -> Self {
        Self { line, values: LeadValues::default(), keys: Vec::new(), owner: None, team: None, since: None, raw }
    }

    /// The reject of this draft for a reason of the list's.
    pub fn reject(self, reason: impl Into<String>) -> Reject {
        Reject { line: self.line, problems: vec![Problem { column: None, reason: reason.into() }], raw: self.raw }
    }
}

/// What the file says about every row of it.
pub(super) struct Shape {
    pub(super) columns: Vec<Column>,
    pub(super) encoding: Encoding,
    pub(super) region: String,
    /// How many columns at the start say why the row was rejected before.
    pub(super) told_before: usize,
}

/// The draft, or all that is wrong with the row.
pub(super) fn draft(shape: &Shape, record: Record) -> Result<Draft, Reject> {
    let line = record.line;
    let raw = raw(shape, &record);
    let column = |position: usize| shape.columns.get(position).map(|column| column.name.clone());
    if let Some((position, reason)) = record.fault {
        return Err(Reject { line, problems: vec![Problem { column: column(position), reason: reason.into() }], raw });
    }
    let (expected, found) = (shape.columns.len(), record.cells.len());
    if expected != found {
        let many = if found > expected { "more" } else { "fewer" };
        let reason = format!("{many} columns than the header: {found} instead of {expected}");
        return Err(Reject { line, problems: vec![Problem { column: None, reason }], raw });
    }
    let mut draft = Draft::new(line, raw);
    let mut problems = Vec::new();
    for (column, bytes) in shape.columns.iter().zip(&record.cells) {
        if matches!(column.target, Target::Ignored | Target::Unknown) {
            continue;
        }
        let read = match shape.encoding.decode(bytes) {
            Some(text) if text.contains('\u{fffd}') => Err("a letter of it is lost (U+FFFD)".to_owned()),
            Some(text) if text.trim().is_empty() => continue,
            Some(text) => cell(&mut draft, column.target, &text, &shape.region),
            None => Err(format!("its bytes are not {}", shape.encoding.name())),
        };
        if let Err(reason) = read {
            problems.push(Problem { column: Some(column.name.clone()), reason });
        }
    }
    settled(draft, problems)
}

/// The draft with its keys, if nothing is wrong and something says who it is.
pub(super) fn settled(mut draft: Draft, mut problems: Vec<Problem>) -> Result<Draft, Reject> {
    let identifies = [Field::FirstName, Field::LastName, Field::Company, Field::Emails, Field::Phones];
    if problems.is_empty() && !identifies.into_iter().any(|field| draft.values.text(field).is_some()) {
        problems.push(Problem { column: None, reason: "nothing says who it is: no name, company, e-mail or telephone".into() });
    }
    if !problems.is_empty() {
        return Err(Reject { line: draft.line, problems, raw: draft.raw });
    }
    draft.keys = normal::keys(&draft.values);
    Ok(draft)
}

/// Puts the text of one cell where `target` says.
pub(super) fn cell(draft: &mut Draft, target: Target, text: &str, region: &str) -> Result<(), String> {
    // Leadkeep's exports, and others, keep spreadsheets from reading a formula by an apostrophe before it.
    let text = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(text);
    if text.contains("•••") && target != Target::Field(Field::Notes) {
        return Err("a masked value, not the value itself".into());
    }
    match target {
        Target::Field(Field::Owner) => draft.owner = Some(values::clean(text, false)),
        Target::Field(Field::Team) => draft.team = Some(values::clean(text, false)),
        Target::Field(field) => values::put(&mut draft.values, field, text, region)?,
        Target::FullName => {
            let name = values::clean(text, false);
            let (first, last) = name.rsplit_once(' ').unwrap_or((&name, ""));
            for (field, part) in [(Field::FirstName, first), (Field::LastName, last)] {
                if !part.is_empty() {
                    values::put(&mut draft.values, field, part, region)?;
                }
            }
        }
        Target::Since => draft.since = Some(dates::moment(text).ok_or("not a date")?),
        Target::Deleted if ["1", "true", "yes"].contains(&text.trim().to_lowercase().as_str()) => {
            return Err("deleted in the system it came from".into());
        }
        Target::Deleted | Target::Ignored | Target::Unknown => {}
    }
    Ok(())
}

/// The row's text without what an earlier rejects file has put before it.
fn raw(shape: &Shape, record: &Record) -> String {
    let start = record.starts.get(shape.told_before).copied().unwrap_or(0);
    shape.encoding.decode_lossy(&record.raw[start.min(record.raw.len())..])
}
