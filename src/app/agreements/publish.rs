//! Publishing versions, which takes two admins, and the reminder.

use sha2::{Digest as _, Sha256};

use crate::{
    app::{
        Error, Op,
        proposals::{Asked, revise_or_ask},
        revise::revise,
    },
    domain::{Digest, hex},
    policy::{Acting, AgreementKind, AgreementVersion, Permission, PolicyDocument, Refusal, Template},
};

/// Longest grace, in days.
const GRACE: u32 = 3_660;

/// A version to be published.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Which kind.
    pub kind: AgreementKind,
    /// Its template in Markdown.
    pub text: String,
    /// For how many days acceptances of the version before still count; `None` is what the settings say.
    pub grace_days: Option<u32>,
    /// When it has to be accepted again.
    pub renewal: Renewal,
}

/// When a version has to be accepted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renewal {
    /// As the settings say.
    #[default]
    AsSet,
    /// After so many days.
    After(u32),
    /// Never.
    Never,
}

/// Publishes the next version of a kind. Its text binds everybody, so another admin has to agree.
pub async fn publish(op: &Op, draft: &Draft) -> Result<Asked<Option<AgreementVersion>>, Error> {
    op.rights.permit(Permission::PolicyManage)?;
    let template = Template::parse(&draft.text)?;
    let set = op.core.agreements;
    let grace_days = draft.grace_days.unwrap_or(set.grace_days);
    let renew_days = match draft.renewal {
        Renewal::AsSet => Some(set.renew_days).filter(|days| *days > 0),
        Renewal::After(days) => Some(days),
        Renewal::Never => None,
    };
    if grace_days > GRACE {
        return Err(Refusal::bad_input(format!("Grace is at most {GRACE} days.")).into());
    }
    let digest: Digest = Sha256::digest(&draft.text).into();
    // A text that nobody publishes means nothing; one that is published must be there.
    let text = draft.text.clone();
    let kept = op.core.store.write(move |tx| Box::pin(async move { Ok::<_, Error>(tx.put_agreement_text(&digest, &text).await?) }));
    kept.await?;
    let (kind, dated) = (draft.kind, op.core.now());
    let number = |document: &PolicyDocument| document.current_agreement(kind).map_or(1, |newest| newest.version + 1);
    let edit = |document: &mut PolicyDocument, _: &Acting<'_>| {
        let version = AgreementVersion {
            kind,
            version: number(document),
            title: template.title().to_owned(),
            sha256: hex(&digest),
            dated: dated.0,
            earlier_until: dated.plus_seconds(i64::from(grace_days) * 86_400).0,
            renew_days,
        };
        document.publish_agreement(version)
    };
    revise_or_ask(op, None, edit, |document| Ok(document.current_agreement(kind).cloned())).await
}

/// Sets the reminder; `expected` is the policy revision the caller has seen. Answers it as it is kept.
pub async fn set_reminder(op: &Op, reminder: &str, expected: Option<i64>) -> Result<String, Error> {
    revise(op, expected, |document, _| {
        document.set_reminder(reminder)?;
        Ok(document.reminder.clone())
    })
    .await
}
