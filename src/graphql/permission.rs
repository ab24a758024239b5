//! Permissions by name.

use async_graphql::Enum;

use crate::policy::Permission;

macro_rules! names {
    ($($variant:ident $doc:literal;)*) => {
        /// One thing a role lets its holder do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
        #[graphql(name = "Permission")]
        pub enum PermissionName { $(#[doc = $doc] $variant),* }

        impl From<Permission> for PermissionName {
            fn from(permission: Permission) -> Self {
                match permission { $(Permission::$variant => Self::$variant),* }
            }
        }

        impl From<PermissionName> for Permission {
            fn from(name: PermissionName) -> Self {
                match name { $(PermissionName::$variant => Self::$variant),* }
            }
        }
    };
}

names! {
    LeadRead "See leads through the role's windows.";
    LeadCreate "Add leads.";
    LeadUpdate "Change the fields that are clear.";
    LeadAssign "Give a lead another owner or team.";
    LeadMark "Raise a lead's marking.";
    LeadDeclassify "Lower a lead's marking, with a reason.";
    LeadArchive "Put leads away and bring them back.";
    LeadImport "Import files of leads.";
    LeadExport "Take leads out as a file.";
    QuotaLift "Lift a quota of somebody of the grant's team once, with a reason.";
    DirectoryRead "See the names of people, apps and teams.";
    PolicyRead "See roles, grants, markings and their history.";
    PolicyManage "Change roles, grants, teams, compartments, field markings and the notice.";
    AccountsManage "Add, lock and unlock people and apps; end their sessions.";
    LogRead "Read the access log.";
    GrantReview "Confirm or withdraw, in access reviews, grants for the grant's team.";
    AlarmHandle "See alarms and acknowledge them.";
    RegisterRead "See every account of the register of contact accounts.";
    RegisterManage "Enter the company's accounts into the register, and change them.";
    CustodyRead "See the custody report over the leads of the role's windows.";
    DataErase "Erase what is kept of a lead or a person, together with another who may.";
    HoldManage "Set and lift legal holds, together with another who may.";
    DepartureManage "Begin, run and close departures; see what those who leave were shown, in numbers.";
    TrapKeep "See which leads are canaries, and trace lists that were found outside.";
}
