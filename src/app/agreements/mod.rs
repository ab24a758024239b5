//! Agreements: published, read, accepted, imported from paper, and how everybody stands.

mod accept;
mod list;
mod papers;
mod people;
mod publish;
mod settings;
mod standing;
mod template;

pub use accept::{ComposedText, accept, text};
pub use list::{Version, Wanted, acceptances, count_acceptances, current, mine, paper, text_of};
pub use papers::{MAX_PAPER, SignedPaper, import_paper, may_import_papers, read_paper};
pub use people::{Placed, place};
pub use publish::{Draft, Renewal, publish, set_reminder};
pub use settings::Settings;
pub use standing::{Stands, missing, of_viewer, standing};
pub use template::{TemplateText, current_template, template};

pub use crate::store::{AcceptanceRow, Paper};
