//! Papers that were signed elsewhere: kept by their hash, attested by whoever brings them in.

use sha2::{Digest as _, Sha256};

use super::accept::accepted;
use crate::{
    app::{
        Core, Error, Op,
        revise::{ATTEMPTS, Basis, author, overtaken},
    },
    domain::{Subject, Timestamp},
    policy::{Acceptance, AgreementKind, Party, Permission, Refusal, text},
    store::{AcceptanceRow, NewPaper, StoreError},
};

/// Bytes of a paper at most.
pub const MAX_PAPER: u64 = 10 * 1024 * 1024;
const ATTESTATION: usize = 500;
/// The first bytes of a PDF (ISO 32000-1 § 7.5.2), and what stands near its end (§ 7.5.5).
const MAGIC: &[u8] = b"%PDF-";
const END: &[u8] = b"%%EOF";
const TAIL: usize = 1_024;

/// A paper that somebody has signed.
#[derive(Clone, Debug)]
pub struct SignedPaper {
    /// Who signed it.
    pub party: Party,
    /// What it stands for.
    pub kind: AgreementKind,
    /// Which version; the current one unless given.
    pub version: Option<u32>,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// Until when it holds, if it says so.
    pub until: Option<Timestamp>,
    /// What whoever brings it in attests.
    pub attestation: String,
    /// The file's name.
    pub name: String,
    /// The file.
    pub content: Vec<u8>,
}

/// Whether this subject may bring in papers now: to be asked before their files are taken in.
pub async fn may_import_papers(core: &Core, subject: &Subject) -> bool {
    // Where the policy cannot be read, the operation itself says so.
    let snapshot = core.current.fresh(&core.store, &*core.clock).await;
    snapshot.is_ok_and(|snapshot| snapshot.rights(subject, None, core.now()).permit(Permission::AccountsManage).is_ok())
}

/// The bytes of a paper that lies in a file, as far as there may be so many.
pub async fn read_paper(file: &std::path::Path) -> Result<Vec<u8>, Error> {
    let unreadable = |error| StoreError::File(file.display().to_string(), error);
    let size = tokio::fs::metadata(file).await.map_err(unreadable)?.len();
    if size > MAX_PAPER {
        return Err(too_long().into());
    }
    Ok(tokio::fs::read(file).await.map_err(unreadable)?)
}

fn too_long() -> Refusal {
    Refusal::bad_input(format!("A paper may have {MAX_PAPER} bytes at most."))
}

/// Records a paper as the acceptance of somebody else; nobody attests their own.
pub async fn import_paper(op: &Op, signed: SignedPaper) -> Result<AcceptanceRow, Error> {
    op.rights.permit(Permission::AccountsManage)?;
    let attestation = text::line("The attestation", &signed.attestation, ATTESTATION)?;
    let name = text::line("The file's name", &signed.name, 255)?;
    is_pdf(&signed.content)?;
    let now = op.core.now();
    if signed.signed_at > now || signed.until.is_some_and(|until| until <= signed.signed_at) {
        return Err(Refusal::bad_input("A paper was signed before now, and holds until a time after that.").into());
    }
    let paper = NewPaper { sha256: Sha256::digest(&signed.content).into(), name, content: signed.content };
    for _ in 0..ATTEMPTS {
        let basis = Basis::of(op, Permission::AccountsManage).await?;
        let party = known(&signed.party, &basis, author(op))?;
        let document = &basis.snapshot.document;
        let version = match signed.version {
            Some(version) => document.agreement(signed.kind, version),
            None => document.current_agreement(signed.kind),
        };
        let version = version.ok_or_else(|| Refusal::bad_input("There is no such version; publish it first."))?.version;
        let row = AcceptanceRow {
            acceptance: Acceptance {
                id: op.core.new_id(),
                kind: signed.kind,
                version,
                signed_at: signed.signed_at,
                until: signed.until,
                paper: true,
                jurisdiction: None,
            },
            party,
            text_sha256: None,
            typed_name: None,
            at: now,
            client: op.client.clone(),
            session: op.subject.session,
            paper_sha256: Some(paper.sha256),
            attested_by: author(op),
            attestation: Some(attestation.clone()),
            request: op.request,
        };
        let note = op.note_change(vec![accepted(&row)]);
        let (permit, generation, put, new, kept) = (basis.permit, basis.snapshot.generation, note.clone(), row.clone(), paper.clone());
        let written = op.core.store.write(move |tx| {
            Box::pin(async move {
                if !tx.bump_generation_from(generation).await? {
                    return Ok(false);
                }
                tx.put_paper(permit, &kept, now).await?;
                tx.put_acceptance(&new).await?;
                tx.put_change(&put).await?;
                Ok::<_, Error>(true)
            })
        });
        if written.await? {
            op.changed(&note);
            op.core.current.check(&op.core.store, &*op.core.clock).await?;
            return Ok(row);
        }
    }
    Err(overtaken())
}

/// The party as accounts name it.
fn known(party: &Party, basis: &Basis, author: Option<crate::domain::Id>) -> Result<Party, Refusal> {
    match party {
        Party::Person(id) if author == Some(*id) => Err(Refusal::forbidden("Nobody attests a paper of their own; another admin must.")),
        Party::Person(id) if basis.snapshot.accounts.get(id).is_none_or(|account| account.is_app) => {
            Err(Refusal::bad_input("There is no such person."))
        }
        Party::Person(id) => Ok(Party::Person(*id)),
        Party::Company(name) => Ok(Party::Company(super::people::company(name)?)),
    }
}

fn is_pdf(content: &[u8]) -> Result<(), Refusal> {
    if content.len() as u64 > MAX_PAPER {
        return Err(too_long());
    }
    let tail = &content[content.len().saturating_sub(TAIL)..];
    if !content.starts_with(MAGIC) || !tail.windows(END.len()).any(|part| part == END) {
        return Err(Refusal::bad_input("This is no whole PDF file."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pdfs_are_papers() {
        assert!(is_pdf(b"%PDF-1.7\n1 0 obj\n%%EOF\n").is_ok());
        for broken in [&b""[..], b"%PDF-1.7\n1 0 obj", b"PK\x03\x04 %PDF- %%EOF", b"\n%PDF-1.7 %%EOF"] {
            assert!(is_pdf(broken).is_err());
        }
        let mut long = b"%PDF-1.7\n".to_vec();
        long.resize(MAX_PAPER as usize, b' ');
        long.extend_from_slice(END);
        assert!(is_pdf(&long).is_err());
    }
}
