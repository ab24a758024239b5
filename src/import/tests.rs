//! The reader on whole files, and the merge rule on whole rows.

use std::io::Cursor;

use proptest::prelude::*;

use super::{
    Draft, Item, Options, Reader, Target,
    header::parse_mapping,
    matching::{Candidate, Match, decide},
    merging::merge,
    rejects,
};
use crate::domain::{Field, FieldSet, Id, LeadKey, LeadValues, normal};

macro_rules! data {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/data/", $name)).to_vec()
    };
}

struct Read {
    drafts: Vec<Draft>,
    rejects: Vec<(u64, String)>,
    file: String,
    reader: Reader,
}

fn read_with(bytes: Vec<u8>, options: &Options) -> Result<Read, String> {
    let mut reader = Reader::open(Cursor::new(bytes), options).map_err(|error| error.to_string())?;
    let (mut drafts, mut rejected, mut file) = (Vec::new(), Vec::new(), Vec::new());
    rejects::write_header(&mut file, reader.delimiter(), reader.header()).unwrap();
    while let Some(item) = reader.next_row().unwrap() {
        match item {
            Item::Row(draft) => drafts.push(*draft),
            Item::Rejected(reject) => {
                reject.write(&mut file, reader.delimiter()).unwrap();
                rejected.push((reject.line, reject.reason()));
            }
            Item::Blank => {}
        }
    }
    Ok(Read { drafts, rejects: rejected, file: String::from_utf8(file).unwrap(), reader })
}

fn read(bytes: Vec<u8>) -> Read {
    read_with(bytes, &Options::default()).unwrap()
}

fn all(drafts: &[Draft], field: Field) -> Vec<&str> {
    drafts.iter().map(|draft| draft.values.text(field).unwrap_or_default()).collect()
}

#[test]
fn encodings_are_told_and_read() {
    let marked = read(data!("broken/mark-and-padded-names.csv"));
    assert_eq!(marked.reader.columns()[0].target, Target::Unknown, "nothing says what `Customer` means");
    assert_eq!(all(&marked.drafts, Field::Emails), ["ada@brightwater.example"]);
    let western = read(data!("broken/windows-1252.csv"));
    assert_eq!(western.reader.encoding().name(), "Windows-1252");
    assert_eq!(all(&western.drafts, Field::LastName), ["Lefèvre", "Ibáñez"]);
    assert_eq!(all(&western.drafts, Field::Notes)[0], "“Key” account €");
    let wide = read(data!("broken/utf-16.csv"));
    assert_eq!((wide.reader.encoding().name(), wide.reader.delimiter()), ("UTF-16LE", b'\t'));
    assert_eq!(all(&wide.drafts, Field::FirstName), ["Žofie"]);
}

#[test]
fn semicolons_and_european_amounts() {
    let found = read(data!("broken/semicolons.csv"));
    assert_eq!(found.reader.delimiter(), b';');
    assert_eq!(all(&found.drafts, Field::Company), ["Fjord, Nord AS"; 2]);
    assert_eq!(found.drafts[0].values.integer(Field::DealValue), Some(125_050));
}

#[test]
fn an_unclosed_quote_costs_its_row_alone() {
    let found = read(data!("broken/open-quotes.csv"));
    assert_eq!(all(&found.drafts, Field::Reference), ["72", "73", "75"]);
    let lines: Vec<u64> = found.rejects.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 6]);
    assert!(found.rejects[0].1.starts_with("notes: a quote opens here"), "{}", found.rejects[0].1);
}

#[test]
fn ragged_rows_are_told_by_line_and_reason() {
    let found = read(data!("broken/ragged.csv"));
    assert_eq!(all(&found.drafts, Field::Reference), ["82"]);
    let told: Vec<_> = found.rejects.iter().map(|(line, reason)| (*line, reason.as_str())).collect();
    assert_eq!(
        told,
        [
            (2, "more columns than the header: 4 instead of 3"),
            (4, "fewer columns than the header: 2 instead of 3"),
            (6, "nothing says who it is: no name, company, e-mail or telephone"),
            (7, "email: not an e-mail address"),
        ]
    );
}

#[test]
fn rejects_can_be_corrected_and_read_again() {
    for bytes in [data!("broken/ragged.csv"), data!("broken/open-quotes.csv")] {
        let first = read(bytes);
        let again = read(first.file.clone().into_bytes());
        assert_eq!(again.drafts.len(), 0, "a rejects file is as broken as it was");
        assert_eq!(again.rejects.len(), first.rejects.len());
        assert_eq!(again.reader.header(), first.reader.header());
        let reasons = |read: &Read| read.rejects.iter().map(|(_, reason)| reason.clone()).collect::<Vec<_>>();
        if reasons(&first)[0].contains("e-mail") {
            assert_eq!(reasons(&again), reasons(&first));
        }
    }
    let corrected = read(data!("broken/ragged.csv")).file.replace("not an address", "max@frey.example");
    assert_eq!(all(&read(corrected.into_bytes()).drafts, Field::Reference), ["85"]);
}

#[test]
fn exports_of_other_systems() {
    let suite = read(data!("suitecrm.csv"));
    assert_eq!(suite.reader.preset().map(super::Preset::name), Some("suitecrm"));
    assert_eq!(suite.drafts.len(), 1);
    let lead = &suite.drafts[0];
    assert_eq!(lead.values.text(Field::Emails), Some("nadia@corwin.example\nn.corwin@mills.example"));
    assert_eq!(lead.values.text(Field::Phones).map(|phones| phones.lines().count()), Some(2));
    assert_eq!((lead.owner.as_deref(), lead.values.text(Field::City)), (Some("chris"), Some("Albany")));
    assert_eq!(suite.rejects.len(), 2);
    let hub = read(data!("hubspot.csv"));
    assert_eq!(hub.reader.preset().map(super::Preset::name), Some("hubspot"));
    assert_eq!((hub.drafts[0].values.text(Field::Stage), hub.drafts[0].values.text(Field::Country)), (Some("lead"), Some("France")));
    let force = read(data!("salesforce.csv"));
    assert_eq!(force.reader.preset().map(super::Preset::name), Some("salesforce"));
    assert_eq!(
        (force.drafts[0].values.text(Field::Stage), force.drafts[0].values.text(Field::Source)),
        (Some("Working - Contacted"), Some("Web"))
    );
}

#[test]
fn files_that_are_no_list_say_so() {
    for (bytes, part) in [
        (b"PK\x03\x04rest".to_vec(), "save the sheet as CSV"),
        (Vec::new(), "no header"),
        (b"a,b\n1,2\n".to_vec(), "--map"),
        (b"name,\"open\n".to_vec(), "header on line 1"),
    ] {
        let error = read_with(bytes, &Options::default()).err().unwrap();
        assert!(error.contains(part), "{error}");
    }
    let mapping = vec![parse_mapping("a=company").unwrap()];
    let options = Options { mapping, ..Options::default() };
    assert_eq!(all(&read_with(b"a,b\n1,2\n".to_vec(), &options).unwrap().drafts, Field::Company), ["1"]);
}

#[test]
fn a_long_line_costs_itself_alone() {
    let mut bytes = b"name,email\n".to_vec();
    bytes.extend(vec![b'x'; 3_000_000]);
    bytes.extend(b"\nBo Lund,bo@lund.example\n\"open");
    bytes.extend(b"\nfiller,a@b.de".repeat(100_000));
    let found = read(bytes);
    assert_eq!(found.drafts.len(), 100_001);
    assert_eq!(found.rejects.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4]);
}

fn lead(first: &str, last: &str, company: &str, reference: &str, email: &str, phone: &str) -> (LeadValues, Vec<LeadKey>) {
    let mut values = LeadValues::default();
    let fields = [Field::FirstName, Field::LastName, Field::Company, Field::Reference, Field::Emails, Field::Phones];
    for (field, text) in fields.into_iter().zip([first, last, company, reference, email, phone]) {
        if !text.is_empty() {
            values.set_text(field, text);
        }
    }
    let keys = normal::keys(&values);
    (values, keys)
}

type Who = [&'static str; 6];

fn verdict(row: Who, leads: &[Who]) -> Match {
    let make = |who: &Who| lead(who[0], who[1], who[2], who[3], who[4], who[5]);
    let (values, keys) = make(&row);
    let leads: Vec<_> = leads.iter().map(make).collect();
    let candidates: Vec<_> = leads.iter().zip(1..).map(|((values, keys), id)| Candidate { id: Id(id), values, keys }).collect();
    decide(&values, &keys, &candidates)
}

#[test]
fn the_merge_rule() {
    let jane: Who = ["Jane", "Doe", "Acme", "Xa77kk01qz", "jane@acme.example", "206 555 0100"];
    let is_jane = |row: Who| verdict(row, &[jane]);
    assert_eq!(is_jane(["Jane", "D.", "", "Xa77kk01qz", "", ""]), Match::Is(Id(1)), "reference");
    assert_eq!(is_jane(["Jane", "Miller", "", "Xa77kk01qz", "", ""]), Match::Is(Id(1)), "married");
    assert!(matches!(is_jane(["Bob", "Ray", "", "Xa77kk01qz", "", ""]), Match::Conflict(..)), "somebody else's reference");
    assert_eq!(is_jane(["J.", "Doe", "", "", "JANE+x@acme.example", ""]), Match::Is(Id(1)), "e-mail");
    assert_eq!(is_jane(["", "", "", "", "jane@acme.example", ""]), Match::Is(Id(1)), "e-mail without a name");
    assert_eq!(is_jane(["Bob", "Ray", "", "", "jane@acme.example", ""]), Match::New, "a shared mailbox");
    assert_eq!(is_jane(["Jane", "D.", "", "", "", "(206) 555-0100"]), Match::Is(Id(1)), "phone and initial");
    assert_eq!(is_jane(["John", "Doe", "Acme", "", "", "(206) 555-0100"]), Match::New, "a shared telephone");
    assert_eq!(is_jane(["J.", "Doe", "Acme", "", "", "(206) 555-0100"]), Match::New, "an initial may be anyone's");
    assert_eq!(is_jane(["Jane", "Doe", "Acme", "", "", "206 555 0100 x7"]), Match::New, "another desk");
    let counted: Who = ["Alice", "", "", "1", "", ""];
    assert_eq!(verdict(["François", "", "", "1", "", ""], &[counted]), Match::New, "every system counts from 1");
    assert_eq!(verdict(counted, &[counted]), Match::Is(Id(1)));
    let office: Who = ["Priya", "Rao", "Harbour", "", "info@harbour.example", ""];
    assert_eq!(verdict(["Priya", "Low", "Harbour", "", "info@harbour.example", ""], &[office]), Match::New);
    let two = [jane, ["Jane", "Doe", "Acme", "", "jd@home.example", ""]];
    let both = ["Jane", "Doe", "", "", "jane@acme.example\njd@home.example", ""];
    assert_eq!(verdict(both, &two), Match::Conflict(vec![Id(1), Id(2)], "it answers to several leads"));
    let bare: Who = ["Kim", "Lee", "Acme", "", "", ""];
    assert_eq!(verdict(bare, &[bare, bare]), Match::Is(Id(1)));
    assert_eq!(verdict(["Kim", "Lee", "", "", "", ""], &[bare]), Match::New);
}

#[test]
fn merging_fills_and_appends_only() {
    let (known, _) = lead("Jane", "Doe", "", "R1", "jane@acme.example", "");
    let (row, _) = lead("Janet", "D.", "Acme", "R2", "jane+x@acme.example\njd@home.example", "206 555 0100");
    let everything: FieldSet = Field::ALL.iter().copied().collect();
    let changes = merge(&row, &known, everything);
    assert_eq!(changes.fields(), [Field::Company, Field::Emails, Field::Phones].into_iter().collect());
    assert_eq!(changes.text(Field::Emails), Some("jane@acme.example\njd@home.example"));
    assert_eq!(merge(&row, &known, FieldSet::EMPTY), LeadValues::default());
    assert_eq!(merge(&known, &known, everything), LeadValues::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// No bytes crash the reader, and every line that is not blank is imported, rejected or part of a row that is.
    #[test]
    fn every_line_is_accounted_for(body in proptest::collection::vec(proptest::sample::select(&b"ab@.,;\"\" \n\n\r\t\xFC\xC3\xA9\0#1"[..]), 0..400)) {
        let mut bytes = b"id,name,email\n".to_vec();
        bytes.extend(&body);
        let mut reader = Reader::open(Cursor::new(bytes.clone()), &Options { delimiter: Some(b','), ..Options::default() }).unwrap();
        let mut told = 0;
        while let Some(item) = reader.next_row().unwrap() {
            told += match item {
                Item::Row(draft) => draft.raw.split('\n').count(),
                Item::Rejected(reject) => { prop_assert!(!reject.problems.is_empty()); reject.raw.split('\n').count() }
                Item::Blank => 0,
            };
        }
        let lines = bytes.split(|byte| *byte == b'\n').skip(1);
        let full = lines.filter(|line| !line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == b',')).count();
        prop_assert!(told >= full.saturating_sub(blank_cells(&bytes)), "{told} of {full} lines told");
    }

    #[test]
    fn any_bytes_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(mut reader) = Reader::open(Cursor::new(bytes), &Options::default()) {
            while reader.next_row().unwrap().is_some() {}
        }
    }
}

/// Lines of nothing but empty quotes are blank rows.
fn blank_cells(bytes: &[u8]) -> usize {
    let blank = |byte: &u8| byte.is_ascii_whitespace() || b",\"".contains(byte);
    bytes.split(|byte| *byte == b'\n').skip(1).filter(|line| line.contains(&b'"') && line.iter().all(blank)).count()
}
