//! Agreements: which kinds there are.

use serde::{Deserialize, Serialize};

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
