//! GraphQL over HTTP, written to the specification (https://graphql.github.io/graphql-over-http/draft/): the ready-made
//! layer accepts `text/plain` posts, mutations by GET and bodies of any size, and answers 200 to documents it cannot read.

mod accept;
mod body;
mod call;
mod caller;
pub mod document;
mod documents;
mod engine;
mod entry;
mod expand;
mod handler;
mod introspection;
mod lexer;
mod live;
mod multipart;
mod normalise;
mod operation;
mod prepared;
mod redact;
mod reply;
mod scan;

pub(super) use documents::Documents;
pub(super) use engine::Engine;
pub(super) use handler::serve;
pub(super) use live::Places;
pub use live::Settings as SubscriptionSettings;
pub(super) use prepared::PreparedDocuments;
