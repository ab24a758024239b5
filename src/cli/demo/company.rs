//! The company of the demo, all invented.

/// Somebody with an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Key in `demo.json`; the second of a role is not in it.
    pub(super) key: Option<&'static str>,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) role: &'static str,
    pub(super) team: Option<&'static str>,
    /// Whether their grant opens the compartment [`COMPARTMENT`].
    pub(super) insider: bool,
    /// Whether they have accepted what their role asks for.
    pub(super) accepts: bool,
    /// What they may, in a few words.
    pub(super) may: &'static str,
}

/// The first admin, who asks for the grants of the others.
pub(super) const ADA: Member = Member {
    key: Some("admin"),
    name: "Ada Abel",
    email: "ada@demo.example",
    role: "admin",
    team: None,
    insider: false,
    // Ada answers for the app.
    accepts: true,
    may: "manage people, roles and grants; see no lead",
};
/// The second, who approves them.
pub(super) const BEN: Member = Member { key: None, name: "Ben Birk", email: "ben@demo.example", ..ADA };
const OTTO: Member = Member {
    key: Some("auditor"),
    name: "Otto Ocampo",
    email: "otto@demo.example",
    role: "auditor",
    team: None,
    insider: false,
    accepts: false,
    may: "read the access log and the policy; see no lead",
};
const MONA: Member = Member {
    key: Some("manager"),
    name: "Mona Meyer",
    email: "mona@demo.example",
    role: "manager",
    team: Some("Sales"),
    insider: true,
    accepts: true,
    may: "see all leads of Sales, assign and mark them",
};
const RITA: Member = Member {
    key: Some("rep"),
    name: "Rita Rossi",
    email: "rita@demo.example",
    role: "rep",
    team: Some("EMEA"),
    insider: true,
    accepts: true,
    may: "see own leads in clear, those of the team with contacts masked",
};
const RAUL: Member = Member { key: None, name: "Raul Ramos", email: "raul@demo.example", team: Some("AMER"), insider: false, ..RITA };
const ANNA: Member = Member {
    key: Some("analyst"),
    name: "Anna Aziz",
    email: "anna@demo.example",
    role: "analyst",
    team: None,
    insider: false,
    accepts: true,
    may: "count all leads, names masked",
};

/// Has a grant, but has not accepted anything.
const NINA: Member = Member {
    key: Some("newcomer"),
    name: "Nina Novak",
    email: "nina@demo.example",
    insider: false,
    accepts: false,
    may: "see what Rita sees, once she has accepted the confidentiality agreement",
    ..RITA
};

/// Everybody but the two admins.
pub(super) const STAFF: [Member; 6] = [OTTO, MONA, RITA, RAUL, ANNA, NINA];

/// Teams and the team above each.
pub(super) const TEAMS: [(&str, Option<&str>); 3] = [("Sales", None), ("EMEA", Some("Sales")), ("AMER", Some("Sales"))];

/// A need-to-know label.
pub(super) const COMPARTMENT: &str = "EMEA";

/// The app: name and client id.
pub(super) const APP: (&str, &str) = ("Warehouse", "warehouse");

/// The leads: the public Datablist sample set, made by its generator; see assets/README.md.
pub(super) const LEADS: &[u8] = include_bytes!("../../../assets/leads-1000.csv");

/// One share of the leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// How many of every twenty rows.
    pub(super) of_twenty: usize,
    pub(super) owner: Option<Member>,
    pub(super) team: Option<&'static str>,
    pub(super) level: &'static str,
    pub(super) insiders_only: bool,
}

const fn share(of_twenty: usize, owner: Option<Member>, team: Option<&'static str>, level: &'static str) -> Share {
    Share { of_twenty, owner, team, level, insiders_only: false }
}

/// How the leads are spread; the shares add up to twenty.
pub(super) const SHARES: [Share; 11] = [
    share(4, Some(RITA), Some("EMEA"), "CONFIDENTIAL"),
    share(1, Some(RITA), Some("EMEA"), "INTERNAL"),
    share(1, Some(RITA), Some("EMEA"), "TRADE_SECRET"),
    Share { insiders_only: true, ..share(1, Some(RITA), Some("EMEA"), "CONFIDENTIAL") },
    share(2, Some(MONA), Some("EMEA"), "CONFIDENTIAL"),
    Share { insiders_only: true, ..share(1, Some(MONA), Some("EMEA"), "TRADE_SECRET") },
    share(4, Some(RAUL), Some("AMER"), "CONFIDENTIAL"),
    share(1, Some(RAUL), Some("AMER"), "TRADE_SECRET"),
    share(3, Some(MONA), Some("AMER"), "CONFIDENTIAL"),
    share(1, None, Some("Sales"), "INTERNAL"),
    share(1, None, None, "CONFIDENTIAL"),
];
