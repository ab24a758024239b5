//! Agreements: which kinds there are, which versions were published, who has accepted what.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::PolicyDocument;
use crate::domain::{Id, Timestamp, clock::DAY};

macro_rules! kinds {
    ($($variant:ident $name:literal $number:literal $doc:literal;)*) => {
        /// A kind of agreement.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum AgreementKind { $(#[doc = $doc] #[serde(rename = $name)] $variant),* }

        impl AgreementKind {
            /// Every kind, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// Its name in GraphQL, in the policy and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
            /// Its number in access records.
            pub const fn number(self) -> u64 {
                match self { $(Self::$variant => $number),* }
            }
        }
    };
}

kinds! {
    Confidentiality "CONFIDENTIALITY" 0 "What is seen stays with the company.";
    Assignment "ASSIGNMENT" 1 "What is made for the company belongs to it.";
    SocialMedia "SOCIAL_MEDIA" 2 "How contacts and accounts on networks are used.";
    AcceptableUse "ACCEPTABLE_USE" 3 "How the company's systems are used.";
    ExitCertificate "EXIT_CERTIFICATE" 4 "What somebody who leaves confirms.";
    ThirdPartyNda "THIRD_PARTY_NDA" 5 "What another company and its people promise.";
}

impl AgreementKind {
    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The kind with this number.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }
}

/// A published version. Its text lies beside the policy, under its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgreementVersion {
    /// Which kind.
    pub kind: AgreementKind,
    /// Counts from 1, without a gap.
    pub version: u32,
    /// The title of its text.
    pub title: String,
    /// SHA-256 of its template, in hexadecimal.
    pub sha256: String,
    /// When it was written down (µs).
    pub dated: i64,
    /// Until when acceptances of the version before still count (µs).
    pub earlier_until: i64,
    /// After how many days it has to be accepted again; `None` is never.
    #[serde(default)]
    pub renew_days: Option<u32>,
}

impl AgreementVersion {
    /// The item it is in the policy.
    pub fn item(kind: AgreementKind, version: u32) -> String {
        format!("{}/{version}", kind.name())
    }
}

impl PolicyDocument {
    /// The version with this number.
    pub fn agreement(&self, kind: AgreementKind, version: u32) -> Option<&AgreementVersion> {
        self.agreements.get(&AgreementVersion::item(kind, version))
    }

    /// The version that is to be accepted now.
    pub fn current_agreement(&self, kind: AgreementKind) -> Option<&AgreementVersion> {
        self.agreements.values().filter(|version| version.kind == kind).max_by_key(|version| version.version)
    }
}

/// Who is bound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A person.
    Person(Id),
    /// Another company, by its name.
    Company(String),
}

/// An acceptance as decisions need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Id.
    pub id: Id,
    /// Of what.
    pub kind: AgreementKind,
    /// Of which version.
    pub version: u32,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// Until when, where a paper says so.
    pub until: Option<Timestamp>,
    /// Whether it was signed elsewhere, on a text that is on file.
    pub paper: bool,
    /// The jurisdiction that the accepted text was composed for.
    pub jurisdiction: Option<String>,
}

/// Acceptances by who is bound.
pub type Acceptances = HashMap<Party, Vec<Acceptance>>;

/// That an acceptance counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Until when; `None` is with no end in sight.
    pub until: Option<Timestamp>,
}

impl Acceptance {
    /// Whether one that was recorded `earlier`, by the same party, counts no more because of this one.
    pub fn replaces(&self, earlier: &Self) -> bool {
        self.kind == earlier.kind && self.version >= earlier.version && self.signed_at >= earlier.signed_at
    }

    /// Whether and until when it counts for a party of this jurisdiction; `None` if it does not at `now`.
    pub fn counts(&self, policy: &PolicyDocument, jurisdiction: Option<&str>, now: Timestamp) -> Option<Counts> {
        if !self.paper && self.jurisdiction.as_deref() != jurisdiction {
            return None;
        }
        let accepted = policy.agreement(self.kind, self.version)?;
        let replaced = policy.agreement(self.kind, self.version + 1).map(|next| Timestamp(next.earlier_until));
        let renewal = accepted.renew_days.map(|days| Timestamp(self.signed_at.0.saturating_add(i64::from(days) * DAY)));
        let until = [replaced, renewal, self.until].into_iter().flatten().min();
        until.is_none_or(|end| now < end).then_some(Counts { until })
    }
}
