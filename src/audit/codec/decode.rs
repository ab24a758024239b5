//! From an entry's bytes back to what they say. Whatever [`super::encode`] would not have written is refused.

use minicbor::{Decoder, data::Type};

use super::{VERSION, code_number, decision_number, key, kind_number};
use crate::{
    audit::record::{
        AccessRecord, Before, Changed, Decision, Disclosure, Entry, FieldsUsed, Number, Operation, OperationKind, Tail, counters,
    },
    domain::{Client, Digest, FieldSet, Id, Subject, Timestamp, packed},
    policy::{Agreed, AgreementKind, Code, Level, Marking},
};

/// The bytes are no access record of a known version; the text says where they stop being one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an access record: {0}")]
pub struct Malformed(String);

impl From<minicbor::decode::Error> for Malformed {
    fn from(error: minicbor::decode::Error) -> Self {
        Self(error.to_string())
    }
}

type Read<T> = Result<T, Malformed>;

fn wrong<T>(what: &str) -> Read<T> {
    Err(Malformed(what.to_owned()))
}

/// Reads an entry of the ledger.
pub fn decode(bytes: &[u8]) -> Read<Entry> {
    let mut input = Decoder::new(bytes);
    let mut left = head(&mut input)?;
    let mut place = [0; 3];
    for (expected, slot) in [key::VERSION, key::EPOCH, key::RSEQ].into_iter().zip(&mut place) {
        if input.u64()? != expected {
            return wrong("its place in the chain is incomplete");
        }
        *slot = input.u64()?;
    }
    if place[0] != VERSION {
        return Err(Malformed(format!("version {} is unknown", place[0])));
    }
    if input.u64()? != key::PREVIOUS {
        return wrong("its previous leaf is missing");
    }
    let previous = digest(&mut input)?;
    left = left.checked_sub(4).ok_or_else(|| Malformed("its map is too short".into()))?;
    let mut follows = None;
    let position = input.position();
    if left > 0 && input.u64()? == key::FOLLOWS {
        exactly(&mut input, 2, "the tail it follows")?;
        follows = Some(Tail { epoch: id(&mut input)?, rseq: input.u64()? });
        left -= 1;
    } else {
        input.set_position(position);
    }
    left = left.checked_sub(1).ok_or_else(|| Malformed("its map is too short".into()))?;
    if input.u64()? != key::NUMBERS {
        return wrong("its numbers are missing");
    }
    let numbers = many(&mut input, number)?;
    let (record, part, parts) = record(&mut input, left)?;
    let epoch = i64::try_from(place[1]).map_err(|_| Malformed("its epoch is no id".into()))?;
    if numbers.len() != counters(&record.subject).len() {
        return wrong("not one number for each whose entry it is");
    }
    Ok(Entry { version: place[0], epoch: Id(epoch), rseq: place[2], previous, follows, numbers, part, parts, record })
}

fn number(input: &mut Decoder<'_>) -> Read<Number> {
    if input.datatype()? != Type::Array {
        return match input.u64()? {
            0 => wrong("a first number that does not say how many there were before"),
            number => Ok(Number::Next(number)),
        };
    }
    exactly(input, 2, "how many there were before")?;
    Ok(Number::First(Before { size: input.u64()?, records: input.u64()? }))
}

/// Reads what [`super::encode`] made: a record without its place.
pub fn decode_record(bytes: &[u8]) -> Read<AccessRecord> {
    let mut input = Decoder::new(bytes);
    let entries = head(&mut input)?;
    Ok(record(&mut input, entries)?.0)
}

fn head(input: &mut Decoder<'_>) -> Read<u64> {
    input.map()?.ok_or_else(|| Malformed("a map of indefinite length".into()))
}

fn array(input: &mut Decoder<'_>) -> Read<u64> {
    input.array()?.ok_or_else(|| Malformed("an array of indefinite length".into()))
}

/// As many of something as the head of an array says, if there are as many bytes left.
fn many<T>(input: &mut Decoder<'_>, mut one: impl FnMut(&mut Decoder<'_>) -> Read<T>) -> Read<Vec<T>> {
    let count = array(input)?;
    if count > (input.input().len() - input.position()) as u64 {
        return wrong("an array longer than the entry");
    }
    (0..count).map(|_| one(input)).collect()
}

fn digest(input: &mut Decoder<'_>) -> Read<Digest> {
    input.bytes()?.try_into().map_err(|_| Malformed("a digest that is not 32 bytes".into()))
}

fn id(input: &mut Decoder<'_>) -> Read<Id> {
    i64::try_from(input.u64()?).map(Id).map_err(|_| Malformed("an id above 2^63".into()))
}

fn fields(input: &mut Decoder<'_>) -> Read<FieldSet> {
    Ok(FieldSet(input.u32()?))
}

fn record(input: &mut Decoder<'_>, entries: u64) -> Read<(AccessRecord, u64, u64)> {
    let mut record = AccessRecord {
        request: Id(0),
        at: Timestamp(0),
        subject: Subject::ANONYMOUS,
        client: Client::default(),
        purpose: None,
        policy_revision: 0,
        policy_sha256: [0; 32],
        operation: Operation { kind: OperationKind::Unknown, name: None, document: None },
        detail: None,
        decision: Decision::Failed,
        code: None,
        reasons: Vec::new(),
        grants: Vec::new(),
        disclosures: Vec::new(),
        used: FieldsUsed::default(),
        changed: Vec::new(),
        changed_from: 0,
        rows: 0,
        marking: Marking::PUBLIC,
        notice: false,
        duration: 0,
        agreements: Vec::new(),
        reminder: false,
    };
    let (mut part, mut parts) = (1, 1);
    let (mut seen, mut before) = (0_u64, key::NUMBERS);
    for _ in 0..entries {
        let key = input.u64()?;
        if key <= before {
            return wrong("its keys do not rise");
        }
        before = key;
        seen |= 1 << key.min(63);
        match key {
            key::AT => {
                record.at = Timestamp(input.i64()?);
                // Year 0 to 9999: what RFC 3339 can write.
                if !(-62_167_219_200_000_000..253_402_300_800_000_000).contains(&record.at.0) {
                    return wrong("a time without a date");
                }
            }
            key::REQUEST => record.request = id(input)?,
            key::SUBJECT => record.subject = subject(input)?,
            key::CLIENT => {
                let client = &mut record.client;
                keyed(input, |key, input| {
                    let text = Some(input.str()?.to_owned());
                    match key {
                        0 => client.ip = text,
                        1 => client.user_agent = text,
                        _ => return wrong("an unknown part of the client"),
                    }
                    Ok(())
                })?;
            }
            key::PURPOSE => record.purpose = Some(input.str()?.to_owned()),
            key::POLICY_REVISION => record.policy_revision = input.i64()?,
            key::POLICY_SHA256 => record.policy_sha256 = digest(input)?,
            key::OPERATION => record.operation = operation(input)?,
            key::DETAIL => record.detail = Some(digest(input)?),
            key::DECISION => record.decision = decision(input.u64()?)?,
            key::CODE => record.code = Some(code(input.u64()?)?),
            key::REASONS => record.reasons = many(input, |input| Ok(input.str()?.to_owned()))?,
            key::GRANTS => record.grants = many(input, id)?,
            key::DISCLOSURES => record.disclosures = many(input, disclosure)?,
            key::USED => {
                let used = &mut record.used;
                keyed(input, |key, input| {
                    match key {
                        0 => used.filter = fields(input)?,
                        1 => used.sort = fields(input)?,
                        2 => used.search = fields(input)?,
                        3 => used.group = fields(input)?,
                        _ => return wrong("an unknown use of fields"),
                    }
                    Ok(())
                })?;
            }
            key::CHANGED => {
                (record.changed_from, record.changed) = changes(input)?;
            }
            key::ROWS => record.rows = input.u64()?,
            key::MARKING => {
                exactly(input, 2, "a marking")?;
                record.marking = Marking::new(Level::from_number(input.u8()?), input.u64()?);
            }
            key::NOTICE => record.notice = input.bool()?,
            key::DURATION => record.duration = input.u64()?,
            key::PART => {
                exactly(input, 2, "a part")?;
                (part, parts) = (input.u64()?, input.u64()?);
            }
            key::AGREEMENTS => record.agreements = many(input, agreed)?,
            key::REMINDER => record.reminder = input.bool()?,
            _ => return Err(Malformed(format!("key {key} is unknown"))),
        }
    }
    for required in [key::AT, key::REQUEST, key::POLICY_REVISION, key::POLICY_SHA256, key::OPERATION, key::DECISION] {
        if seen >> required & 1 == 0 {
            return Err(Malformed(format!("key {required} is missing")));
        }
    }
    if input.position() != input.input().len() {
        return wrong("bytes after its end");
    }
    Ok((record, part, parts))
}

/// Reads a map with rising small keys.
fn keyed(input: &mut Decoder<'_>, mut one: impl FnMut(u64, &mut Decoder<'_>) -> Read<()>) -> Read<()> {
    let mut next = 0;
    for _ in 0..head(input)? {
        let key = input.u64()?;
        if key < next {
            return wrong("keys of an inner map do not rise");
        }
        next = key + 1;
        one(key, input)?;
    }
    Ok(())
}

fn exactly(input: &mut Decoder<'_>, length: u64, what: &str) -> Read<()> {
    if array(input)? == length { Ok(()) } else { Err(Malformed(format!("{what} of another length than {length}"))) }
}

fn subject(input: &mut Decoder<'_>) -> Read<Subject> {
    let mut subject = Subject::ANONYMOUS;
    keyed(input, |key, input| {
        match key {
            0 => subject.person = Some(id(input)?),
            1 => subject.app = Some(id(input)?),
            2 => subject.session = Some(id(input)?),
            3 => subject.operator = input.u64()? == 1,
            _ => return wrong("an unknown part of the subject"),
        }
        Ok(())
    })?;
    Ok(subject)
}

fn operation(input: &mut Decoder<'_>) -> Read<Operation> {
    let mut operation = Operation { kind: OperationKind::Unknown, name: None, document: None };
    keyed(input, |key, input| {
        match (key, input.datatype()?) {
            (0, _) => {
                let number = input.u64()?;
                let kind = OperationKind::ALL.into_iter().find(|kind| kind_number(*kind) == number);
                operation.kind = kind.ok_or_else(|| Malformed(format!("an unknown kind of operation, {number}")))?;
            }
            (1, Type::String) => operation.name = Some(input.str()?.to_owned()),
            (2, Type::Bytes) => operation.document = Some(digest(input)?),
            _ => return wrong("an unknown part of the operation"),
        }
        Ok(())
    })?;
    Ok(operation)
}

fn decision(number: u64) -> Read<Decision> {
    let all = [Decision::Allowed, Decision::Denied, Decision::Invalid, Decision::Failed];
    let found = all.into_iter().find(|decision| decision_number(*decision) == number);
    found.ok_or_else(|| Malformed(format!("an unknown decision, {number}")))
}

fn code(number: u64) -> Read<Code> {
    let found = Code::ALL.iter().copied().find(|code| code_number(*code) == number);
    found.ok_or_else(|| Malformed(format!("an unknown code, {number}")))
}

fn disclosure(input: &mut Decoder<'_>) -> Read<Disclosure> {
    exactly(input, 3, "a disclosure")?;
    let (clear, masked) = (fields(input)?, fields(input)?);
    let leads = packed::unpack_ids(input.bytes()?).map_err(|error| Malformed(error.to_string()))?;
    Ok(Disclosure { clear, masked, leads })
}

fn agreed(input: &mut Decoder<'_>) -> Read<Agreed> {
    exactly(input, 3, "an agreement")?;
    let kind = AgreementKind::from_number(input.u64()?).ok_or_else(|| Malformed("an unknown kind of agreement".into()))?;
    Ok(Agreed { kind, version: input.u32()?, acceptance: id(input)? })
}

/// The number of the first change, then the changes.
fn changes(input: &mut Decoder<'_>) -> Read<(u64, Vec<Changed>)> {
    let count = array(input)?;
    if count < 2 || count > (input.input().len() - input.position()) as u64 {
        return wrong("changes of an impossible number");
    }
    let from = input.u64()?;
    let change = |input: &mut Decoder<'_>| {
        let length = array(input)?;
        let (kind, item) = (input.str()?.to_owned(), input.str()?.to_owned());
        let commitment = match length {
            2 => None,
            3 => Some(digest(input)?),
            _ => return wrong("a change of an impossible length"),
        };
        Ok(Changed { kind, item, commitment })
    };
    Ok((from, (1..count).map(|_| change(input)).collect::<Read<_>>()?))
}
