//! Templates, as whoever decides on them reads them: of a version that waits for its second admin as of any that was published.

use crate::{
    app::{Error, Op},
    domain::unhex,
    policy::{AgreementKind, Permission, Refusal, Template, template::is_jurisdiction},
};

/// A template that somebody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateText {
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// The whole of it, with the clauses of every jurisdiction.
    pub text: String,
    read: Template,
}

impl TemplateText {
    /// Its title.
    pub fn title(&self) -> &str {
        self.read.title()
    }

    /// The text that somebody of this jurisdiction is shown; `None` is one who is not known to be of any.
    pub fn composed(&self, jurisdiction: Option<&str>) -> Result<String, Refusal> {
        match jurisdiction {
            Some(code) if !is_jurisdiction(code) => Err(no_jurisdiction()),
            _ => Ok(self.read.compose(jurisdiction)),
        }
    }
}

/// The template with this SHA-256, in hexadecimal.
pub async fn template(op: &Op, sha256: &str) -> Result<TemplateText, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    let digest = unhex(sha256).ok_or_else(|| Refusal::bad_input("`sha256` is no SHA-256 in hexadecimal."))?;
    let text = op.core.store.agreement_text(&digest).await?.ok_or_else(Refusal::not_found)?;
    // Composed texts lie beside the templates, under their own hashes.
    let read = Template::parse(&text).map_err(|_| Refusal::not_found())?;
    op.trace().reasons.push(format!("shown template {sha256}"));
    op.trace().rows += 1;
    Ok(TemplateText { sha256: sha256.to_owned(), text, read })
}

/// The template of the version of a kind that is to be accepted now.
pub async fn current_template(op: &Op, kind: AgreementKind) -> Result<TemplateText, Error> {
    let version = op.snapshot.document.current_agreement(kind).ok_or_else(Refusal::not_found)?;
    template(op, &version.sha256).await
}

pub(super) fn no_jurisdiction() -> Refusal {
    Refusal::bad_input("A jurisdiction is a country such as DE, or a part of one such as US-CA.")
}
