//! Accounts: people and apps, both rows of `subject` with one of their own beside it.

mod apps;
mod filter;
mod lock;
mod people;

pub use apps::{App, AppSecret, NewSecret};
pub use filter::AccountFilter;
pub use people::{NewPerson, Person};
