//! What is written can be read, is deterministic, and fits.

use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{
    audit::record::{Before, Changed, Disclosure, FieldsUsed, Operation, counters},
    domain::{Client, Subject, Timestamp},
    policy::{Agreed, AgreementKind, Level, Marking},
};

fn id() -> impl Strategy<Value = Id> {
    prop_oneof![(0..i64::MAX).prop_map(Id), (0..1_000_i64).prop_map(Id)]
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>()
}

fn fields() -> impl Strategy<Value = FieldSet> {
    (0..1_u32 << 22).prop_map(FieldSet)
}

prop_compose! {
    fn shown()(clear in fields(), masked in fields(), mut leads in vec(id(), 0..80)) -> Disclosure {
        leads.sort_unstable();
        leads.dedup();
        Disclosure { clear, masked, leads }
    }
}

prop_compose! {
    fn operation()(kind in 0..OperationKind::ALL.len(), name in option::of(".{0,20}"), document in option::of(digest())) -> Operation {
        Operation { kind: OperationKind::ALL[kind], name, document }
    }
}

prop_compose! {
    fn who()(person in option::of(id()), app in option::of(id()), session in option::of(id()), operator: bool) -> Subject {
        Subject { person, app, session, operator }
    }
}

prop_compose! {
    fn records()(
        (request, at, subject, ip, user_agent) in (id(), 0..253_402_300_799_999_999_i64, who(), option::of("[0-9a-f:.]{0,40}"), option::of(".{0,60}")),
        (purpose, policy_revision, policy_sha256, operation) in (option::of("[A-Z]{0,20}"), 0..i64::MAX, digest(), operation()),
        (decision, code, reasons, grants) in (0..4_usize, option::of(0..Code::ALL.len()), vec("[a-z-]{0,20}", 0..4), vec(id(), 0..4)),
        (disclosures, used, changed) in (vec(shown(), 0..4), [fields(), fields(), fields(), fields()], vec(("[a-z]{0,9}", ".{0,30}", option::of(digest())), 0..4)),
        (agreements, reminder) in (vec((0..AgreementKind::ALL.len(), any::<u32>(), id()), 0..3), any::<bool>()),
        (rows, level, compartments, notice, detail, duration) in
            (any::<u64>(), 0..4_u8, 0..1_u64 << 63, any::<bool>(), option::of(digest()), any::<u64>()),
    ) -> AccessRecord {
        let decisions = [Decision::Allowed, Decision::Denied, Decision::Invalid, Decision::Failed];
        let [filter, sort, search, group] = used;
        AccessRecord {
            request, at: Timestamp(at), subject, client: Client { ip, user_agent }, purpose, policy_revision, policy_sha256, operation, detail,
            decision: decisions[decision], code: code.map(|code| Code::ALL[code]), reasons, grants, disclosures,
            used: FieldsUsed { filter, sort, search, group },
            changed: changed.iter().cloned().map(|(kind, item, commitment)| Changed { kind, item, commitment }).collect(),
            changed_from: if changed.is_empty() { 0 } else { duration },
            rows, marking: Marking::new(Level::from_number(level), compartments), notice, duration,
            agreements: agreements.into_iter().map(|(kind, version, acceptance)| Agreed { kind: AgreementKind::ALL[kind], version, acceptance }).collect(),
            reminder,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_can_be_read(
        record in records(), epoch in id(), rseq in 0..1_u64 << 62, previous in digest(), tail in option::of((id(), any::<u64>())), part in 1..5_u64,
        number in 0..1_u64 << 62, size in any::<u64>(),
    ) {
        prop_assert_eq!(&decode_record(&encode(&record)).unwrap(), &record);
        let follows = tail.map(|(epoch, rseq)| Tail { epoch, rseq });
        let number = if number > 0 { Number::Next(number) } else { Number::First(Before { size, records: size / 3 }) };
        let numbers = vec![number; counters(&record.subject).len()];
        let body = place(&Place { epoch, rseq, previous, follows, numbers: numbers.clone() }, &encode_part(&record, part, 4));
        let entry = decode(&body).unwrap();
        prop_assert_eq!((entry.version, entry.epoch, entry.rseq, entry.previous, entry.follows), (VERSION, epoch, rseq, previous, follows));
        prop_assert_eq!((entry.part, entry.parts, &entry.numbers), (part, 4, &numbers));
        // Read and written by others the text stays the same: it is JSON, and its keys are in order, each once.
        let mut json = Vec::new();
        entry.write_json(&mut json);
        let read: serde_json::Value = serde_json::from_slice(&json).unwrap();
        prop_assert!(read.is_object());
        prop_assert_eq!(String::from_utf8(json).unwrap(), read.to_string());
        prop_assert_eq!(entry.record, record);
        // A shorter text is never a record, and another byte never goes unnoticed as one that says the same.
        prop_assert!(decode(&body[..body.len() - 1]).is_err());
        prop_assert!(decode(&[&body[..], &[0]].concat()).is_err());
    }

    #[test]
    fn no_bytes_make_the_reader_fail_otherwise(bytes in vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
        let _ = decode_record(&bytes);
    }

    #[test]
    fn the_bytes_are_deterministic_cbor(record in records()) {
        let body = encode(&record);
        prop_assert_eq!(rewritten(&mut minicbor::Decoder::new(&body)), body.clone());
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn parts_fit_and_lose_nothing(
        mut record in records(), leads in 0..40_000_i64, step in 1..1_i64 << 44, grants in 0..3_000_usize, changed in 0..3_000_usize,
    ) {
        let long = "ü".repeat(3_000);
        record.operation.name = Some(long.clone());
        record.client = Client { ip: Some(long.clone()), user_agent: Some(long.clone()) };
        record.purpose = Some(long.clone());
        record.reasons = vec![long.clone(); 100];
        record.disclosures.push(Disclosure { clear: FieldSet(1), masked: FieldSet(2), leads: (0..leads).map(|lead| Id(lead * step)).collect() });
        record.grants = vec![Id(i64::MAX); grants];
        record.changed = vec![Changed { kind: long.clone(), item: long, commitment: Some([1; 32]) }; changed];
        record.changed_from = 7;
        let parts = split(record.clone());
        for (part, number) in parts.iter().zip(1..) {
            let tail = Some(Tail { epoch: Id(i64::MAX), rseq: u64::MAX });
            let numbers = vec![Number::First(Before { size: u64::MAX, records: u64::MAX }); counters(&record.subject).len()];
            let body = place(&Place { epoch: Id(1), rseq: u64::MAX, previous: [0; 32], follows: tail, numbers },
                &encode_part(part, number, parts.len() as u64));
            prop_assert!(body.len() <= MAX_ENTRY, "{}", body.len());
            prop_assert!(decode(&body).is_ok());
        }
        let all = |record: &AccessRecord| record.disclosures.iter().flat_map(|shown| shown.leads.iter().map(|lead| (shown.clear, shown.masked, *lead))).collect::<Vec<_>>();
        prop_assert_eq!(parts.iter().flat_map(all).collect::<Vec<_>>(), all(&record));
        prop_assert_eq!(parts.iter().map(|part| part.grants.len()).sum::<usize>(), grants);
        let mut next = 7;
        for part in parts.iter().filter(|part| !part.changed.is_empty()) {
            prop_assert_eq!(part.changed_from, next);
            next += part.changed.len() as u64;
        }
        prop_assert_eq!(next - 7, changed as u64);
    }
}

/// The item written again in the one way that RFC 8949 § 4.2 allows.
fn rewritten(input: &mut minicbor::Decoder<'_>) -> Vec<u8> {
    use minicbor::data::Type;
    let mut out = Vec::new();
    let mut writer = Encoder::new(&mut out);
    match input.datatype().unwrap() {
        Type::Map => {
            let count = input.map().unwrap().unwrap();
            writer.map(count).unwrap();
            let mut entries: Vec<_> = (0..count).map(|_| (rewritten(input), rewritten(input))).collect();
            entries.sort();
            out.extend(entries.into_iter().flat_map(|(key, value)| [key, value].concat()));
        }
        Type::Array => {
            let count = input.array().unwrap().unwrap();
            writer.array(count).unwrap();
            out.extend((0..count).flat_map(|_| rewritten(input)));
        }
        Type::Bytes => drop(writer.bytes(input.bytes().unwrap())),
        Type::String => drop(writer.str(input.str().unwrap())),
        Type::Bool => drop(writer.bool(input.bool().unwrap())),
        _ => drop(writer.int(input.int().unwrap())),
    }
    out
}

/// A page as it is every day, everything filled in: fifty leads of a list that was imported within an hour, fifty that came
/// in at any time within two years, and the worst there is: fifty of all ids that can ever be.
#[test]
fn fifty_leads_take_at_most_700_bytes() {
    let [imported, scattered, worst] = [22, 36, 41].map(bytes_of_a_page);
    // docs/access-record.md states them.
    assert_eq!((imported, scattered, worst), (582, 669, 699));
}

/// Fifty random ids of leads that were made within 2^`millis` ms; the lower 22 bits of an id are random.
fn bytes_of_a_page(millis: u32) -> usize {
    let base = if millis < 41 { 1 << 61 } else { 0 };
    let id = |lead: u64| Id(base + (lead.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - 22 - millis)) as i64);
    let mut leads: Vec<_> = (1..=50).map(id).collect();
    leads.sort_unstable();
    let record = AccessRecord {
        request: Id(1 << 61),
        at: Timestamp(1_800_000_000_000_000),
        subject: Subject { person: Some(Id(1 << 61)), session: Some(Id(1 << 61)), ..Subject::ANONYMOUS },
        client: Client { ip: Some("192.0.2.200".into()), user_agent: Some("leadview/4.2".into()) },
        purpose: Some("RENEWAL".into()),
        policy_revision: 1_000,
        policy_sha256: [1; 32],
        operation: Operation { kind: OperationKind::Query, name: Some("LeadList".into()), document: Some([1; 32]) },
        detail: Some([1; 32]),
        decision: Decision::Allowed,
        code: None,
        reasons: Vec::new(),
        grants: vec![Id(1 << 61)],
        disclosures: vec![Disclosure { clear: FieldSet(1 << 20), masked: FieldSet(1 << 16), leads }],
        used: FieldsUsed { filter: FieldSet(4), sort: FieldSet(1 << 20), ..FieldsUsed::default() },
        changed: Vec::new(),
        changed_from: 0,
        rows: 50,
        marking: Marking::new(Level::TradeSecret, 1),
        notice: true,
        duration: 12_345,
        agreements: vec![Agreed { kind: AgreementKind::Confidentiality, version: 1, acceptance: Id(1 << 61) }],
        reminder: false,
    };
    place(
        &Place { epoch: Id(1 << 61), rseq: 1 << 20, previous: [1; 32], follows: None, numbers: vec![Number::Next(1 << 20)] },
        &encode(&record),
    )
    .len()
}

#[test]
fn what_no_writer_wrote_is_refused() {
    assert!(decode(&[]).is_err());
    assert!(decode(&[0xa0]).is_err());
    // A time that has no date.
    assert!(decode_record(&[0xa1, 0x06, 0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
    // Lengths that promise more than there is.
    assert!(decode(&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(decode_record(&[0xa1, 0x18, 0x19, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
}
