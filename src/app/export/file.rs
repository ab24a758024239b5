//! The exported file: lines beginning with `#` that say what it is, then CSV (RFC 4180).
//!
//! Spreadsheets run cells that begin with `=`, `+`, `-`, `@` or a tab as formulas. Such a cell gets an apostrophe before
//! it (OWASP, CSV Injection), unless it is made of digits and the signs of telephone numbers alone (`+1 425 489-1736x676`):
//! without other letters there is no function to call. Importing takes the apostrophe off again.

use crate::{
    app::leads::{Cell, LeadView},
    domain::{Colleague, Field, FieldSet, Origin, Relationship, Timestamp, lead::FieldType},
    policy::Snapshot,
};

/// Text of one line for the head.
pub(super) fn one_line(text: &str) -> String {
    text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The line that names the columns.
pub(super) fn header(fields: FieldSet) -> String {
    let mut line = String::from("leadId,marking");
    for field in fields.iter() {
        line.push(',');
        line.push_str(field.name());
    }
    line.push_str("\r\n");
    line
}

/// Appends one lead.
pub(super) fn row(out: &mut String, view: &LeadView<'_>, fields: FieldSet, names: &Snapshot) {
    out.push_str(&view.id().to_string());
    out.push(',');
    cell(out, &view.marking().banner(&names.document.compartments));
    for field in fields.iter() {
        out.push(',');
        match view.cell(field) {
            Cell::Null => {}
            Cell::Text(text) if field.kind() == FieldType::List => cell(out, &text.replace('\n', "; ")),
            Cell::Text(text) if field.kind() == FieldType::Linked => cell(out, &linked(field, &text, names)),
            Cell::Text(text) => cell(out, &text),
            Cell::Integer(number) => cell(out, &integer(field, number, names)),
        }
    }
    out.push_str("\r\n");
}

/// Rows of other tables, one behind the other: `CRM leads.csv:2 (2026-11-22); EVENT (2026-01-02)`, `SECOND Ralf Rep`.
fn linked(field: Field, told: &str, names: &Snapshot) -> String {
    let origin = |origin: Origin| {
        let file = origin.file.map(|file| format!(" {}:{}", one_line(&file.name), file.record)).unwrap_or_default();
        let at = origin.since.unwrap_or(origin.recorded_at).to_string();
        format!("{}{file} ({})", origin.channel.name(), at.get(..10).unwrap_or_default())
    };
    let relationship = |one: Relationship| {
        let who = match one.with {
            Colleague::Person(id) => names.name(id).map_or_else(|| id.to_string(), str::to_owned),
            Colleague::Account(account) => format!("{} {}", account.platform.name(), account.id),
        };
        format!("{} {who}", one.with.role().name())
    };
    let all: Vec<String> = match field {
        Field::Origins => Origin::all(told).into_iter().map(origin).collect(),
        _ => Relationship::all(told).into_iter().map(relationship).collect(),
    };
    all.join("; ")
}

fn integer(field: Field, number: i64, names: &Snapshot) -> String {
    match field.kind() {
        FieldType::Money => {
            format!("{}{}.{:02}", if number < 0 { "-" } else { "" }, number.unsigned_abs() / 100, number.unsigned_abs() % 100)
        }
        FieldType::Time => Timestamp(number).to_string(),
        FieldType::Flag => (if number == 0 { "no" } else { "yes" }).to_owned(),
        FieldType::Reference => {
            let id = crate::domain::Id(number);
            let team = || names.document.teams.get(&number).map(|team| team.name.clone());
            let known = if field == Field::Team { team() } else { names.name(id).map(str::to_owned) };
            known.unwrap_or_else(|| id.to_string())
        }
        _ => number.to_string(),
    }
}

fn cell(out: &mut String, text: &str) {
    let harmless = |letter: char| letter.is_ascii_digit() || " +-().;/x".contains(letter);
    let guard = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !text.chars().all(harmless);
    let quote = guard || text.contains(['"', ',', '\n', '\r']) || text.starts_with([' ', '#']) || text.ends_with(' ');
    if !quote {
        out.push_str(text);
        return;
    }
    out.push('"');
    if guard {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        cell(&mut out, text);
        out
    }

    #[test]
    fn formulas_are_defused_and_telephones_are_not() {
        for (text, safe) in [
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-2+cmd|' /C calc'!A0", "\"'-2+cmd|' /C calc'!A0\""),
            ("+1-425-489-1736x676", "+1-425-489-1736x676"),
            ("+1 (425) 489-1736; +49 30 1234567", "+1 (425) 489-1736; +49 30 1234567"),
            ("-12.50", "-12.50"),
            ("a, b", "\"a, b\""),
            ("plain", "plain"),
        ] {
            assert_eq!(written(text), safe);
        }
    }
}
