//! Reading the text that is composed for whoever asks, and accepting it.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    app::{
        Error, Op,
        revise::{ATTEMPTS, overtaken},
    },
    domain::{Digest, Id, Timestamp, clock::DAY, hex, unhex},
    policy::{Acceptance, AgreementKind, AgreementVersion, Code, Party, Refusal, Snapshot, Template, template::same_name},
    store::{AcceptanceRow, Change, StoreError},
};

/// Longest name that somebody types, in characters.
const NAME: usize = 200;

/// An agreement as somebody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposedText {
    /// The version.
    pub version: AgreementVersion,
    /// The whole text in Markdown.
    pub text: String,
    /// SHA-256 of these very bytes; an acceptance names it.
    pub sha256: Digest,
    /// The jurisdiction it was composed for, as far as it is known.
    pub jurisdiction: Option<String>,
}

/// The text that is to be accepted now, composed for the person who asks. Its record says that it was shown.
pub async fn text(op: &Op, kind: AgreementKind) -> Result<ComposedText, Error> {
    op.subject.actor().ok_or_else(nobody)?;
    op.rights.own_password()?;
    let composed = compose(op, &op.snapshot, kind, op.subject.person).await?;
    op.trace().reasons.push(format!("shown {}", AgreementVersion::item(kind, composed.version.version)));
    op.trace().rows += 1;
    Ok(composed)
}

/// Accepts the current version for the person who asks: with its number, the SHA-256 of the very text that was read, and
/// their name, typed.
pub async fn accept(op: &Op, kind: AgreementKind, version: u32, sha256: &str, typed_name: &str) -> Result<AcceptanceRow, Error> {
    let person = match (op.subject.person, op.subject.app) {
        (Some(person), None) => person,
        (None, None) => return Err(nobody().into()),
        _ => return Err(Refusal::forbidden("Only the person themself can accept an agreement; no app can do it for them.").into()),
    };
    op.rights.own_password()?;
    let read: Digest = unhex(sha256).ok_or_else(|| Refusal::bad_input("`sha256` is no SHA-256 in hexadecimal."))?;
    for _ in 0..ATTEMPTS {
        let snapshot = op.core.current.latest(&op.core.store, &*op.core.clock).await?;
        let account = snapshot.accounts.get(&person).filter(|account| !account.locked).ok_or_else(nobody)?;
        let composed = compose(op, &snapshot, kind, Some(person)).await?;
        if composed.version.version != version || composed.sha256 != read {
            let message = "This is not the text that you are to accept now; read `agreementText` again and accept what it shows.";
            return Err(Refusal::conflict(message).into());
        }
        if typed_name.chars().count() > NAME || !same_name(typed_name, &account.name) {
            let message = format!("Type your name as your account has it: {}.", account.name);
            return Err(Refusal::new(Code::BadUserInput, message).into());
        }
        let now = op.core.now();
        if let Some(known) = lately(op, &snapshot, person, &composed, now).await? {
            return Ok(known);
        }
        let row = AcceptanceRow {
            acceptance: Acceptance {
                id: op.core.new_id(),
                kind,
                version,
                signed_at: now,
                until: None,
                paper: false,
                jurisdiction: composed.jurisdiction.clone(),
            },
            party: Party::Person(person),
            text_sha256: Some(read),
            typed_name: Some(typed_name.to_owned()),
            at: now,
            client: op.client.clone(),
            session: op.subject.session,
            paper_sha256: None,
            attested_by: None,
            attestation: None,
            request: op.request,
        };
        if write(op, snapshot.generation, &row, Some(composed.text)).await? {
            return Ok(row);
        }
    }
    Err(overtaken())
}

/// What the person has accepted of this very version and text within a day: to accept it again says nothing new, and every
/// acceptance makes all servers read rights anew.
async fn lately(op: &Op, snapshot: &Snapshot, person: Id, composed: &ComposedText, now: Timestamp) -> Result<Option<AcceptanceRow>, Error> {
    let known = snapshot.acceptances.get(&Party::Person(person)).into_iter().flatten().find(|known| {
        let same =
            (known.kind, known.version, &known.jurisdiction) == (composed.version.kind, composed.version.version, &composed.jurisdiction);
        same && !known.paper && (0..DAY).contains(&(now.0 - known.signed_at.0))
    });
    match known {
        Some(known) => Ok(op.core.store.acceptance(known.id).await?),
        None => Ok(None),
    }
}

/// Writes an acceptance that was decided on the state of `generation`, with the text it is of; `false` if that state has
/// passed.
async fn write(op: &Op, generation: i64, row: &AcceptanceRow, text: Option<String>) -> Result<bool, Error> {
    let note = op.note_change(vec![accepted(row)]);
    let (put, new) = (note.clone(), row.clone());
    let written = op.core.store.write(move |tx| {
        Box::pin(async move {
            if !tx.bump_generation_from(generation).await? {
                return Ok(false);
            }
            if let (Some(sha256), Some(text)) = (&new.text_sha256, &text) {
                tx.put_agreement_text(sha256, text).await?;
            }
            tx.put_acceptance(&new).await?;
            tx.put_change(&put).await?;
            Ok::<_, Error>(true)
        })
    });
    let written = written.await?;
    if written {
        op.changed(&note);
        op.core.current.check(&op.core.store, &*op.core.clock).await?;
    }
    Ok(written)
}

/// What the record of an acceptance says.
pub(super) fn accepted(row: &AcceptanceRow) -> Change {
    let (person, company) = match &row.party {
        Party::Person(id) => (Some(id.to_string()), None),
        Party::Company(name) => (None, Some(name.as_str())),
    };
    let after = json!({
        "person": person,
        "company": company,
        "agreement": AgreementVersion::item(row.acceptance.kind, row.acceptance.version),
        "signedAt": row.acceptance.signed_at.to_string(),
        "until": row.acceptance.until.map(|until| until.to_string()),
        "jurisdiction": row.acceptance.jurisdiction,
        "textSha256": row.text_sha256.as_ref().map(hex),
        "typedName": row.typed_name,
        "paperSha256": row.paper_sha256.as_ref().map(hex),
        "attestation": row.attestation,
    });
    Change { kind: "acceptance", item: row.acceptance.id.to_string(), before: None, after: Some(after.to_string()) }
}

async fn compose(op: &Op, snapshot: &Snapshot, kind: AgreementKind, person: Option<Id>) -> Result<ComposedText, Error> {
    let version = snapshot.document.current_agreement(kind).cloned().ok_or_else(Refusal::not_found)?;
    let template = Template::parse(&source(op, &version).await?)?;
    let jurisdiction = person.and_then(|person| snapshot.accounts.get(&person)).and_then(|account| account.jurisdiction.clone());
    let text = template.compose(jurisdiction.as_deref());
    Ok(ComposedText { sha256: Sha256::digest(&text).into(), version, text, jurisdiction })
}

/// The template of a published version.
async fn source(op: &Op, version: &AgreementVersion) -> Result<String, Error> {
    let lost = || StoreError::Corrupt(format!("the text of {}", AgreementVersion::item(version.kind, version.version)));
    let sha256 = unhex(&version.sha256).ok_or_else(lost)?;
    let source = op.core.store.agreement_text(&sha256).await?.filter(|source| Digest::from(Sha256::digest(source)) == sha256);
    Ok(source.ok_or_else(lost)?)
}

fn nobody() -> Refusal {
    Refusal::new(Code::Unauthenticated, "Sign in first.")
}
