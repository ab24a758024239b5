//! The whole policy that ships, on one page. Admins change it from here on; `tests/policy_table.txt` spells it out.

use sha2::{Digest as _, Sha256};

use super::{
    AgreementKind, AgreementVersion, Level, Permission, Purpose, Quotas,
    document::{FieldMarkings, MarkingText, PolicyDocument, RoleDefinition, Scope, WindowTemplate},
};
use crate::domain::{Field, Timestamp, hex};

/// The notice shown until the admins write their own.
pub const NOTICE: &str = "Confidential trade-secret information. Use it only for your work, do not pass it on. Every access is recorded.";

/// The reminder shown until the admins write their own.
pub const REMINDER: &str =
    "These leads are a trade secret of the company. You have promised to keep them confidential; the promise holds for what you see here.";

/// The company-wide marking of each lead field.
pub const FIELD_MARKINGS: &[(Level, &[Field])] = &[
    (
        Level::Internal,
        &[
            Field::Company,
            Field::Industry,
            Field::Country,
            Field::Stage,
            Field::Source,
            Field::CreatedAt,
            Field::UpdatedAt,
            Field::Archived,
        ],
    ),
    (
        Level::Confidential,
        &[
            Field::FirstName,
            Field::LastName,
            Field::Title,
            Field::Website,
            Field::City,
            Field::Owner,
            Field::Team,
            Field::Tags,
            Field::Reference,
            Field::Origins,
            Field::Relationships,
        ],
    ),
    (Level::TradeSecret, &[Field::Emails, Field::Phones, Field::DealValue, Field::Score, Field::Notes]),
];

const CONTACT: &[Field] = &[Field::Emails, Field::Phones];
const CONFIDENTIAL: &[Field] = FIELD_MARKINGS[1].1;

type BuiltIn = (&'static str, &'static str, &'static [Permission], &'static [(Scope, Level, &'static [Field])], Quotas);

/// The roles that ship.
pub const ROLES: &[BuiltIn] = {
    use Permission::{
        AccountsManage, AlarmHandle, CustodyRead, DataErase, DepartureManage, DirectoryRead, GrantReview, HoldManage, LeadArchive,
        LeadAssign, LeadCreate, LeadExport, LeadImport, LeadMark, LeadRead, LeadUpdate, LogRead, PolicyManage, PolicyRead, QuotaLift,
        RegisterManage, RegisterRead, TrapKeep,
    };
    const NONE: Quotas =
        Quotas { leads_per_hour: None, leads_per_day: None, new_leads_per_day: None, rows_per_export: None, export_rows_per_day: None };
    const fn quotas(leads_per_hour: u32, leads_per_day: u32, rows_per_export: u32, export_rows_per_day: u32) -> Quotas {
        Quotas {
            leads_per_hour: Some(leads_per_hour),
            leads_per_day: Some(leads_per_day),
            rows_per_export: Some(rows_per_export),
            export_rows_per_day: Some(export_rows_per_day),
            ..NONE
        }
    }
    &[
        (
            "rep",
            "Sells: own leads in clear, the team's with contact data masked.",
            &[LeadRead, LeadCreate, LeadUpdate, LeadArchive, LeadExport],
            &[(Scope::Own, Level::TradeSecret, &[]), (Scope::Team, Level::Confidential, CONTACT)],
            quotas(1_000, 2_000, 500, 1_000),
        ),
        (
            "manager",
            "Leads a team: everything of it, assigns and marks.",
            &[
                LeadRead,
                LeadCreate,
                LeadUpdate,
                LeadAssign,
                LeadMark,
                LeadArchive,
                LeadImport,
                LeadExport,
                DirectoryRead,
                RegisterRead,
                CustodyRead,
                QuotaLift,
                GrantReview,
            ],
            &[(Scope::Team, Level::TradeSecret, &[])],
            quotas(5_000, 10_000, 5_000, 10_000),
        ),
        (
            "analyst",
            "Counts and compares: all leads, the confidential fields masked.",
            &[LeadRead],
            &[(Scope::All, Level::Confidential, CONFIDENTIAL)],
            quotas(10_000, 20_000, 0, 0),
        ),
        (
            "app-reader",
            "Another system of the company: all leads at CONFIDENTIAL, contact data masked.",
            &[LeadRead],
            &[(Scope::All, Level::Confidential, CONTACT)],
            NONE,
        ),
        (
            "auditor",
            "Reviews what was seen: the access log and the policy, no lead.",
            &[LogRead, AlarmHandle, PolicyRead, DirectoryRead, RegisterRead],
            &[],
            NONE,
        ),
        (
            "admin",
            "Manages people, apps, roles and markings, no lead.",
            &[
                PolicyManage,
                PolicyRead,
                GrantReview,
                AccountsManage,
                AlarmHandle,
                DirectoryRead,
                RegisterRead,
                RegisterManage,
                DataErase,
                HoldManage,
                DepartureManage,
            ],
            &[],
            NONE,
        ),
        ("hr", "Human resources: begins and runs departures, no lead.", &[DepartureManage, DirectoryRead], &[], NONE),
        (
            "trap-keeper",
            "Keeps the trap: knows the canaries and traces lists found outside, no lead.",
            &[TrapKeep, DirectoryRead],
            &[],
            NONE,
        ),
    ]
};

/// The purposes that ship: code and description. None of them narrows anything.
pub const PURPOSES: &[(&str, &str)] = &[
    ("SALES", "Selling: finding, preparing and having the talk."),
    ("RENEWAL", "Keeping a customer: renewals and reminders."),
    ("SUPPORT", "Helping somebody who asked."),
    ("ANALYSIS", "Counting and comparing."),
    ("REVIEW", "Checking leads or accesses because somebody asked to."),
    ("MIGRATION", "Moving leads between the company's own systems."),
];

/// The agreements that ship: kind, template, and after how many days each is accepted again. They are starter texts that need
/// counsel, and say so.
pub const AGREEMENTS: &[(AgreementKind, &str, Option<u32>)] = &[
    (AgreementKind::Confidentiality, include_str!("../../assets/agreements/confidentiality.md"), Some(365)),
    (AgreementKind::Assignment, include_str!("../../assets/agreements/assignment.md"), None),
    (AgreementKind::SocialMedia, include_str!("../../assets/agreements/social-media.md"), Some(365)),
    (AgreementKind::AcceptableUse, include_str!("../../assets/agreements/acceptable-use.md"), Some(365)),
    (AgreementKind::ExitCertificate, include_str!("../../assets/agreements/exit-certificate.md"), None),
    (AgreementKind::ThirdPartyNda, include_str!("../../assets/agreements/third-party-nda.md"), Some(365)),
];

/// The versions that a new installation publishes at `now`, each with its template.
pub fn starters(now: Timestamp) -> Vec<(AgreementVersion, &'static str)> {
    let starter = |(kind, text, renew_days): &(AgreementKind, &'static str, Option<u32>)| {
        let title = text.lines().next().unwrap_or_default().trim_start_matches("# ").to_owned();
        let sha256 = hex(&Sha256::digest(text).into());
        (AgreementVersion { kind: *kind, version: 1, title, sha256, dated: now.0, earlier_until: now.0, renew_days: *renew_days }, *text)
    };
    AGREEMENTS.iter().map(starter).collect()
}

/// The checklist of departures that ships.
pub const CHECKLIST: &[&str] = &[
    "Read the exposure report before the exit interview.",
    "Tell them in writing when their access ended, and why.",
    "Remind them in writing that what they promised about confidentiality goes on.",
    "Ask for the company's records back: files, exports, print-outs, devices. Do not ask for what is in their memory.",
    "Change the credentials of the company's pages, seats and mailboxes that they could sign in to.",
    "Introduce the successors to the customers in the company's name.",
];

/// The built-in role of the first admin.
pub const ADMIN: &str = "admin";

/// What manages. Nobody can hold one of these together with one of [`REVIEWING`]: duties are separate, and the
/// built-in `admin` and `auditor` are two persons. A role with either opens no window onto leads.
pub const MANAGING: &[Permission] =
    &[Permission::PolicyManage, Permission::AccountsManage, Permission::DataErase, Permission::HoldManage, Permission::DepartureManage];
/// What knows the canaries. Nobody can hold it together with one of [`MANAGING`] or with a window onto leads: whoever could take
/// leads, or let somebody take them, must not be able to leave the canaries out.
pub const TRAPPING: &[Permission] = &[Permission::TrapKeep];
/// What reviews.
pub const REVIEWING: &[Permission] = &[Permission::LogRead];

/// The policy of a new installation: the built-in roles with ids 1, 2, …, the field markings, no teams, no grants.
pub fn initial() -> PolicyDocument {
    let marking = |level: Level| MarkingText { level: level.name().into(), compartments: Vec::new() };
    let field_markings: FieldMarkings =
        FIELD_MARKINGS.iter().flat_map(|(level, fields)| fields.iter().map(|field| (field.name().to_owned(), marking(*level)))).collect();
    let roles = ROLES.iter().zip(1..).map(|((name, description, permissions, windows, quotas), id)| {
        let windows = windows.iter().map(|(scope, level, masked)| WindowTemplate {
            scope: *scope,
            level: level.name().into(),
            compartments: Vec::new(),
            all_compartments: false,
            masked: masked.iter().map(|field| field.name().into()).collect(),
        });
        let role = RoleDefinition {
            name: (*name).into(),
            description: (*description).into(),
            built_in: true,
            permissions: permissions.iter().map(|permission| permission.name().into()).collect(),
            windows: windows.collect(),
            quotas: *quotas,
        };
        (id, role)
    });
    let purpose =
        |(code, description): &(&str, &str)| ((*code).into(), Purpose { description: (*description).into(), ..Purpose::default() });
    PolicyDocument {
        field_markings,
        purposes: PURPOSES.iter().map(purpose).collect(),
        roles: roles.collect(),
        notice: NOTICE.into(),
        reminder: REMINDER.into(),
        default_lead_marking: Some(marking(Level::Confidential)),
        ..PolicyDocument::default()
    }
}
