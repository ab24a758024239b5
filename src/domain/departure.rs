//! Departures: how far somebody's access goes once it is known that they leave, what is to be done, and how it ended.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::coded::coded;

coded! {
    /// How far the access of somebody who leaves goes; what comes later is narrower.
    DepartureAccess {
        Keep = 1 "KEEP" "As before, until their last day ends.";
        Limit = 2 "LIMIT" "Only to read their own leads; no file, no change, nobody else's leads.";
        Lock = 3 "LOCK" "None at all.";
    }
}

coded! {
    /// Where a departure stands.
    DepartureState {
        Open = 1 "OPEN" "Something is still to be done.";
        Closed = 2 "CLOSED" "They have left.";
        Cancelled = 3 "CANCELLED" "It was a mistake, or they stay.";
        Rehired = 4 "REHIRED" "They had left, and have been taken on again.";
    }
}

coded! {
    /// What a task of a departure is about, and how it is seen to be done.
    TaskKind {
        Manual = 1 "MANUAL" "From the checklist, or added to this departure; somebody says that it is done.";
        Access = 2 "ACCESS" "Access has ended.";
        Handover = 3 "HANDOVER" "No lead is theirs any more.";
        App = 4 "APP" "An app that they answered for: another person does, and no secret is left that they could know.";
        ContactAccount = 5 "CONTACT_ACCOUNT" "An account of the company's that they answered for has another custodian, or is out of use.";
        Certificate = 6 "CERTIFICATE" "The exit certificate was accepted or refused.";
    }
}

coded! {
    /// Where a task stands.
    TaskState {
        Open = 1 "OPEN" "To be done.";
        Done = 2 "DONE" "Done.";
        Waived = 3 "WAIVED" "Not to be done, for a reason.";
    }
}

coded! {
    /// What became of the exit certificate.
    CertificateOutcome {
        Accepted = 1 "ACCEPTED" "They accepted it.";
        Refused = 2 "REFUSED" "They refused to, or could not be asked.";
    }
}

coded! {
    /// Why somebody is proposed to take a relationship over.
    SuccessorReason {
        Chosen = 1 "CHOSEN" "Chosen for this lead.";
        Given = 2 "GIVEN" "Chosen for all.";
        KnowsLead = 3 "KNOWS_LEAD" "The lead knows them already.";
        Team = 4 "TEAM" "They hold the same role for the same team.";
        Manager = 5 "MANAGER" "They assign the leads of the team.";
        Nobody = 6 "NOBODY" "There is nobody who would see the lead; choose somebody.";
    }
}

/// By name, as proposals keep it.
impl Serialize for DepartureAccess {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for DepartureAccess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| D::Error::custom("no such access"))
    }
}
