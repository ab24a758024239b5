//! What a role lets its holder do. Those about leads work only inside the windows of the same role.

macro_rules! permissions {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// One thing a role lets its holder do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Permission { $(#[doc = $doc] $variant),* }

        impl Permission {
            /// Every permission, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// Its name in GraphQL and in role definitions.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
            /// What it allows.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $doc),* }
            }
        }
    };
}

permissions! {
    LeadRead "LEAD_READ" "See leads through the role's windows.";
    LeadCreate "LEAD_CREATE" "Add leads.";
    LeadUpdate "LEAD_UPDATE" "Change the fields that are clear.";
    LeadAssign "LEAD_ASSIGN" "Give a lead another owner or team.";
    LeadMark "LEAD_MARK" "Raise a lead's marking.";
    LeadDeclassify "LEAD_DECLASSIFY" "Lower a lead's marking, with a reason.";
    LeadArchive "LEAD_ARCHIVE" "Put leads away and bring them back.";
    LeadImport "LEAD_IMPORT" "Import files of leads.";
    LeadExport "LEAD_EXPORT" "Take leads out as a file.";
    QuotaLift "QUOTA_LIFT" "Lift a quota of somebody of the grant's team once, with a reason.";
    DirectoryRead "DIRECTORY_READ" "See the names of people, apps and teams.";
    PolicyRead "POLICY_READ" "See roles, grants, markings and their history.";
    PolicyManage "POLICY_MANAGE" "Change roles, grants, teams, compartments, field markings and the notice.";
    AccountsManage "ACCOUNTS_MANAGE" "Add, lock and unlock people and apps; end their sessions.";
    LogRead "LOG_READ" "Read the access log.";
    GrantReview "GRANT_REVIEW" "Confirm or withdraw, in access reviews, grants for the grant's team.";
    AlarmHandle "ALARM_HANDLE" "See alarms and acknowledge them.";
    RegisterRead "REGISTER_READ" "See every account of the register of contact accounts.";
    RegisterManage "REGISTER_MANAGE" "Enter the company's accounts into the register, and change them.";
    CustodyRead "CUSTODY_READ" "See the custody report over the leads of the role's windows.";
    DataErase "DATA_ERASE" "Erase what is kept of a lead or a person, together with another who may.";
    HoldManage "HOLD_MANAGE" "Set and lift legal holds, together with another who may.";
    DepartureManage "DEPARTURE_MANAGE" "Begin, run and close departures; see what those who leave were shown, in numbers.";
    TrapKeep "TRAP_KEEP" "See which leads are canaries, and trace lists that were found outside.";
}

impl Permission {
    /// The permission with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.name() == name)
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u32);

impl Permissions {
    /// Whether `permission` is held.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 >> permission as u8 & 1 == 1
    }

    /// Whether there is none in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// In both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those held, by number.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | 1 << permission as u8))
    }
}
