//! Who may see and do what: pure, with reasons, deny by default. [`table`] is the whole policy on one page.

pub mod agreement;
pub mod change;
pub mod document;
pub mod hold;
pub mod items;
pub mod marking;
pub mod mask;
pub mod permission;
pub mod purpose;
pub mod quota;
pub mod refusal;
pub mod requirement;
pub mod rights;
pub mod snapshot;
pub mod standing;
pub mod table;
pub mod template;
pub(crate) mod text;
pub mod window;

pub use agreement::{Acceptance, Acceptances, AgreementKind, AgreementVersion, Party};
pub use change::{Act, Acting, Decided, GrantWish, PROPOSAL_SECONDS, Proposal, ProposalState};
pub use document::{FieldMarkings, GrantRow, GrantState, PolicyDocument, RoleDefinition, Scope, TeamRow, WindowTemplate};
pub use hold::{ByTwo, HoldOn, LegalHold};
pub use marking::{Level, Marking};
pub use permission::{Permission, Permissions};
pub use purpose::{Declared, Purpose};
pub use quota::{QuotaKind, Quotas};
pub use refusal::{Code, Refusal};
pub use requirement::Requirement;
pub use rights::{Agreed, Permit, RegisterScope, Rights};
pub use snapshot::{Account, Accounts, Snapshot};
pub use standing::Point;
pub use template::Template;
pub use window::{Disposition, LeadScope, RowScope, Window};
