//! Who acts, and from where.

use super::ids::Id;

/// What kind of subject acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// A person with an account.
    Person,
    /// A service account.
    App,
    /// Whoever holds a shell on the server and runs the `leadkeep` command.
    Operator,
    /// Somebody who has not signed in.
    Anonymous,
}

/// Who acts in one operation. An app acting for a person has both ids; then both must be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The person, or the person an app acts for.
    pub person: Option<Id>,
    /// The app.
    pub app: Option<Id>,
    /// The session the token names.
    pub session: Option<Id>,
    /// Whether this is the operator's command line.
    pub operator: bool,
}

impl Subject {
    /// Somebody who has not signed in.
    pub const ANONYMOUS: Self = Self { person: None, app: None, session: None, operator: false };
    /// The operator's command line.
    pub const OPERATOR: Self = Self { person: None, app: None, session: None, operator: true };

    /// What kind of subject this is; an app on behalf of a person is an app.
    pub const fn kind(&self) -> SubjectKind {
        match (self.operator, self.app, self.person) {
            (true, ..) => SubjectKind::Operator,
            (_, Some(_), _) => SubjectKind::App,
            (_, None, Some(_)) => SubjectKind::Person,
            _ => SubjectKind::Anonymous,
        }
    }

    /// The id that acts: the app if there is one, else the person.
    pub fn actor(&self) -> Option<Id> {
        self.app.or(self.person)
    }
}

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Internet address as text, `None` for the command line.
    pub ip: Option<String>,
    /// `User-Agent`, cut to 256 characters.
    pub user_agent: Option<String>,
}

impl Client {
    /// This program itself: its command line, and what a server does without being asked.
    pub fn own() -> Self {
        Self { ip: None, user_agent: Some(concat!("leadkeep/", env!("CARGO_PKG_VERSION")).into()) }
    }
}

/// An e-mail address as accounts are kept and looked up by: without surrounding space, in lower case.
pub fn account_email(email: &str) -> String {
    email.trim().to_lowercase()
}
